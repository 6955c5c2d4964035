/* resident.c - reads resident stores, and keeps count of them with few looks at the disk */
/* SPDX-License-Identifier: MIT */

#include "resident.h"

#include <errno.h>

#include "entity_internal.h"
#include "shard_internal.h"

struct reading {
	struct tern_entity *entity;
	const struct tern_store_claim *claim; /* NULL: only counted */
	size_t bytes;
	int result;
};

static size_t limit_of(const struct tern_entity *entity)
{
	return (size_t)entity->shard->server->limits.resident_bytes;
}

static bool read_record(void *context, const void *key, size_t key_len,
		const void *value, size_t value_len)
{
	struct reading *reading = context;

	reading->bytes += key_len + value_len;
	if (!reading->claim)
		return true;
	if (reading->bytes > limit_of(reading->entity))
		reading->result = -EFBIG;
	else
		reading->result = reading->claim->read(reading->entity, key, key_len, value, value_len);
	return reading->result >= 0;
}

static int read_stores(struct reading *reading, bool is_counted_only)
{
	struct tern_entity *entity = reading->entity;

	for (size_t i = 0; i < loader_store_count(); i++) {
		const struct store_slot *slot = loader_store(i);
		int result;

		if (slot->claim->layout != TERN_RESIDENT ||
		    !host_has_module(entity->host, slot->module))
			continue;
		reading->claim = is_counted_only ? NULL : slot->claim;
		result = storage_each(entity->shard->server->storage, entity->owner, slot->number,
			read_record, reading);
		if (result < 0 || reading->result < 0)
			return result < 0 ? result : reading->result;
	}
	return 0;
}

int resident_read(struct tern_entity *entity)
{
	struct reading reading = { .entity = entity };
	int result = read_stores(&reading, false);

	entity->resident_bytes = reading.bytes;
	return result;
}

/* What is on disk, and what may not be yet. */
static void count_again(struct tern_entity *entity)
{
	struct reading reading = { .entity = entity };

	if (read_stores(&reading, true) == 0)
		entity->resident_bytes = reading.bytes + entity->resident_unsure;
}

/* Replaced and deleted records are counted on until the sum comes near the limit. */
bool resident_has_room(struct tern_entity *entity, size_t bytes)
{
	if (entity->outbox.last_write <= entity->shard->gate.opened)
		entity->resident_unsure = 0;
	if (entity->resident_bytes + bytes > limit_of(entity))
		count_again(entity);
	if (entity->resident_bytes + bytes > limit_of(entity))
		return false;
	entity->resident_bytes += bytes;
	entity->resident_unsure += bytes;
	return true;
}
