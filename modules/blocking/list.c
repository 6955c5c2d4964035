/* list.c - keeps an account's blocked addresses in order, and their records in step
 * SPDX-License-Identifier: MIT */

#include "list.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "sorted.h"

tern_store blocklist_store;
tern_state blocklist_state;

struct blocklist *blocklist_of(struct tern_entity *entity)
{
	return tern_entity_state(entity, blocklist_state);
}

void blocklist_finish(void *state)
{
	struct blocklist *list = state;

	for (uint32_t i = 0; i < list->count; i++)
		free(list->entries[i]);
	free(list->entries);
	*list = (struct blocklist){ 0 };
}

/* --- places -------------------------------------------------------------------------------- */

static int order_at(const void *list, size_t place, const void *jid)
{
	return strcmp(jid, ((const struct blocklist *)list)->entries[place]->jid);
}

/* Where the address is, or where it belongs. */
static uint32_t place_of(const struct blocklist *list, const char *jid, bool *ret_found)
{
	return (uint32_t)sorted_place(list, list->count, order_at, jid, ret_found);
}

bool blocklist_has(const struct blocklist *list, const char *jid)
{
	bool found;

	place_of(list, jid, &found);
	return found;
}

bool blocklist_forbids(const struct blocklist *list, const struct jid *jid)
{
	if (list->count == 0)
		return false;
	return blocklist_has(list, jid_text(jid)) || blocklist_has(list, jid_bare_text(jid)) ||
		blocklist_has(list, jid_domain(jid));
}

static void put_in(struct blocklist *list, uint32_t number, const char *jid, size_t len)
{
	struct entry *entry = heap_alloc(sizeof *entry + len + 1);
	uint32_t place;
	bool found;

	entry->number = number;
	memcpy(entry->jid, jid, len);
	entry->jid[len] = '\0';
	place = place_of(list, entry->jid, &found);
	if (found) {
		free(entry);
		return;
	}
	if (list->count == list->capacity) {
		list->capacity += list->capacity / 4 + 4;
		list->entries = heap_resize(list->entries,
			list->capacity * sizeof *list->entries);
	}
	memmove(list->entries + place + 1, list->entries + place,
		(list->count - place) * sizeof *list->entries);
	list->entries[place] = entry;
	list->count++;
}

static void take_out(struct blocklist *list, uint32_t place)
{
	free(list->entries[place]);
	list->count--;
	memmove(list->entries + place, list->entries + place + 1,
		(list->count - place) * sizeof *list->entries);
}

/* --- records ------------------------------------------------------------------------------- */

/* An address may be longer than a key: the records are numbered. */
static uint32_t next_number(const struct blocklist *list)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < list->count; i++)
		if (list->entries[i]->number > last)
			last = list->entries[i]->number;
	return last + 1;
}

int blocklist_read(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	uint32_t number;

	if (key_len != sizeof number || value_len == 0 || value_len > JID_TEXT_MAX)
		return -EBADMSG;
	memcpy(&number, key, sizeof number);
	put_in(blocklist_of(entity), be32toh(number), value, value_len);
	return 0;
}

int blocklist_add(struct tern_entity *entity, const struct jid *jid)
{
	struct blocklist *list = blocklist_of(entity);
	uint32_t number, key;
	int result;

	if (blocklist_has(list, jid_text(jid)))
		return 0;
	number = next_number(list);
	key = htobe32(number);
	result = tern_put(entity, blocklist_store, &key, sizeof key, jid_text(jid), jid_len(jid));
	if (result == 0)
		put_in(list, number, jid_text(jid), jid_len(jid));
	return result;
}

int blocklist_remove(struct tern_entity *entity, const struct jid *jid)
{
	struct blocklist *list = blocklist_of(entity);
	bool found;
	uint32_t place = place_of(list, jid_text(jid), &found), key;
	int result;

	if (!found)
		return 0;
	key = htobe32(list->entries[place]->number);
	result = tern_delete(entity, blocklist_store, &key, sizeof key);
	if (result == 0)
		take_out(list, place);
	return result;
}
