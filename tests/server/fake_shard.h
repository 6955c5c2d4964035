/* fake_shard.h - shards without threads, whose clock a test turns
 * SPDX-License-Identifier: MIT
 *
 * Implements core/shard.h.  Everything runs on the test's thread; jobs of the worker pool run
 * when the shards are run. */
#ifndef FAKE_SHARD_H
#define FAKE_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "shard.h"

struct shard *fake_shard_create(struct server *server, unsigned index);
void fake_shard_destroy(struct shard *shard);

/* Runs what waits: posts, chores, and jobs unless they are held.  False when nothing did. */
bool fake_shard_run(struct shard *shard);
void fake_shard_hold_jobs(bool held);

/* Lets time pass on all shards of the server, timers running when they are due. */
void fake_shards_pass(struct server *server, uint64_t ms);
size_t fake_shard_timers(const struct shard *shard);

#endif
