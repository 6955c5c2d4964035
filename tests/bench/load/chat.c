/* chat.c - one-to-one messages between pairs, by window or at a fixed rate */
/* SPDX-License-Identifier: MIT */
#include "lane.h"
#include "scenario.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { OPEN_LOOP_RING = 1 << 14, PACE_NS = 200000 };

struct chat {
	struct lane *lanes;
	unsigned count;
	bool is_over;
	struct ev_io pace;		/* open loop: a timer finer than the loop's own */
	uint64_t began_ns, scheduled;
};

static void chat_take(struct client *client, const struct stanza *stanza)
{
	struct bench *bench = bench_of(client);
	struct chat *chat = bench->scenario;
	struct lane *lane = client->role;

	if (!stanza_is(stanza, "message"))
		return;
	if (!lane || client != lane->to)
		bench->errors++;	/* for somebody else, or a bounce to the sender */
	else if (lane_receive(lane, stanza) && bench->options->rate == 0 && !chat->is_over)
		lane_send(lane, meter_now_ns());
}

/* Sends what is due by now: the k-th message of the run was due k / rate after its start. */
static void send_due(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct bench *bench = watcher->data;
	struct chat *chat = bench->scenario;
	double gap_ns = 1e9 / bench->options->rate;
	uint64_t ticks, now_ns = meter_now_ns();

	(void)loop, (void)events;
	(void)!read(watcher->fd, &ticks, sizeof ticks);
	while (!chat->is_over) {
		uint64_t due_ns = chat->began_ns + (uint64_t)((double)chat->scheduled * gap_ns);
		struct lane *lane = &chat->lanes[chat->scheduled % chat->count];

		if (due_ns > now_ns || lane_is_full(lane))
			return;
		lane_send(lane, due_ns);
		chat->scheduled++;
	}
}

static void start_pace(struct bench *bench, struct chat *chat)
{
	struct itimerspec every = { { 0, PACE_NS }, { 0, PACE_NS } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	timerfd_settime(fd, 0, &every, NULL);
	ev_io_init(&chat->pace, send_due, fd, EV_READ);
	chat->pace.data = bench;
	chat->began_ns = meter_now_ns();
	ev_io_start(bench->turn.loop, &chat->pace);
}

static void chat_start(struct bench *bench, struct chat *chat)
{
	if (bench->options->rate > 0) {
		start_pace(bench, chat);
		return;
	}
	for (unsigned i = 0; i < chat->count; i++) {
		for (unsigned k = 0; k < bench->options->window; k++)
			lane_send(&chat->lanes[i], meter_now_ns());
	}
}

static bool all_received(struct bench *bench)
{
	const struct chat *chat = bench->scenario;

	for (unsigned i = 0; i < chat->count; i++) {
		if (chat->lanes[i].received < chat->lanes[i].sent)
			return false;
	}
	return true;
}

/* Brings up those who talk, then those who only stay, and reports what one of these costs. */
static int chat_login(struct bench *bench)
{
	unsigned talking = (unsigned)bench->options->sessions, idle = bench->count - talking;
	struct meter_reading before = { 0 }, after = { 0 };
	pid_t server = (pid_t)bench->options->server;

	if (bench_login(bench, 0, talking) < 0 || bench_settle(bench) < 0)
		return -1;
	if (idle == 0)
		return 0;
	meter_read_memory(server, &before);
	if (bench_login(bench, talking, idle) < 0 || bench_settle(bench) < 0)
		return -1;
	meter_read_memory(server, &after);
	report_number(&bench->report, "bytes_per_session",
			((double)after.anonymous_bytes - (double)before.anonymous_bytes) / idle);
	return 0;
}

static int chat_drive(struct bench *bench, struct chat *chat)
{
	struct meter_reading memory = { 0 };

	if (chat_login(bench) < 0)
		return -1;
	chat_start(bench, chat);
	if (bench_run_for(bench, bench->options->warmup) < 0)
		return -1;
	bench_measure(bench);
	if (bench_run_for(bench, bench->options->seconds) < 0)
		return -1;
	chat->is_over = true;
	/* An open loop ends when what was due has come, however late. */
	if (bench->options->rate > 0 && bench_wait(bench, all_received) < 0)
		return -1;
	bench_measured(bench, 0);
	meter_read_memory((pid_t)bench->options->server, &memory);
	report_number(&bench->report, "anonymous_bytes", (double)memory.anonymous_bytes);
	if (bench_wait(bench, all_received) < 0)
		return -1;
	return bench_logout(bench);
}

int run_chat(struct bench *bench)
{
	unsigned window = bench->options->rate > 0 ? OPEN_LOOP_RING
		: (unsigned)bench->options->window;
	struct chat chat = { .count = (unsigned)bench->options->sessions / 2 };
	int status;

	chat.lanes = calloc(chat.count, sizeof *chat.lanes);
	if (!chat.lanes) {
		bench_fail(bench, "chat needs two sessions");
		return -1;
	}
	for (unsigned i = 0; i < chat.count; i++) {
		struct client *pair = &bench->clients[2 * i];

		lane_init(&chat.lanes[i], &pair[0], &pair[1], window, false);
		pair[0].role = pair[1].role = &chat.lanes[i];
	}
	bench->scenario = &chat;
	bench->announces = true;
	bench->hearing.stanza = chat_take;
	status = chat_drive(bench, &chat);
	if (ev_is_active(&chat.pace)) {
		ev_io_stop(bench->turn.loop, &chat.pace);
		close(chat.pace.fd);
	}
	for (unsigned i = 0; i < chat.count; i++)
		lane_finish(&chat.lanes[i]);
	free(chat.lanes);
	return status;
}
