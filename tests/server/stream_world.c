/* stream_world.c - a small server with its fakes, and what clients say to it
 * SPDX-License-Identifier: MIT */

#include "stream_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "log.h"
#include "sasl.h"
#include "scram_client.h"
#include "stream.h"

#define ITERATIONS 64 /* few, for speed */

struct world world;
static char *romeo;

static const struct limits presets = {
#define X(field, key, preset, least, most, about) .field = preset,
	LIMITS(X)
#undef X
};

struct tern_host *server_host(const struct server *server, const char *domain)
{
	for (size_t i = 0; i < server->host_count; i++)
		if (strcmp(server->hosts[i]->domain, domain) == 0)
			return server->hosts[i];
	return NULL;
}

int tern_host_question(const struct tern_host *host, enum tern_question question,
	const struct jid *about)
{
	return question == TERN_ASK_IDLE_SECONDS ? 180 : 0;
}

static void open_host(struct tern_host *made, char *domain)
{
	*made = (struct tern_host){ .server = &world.server, .domain = domain };
	made->sasl.mechanisms = (1u << MECHANISM_COUNT) - 1;
	made->sasl.iterations = ITERATIONS;
	made->stream_features = (char *)"<ver xmlns='urn:xmpp:features:rosterver'/>";
}

void world_open(void)
{
	int started = sasl_start();

	assert(started == 0);
	log_threshold = LOG_LEVEL_ERROR;
	world.server.limits = presets;
	open_host(&world.example, (char *)"example.org");
	open_host(&world.other, (char *)"other.example");
	world.hosts[0] = &world.example;
	world.hosts[1] = &world.other;
	world.server.hosts = world.hosts;
	world.server.host_count = 2;
	for (unsigned i = 0; i < 2; i++)
		world.shards[i] = fake_shard_create(&world.server, i);
	world.server.shards = world.shards;
	world.server.shard_count = 2;
	memset(world.server.secret, 7, sizeof world.server.secret);
	for (unsigned i = 0; i < 3; i++)
		world.listeners[i].tls = (enum listen_tls)i;
	fake_tls = (struct fake_tls){ .exporter = "exported-bytes",
		.end_point = "certificate-hash", .shown = &world.example };
	romeo = credentials_make("pencil", ITERATIONS);
	fake_account_add("romeo@example.org", romeo);
}

void world_close(void)
{
	for (unsigned i = 0; i < 2; i++)
		stream_close_all(world.shards[i], STREAM_ERROR_SYSTEM_SHUTDOWN);
	fake_shard_hold_jobs(false);
	world_settle();
	for (unsigned i = 0; i < 2; i++) {
		assert(stream_count(world.shards[i]) == 0);
		assert(fake_shard_timers(world.shards[i]) == 0);
		fake_shard_destroy(world.shards[i]);
	}
	assert(fake_accounts.logins_open == 0);
	fake_links_finish();
	free(romeo);
	sasl_stop();
}

struct link *world_connect(enum listen_tls tls)
{
	struct link *link;

	stream_accept(world.shards[0], &world.listeners[tls], -1);
	link = fake_link_newest();
	if (tls == LISTEN_DIRECT)
		fake_link_secure(link);
	return link;
}

void world_settle(void)
{
	struct link *link = fake_link_newest();
	bool ran;

	do {
		ran = fake_shard_run(world.shards[0]);
		ran |= fake_shard_run(world.shards[1]);
		ran |= link && fake_link_run(link);
	} while (ran);
}

void world_pass(uint64_t ms)
{
	fake_shards_pass(&world.server, ms);
	world_settle();
}

const char *world_says_bytes(struct link *link, const char *bytes, size_t len)
{
	fake_link_feed(link, bytes, len);
	world_settle();
	return fake_link_take(link);
}

const char *world_says(struct link *link, const char *text)
{
	return world_says_bytes(link, text, strlen(text));
}

struct link *world_secure_client(void)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	world_says(link, HEADER STARTTLS);
	fake_link_secure(link);
	world_says(link, HEADER);
	return link;
}

struct link *world_login(void)
{
	struct link *link = world_secure_client();
	const char *said = world_says(link, plain_text("", "romeo", "pencil"));

	assert(has(said, "<success"));
	world_says(link, HEADER);
	return link;
}

struct link *world_bound_client(void)
{
	struct link *link = world_login();
	const char *said = world_says(link, BIND("<resource>balcony</resource>"));

	assert(has(said, "<jid>romeo@example.org/balcony</jid>"));
	return link;
}

const char *auth_text(const char *mechanism, const char *initial)
{
	static char text[4096];

	snprintf(text, sizeof text, "<auth " SASL_NS " mechanism='%s'>%s</auth>", mechanism,
		initial);
	return text;
}

const char *plain_text(const char *authzid, const char *name, const char *password)
{
	char message[1024];
	int len = snprintf(message, sizeof message, "%s%c%s%c%s", authzid, 0, name, 0, password);

	return auth_text("PLAIN", base64_of(message, (size_t)len));
}

const char *content_of(const char *text, const char *name)
{
	static char content[4096];
	char start[64], end[64];
	const char *from, *to;

	snprintf(start, sizeof start, "<%s ", name);
	snprintf(end, sizeof end, "</%s>", name);
	from = strstr(text, start);
	from = from ? strchr(from, '>') : NULL;
	to = from ? strstr(from, end) : NULL;
	if (!to)
		return NULL;
	snprintf(content, sizeof content, "%.*s", (int)(to - from - 1), from + 1);
	return content;
}

bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}
