/* entities.h - the entities that are open on a shard
 * SPDX-License-Identifier: MIT */
#ifndef ENTITIES_H
#define ENTITIES_H

#include <stdbool.h>
#include <stddef.h>

#include "idmap.h"
#include "shard.h"

struct event;
struct jid;
struct tern_entity;
struct tern_host;

struct entities {
	struct shard *shard;
	struct tern_entity **buckets;
	size_t bucket_count, count;
	struct idmap by_id;
	struct tern_entity *idle_first, *idle_last; /* longest idle first */
	size_t idle_absent;                            /* of those, at the front: not existing */
	struct timer sweep;
	uint64_t idle_ms;   /* how long an idle one stays open */
	bool opens_later;   /* a simulation: opening takes a turn */
};

void entities_init(struct entities *entities, struct shard *shard);
void entities_finish(struct entities *entities);

/* The open (or opening) entity of that bare address, or NULL. */
struct tern_entity *entities_find(struct shard *shard, const struct jid *jid);

/* The same, opened when it is not; may still be opening. */
struct tern_entity *entities_open(struct shard *shard, struct tern_host *host,
	const struct jid *jid);

struct tern_entity *entities_by_id(struct shard *shard, uint64_t id); /* or NULL */

/* An event at its addressee's home: opens the entity, waits, or arrives. Taken. */
void entities_receive(struct shard *shard, struct event *take_event);

#endif
