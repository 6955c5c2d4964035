/* loop_shard.h - shards with a real loop, for tests of sockets
 * SPDX-License-Identifier: MIT
 *
 * Implements core/shard.h over libev; the clock of timers is turned by the test.  A test steps
 * the shards on its own thread, or starts a thread for each. */
#ifndef LOOP_SHARD_H
#define LOOP_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shard.h"

struct shard *loop_shard_create(struct server *server, unsigned index);
void loop_shard_destroy(struct shard *shard);

/* One turn without waiting for anything; true while somebody waits in line. */
bool loop_shard_step(struct shard *shard);

/* Lets time pass and runs the timers that are due.  Not while threads run. */
void loop_shard_pass(struct shard *shard, uint64_t ms);
size_t loop_shard_timers(const struct shard *shard);

/* Turns on a thread of its own, until stopped. */
void loop_shard_start(struct shard *shard);
void loop_shard_stop(struct shard *shard);

#endif
