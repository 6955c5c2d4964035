/* counters.h - what a shard counts, for whoever asks how the server is
 * SPDX-License-Identifier: MIT
 *
 * Each shard has its own, written on its thread alone, read by any: an addition is no locked
 * instruction.  Those of modules (tern_count) follow the engine's. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

struct server;

#define COUNTER_LIST(X) \
	X(STANZAS_RECEIVED, "stanzas_received", "stanzas that clients sent") \
	X(STANZAS_SENT, "stanzas_sent", "stanzas written to clients") \
	X(MESSAGES_RECEIVED, "messages_received", "messages that clients sent") \
	X(SESSIONS_BOUND, "sessions_bound", "sessions that began") \
	X(SESSIONS_RESUMED, "sessions_resumed", "sessions that came back to a new connection") \
	X(LOGINS_FAILED, "logins_failed", "attempts to log in with a wrong name or password") \
	X(RECEIPTS_OLD, "receipts_old", "receipts that were open for more than 30 s: each is a bug")

enum counter {
#define X(id, name, about) COUNT_##id,
	COUNTER_LIST(X)
#undef X
	COUNTERS
};

#define METRICS_MAX 256 /* of all modules */

struct counters {
	_Atomic uint64_t engine[COUNTERS];
	_Atomic int64_t modules[METRICS_MAX];
};

static inline void counter_add(struct counters *counters, enum counter counter, uint64_t by)
{
	_Atomic uint64_t *at = &counters->engine[counter];

	atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + by,
		memory_order_relaxed);
}

/* Of all shards; any thread. */
uint64_t counter_sum(const struct server *server, enum counter counter);

#endif
