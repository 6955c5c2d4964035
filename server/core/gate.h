/* gate.h - commit, then speak: a shard's batches, and the entities that wait for them
 * SPDX-License-Identifier: MIT
 *
 * A turn's writes collect in one batch, which the turn's end submits.  Batches are numbered;
 * an entity's gate is open when the newest batch with a write of that entity is on disk. What
 * it says meanwhile waits in its outbox (outbox.h), in order.
 *
 * A disk that stands still for limits.disk_s ends the streams of those who wait for it: their
 * clients are not left in silence, and what can be resumed is found again. */
#ifndef GATE_H
#define GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "shard.h"

struct storage_batch;
struct tern_entity;

#define GATE_REMEMBERS 1024 /* batches under way at most */

struct gate {
	struct shard *shard;
	struct storage_batch *batch; /* being filled, or NULL */
	uint64_t filling;            /* its number, from 1 */
	uint64_t opened;             /* batches up to this one are on disk, and noticed */
	size_t bytes_under_way;
	uint64_t bytes_submitted;    /* of all batches so far */
	uint64_t bytes_by_batch[GATE_REMEMBERS]; /* that sum, as of each of the newest batches */
	uint64_t waits_since_ms;     /* while batches are under way: for the oldest of them */
	struct timer patience;       /* for it: limits.disk_s */
	struct tern_entity *first, **last; /* with writes under way, or things said behind them */

	_Atomic uint64_t committed; /* the committer says so */
	atomic_bool notice_is_queued;
	struct post notice;
};

void gate_init(struct gate *gate, struct shard *shard);
void gate_finish(struct gate *gate);

/* The turn's batch. */
struct storage_batch *gate_batch(struct shard *shard);

/* What a write of the entity into it came to, 0 or -errno: its result.  One that was refused
 * shuts no gate, so that its refusal is told though the disk stands still. */
int gate_wrote(struct tern_entity *entity, int result);

/* At the turn's end: hands over what was written; true when there was something.  With too many
 * batches under way it waits for one of them. */
bool gate_submit(struct shard *shard);

/* Opens what may open, before the turn comes to it. */
void gate_look(struct shard *shard);

/* Bytes that are not on disk. */
size_t gate_uncommitted(const struct gate *gate);

#endif
