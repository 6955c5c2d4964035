/* residents.c - counts an entity's resident bytes, and again when it matters */
/* SPDX-License-Identifier: MIT */

#include "residents.h"

#include <stdlib.h>

#include "entity_internal.h"
#include "shard_internal.h"
#include "storage.h"

void residents_note(struct tern_entity *entity, size_t bytes)
{
	entity->resident_bytes += bytes;
}

static bool count_record(void *context, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	(void)key;
	(void)value;
	residents_note(context, key_len + value_len);
	return true;
}

static bool is_resident(const struct tern_entity *entity, const struct store_slot *slot)
{
	return slot->claim->layout == TERN_RESIDENT && host_has_module(entity->host, slot->module);
}

static void count_again(struct tern_entity *entity)
{
	struct storage *storage = entity->shard->server->storage;

	entity->resident_bytes = 0;
	for (size_t i = 0; i < loader_store_count(); i++) {
		const struct store_slot *slot = loader_store(i);

		if (is_resident(entity, slot))
			storage_each(storage, entity->owner, slot->number, count_record, entity);
	}
}

/* Of the record on disk with that key; 0 where there is none. */
static size_t bytes_on_disk(const struct tern_entity *entity, tern_store store, const void *key,
	size_t key_len)
{
	void *value;
	size_t len;

	if (storage_get(entity->shard->server->storage, entity->owner,
			loader_store_of(store)->number, key, key_len, &value, &len) < 0)
		return 0;
	free(value);
	return key_len + len;
}

/* The sum so far does not know what was overwritten or deleted: it may be too large, and is
 * counted again before it refuses, once everything is on disk. */
bool residents_take(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	size_t value_len)
{
	size_t limit = (size_t)entity->shard->server->limits.resident_bytes;
	size_t bytes = key_len + value_len, before;

	if (!is_resident(entity, loader_store_of(store)))
		return true;
	if (entity->resident_bytes + bytes > limit) {
		if (entity->outbox.last_write > entity->shard->gate.opened)
			return false;
		count_again(entity);
		before = bytes_on_disk(entity, store, key, key_len);
		if (bytes > before && entity->resident_bytes - before + bytes > limit)
			return false;
		entity->resident_bytes -= before;
	}
	entity->resident_bytes += bytes;
	return true;
}
