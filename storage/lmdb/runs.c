/* lmdb/runs.c - keeps the indices of logs in runs of ids
 * SPDX-License-Identifier: MIT
 *
 * A value is the lowest number (8 bytes), then for each id its distance from the key's id
 * (6 bytes) and its number's from the lowest (5 bytes), in the machine's order of bytes. */
#include "runs.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum { ID_BYTES = 6, NUMBER_BYTES = 5, PLACE_BYTES = ID_BYTES + NUMBER_BYTES };

enum { NEW_PAGES_LEAST = 8, ENTRIES_PER_NEW_PAGE = 4, SETTLE_LEAST = 16 };

#define ID_SPAN (UINT64_C(1) << (8 * ID_BYTES))
#define NUMBER_SPAN (UINT64_C(1) << (8 * NUMBER_BYTES)) /* more entries than the map has room for */

static uint64_t get(const unsigned char *bytes, size_t len)
{
	uint64_t value = 0;
	memcpy(&value, bytes, len);
	return le64toh(value);
}

static void set(unsigned char *bytes, size_t len, uint64_t value)
{
	uint64_t little = htole64(value);
	memcpy(bytes, &little, len);
}

static bool is_run(const MDB_val *value)
{
	size_t places = value->mv_size - sizeof(uint64_t);
	return value->mv_size > sizeof(uint64_t) && places % PLACE_BYTES == 0 &&
		places / PLACE_BYTES <= RUN_MAX;
}

static size_t count_of(const MDB_val *value)
{
	return (value->mv_size - sizeof(uint64_t)) / PLACE_BYTES;
}

int run_unpack(struct run *run, uint64_t base, const MDB_val *value)
{
	const unsigned char *at = value->mv_data;
	uint64_t lowest;
	if (!is_run(value))
		return MDB_CORRUPTED;
	lowest = get(at, sizeof(lowest));
	at += sizeof(lowest);
	run->base = base;
	run->count = count_of(value);
	for (size_t i = 0; i < run->count; i++, at += PLACE_BYTES)
		run->places[i] = (struct run_place){ base + get(at, ID_BYTES),
			lowest + get(at + ID_BYTES, NUMBER_BYTES) };
	return 0;
}

static size_t run_pack(const struct run *run, unsigned char *bytes)
{
	uint64_t lowest = UINT64_MAX;
	unsigned char *at = bytes;
	for (size_t i = 0; i < run->count; i++)
		if (run->places[i].number < lowest)
			lowest = run->places[i].number;
	set(at, sizeof(lowest), lowest);
	at += sizeof(lowest);
	for (size_t i = 0; i < run->count; i++, at += PLACE_BYTES) {
		uint64_t id = run->places[i].id - run->base;
		uint64_t number = run->places[i].number - lowest;
		assert(id < ID_SPAN && number < NUMBER_SPAN);
		set(at, ID_BYTES, id);
		set(at + ID_BYTES, NUMBER_BYTES, number);
	}
	return (size_t)(at - bytes);
}

/* The first place whose id is not below; `count` when there is none. */
static size_t run_search(const struct run *run, uint64_t id)
{
	size_t low = 0, high = run->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (run->places[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The bytes of a place in a run that is not unpacked: where the id is, or NULL. */
static const unsigned char *packed_find(const MDB_val *value, uint64_t base, uint64_t id)
{
	const unsigned char *places = (const unsigned char *)value->mv_data + sizeof(uint64_t);
	uint64_t distance = id - base;
	size_t low = 0, high = count_of(value);
	while (low < high) {
		size_t middle = (low + high) / 2;
		uint64_t there = get(places + middle * PLACE_BYTES, ID_BYTES);
		if (there == distance)
			return places + middle * PLACE_BYTES;
		if (there < distance)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Stands the cursor at the run that has the id, if any has. */
static int find(MDB_cursor *cursor, const struct key *prefix, uint64_t id, uint64_t *ret_base,
	MDB_val *ret_value)
{
	struct key wanted = *prefix;
	MDB_val key;
	key_add_id(&wanted, id);
	key = (MDB_val){ wanted.len, wanted.bytes };
	int rc = mdb_cursor_get(cursor, &key, ret_value, MDB_SET_RANGE);
	bool is_behind = rc == 0 && (key.mv_size != wanted.len ||
		memcmp(key.mv_data, wanted.bytes, wanted.len) != 0);
	if (is_behind)
		rc = mdb_cursor_get(cursor, &key, ret_value, MDB_PREV);
	else if (rc == MDB_NOTFOUND)
		rc = mdb_cursor_get(cursor, &key, ret_value, MDB_LAST);
	if (rc == 0 && !key_is_prefix(prefix, &key))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		*ret_base = key_last_id(&key);
	return rc;
}

static int locate(MDB_cursor *cursor, const struct key *prefix, uint64_t id, struct run *ret_run)
{
	uint64_t base;
	MDB_val value;
	int rc = find(cursor, prefix, id, &base, &value);
	return rc ? rc : run_unpack(ret_run, base, &value);
}

/* --- writing --------------------------------------------------------------------- */

/* It ends with the transaction. */
static int cursor_of(struct act *act, enum table table, MDB_cursor **ret_cursor)
{
	MDB_cursor **cursor = &act->cursors[table];
	int rc = *cursor ? 0 : mdb_cursor_open(act->txn, act->engine->dbi[table], cursor);
	*ret_cursor = *cursor;
	return rc;
}

/* With MDB_CURRENT, in place of that at which the cursor stands. */
static int put(MDB_cursor *cursor, const struct key *prefix, const struct run *run, unsigned flags)
{
	unsigned char bytes[sizeof(uint64_t) + (RUN_MAX + 1) * PLACE_BYTES];
	struct key key = *prefix;
	key_add_id(&key, run->base);
	return mdb_cursor_put(cursor, KEY_VAL(&key), &(MDB_val){ run_pack(run, bytes), bytes },
		flags);
}

static int put_new(MDB_cursor *cursor, const struct key *prefix, const struct run_place *place)
{
	struct run run = { .base = place->id, .count = 1 };
	run.places[0] = *place;
	return put(cursor, prefix, &run, 0);
}

/* One that has become too long. */
static int put_halves(MDB_cursor *cursor, const struct key *prefix, struct run *run)
{
	size_t half = run->count / 2;
	struct run upper = { .base = run->places[half].id, .count = run->count - half };
	memcpy(upper.places, &run->places[half], upper.count * sizeof(*upper.places));
	run->count = half;
	int rc = put(cursor, prefix, run, MDB_CURRENT);
	return rc ? rc : put(cursor, prefix, &upper, 0);
}

/* What nearly every message does: the new id goes to the end, and nothing is unpacked.  False
 * when it is another case. */
static bool extend(MDB_cursor *cursor, const struct key *prefix, const struct run_place *place,
	uint64_t base, const MDB_val *value, int *ret_rc)
{
	unsigned char bytes[sizeof(uint64_t) + RUN_MAX * PLACE_BYTES];
	unsigned char *end = bytes + value->mv_size;
	uint64_t id = place->id - base;
	struct key key = *prefix;
	if (!is_run(value) || value->mv_size > sizeof(bytes) - PLACE_BYTES)
		return false;
	memcpy(bytes, value->mv_data, value->mv_size);
	uint64_t lowest = get(bytes, sizeof(lowest)), number = place->number - lowest;
	bool is_next = id > get(end - PLACE_BYTES, ID_BYTES) && id < ID_SPAN;
	if (!is_next || place->number < lowest || number >= NUMBER_SPAN)
		return false;
	set(end, ID_BYTES, id);
	set(end + ID_BYTES, NUMBER_BYTES, number);
	key_add_id(&key, base);
	*ret_rc = mdb_cursor_put(cursor, KEY_VAL(&key),
		&(MDB_val){ value->mv_size + PLACE_BYTES, bytes }, MDB_CURRENT);
	return true;
}

static int insert(MDB_cursor *cursor, const struct key *prefix, const struct run_place *place,
	struct run *run)
{
	size_t at = run_search(run, place->id);
	bool is_end = at == run->count;
	if (!is_end && run->places[at].id == place->id)
		return MDB_KEYEXIST;
	if (is_end && (run->count == RUN_MAX || place->id - run->base >= ID_SPAN))
		return put_new(cursor, prefix, place);
	memmove(&run->places[at + 1], &run->places[at], (run->count - at) * sizeof(*run->places));
	run->places[at] = *place;
	run->count++;
	return run->count > RUN_MAX ? put_halves(cursor, prefix, run)
	                            : put(cursor, prefix, run, MDB_CURRENT);
}

static int insert_in(struct act *act, enum table table, const struct key *prefix,
	const struct run_place *place)
{
	MDB_cursor *cursor;
	MDB_val value;
	struct run run;
	uint64_t base;
	int rc = cursor_of(act, table, &cursor);
	if (rc == 0)
		rc = find(cursor, prefix, place->id, &base, &value);
	if (rc == MDB_NOTFOUND)
		return put_new(cursor, prefix, place);
	if (rc || extend(cursor, prefix, place, base, &value, &rc))
		return rc;
	rc = run_unpack(&run, base, &value);
	return rc ? rc : insert(cursor, prefix, place, &run);
}

/* Where an id stands in an index: in a run as it lies there, at which the cursor stands. */
struct spot {
	MDB_cursor *cursor;
	uint64_t base;
	MDB_val value;
	const unsigned char *place;
};

/* MDB_NOTFOUND when it is not there. */
static int spot_find(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	struct spot *ret_spot)
{
	int rc = cursor_of(act, table, &ret_spot->cursor);
	if (rc == 0)
		rc = find(ret_spot->cursor, prefix, id, &ret_spot->base, &ret_spot->value);
	if (rc)
		return rc;
	if (!is_run(&ret_spot->value))
		return MDB_CORRUPTED;
	ret_spot->place = packed_find(&ret_spot->value, ret_spot->base, id);
	return ret_spot->place ? 0 : MDB_NOTFOUND;
}

static enum table new_of(enum table table)
{
	return table == IDS ? NEW_IDS : NEW_WITH;
}

int run_insert(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t number)
{
	struct spot spot;
	int rc = table == IDS ? spot_find(act, table, prefix, id, &spot) : MDB_NOTFOUND;
	if (rc != MDB_NOTFOUND)
		return rc ? rc : MDB_KEYEXIST;
	return insert_in(act, new_of(table), prefix, &(struct run_place){ id, number });
}

/* The run is put back without the place. */
static int spot_take_out(const struct spot *spot, const struct key *prefix)
{
	unsigned char bytes[sizeof(uint64_t) + RUN_MAX * PLACE_BYTES];
	size_t before = (size_t)(spot->place - (const unsigned char *)spot->value.mv_data);
	size_t len = spot->value.mv_size - PLACE_BYTES;
	struct key key = *prefix;
	if (count_of(&spot->value) == 1)
		return mdb_cursor_del(spot->cursor, 0);
	memcpy(bytes, spot->value.mv_data, before);
	memcpy(bytes + before, spot->place + PLACE_BYTES, len - before);
	key_add_id(&key, spot->base);
	return mdb_cursor_put(spot->cursor, KEY_VAL(&key), &(MDB_val){ len, bytes }, MDB_CURRENT);
}

static int delete_in(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t *ret_number)
{
	struct spot spot;
	int rc = spot_find(act, table, prefix, id, &spot);
	if (rc)
		return rc;
	*ret_number = get(spot.value.mv_data, sizeof(uint64_t)) +
		get(spot.place + ID_BYTES, NUMBER_BYTES);
	return spot_take_out(&spot, prefix);
}

int run_delete(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t *ret_number)
{
	int rc = delete_in(act, new_of(table), prefix, id, ret_number);
	return rc == MDB_NOTFOUND ? delete_in(act, table, prefix, id, ret_number) : rc;
}

static int first_in(struct act *act, enum table table, const struct key *prefix, MDB_val *ret_key,
	uint64_t *ret_id)
{
	MDB_cursor *cursor;
	MDB_val key = { prefix->len, (void *)(uintptr_t)prefix->bytes }, value;
	struct run run;
	int rc = cursor_of(act, table, &cursor);
	if (rc == 0)
		rc = mdb_cursor_get(cursor, &key, &value, prefix->len ? MDB_SET_RANGE : MDB_FIRST);
	if (rc == 0 && !key_is_prefix(prefix, &key))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		rc = run_unpack(&run, key_last_id(&key), &value);
	if (rc)
		return rc;
	*ret_key = key;
	*ret_id = run.places[0].id;
	return 0;
}

int run_first(struct act *act, enum table table, const struct key *prefix, MDB_val *ret_key,
	uint64_t *ret_id)
{
	MDB_val new_key;
	uint64_t new_id;
	int new_rc = first_in(act, new_of(table), prefix, &new_key, &new_id);
	int rc = first_in(act, table, prefix, ret_key, ret_id);
	if ((rc && rc != MDB_NOTFOUND) || new_rc == MDB_NOTFOUND)
		return rc;
	if (new_rc == 0 && (rc == MDB_NOTFOUND || new_id < *ret_id)) {
		*ret_key = new_key;
		*ret_id = new_id;
	}
	return new_rc;
}

/* --- settling -------------------------------------------------------------------- */

static bool is_too_much(struct act *act)
{
	MDB_stat ids, with;
	uint64_t most = act->engine->new_pages / 8;
	int rc = mdb_stat(act->txn, act->engine->dbi[NEW_IDS], &ids);
	if (rc == 0)
		rc = mdb_stat(act->txn, act->engine->dbi[NEW_WITH], &with);
	return rc == 0 && ids.ms_leaf_pages + with.ms_leaf_pages >
		(most > NEW_PAGES_LEAST ? most : NEW_PAGES_LEAST);
}

/* False when another run begins among these ids. */
static bool is_clear(MDB_cursor *cursor, const struct key *prefix, const struct run *run)
{
	uint64_t base;
	MDB_val value;
	uint64_t first = run->places[0].id, last = run->places[run->count - 1].id;
	int rc = find(cursor, prefix, last, &base, &value);
	return rc == MDB_NOTFOUND || (rc == 0 && base < first);
}

/* Behind what is there: into the last run what it has room for, the rest into one of its own. */
static int settle_behind(MDB_cursor *cursor, const struct key *prefix, struct run *run,
	struct run *before)
{
	size_t moved = 0;
	while (moved < run->count && before->count < RUN_MAX &&
		run->places[moved].id - before->base < ID_SPAN)
		before->places[before->count++] = run->places[moved++];
	int rc = moved ? put(cursor, prefix, before, MDB_CURRENT) : 0;
	if (rc || moved == run->count)
		return rc;
	run->count -= moved;
	memmove(run->places, &run->places[moved], run->count * sizeof(*run->places));
	run->base = run->places[0].id;
	return put(cursor, prefix, run, 0);
}

static int settle_run(struct act *act, enum table table, const struct key *prefix, struct run *run)
{
	MDB_cursor *cursor;
	struct run before;
	int rc = cursor_of(act, table, &cursor);
	if (rc)
		return rc;
	bool clear = is_clear(cursor, prefix, run);
	rc = locate(cursor, prefix, run->places[0].id, &before);
	if (rc == MDB_NOTFOUND && clear)
		return put(cursor, prefix, run, 0);
	if (rc && rc != MDB_NOTFOUND)
		return rc;
	if (rc == 0 && clear && before.places[before.count - 1].id < run->places[0].id)
		return settle_behind(cursor, prefix, run, &before);
	rc = 0;
	for (size_t i = 0; i < run->count && rc == 0; i++)
		rc = insert_in(act, table, prefix, &run->places[i]);
	return rc;
}

/* From where the last slice stopped, and round: so each owner's has time to grow. */
static int settle_next(struct act *act, enum table table, struct key *position)
{
	MDB_cursor *cursor;
	MDB_val key = { position->len, position->bytes }, value;
	struct key prefix = { 0 };
	struct run run;
	int rc = cursor_of(act, new_of(table), &cursor);
	if (rc == 0)
		rc = mdb_cursor_get(cursor, &key, &value, position->len ? MDB_SET_RANGE : MDB_FIRST);
	if (rc == MDB_NOTFOUND && position->len)
		rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	if (rc == 0)
		rc = run_unpack(&run, key_last_id(&key), &value);
	if (rc)
		return rc;
	key_add_bytes(&prefix, key.mv_data, key.mv_size - sizeof(uint64_t));
	*position = prefix;
	key_add_id(position, run.base);
	rc = mdb_cursor_del(cursor, 0);
	return rc ? rc : settle_run(act, table, &prefix, &run);
}

int runs_settle(struct act *act, size_t most)
{
	static const enum table tables[] = { IDS, WITH };
	int rc = 0;
	for (size_t i = 0; i < 2; i++) {
		for (size_t moved = 0; moved < most && rc == 0; moved++)
			rc = settle_next(act, tables[i], &act->engine->settled[i]);
		if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	return rc;
}

/* The average is kept in eighths of a page.  No more runs come with a commit than entries. */
int runs_settle_some(struct act *act, uint64_t entries)
{
	uint64_t pages = NEW_PAGES_LEAST + entries / ENTRIES_PER_NEW_PAGE;
	if (entries)
		act->engine->new_pages += pages - act->engine->new_pages / 8;
	return is_too_much(act) ? runs_settle(act, SETTLE_LEAST + entries) : 0;
}

/* --- walking --------------------------------------------------------------------- */

static uint64_t id_at(const struct level *level)
{
	return level->run.places[level->place].id;
}

static int stand(const struct walk *walk, struct level *level, size_t place)
{
	level->place = place;
	return id_at(level) < walk->low || id_at(level) > walk->high ? MDB_NOTFOUND : 0;
}

/* To the end at which the neighbouring run begins. */
static int enter(const struct walk *walk, struct level *level, MDB_cursor_op op, MDB_val *key)
{
	MDB_val value;
	int rc = mdb_cursor_get(level->cursor, key, &value, op);
	if (rc == 0 && !key_is_prefix(&walk->prefix, key))
		rc = MDB_NOTFOUND;
	if (rc == 0)
		rc = run_unpack(&level->run, key_last_id(key), &value);
	if (rc)
		return rc;
	return stand(walk, level, walk->backwards ? level->run.count - 1 : 0);
}

static int first_forwards(const struct walk *walk, struct level *level)
{
	struct key start = walk->prefix;
	int rc = locate(level->cursor, &walk->prefix, walk->low, &level->run);
	MDB_val key;
	if (rc == 0) {
		size_t place = run_search(&level->run, walk->low);
		return place < level->run.count ? stand(walk, level, place)
		                                : enter(walk, level, MDB_NEXT, &key);
	}
	key_add_id(&start, walk->low);
	key = (MDB_val){ start.len, start.bytes };
	return rc == MDB_NOTFOUND ? enter(walk, level, MDB_SET_RANGE, &key) : rc;
}

static int first_backwards(const struct walk *walk, struct level *level)
{
	int rc = locate(level->cursor, &walk->prefix, walk->high, &level->run);
	MDB_val key;
	if (rc)
		return rc;
	size_t place = run_search(&level->run, walk->high);
	if (place < level->run.count && level->run.places[place].id == walk->high)
		return stand(walk, level, place);
	return place > 0 ? stand(walk, level, place - 1) : enter(walk, level, MDB_PREV, &key);
}

static int advance(const struct walk *walk, struct level *level)
{
	MDB_val key;
	if (walk->backwards)
		return level->place > 0 ? stand(walk, level, level->place - 1)
		                        : enter(walk, level, MDB_PREV, &key);
	return level->place + 1 < level->run.count ? stand(walk, level, level->place + 1)
	                                           : enter(walk, level, MDB_NEXT, &key);
}

/* The nearer of the two. */
static int pick(struct walk *walk)
{
	struct level *old = &walk->levels[0], *new = &walk->levels[1];
	if (old->rc && old->rc != MDB_NOTFOUND)
		return old->rc;
	if (new->rc && (new->rc != MDB_NOTFOUND || old->rc))
		return new->rc;
	bool is_old = new->rc || (!old->rc && (id_at(old) < id_at(new)) != walk->backwards);
	walk->level = is_old ? old : new;
	walk->id = id_at(walk->level);
	walk->number = walk->level->run.places[walk->level->place].number;
	return 0;
}

int walk_open(struct act *act, enum table table, struct walk *walk)
{
	int rc = mdb_cursor_open(act->txn, act->engine->dbi[table], &walk->levels[0].cursor);
	if (rc)
		return rc;
	rc = mdb_cursor_open(act->txn, act->engine->dbi[new_of(table)], &walk->levels[1].cursor);
	if (rc)
		mdb_cursor_close(walk->levels[0].cursor);
	return rc;
}

void walk_close(struct walk *walk)
{
	for (int i = 0; i < 2; i++)
		mdb_cursor_close(walk->levels[i].cursor);
}

int walk_first(struct walk *walk)
{
	for (int i = 0; i < 2; i++)
		walk->levels[i].rc = walk->backwards ? first_backwards(walk, &walk->levels[i])
		                                     : first_forwards(walk, &walk->levels[i]);
	return pick(walk);
}

int walk_next(struct walk *walk)
{
	walk->level->rc = advance(walk, walk->level);
	return pick(walk);
}
