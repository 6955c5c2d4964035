/* offline.c - messages to accounts that are away, and their delivery later */
/* SPDX-License-Identifier: MIT */
/*
 * Both scenarios do the same and differ in which half they measure. The first half of the clients
 * send; the second half are the absent ones. A sender follows each window of messages with a ping,
 * whose answer says that the server has read them.
 */
#include "lane.h"
#include "scenario.h"

#include <stdlib.h>

struct offline {
	struct lane *lanes;
	unsigned count;
	unsigned stored;	/* lanes whose last ping was answered */
};

static void send_window(struct client *client)
{
	const struct bench *bench = bench_of(client);
	struct offline *offline = bench->scenario;
	struct lane *lane = client->role;

	if (lane->sent >= bench->options->messages) {
		offline->stored++;
		return;
	}
	for (unsigned i = 0; i < bench->options->window &&
	     lane->sent < bench->options->messages; i++)
		lane_send(lane, meter_now_ns());
	client_send(client, "<iq type='get' id='ping' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
			client->site->domain);
}

static void offline_take(struct client *client, const struct stanza *stanza)
{
	struct lane *lane = client->role;
	size_t size = 0;
	const char *id;

	if (!lane)
		return;
	if (stanza_is(stanza, "message")) {
		if (client == lane->to)
			lane_receive(lane, stanza);
		else
			bench_of(client)->errors++;
		return;
	}
	id = stanza_attribute(stanza, "id=", &size);
	if (id && size == 4 && id[0] == 'p' && client == lane->from)
		send_window(client);
}

static bool all_stored(struct bench *bench)
{
	const struct offline *offline = bench->scenario;

	return offline->stored == offline->count;
}

static bool all_received(struct bench *bench)
{
	return bench->operations >= bench->sent;
}

static int store_all(struct bench *bench, struct offline *offline)
{
	if (bench_login(bench, 0, offline->count) < 0 || bench_settle(bench) < 0)
		return -1;
	bench_measure(bench);
	for (unsigned i = 0; i < offline->count; i++)
		send_window(&bench->clients[i]);
	if (bench_wait(bench, all_stored) < 0)
		return -1;
	bench->worked_until_ns = meter_now_ns();
	return bench_settle(bench);
}

static int flush_all(struct bench *bench, struct offline *offline)
{
	bench->announces = false;
	if (bench_login(bench, offline->count, offline->count) < 0 || bench_settle(bench) < 0)
		return -1;
	bench_measure(bench);
	for (unsigned i = 0; i < offline->count; i++) {
		lane_all_due(&offline->lanes[i], meter_now_ns());
		client_send(offline->lanes[i].to, "<presence/>");
	}
	if (bench_wait(bench, all_received) < 0)
		return -1;
	bench->worked_until_ns = meter_now_ns();
	return bench_settle(bench);
}

static int run_both(struct bench *bench, bool measures_store)
{
	struct offline offline = { .count = bench->count / 2 };
	int status = -1;

	offline.lanes = calloc(offline.count, sizeof *offline.lanes);
	if (!offline.lanes)
		abort();
	for (unsigned i = 0; i < offline.count; i++) {
		struct client *from = &bench->clients[i], *to = from + offline.count;

		lane_init(&offline.lanes[i], from, to, (unsigned)bench->options->messages, true);
		from->role = to->role = &offline.lanes[i];
	}
	bench->scenario = &offline;
	bench->announces = true;
	bench->hearing.stanza = offline_take;
	if (store_all(bench, &offline) == 0) {
		if (measures_store)
			bench_measured(bench, bench->sent);
		status = flush_all(bench, &offline);
	}
	if (status == 0 && !measures_store)
		bench_measured(bench, 0);
	if (status == 0)
		status = bench_logout(bench);
	for (unsigned i = 0; i < offline.count; i++)
		lane_finish(&offline.lanes[i]);
	free(offline.lanes);
	return status;
}

int run_offline_store(struct bench *bench)
{
	return run_both(bench, true);
}

int run_offline_flush(struct bench *bench)
{
	return run_both(bench, false);
}
