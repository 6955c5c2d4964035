/* world.h - a whole server on one thread, whose every step is chosen
 * SPDX-License-Identifier: MIT
 *
 * Shards, committer, clock, randomness and disk are the seams of the engine; here each step is
 * one turn of one shard, or one commit, picked by dice.  The disk is in memory and forgets
 * what was not committed: world_crash goes on from what a kill at this moment would leave. */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>

#include "dice.h"
#include "server.h"

struct memory_disk;
struct stream;

#define WORLD_DOMAIN "tern.example"

struct world {
	struct dice dice;
	struct server server;
	struct memory_disk *disk;
	bool has_archive; /* in every second history: messages wait there */
	unsigned commits; /* transactions of this life */
	unsigned slow;    /* a shard that gets fewer turns, or none: shard_count */
};

/* The modules are opened from that folder, once a process. */
void world_create(struct world *world, uint64_t seed, const char *modules_path);
void world_destroy(struct world *world);

/* One step: a turn, a commit, or a bit of time. */
void world_step(struct world *world);

/* Until nothing is left to do, without letting much time pass. */
void world_settle(struct world *world);

void world_pass_time(struct world *world, unsigned ms);

/* The process is killed and started again over what the disk holds. */
void world_crash(struct world *world);

/* A graceful restart: streams closed, everything written, sessions that can be resumed
 * saved; on a full disk they are not, as far as it goes. */
void world_restart(struct world *world);

/* While everything goes on: a module of the host is unloaded, or loaded where it is not. False where
 * the disk does not let it. */
bool world_turn_module(struct world *world, const char *name);
bool world_has_module(const struct world *world, const char *name);

/* The next commit fails for want of space, and is tried again. */
void world_refuse_commit(struct world *world);

/* From now on every write but a deletion is refused, or none any more. */
void world_fill_disk(struct world *world, bool full);

/* The next commit fails for good, or is on disk and nobody is told; a crash must follow, for a
 * server whose disk fails ends. */
void world_fail_disk(struct world *world);

#endif
