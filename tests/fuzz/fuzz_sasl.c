/* fuzz_sasl.c - any client on its way to a login: headers, mechanisms, messages, ends at any stage
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no leak, no wild memory; nobody is let in who has not proved who he is; when
 * the connection is gone, nothing of it is left.  A line is what happens; its first letter says:
 *   h  a header                        a  <auth/>: a mechanism, a space, bytes; | is a NUL
 *   s  <starttls/>, and a handshake    r  <response/> with these bytes
 *   b  binding with these words        x  <abort/>
 *   k  <auth/> by the right SCRAM client: a digit for the hash and the flag
 *   c  its right answer, if it was challenged
 *   p  PLAIN with the right password
 *   w  the rest as it stands           t  ten seconds go by
 *   j  the worker pool stands still, or goes on; o: accounts open later, or at once
 *   d  failures are told late, or at once; f: nothing can be read, or all
 *   e  the connection ends */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "buffer.h"
#include "credentials.h"
#include "scram_client.h"
#include "stream.h"
#include "stream_world.h"

#define PASSWORD "7Ynk0Qw2dSxvT4mZ-rPb9LhCeJ6uGaFi" /* nobody comes upon it */
#define MECHANISM_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

struct play {
	struct link *link;
	struct scram_client client;
	char challenge[1024];  /* of the right client's exchange, or "" */
	bool may_enter;        /* what proves it was said, or nothing need be proved */
	bool holds_jobs;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	world_open();
	fake_account_add("juliet@example.org", credentials_make(PASSWORD, 64));
	return 0;
}

/* --- what is said ------------------------------------------------------------------------- */

static void hear(struct play *play, const char *said)
{
	assert(play->may_enter || !has(said, "<success"));
	assert(count_of(said, "<stream:error>") <= 1);
	assert(!has(said, "<stream:error>") || fake_link_is_closed(play->link));
}

static void say(struct play *play, const char *bytes, size_t len)
{
	play->challenge[0] = '\0';
	hear(play, world_says_bytes(play->link, bytes, len));
}

static void add_base64(struct buffer *out, const char *bytes, size_t len)
{
	char *copy = malloc(len + 1), *text = malloc(BASE64_BYTES(len));

	for (size_t i = 0; i < len; i++)
		copy[i] = bytes[i] == '|' ? '\0' : bytes[i];
	base64_encode(copy, len, text);
	buffer_add_text(out, text);
	free(text);
	free(copy);
}

static void say_auth(struct play *play, const char *bytes, size_t len)
{
	struct buffer out = { 0 };
	char *words = strndup(bytes, len);
	size_t name_len = strspn(words, MECHANISM_LETTERS);

	/* Whoever holds a certificate, or wants to be nobody, has proved enough. */
	play->may_enter |= strncmp(words, "EXTERNAL", 8) == 0 || strncmp(words, "ANONYMOUS", 9) == 0;
	buffer_printf(&out, "<auth " SASL_NS " mechanism='%.*s'>", (int)name_len, words);
	if (name_len < len)
		add_base64(&out, bytes + name_len + 1, len - name_len - 1);
	buffer_add_text(&out, "</auth>");
	say(play, buffer_at(&out), out.len);
	buffer_finish(&out);
	free(words);
}

static void say_response(struct play *play, const char *bytes, size_t len)
{
	struct buffer out = { 0 };

	buffer_add_text(&out, "<response " SASL_NS ">");
	add_base64(&out, bytes, len);
	buffer_add_text(&out, "</response>");
	say(play, buffer_at(&out), out.len);
	buffer_finish(&out);
}

static void say_bind(struct play *play, const char *bytes, size_t len)
{
	struct buffer out = { 0 };

	buffer_printf(&out, BIND("<resource>%.*s</resource>"), (int)len, bytes);
	say(play, buffer_at(&out), out.len);
	buffer_finish(&out);
}

/* --- the right client ----------------------------------------------------------------------- */

static void begin_scram(struct play *play, unsigned choice)
{
	static const char *const schemes[] = { "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512" };
	static const struct { const char *gs2, *binding, *suffix; } flags[] = {
		{ "n,,", NULL, "" }, { "y,,", NULL, "" },
		{ "p=tls-exporter,,", "exported-bytes", "-PLUS" },
		{ "n,a=juliet@example.org,", NULL, "" },
	};
	struct buffer out = { 0 };
	const char *challenge;

	play->client = (struct scram_client){ .scheme = schemes[choice % 3],
		.gs2 = flags[choice / 3 % 4].gs2, .binding = flags[choice / 3 % 4].binding,
		.user = "juliet", .password = PASSWORD };
	buffer_printf(&out, "<auth " SASL_NS " mechanism='%s%s'>%s</auth>", play->client.scheme,
		flags[choice / 3 % 4].suffix, scram_client_first(&play->client));
	play->challenge[0] = '\0';
	challenge = world_says_bytes(play->link, buffer_at(&out), out.len);
	hear(play, challenge);
	challenge = content_of(challenge, "challenge");
	if (challenge && strlen(challenge) < sizeof play->challenge)
		strcpy(play->challenge, challenge);
	buffer_finish(&out);
}

static void finish_scram(struct play *play)
{
	struct buffer out = { 0 };

	if (!play->challenge[0])
		return;
	play->may_enter = true;
	buffer_printf(&out, "<response " SASL_NS ">%s</response>",
		scram_client_final(&play->client, play->challenge));
	say(play, buffer_at(&out), out.len);
	buffer_finish(&out);
}

static void say_plain(struct play *play)
{
	const char *text = plain_text("", "juliet", PASSWORD);

	play->may_enter = true;
	say(play, text, strlen(text));
}

/* --- the play ------------------------------------------------------------------------------- */

static void secure(struct play *play)
{
	say(play, STARTTLS, strlen(STARTTLS));
	if (!fake_link_is_closed(play->link) && fake_link_is_in_handshake(play->link))
		fake_link_secure(play->link);
}

static void hold_jobs(struct play *play, bool held)
{
	play->holds_jobs = held;
	fake_shard_hold_jobs(held);
	world_settle();
	hear(play, fake_link_take(play->link));
}

static void pass(struct play *play, uint64_t ms)
{
	world_pass(ms);
	hear(play, fake_link_take(play->link));
}

static void act(struct play *play, const char *line, size_t len)
{
	switch (*line) {
	case 'h': say(play, HEADER, strlen(HEADER)); break;
	case 's': secure(play); break;
	case 'a': say_auth(play, line + 1, len - 1); break;
	case 'r': say_response(play, line + 1, len - 1); break;
	case 'x': say(play, "<abort " SASL_NS "/>", strlen("<abort " SASL_NS "/>")); break;
	case 'b': say_bind(play, line + 1, len - 1); break;
	case 'k': begin_scram(play, len > 1 ? (unsigned char)line[1] : 0); break;
	case 'c': finish_scram(play); break;
	case 'p': say_plain(play); break;
	case 'w': say(play, line + 1, len - 1); break;
	case 't': pass(play, 10000); break;
	case 'j': hold_jobs(play, !play->holds_jobs); break;
	case 'o': fake_accounts.open_later = !fake_accounts.open_later; break;
	case 'd': fake_accounts.delay_ms = fake_accounts.delay_ms ? 0 : 3000; break;
	case 'f': fake_accounts.fail = !fake_accounts.fail; break;
	case 'e': fake_link_end(play->link, LINK_BROKEN); break;
	}
}

static void end(struct play *play)
{
	fake_link_end(play->link, LINK_CLOSED_BY_PEER);
	fake_shard_hold_jobs(false);
	world_pass(3600000);
	for (unsigned i = 0; i < 2; i++) {
		assert(stream_count(world.shards[i]) == 0);
		assert(fake_shard_timers(world.shards[i]) == 0);
	}
	assert(fake_accounts.logins_open == 0);
	assert(fake_accounts.sessions == fake_accounts.sessions_ended);
	fake_links_finish();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *line = (const char *)data, *end_of_data = line + len, *line_end;
	struct play play = { .link = world_connect(LISTEN_STARTTLS) };

	fake_accounts = (struct fake_accounts){ 0 };
	for (; line < end_of_data && !fake_link_is_closed(play.link); line = line_end + 1) {
		line_end = memchr(line, '\n', (size_t)(end_of_data - line));
		if (!line_end)
			line_end = end_of_data;
		if (line_end > line)
			act(&play, line, (size_t)(line_end - line));
	}
	end(&play);
	return 0;
}
