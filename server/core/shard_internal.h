/* shard_internal.h - a shard's rooms, for the files of this floor
 * SPDX-License-Identifier: MIT */
#ifndef SHARD_INTERNAL_H
#define SHARD_INTERNAL_H

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>

#include "asks.h"
#include "chores.h"
#include "counters.h"
#include "entities.h"
#include "fanout.h"
#include "gate.h"
#include "intents.h"
#include "pressure.h"
#include "receipts.h"
#include "rounds.h"
#include "server.h"
#include "sessions.h"
#include "shard.h"
#include "timers.h"

/* Posts on their way to one other shard, newest first; handed over at the turn's end. */
struct outgoing {
	struct post *newest, *oldest;
	size_t count;
};

struct shard {
	struct server *server;
	unsigned index;

	/* The loop; none of it is used when stepped. */
	struct ev_loop *loop;
	pthread_t thread;
	bool has_thread;
	ev_async wake;
	ev_prepare turn_end;
	ev_check turn_start;
	ev_timer due;
	ev_idle more; /* local work is left: do not sleep */

	/* Others put in here, newest first. */
	_Alignas(64) _Atomic(struct post *) mailbox;
	_Atomic size_t mailbox_count;
	atomic_bool stopping;
	bool is_ended; /* posts only free what they carry */

	_Alignas(64) struct outgoing *outgoing; /* one per shard */
	struct post *local_first, **local_last;
	struct chores chores, line;
	struct timers timers;
	uint64_t now_us, ticks_ms;

	struct parser_pool *parsers;
	char *read_buffer;

	struct entities entities;
	struct sessions sessions;
	struct gate gate;       /* batches under way */
	struct intents intents; /* what could not be dealt with */
	struct asks asks;       /* iqs of the server that wait for answers */
	struct idmap tickets;   /* iqs that the server answers later */
	struct fanouts fanouts;
	struct pressure pressure;
	struct receipts receipts;
	struct rounds rounds;
	struct counters counters;
	uint64_t next_id;       /* ids of entities, sessions, tickets, timers: never used again */
	struct tern_event *running; /* whose handler is at work, or NULL */
	uint64_t pager;         /* session that asked for the page that is being told, or 0 */
	struct loaded *guest;   /* the module whose code is at work, or NULL: what it begins is its own */
	struct change *changes; /* of accounts, that modules have asked for: api_account.c */
	struct buffer *scratch; /* one stanza being written */
	void *streams;          /* stream.c's list */
};

/* A new id, never used again in this process. */
static inline uint64_t shard_new_id(struct shard *shard)
{
	return ++shard->next_id * shard->server->shard_count + shard->index;
}

/* The code of a module is called; the one before is to be put back behind it. */
static inline struct loaded *shard_enter(struct shard *shard, struct loaded *guest)
{
	struct loaded *outer = shard->guest;

	shard->guest = guest;
	return outer;
}

#endif
