/* pressure.h - a shard with too much to do asks sources to wait
 * SPDX-License-Identifier: MIT
 *
 * Nobody waits for a shard; sources wait: when its mailbox or uncommitted batches stand above
 * their mark a shard raises its flag, and sessions that post to it are not read until it
 * falls, at half the mark. */
#ifndef PRESSURE_H
#define PRESSURE_H

#include <stdatomic.h>

#include "shard.h"

struct tern_session;

struct pressure {
	atomic_bool is_raised;
	struct tern_session *held_back; /* of this shard, until flags fall */
	struct timer look_again;
};

/* At the turn's end: raises or lowers the flag. */
void pressure_look(struct shard *shard);

/* The session has just posted to `to`: it is held back while that one's flag is up. */
void pressure_touch(struct tern_session *session, const struct shard *to);

/* A session ends. */
void pressure_forget(struct tern_session *session);

#endif
