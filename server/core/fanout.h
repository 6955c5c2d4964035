/* fanout.h - one payload for many recipients
 * SPDX-License-Identifier: MIT
 *
 * A fan-out is one parcel, serialised once, with a list of recipients for each shard; the last
 * shard to finish frees it.  A shard works through its list in slices, so that a long one does
 * not stand in everybody's way; what the same origin posts to that shard meanwhile waits behind
 * it, so that order holds, and other origins pass. */
#ifndef FANOUT_H
#define FANOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fanout;
struct jid;
struct parcel;
struct post;
struct receipt;
struct shard;
struct tern_entity;

#define FANOUT_SLICE 256 /* recipients a turn at most; half a millisecond ends it sooner */

struct fanouts {
	struct fanout *first, **last; /* not through; each once, served in turn */
	unsigned slice;
};
void fanouts_init(struct fanouts *fanouts);

/* Everything that is not through ends; what waits behind it is posted again. */
void fanouts_cancel(struct shard *shard);

/* A turn's share of work; true when there was some. */
bool fanouts_serve(struct shard *shard);

/* True when the post (of that origin, an entity's id or 0) waits behind a fan-out. */
bool fanouts_take(struct shard *shard, uint64_t origin, struct post *post);

/* From the entity, through its outbox, to the homes of accounts here; each shard gets one post. */
struct fanout_order {
	const struct jid *const *to;
	size_t count;
	bool probes, only_open;
};
void fanout_send(struct tern_entity *from, struct parcel *take_parcel, struct receipt *receipt,
	const struct fanout_order *order);

#endif
