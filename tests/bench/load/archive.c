/* archive.c - fills an archive and reads it (XEP-0313): page by page, or the last page alone */
/* SPDX-License-Identifier: MIT */
/*
 * Client 0 owns the archive; each of the others sends it the same share of its messages. Whoever
 * reads it must get each sender's messages once and in order, up to the last.
 */
#include "lane.h"
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 50 };

#define NOT_SEEN UINT64_MAX

static unsigned senders_of(const struct bench *bench)
{
	return (unsigned)bench->options->sessions - 1;
}

static uint64_t share_of(const struct bench *bench)
{
	return (uint64_t)bench->options->messages / senders_of(bench);
}

/* Whose it is, counted from the first sender; one past the last when it is nobody's. */
static unsigned find_sender(const struct bench *bench, const struct stanza *message)
{
	size_t size = 0, prefix = strlen(bench->options->users);
	const char *from = stanza_attribute(message, "from=", &size);
	unsigned long first = (unsigned long)bench->options->first + 1, number;

	if (!from || size <= prefix || memcmp(from, bench->options->users, prefix) != 0)
		return senders_of(bench);
	number = strtoul(from + prefix, NULL, 10);
	return number >= first && number - first < senders_of(bench) ?
		(unsigned)(number - first) : senders_of(bench);
}

/* --- filling ------------------------------------------------------------------------------ */

struct filling {
	struct lane *lanes;
};

static void fill_take(struct client *client, const struct stanza *stanza)
{
	struct bench *bench = bench_of(client);
	struct filling *filling = bench->scenario;
	unsigned sender;

	if (!stanza_is(stanza, "message"))
		return;
	sender = find_sender(bench, stanza);
	if (client != &bench->clients[0] || sender == senders_of(bench))
		bench->errors++;
	else if (lane_receive(&filling->lanes[sender], stanza) &&
	         filling->lanes[sender].sent < share_of(bench))
		lane_send(&filling->lanes[sender], meter_now_ns());
}

static bool is_full(struct bench *bench)
{
	return bench->operations + bench->lost >= share_of(bench) * senders_of(bench) ||
		bench->errors > 0;
}

static int fill(struct bench *bench, struct filling *filling)
{
	if (bench_login(bench, 0, bench->count) < 0 || bench_settle(bench) < 0)
		return -1;
	bench_measure(bench);
	for (unsigned i = 0; i < senders_of(bench); i++) {
		struct lane *lane = &filling->lanes[i];

		for (unsigned k = 0; k < bench->options->window && lane->sent < share_of(bench); k++)
			lane_send(lane, meter_now_ns());
	}
	if (bench_wait(bench, is_full) < 0)
		return -1;
	bench_measured(bench, 0);
	return bench_logout(bench);
}

int run_archive_fill(struct bench *bench)
{
	unsigned senders = senders_of(bench);
	struct filling filling = { calloc(senders, sizeof *filling.lanes) };
	int status;

	if (!filling.lanes)
		abort();
	for (unsigned i = 0; i < senders; i++)
		lane_init(&filling.lanes[i], &bench->clients[i + 1], &bench->clients[0],
				(unsigned)bench->options->window, false);
	bench->scenario = &filling;
	bench->announces = true;
	bench->hearing.stanza = fill_take;
	status = fill(bench, &filling);
	for (unsigned i = 0; i < senders; i++)
		lane_finish(&filling.lanes[i]);
	free(filling.lanes);
	return status;
}

/* --- reading ------------------------------------------------------------------------------ */

struct reading {
	uint64_t *next;			/* of each sender; NOT_SEEN: any */
	bool only_last;			/* page */
	unsigned count;			/* results since the query */
	uint64_t asked_ns, ends_ns, queries;
	bool is_over;
};

static void begin_lap(struct bench *bench, struct reading *reading)
{
	for (unsigned i = 0; i < senders_of(bench); i++)
		reading->next[i] = reading->only_last ? NOT_SEEN : 0;
}

/* Behind the message with that id; NULL: the first page, or the last. */
static void ask_for_page(struct client *client, const char *after, size_t size)
{
	struct reading *reading = bench_of(client)->scenario;
	const char *open = after ? "<after>" : reading->only_last ? "<before>" : "";
	const char *close = after ? "</after>" : reading->only_last ? "</before>" : "";

	reading->count = 0;
	reading->asked_ns = meter_now_ns();
	client_send(client, "<iq type='set' id='page'><query xmlns='urn:xmpp:mam:2'>"
			"<set xmlns='http://jabber.org/protocol/rsm'><max>%d</max>%s%.*s%s</set>"
			"</query></iq>", PAGE, open, after ? (int)size : 0, after ? after : "", close);
}

static bool has_body(const struct bench *bench, const struct stanza *message, uint64_t number)
{
	size_t size = 0;
	const char *body = stanza_between(message, "<body>", "</body>", &size);

	return body && size >= (size_t)bench->options->body && strtoull(body, NULL, 10) == number;
}

/* The message that a result carries, judged as one that has just come. */
static void take_result(struct bench *bench, const struct stanza *stanza)
{
	struct reading *reading = bench->scenario;
	size_t size = 0;
	const char *at = stanza_between(stanza, "<forwarded", "</forwarded>", &size);
	const char *start = at ? memmem(at, size, "<message", 8) : NULL;
	struct stanza message = { start, start ? size - (size_t)(start - at) : 0 };
	unsigned sender = start ? find_sender(bench, &message) : senders_of(bench);
	const char *id = start ? stanza_attribute(&message, "id=", &size) : NULL;
	uint64_t number = id ? strtoull(id, NULL, 10) : 0;

	reading->count++;
	if (!id || sender == senders_of(bench) || !has_body(bench, &message, number)) {
		bench->errors++;
		return;
	}
	if (reading->next[sender] == NOT_SEEN)
		reading->next[sender] = number;
	if (number > reading->next[sender])
		bench->lost += number - reading->next[sender];
	else if (number < reading->next[sender])
		bench->misplaced++;
	reading->next[sender] = number + 1;
	bench->operations++;
}

static void end_lap(struct client *client)
{
	struct bench *bench = bench_of(client);
	struct reading *reading = bench->scenario;

	for (unsigned i = 0; i < senders_of(bench); i++) {
		if (reading->next[i] != NOT_SEEN)
			bench->lost += share_of(bench) - reading->next[i];
	}
	reading->is_over = meter_now_ns() > reading->ends_ns;
	if (reading->is_over)
		return;
	begin_lap(bench, reading);
	ask_for_page(client, NULL, 0);
}

/* The end of a page. */
static void take_answer(struct client *client, const struct stanza *stanza)
{
	struct bench *bench = bench_of(client);
	struct reading *reading = bench->scenario;
	size_t size = 0;
	const char *last = stanza_between(stanza, "<last>", "</last>", &size);
	bool is_complete = stanza_has(stanza, "complete='true'") ||
		stanza_has(stanza, "complete=\"true\"");

	if (!stanza_has(stanza, "<fin")) {
		bench_fail(bench, "not offered: %.*s", (int)stanza->size, stanza->text);
		return;
	}
	reading->queries++;
	bench_count_latency(bench, reading->asked_ns, meter_now_ns());
	if (reading->only_last && reading->count != PAGE)
		bench->errors++;
	if (reading->only_last || is_complete)
		end_lap(client);
	else if (last)
		ask_for_page(client, last, size);
	else
		bench_fail(bench, "a page that is not complete has no <last/>");
}

static void read_take(struct client *client, const struct stanza *stanza)
{
	size_t size = 0;
	const char *id;

	if (stanza_is(stanza, "message") && stanza_has(stanza, "urn:xmpp:mam:2")) {
		take_result(bench_of(client), stanza);
		return;
	}
	id = stanza_is(stanza, "iq") ? stanza_attribute(stanza, "id=", &size) : NULL;
	if (id && size == 4 && memcmp(id, "page", 4) == 0)
		take_answer(client, stanza);
}

static bool is_read(struct bench *bench)
{
	return ((struct reading *)bench->scenario)->is_over;
}

static int read_archive(struct bench *bench, struct reading *reading)
{
	if (bench_login(bench, 0, 1) < 0 || bench_settle(bench) < 0)
		return -1;
	begin_lap(bench, reading);
	bench_measure(bench);
	reading->ends_ns = meter_now_ns() + (uint64_t)(bench->options->seconds * 1e9);
	ask_for_page(&bench->clients[0], NULL, 0);
	if (bench_wait(bench, is_read) < 0)
		return -1;
	bench_measured(bench, reading->only_last ? reading->queries : 0);
	return bench_logout(bench);
}

static int run_reading(struct bench *bench, bool only_last)
{
	struct reading reading = { .only_last = only_last };
	int status;

	reading.next = calloc(senders_of(bench), sizeof *reading.next);
	if (!reading.next)
		abort();
	bench->scenario = &reading;
	bench->hearing.stanza = read_take;
	status = read_archive(bench, &reading);
	free(reading.next);
	return status;
}

int run_archive_page(struct bench *bench)
{
	return run_reading(bench, false);
}

int run_archive_last(struct bench *bench)
{
	return run_reading(bench, true);
}
