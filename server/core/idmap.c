/* idmap.c - open addressing with linear probing and backward shifts */
/* SPDX-License-Identifier: MIT */

#include "idmap.h"

#include <assert.h>
#include <stdlib.h>

#include "hash.h"
#include "heap.h"

static size_t home(const struct idmap *map, uint64_t id)
{
	return hash_mix(id) & (map->capacity - 1);
}

static struct idmap_slot *find(const struct idmap *map, uint64_t id)
{
	if (!map->count)
		return NULL;
	for (size_t at = home(map, id);; at = (at + 1) & (map->capacity - 1)) {
		if (map->slots[at].id == id)
			return &map->slots[at];
		if (!map->slots[at].id)
			return NULL;
	}
}

static void place(struct idmap *map, uint64_t id, void *thing)
{
	size_t at = home(map, id);

	while (map->slots[at].id)
		at = (at + 1) & (map->capacity - 1);
	map->slots[at] = (struct idmap_slot){ id, thing };
}

static void grow(struct idmap *map)
{
	struct idmap old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 16;
	map->slots = heap_zalloc(map->capacity * sizeof *map->slots);
	for (size_t i = 0; i < old.capacity; i++) {
		if (old.slots[i].id)
			place(map, old.slots[i].id, old.slots[i].thing);
	}
	free(old.slots);
}

void idmap_finish(struct idmap *map)
{
	free(map->slots);
	*map = (struct idmap){ 0 };
}

void idmap_put(struct idmap *map, uint64_t id, void *thing)
{
	assert(id && !find(map, id));
	if (map->count * 2 >= map->capacity)
		grow(map);
	place(map, id, thing);
	map->count++;
}

void *idmap_get(const struct idmap *map, uint64_t id)
{
	struct idmap_slot *slot = find(map, id);

	return slot ? slot->thing : NULL;
}

void *idmap_remove(struct idmap *map, uint64_t id)
{
	struct idmap_slot *slot = find(map, id);
	void *thing;
	size_t hole, at;

	if (!slot)
		return NULL;
	thing = slot->thing;
	hole = (size_t)(slot - map->slots);
	for (at = (hole + 1) & (map->capacity - 1); map->slots[at].id;
	     at = (at + 1) & (map->capacity - 1)) {
		size_t distance = (at - home(map, map->slots[at].id)) & (map->capacity - 1);

		if (distance < ((at - hole) & (map->capacity - 1)))
			continue; /* it would move in front of its home */
		map->slots[hole] = map->slots[at];
		hole = at;
	}
	map->slots[hole] = (struct idmap_slot){ 0 };
	map->count--;
	return thing;
}

void *idmap_any(struct idmap *map)
{
	if (!map->count)
		return NULL;
	while (!map->slots[map->looked & (map->capacity - 1)].id)
		map->looked++;
	return map->slots[map->looked & (map->capacity - 1)].thing;
}
