/* roster.c - keeps an account's contacts in order, and their records in step
 * SPDX-License-Identifier: MIT */

#include "roster.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "sorted.h"

tern_store roster_items, roster_requests;
tern_state roster_state, roster_interest;

/* The record of this number holds the floor. */
enum { FLOOR = 0 };

struct roster *roster_of(struct tern_entity *entity)
{
	return tern_entity_state(entity, roster_state);
}

void roster_finish(void *state)
{
	struct roster *roster = state;

	for (uint32_t i = 0; i < roster->count; i++)
		free(roster->items[i]);
	free(roster->items);
	while (roster->requests) {
		struct request *request = roster->requests;

		roster->requests = request->next;
		free(request);
	}
	*roster = (struct roster){ 0 };
}

/* --- places -------------------------------------------------------------------------------- */

static int order_at(const void *roster, size_t place, const void *jid)
{
	return strcmp(jid, item_jid(((const struct roster *)roster)->items[place]));
}

/* Where the address is, or where it belongs. */
static uint32_t place_of(const struct roster *roster, const char *jid, bool *ret_found)
{
	return (uint32_t)sorted_place(roster, roster->count, order_at, jid, ret_found);
}

struct item *roster_find(const struct roster *roster, const struct jid *jid)
{
	bool found;
	uint32_t place = place_of(roster, jid_bare_text(jid), &found);

	return found ? roster->items[place] : NULL;
}

unsigned roster_subscription(const struct roster *roster, const struct jid *jid)
{
	const struct item *item = roster_find(roster, jid);

	return item ? item->state : 0;
}

/* Grows by an eighth: a roster is read once and changes seldom. */
static void make_room(struct roster *roster)
{
	if (roster->count < roster->capacity)
		return;
	roster->capacity += roster->capacity / 8 + 4;
	roster->items = heap_resize(roster->items, roster->capacity * sizeof *roster->items);
}

static void take_out(struct roster *roster, uint32_t place)
{
	roster->listed -= roster->items[place]->listed;
	free(roster->items[place]);
	roster->count--;
	memmove(roster->items + place, roster->items + place + 1,
		(roster->count - place) * sizeof *roster->items);
}

static void put_in(struct roster *roster, struct item *take_item)
{
	bool found;
	uint32_t place = place_of(roster, item_jid(take_item), &found);

	if (found) {
		roster->listed -= roster->items[place]->listed;
		free(roster->items[place]);
	} else {
		make_room(roster);
		memmove(roster->items + place + 1, roster->items + place,
			(roster->count - place) * sizeof *roster->items);
		roster->count++;
	}
	roster->items[place] = take_item;
	roster->listed += take_item->listed;
	if (take_item->version > roster->version)
		roster->version = take_item->version;
}

/* --- records ------------------------------------------------------------------------------- */

/* Big end first, so that the records lie in the order in which they were made. */
static uint32_t record_key(uint32_t number)
{
	return htobe32(number);
}

static int write_floor(struct tern_entity *entity, uint32_t version)
{
	uint32_t key = record_key(FLOOR), value = htole32(version);

	return tern_put(entity, roster_items, &key, sizeof key, &value, sizeof value);
}

static int write_item(struct tern_entity *entity, const struct item *item)
{
	uint32_t key = record_key(item->number);
	uint8_t *bytes = heap_alloc(ITEM_HEAD + (size_t)item->len);
	int result = tern_put(entity, roster_items, &key, sizeof key, bytes,
		item_encode(item, bytes));

	free(bytes);
	return result;
}

static int delete_item(struct tern_entity *entity, uint32_t number)
{
	uint32_t key = record_key(number);

	return tern_delete(entity, roster_items, &key, sizeof key);
}

static int read_key(const void *key, size_t key_len, uint32_t *ret_number)
{
	uint32_t number;

	if (key_len != sizeof number)
		return -EBADMSG;
	memcpy(&number, key, sizeof number);
	*ret_number = be32toh(number);
	return 0;
}

static int read_floor(struct roster *roster, const void *value, size_t value_len)
{
	uint32_t version;

	if (value_len != sizeof version)
		return -EBADMSG;
	memcpy(&version, value, sizeof version);
	roster->floor = le32toh(version);
	if (roster->floor > roster->version)
		roster->version = roster->floor;
	return 0;
}

int roster_read_item(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct roster *roster = roster_of(entity);
	struct item *item;
	uint32_t number;
	int result = read_key(key, key_len, &number);

	if (result < 0)
		return result;
	if (number == FLOOR)
		return read_floor(roster, value, value_len);
	item = item_decode(number, value, value_len);
	if (!item)
		return -EBADMSG;
	put_in(roster, item);
	return 0;
}

/* --- changes ------------------------------------------------------------------------------- */

static uint32_t next_number(const struct roster *roster)
{
	uint32_t last = FLOOR;

	for (uint32_t i = 0; i < roster->count; i++)
		if (roster->items[i]->number > last)
			last = roster->items[i]->number;
	return last + 1;
}

static uint32_t next_version(struct tern_entity *entity)
{
	uint32_t now_s = (uint32_t)(tern_now_us(entity) / 1000000);
	uint32_t next = roster_of(entity)->version + 1;

	return next > now_s ? next : now_s;
}

static bool is_stump(const struct item *item)
{
	return !item->listed && item->version != 0;
}

static bool is_nothing(const struct item *item)
{
	return !item->listed && item->version == 0 && item->state == 0;
}

const struct item *roster_item(const struct roster *roster, uint32_t number)
{
	for (uint32_t i = 0; i < roster->count; i++)
		if (roster->items[i]->number == number)
			return roster->items[i];
	return NULL;
}

/* The removed item that is longest gone, where there are too many of them. */
static const struct item *surplus_stump(const struct roster *roster)
{
	const struct item *oldest = NULL;
	unsigned stumps = 0;

	for (uint32_t i = 0; i < roster->count; i++) {
		const struct item *item = roster->items[i];

		if (!is_stump(item))
			continue;
		stumps++;
		if (item->state == 0 && (!oldest || item->version < oldest->version))
			oldest = item;
	}
	return stumps > ROSTER_STUMPS ? oldest : NULL;
}

/* With a stump goes the knowledge of differences to versions before it. A refused write
 * leaves one stump too many: no harm. */
static void forget_stump(struct tern_entity *entity)
{
	struct roster *roster = roster_of(entity);
	const struct item *stump = surplus_stump(roster);
	bool found;

	if (!stump || write_floor(entity, stump->version) < 0)
		return;
	delete_item(entity, stump->number);
	roster->floor = stump->version;
	take_out(roster, place_of(roster, item_jid(stump), &found));
}

static int erase(struct tern_entity *entity, const struct item *item)
{
	struct roster *roster = roster_of(entity);
	bool found;
	uint32_t place = place_of(roster, item_jid(item), &found);
	int result = found ? delete_item(entity, item->number) : 0;

	if (result == 0 && found)
		take_out(roster, place);
	return result;
}

/* A stump that comes back to life keeps its record. */
static uint32_t number_for(const struct roster *roster, const char *jid)
{
	bool found;
	uint32_t place = place_of(roster, jid, &found);

	return found ? roster->items[place]->number : next_number(roster);
}

int roster_store(struct tern_entity *entity, struct item *take_item, bool seen)
{
	struct roster *roster = roster_of(entity);
	int result = 0;

	assert(take_item->text[0]);
	if (seen)
		take_item->version = next_version(entity);
	if (is_nothing(take_item)) {
		result = erase(entity, take_item);
		free(take_item);
		return result;
	}
	if (take_item->number == 0)
		take_item->number = number_for(roster, item_jid(take_item));
	if (seen && roster->version == 0)
		result = write_floor(entity, take_item->version);
	if (result == 0)
		result = write_item(entity, take_item);
	if (result < 0) {
		free(take_item);
		return result;
	}
	if (seen && roster->version == 0)
		roster->floor = take_item->version;
	put_in(roster, take_item);
	if (seen)
		forget_stump(entity);
	return 0;
}

/* --- requests ------------------------------------------------------------------------------ */

static void add_request(struct roster *roster, uint32_t number, const char *xml, size_t len)
{
	struct request **end = &roster->requests;
	struct request *request = heap_alloc(sizeof *request + len);

	while (*end)
		end = &(*end)->next;
	*request = (struct request){ .number = number, .len = (uint32_t)len };
	memcpy(request->xml, xml, len);
	*end = request;
}

int roster_read_request(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	uint32_t number;
	int result = read_key(key, key_len, &number);

	if (result == 0)
		add_request(roster_of(entity), number, value, value_len);
	return result;
}

static void forget_request(struct roster *roster, uint32_t number)
{
	for (struct request **at = &roster->requests; *at;) {
		struct request *request = *at;

		if (request->number != number) {
			at = &request->next;
			continue;
		}
		*at = request->next;
		free(request);
	}
}

int roster_keep_request(struct tern_entity *entity, uint32_t number, const char *xml, size_t len)
{
	struct roster *roster = roster_of(entity);
	uint32_t key = record_key(number);
	int result = tern_put(entity, roster_requests, &key, sizeof key, xml, len);

	if (result < 0)
		return result;
	forget_request(roster, number); /* one that lost its item in a refused write */
	add_request(roster, number, xml, len);
	return 0;
}

void roster_drop_request(struct tern_entity *entity, uint32_t number)
{
	uint32_t key = record_key(number);

	tern_delete(entity, roster_requests, &key, sizeof key);
	forget_request(roster_of(entity), number);
}

size_t roster_count_requests(const struct roster *roster)
{
	size_t count = 0;

	for (const struct request *request = roster->requests; request; request = request->next)
		count++;
	return count;
}

/* --- differences --------------------------------------------------------------------------- */

static int by_version(const void *a, const void *b)
{
	const struct item *const *left = a, *const *right = b;

	return ((*left)->version > (*right)->version) - ((*left)->version < (*right)->version);
}

bool roster_changes(const struct roster *roster, uint32_t since, struct arena *arena,
	const struct item *const **ret_items, size_t *ret_count)
{
	const struct item **items;
	size_t count = 0;

	if (since < roster->floor || since > roster->version)
		return false;
	items = arena_alloc(arena, (roster->count + 1) * sizeof *items);
	for (uint32_t i = 0; i < roster->count; i++)
		if (roster->items[i]->version > since)
			items[count++] = roster->items[i];
	qsort(items, count, sizeof *items, by_version);
	*ret_items = items;
	*ret_count = count;
	return true;
}
