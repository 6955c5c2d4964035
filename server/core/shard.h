/* shard.h - a thread, its loop, and what reaches it from others
 * SPDX-License-Identifier: MIT
 *
 * One turn of a shard: descriptors and timers that are ready, then the mailbox
 * (posts of other shards, in batches), then local work that these made; at its end the
 * storage batch is submitted, links with output are flushed (one write each), and the
 * shards that were posted to are woken, once each.  Nothing in a turn blocks.
 *
 * Everything here is called on the shard's own thread but shard_post. */
#ifndef SHARD_H
#define SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shard_seam.h"

struct ev_loop;
struct parser_pool;
struct server;
struct shard;
struct storage_batch;

/* A thing on its way to a shard; embedded at the start of what it carries.  `run` is
 * called once on the shard, where it owns the post. */
struct post {
	struct post *next;
	void (*run)(struct shard *shard, struct post *post);
};

/* Any thread; also the shard's own (it runs later in the same turn).  Never blocks. The
 * order of one thread's posts to one shard is kept.  From a thread that is a shard the
 * wake-up is sent at its turn's end, from any other at once. */
void shard_post(struct shard *shard, struct post *take_post);

/* The shard whose thread this is, or NULL. */
struct shard *shard_self(void);

/* The module whose code is at work on this shard, for the log; "?" where nobody knows.  On a thread
 * that is no shard (`load`, commands at a host): the one that has been named so; the one before is
 * named again after it. */
const char *shard_guest_name(void);
const struct tern_module *shard_visit(const struct tern_module *module);

unsigned shard_index(const struct shard *shard);
struct server *shard_server(const struct shard *shard);
struct ev_loop *shard_loop(const struct shard *shard); /* NULL in a simulation */
struct parser_pool *shard_parsers(const struct shard *shard);

/* The clock of this turn: microseconds since 1970 (adjusted never to step back within a
 * process), and milliseconds of a clock that only rises. */
uint64_t shard_now_us(const struct shard *shard);
uint64_t shard_ticks_ms(const struct shard *shard);

/* Unpredictable bytes (seeded in a simulation). */
void shard_random(struct shard *shard, void *bytes, size_t len);

/* Timers: embedded, zeroed before first use; `run` once, `delay_ms` from now. */
struct timer {
	struct timer_seat seat;
	void (*run)(struct shard *shard, struct timer *timer);
};
void timer_start(struct shard *shard, struct timer *timer, uint64_t delay_ms); /* restarts */
void timer_stop(struct shard *shard, struct timer *timer); /* also when not started */
bool timer_is_running(const struct timer *timer);

/* What is to be done once at this turn's end: a link with output, for example. Embedded;
 * asking twice in a turn is asking once. */
struct chore {
	struct chore *next;
	bool is_queued;
	void (*run)(struct shard *shard, struct chore *chore);
};
void shard_at_turn_end(struct shard *shard, struct chore *chore);
/* What others should not have to wait for: one in each turn, behind all the rest of it, in the
 * order in which they came. A chore is in one of the two queues at a time. */
void shard_wait_in_line(struct shard *shard, struct chore *chore);
void shard_forget_chore(struct shard *shard, struct chore *chore); /* of both */

/* Blocking or long work on the pool: `work` on a pool thread, then `done` on this shard.
 * Embedded by the caller, who keeps it until `done`. */
struct job {
	struct post post; /* the way back */
	void (*work)(struct job *job);
	void (*done)(struct shard *shard, struct job *job);
	struct shard *shard;
	struct job *next;
};
void shard_work(struct shard *shard, struct job *job);

/* --- life; the main thread, or a simulation ------------------------------------------- */

/* With `stepped` the shard has no loop and no thread: each shard_turn is one turn. */
struct shard *shard_create(struct server *server, unsigned index, bool stepped);
int shard_start(struct shard *shard); /* 0 or -errno */
/* Asks the shard to end its loop; shard_join waits for the thread, if it was started. */
void shard_stop(struct shard *shard);
void shard_join(struct shard *shard);

/* Nothing waits to be run, and everything written is on disk. On its thread, or stepped. */
bool shard_is_quiet(const struct shard *shard);

/* Runs turns on the calling thread until all shards are quiet, or so much time has gone.  All are
 * joined, or stepped. */
void shards_settle(struct server *server, uint64_t most_ms);

/* Ends what the server's shards have under way: sessions, entities, posts. Nothing more of it is
 * said or written.  All are joined, and the storage is still open. */
void shards_end(struct server *server);
void shard_destroy(struct shard *shard); /* the first one ends all; takes NULL */

/* Stepped: runs what is due; true when it did something. */
bool shard_turn(struct shard *shard);
/* Stepped: does something as one of its turns would. */
void shard_act(struct shard *shard, void (*act)(struct shard *shard, void *context), void *context);
/* Stepped: when the next timer is due, in ticks; UINT64_MAX when none is. */
uint64_t shard_next_due(const struct shard *shard);

/* One buffer per shard for bytes just read: link.c's pull functions. As much as a TLS record. */
#define SHARD_READ_BYTES (16 * 1024)
char *shard_read_buffer(struct shard *shard);

#endif
