/* turnover.h - a host gets other modules while its sessions go on
 * SPDX-License-Identifier: MIT
 *
 * The way of a change: all shards stand still between two turns; what is written is waited for, so
 * that the records of new modules can be read; the loader checks, loads, and makes the host's
 * tables anew, or leaves all as it was (loader_change).  Then each shard, on its own thread and
 * before anything else happens there, goes over what is open:
 *
 *   1. new modules get their memory, zeroed, and their resident records are read; events that are
 *      held in the middle of a phase go on in the new lists (held_turn_over);
 *   2. new modules hear of accounts (ENTITY_OPENED) and sessions (SESSION_FOUND) that are there;
 *   3. modules that leave say their last word (MODULE_LEAVING); what they have under way is
 *      cancelled, each callback called once: timers, asks, reads, waits for output, changes of
 *      accounts; held events get the verdict that was named, open iqs an error; their memory goes.
 *
 * What a module has begun is known by its owner (shard.guest at that time), and nothing of it is
 * left behind step 3 but what is in use on its way to the shard (loaded_use).  When all shards are
 * through, the modules that left are unloaded; their code stays mapped.  Messages are never handed
 * to two sets of modules: an event meets each hook at most once. */
#ifndef TURNOVER_H
#define TURNOVER_H

#include "loader.h"

struct server;
struct shard;

/* Main thread, all shards standing still or stepped: as loader_change; -ETIMEDOUT when the disk does
 * not answer.  The turnover's memory is the caller's. */
int turnover_begin(struct arena *arena, struct tern_host *host,
	const struct wanted_module *wanted, size_t count, struct turnover *ret_turnover,
	const char **ret_why);

/* On the shard's thread, right behind that: once on each. */
void turnover_settle(struct shard *shard, const struct turnover *turnover);

/* The same where shards are stepped (by the calling thread), and the whole of it. */
int turnover_stepped(struct arena *arena, struct tern_host *host,
	const struct wanted_module *wanted, size_t count, const char **ret_why);

#endif
