/* bench.h - one run: the clients, the loop, the clock that ends it, what was measured */
/* SPDX-License-Identifier: MIT */
/*
 * A scenario is a straight-line function over these calls: log in, drive, measure, settle, leave.
 * Each call that waits runs the loop, and returns 0, or -1 once the run has failed (a client was
 * lost, the time is up, the server answered nonsense): the scenario then returns too.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "client.h"
#include "histogram.h"
#include "meter.h"
#include "options.h"
#include "report.h"

struct bench;

typedef bool bench_done(struct bench *bench);

/* What a scenario wants to hear of clients that are ready; each may be NULL. */
struct bench_hearing {
	void (*stanza)(struct client *client, const struct stanza *stanza);
	void (*drained)(struct client *client);
};

struct bench {
	const struct options *options;
	struct turn turn;
	struct client_site site;
	struct ev_timer tick, sample;
	uint64_t ends_ns;
	struct client *clients;
	unsigned count;
	unsigned ready, leaving;
	bool announces;				/* clients send presence as soon as they are bound */
	struct bench_hearing hearing;
	void *scenario;				/* the running scenario's own state */

	uint64_t operations;			/* verified deliveries; the unit of cost */
	uint64_t sent, lost, misplaced, errors;
	uint64_t copy_bytes;		/* of all operations that were messages, as an archive keeps them */
	struct histogram latency;		/* since bench_measure(), in ns */
	struct histogram login_latency;
	struct histogram interval;		/* since the last sample */

	struct meter_reading before;
	uint64_t operations_before;
	uint64_t worked_until_ns;	/* when set, the rate counts to here and not to the end */
	struct report report;
	char failure[256];
};

/* Returns 0, or -1 after a line on stderr. */
int bench_open(struct bench *bench, const struct options *options, unsigned clients);
void bench_close(struct bench *bench);

void bench_fail(struct bench *bench, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Brings the clients [first, first + count) up, options.logins at a time. */
int bench_login(struct bench *bench, unsigned first, unsigned count);

/* With XEP-0198, first waits until the server has acknowledged all that was sent. */
int bench_logout(struct bench *bench);

int bench_wait(struct bench *bench, bench_done *done);
int bench_run_for(struct bench *bench, double seconds);

/* Runs the loop until the server uses no CPU any more (10 s at most). */
int bench_settle(struct bench *bench);

/* Begins the measured phase, and ends it: CPU per operation, rate and latencies are reported. An
 * operations count of 0 means those counted in between. */
void bench_measure(struct bench *bench);
void bench_measured(struct bench *bench, uint64_t operations);

/* Counts a latency in ns from when its cause was due. */
void bench_count_latency(struct bench *bench, uint64_t due_ns, uint64_t now_ns);

static inline struct bench *bench_of(const struct client *client)
{
	return client->owner;
}

#endif
