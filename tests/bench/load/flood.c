/* flood.c - senders that never wait: does the server slow them down, and lose nothing? */
/* SPDX-License-Identifier: MIT */
#include "lane.h"
#include "scenario.h"

#include <stdlib.h>

enum { OUTPUT_FULL = 32 * 1024 };

#define PEAK_EVERY_S 0.1

struct flood {
	struct lane *lanes;
	unsigned count, paused;
	bool is_over;
	uint64_t peak_bytes;
};

static void fill_output(struct client *client)
{
	const struct bench *bench = bench_of(client);
	struct flood *flood = bench->scenario;
	struct lane *lane = client->role;

	if (!lane || client != lane->from || flood->is_over)
		return;
	while (!lane_is_full(lane) && lane->sent < bench->options->messages &&
	       buffer_size(&client->link.output) < OUTPUT_FULL)
		lane_send(lane, meter_now_ns());
}

static void flood_take(struct client *client, const struct stanza *stanza)
{
	struct bench *bench = bench_of(client);
	struct lane *lane = client->role;

	if (!stanza_is(stanza, "message"))
		return;
	if (lane && client == lane->to)
		lane_receive(lane, stanza);
	else
		bench->errors++;
}

static bool all_received(struct bench *bench)
{
	const struct flood *flood = bench->scenario;

	for (unsigned i = 0; i < flood->count; i++) {
		if (flood->lanes[i].received < flood->lanes[i].sent)
			return false;
	}
	return true;
}

static int flood_for_a_while(struct bench *bench, struct flood *flood)
{
	pid_t server = (pid_t)bench->options->server;

	for (double s = 0; s < bench->options->seconds; s += PEAK_EVERY_S) {
		struct meter_reading memory = { 0 };

		if (bench_run_for(bench, PEAK_EVERY_S) < 0)
			return -1;
		meter_read_memory(server, &memory);
		if (memory.anonymous_bytes > flood->peak_bytes)
			flood->peak_bytes = memory.anonymous_bytes;
	}
	return 0;
}

static int flood_drive(struct bench *bench, struct flood *flood)
{
	struct meter_reading before = { 0 };
	uint64_t sent_to_paused = 0;

	if (bench_login(bench, 0, bench->count) < 0 || bench_settle(bench) < 0)
		return -1;
	meter_read_memory((pid_t)bench->options->server, &before);
	for (unsigned i = 0; i < flood->paused; i++)
		link_pause(&flood->lanes[i].to->link);
	bench->hearing.drained = fill_output;
	bench_measure(bench);
	for (unsigned i = 0; i < flood->count; i++)
		fill_output(flood->lanes[i].from);
	if (flood_for_a_while(bench, flood) < 0)
		return -1;
	flood->is_over = true;
	for (unsigned i = 0; i < flood->paused; i++) {
		sent_to_paused += flood->lanes[i].sent;
		link_resume(&flood->lanes[i].to->link);
	}
	if (bench_wait(bench, all_received) < 0)
		return -1;
	bench_measured(bench, 0);
	report_number(&bench->report, "bytes_before", (double)before.anonymous_bytes);
	report_number(&bench->report, "bytes_peak", (double)flood->peak_bytes);
	report_number(&bench->report, "sent_to_paused", (double)sent_to_paused);
	return bench_logout(bench);
}

int run_flood(struct bench *bench)
{
	struct flood flood = { .count = (unsigned)bench->options->sessions / 2 };
	int status;

	flood.paused = (unsigned)(bench->options->paused * flood.count);
	flood.lanes = calloc(flood.count, sizeof *flood.lanes);
	if (!flood.lanes) {
		bench_fail(bench, "a flood needs two sessions");
		return -1;
	}
	for (unsigned i = 0; i < flood.count; i++) {
		struct client *pair = &bench->clients[2 * i];

		lane_init(&flood.lanes[i], &pair[0], &pair[1],
				(unsigned)bench->options->messages, false);
		pair[0].role = pair[1].role = &flood.lanes[i];
	}
	bench->scenario = &flood;
	bench->announces = true;
	bench->hearing.stanza = flood_take;
	status = flood_drive(bench, &flood);
	for (unsigned i = 0; i < flood.count; i++)
		lane_finish(&flood.lanes[i]);
	free(flood.lanes);
	return status;
}
