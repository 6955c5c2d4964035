/* lmdb/read.c - reads owners and records
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "heap.h"
#include "lmdb_internal.h"

static const char *name_in(const MDB_val *value, owner_id *ret_owner)
{
	memcpy(ret_owner, value->mv_data, sizeof(*ret_owner));
	return (const char *)value->mv_data + sizeof(*ret_owner);
}

int lmdb_owner_find(struct storage_engine *base, const char *name, owner_id *ret_owner)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct act act;
	struct key key;
	MDB_val value;
	owner_id owner;
	key_of_name(&key, engine->secret, name);
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = mdb_get(act.txn, engine->dbi[NAMES], KEY_VAL(&key), &value);
	if (rc == 0 && strcmp(name_in(&value, &owner), name) != 0)
		rc = MDB_NOTFOUND; /* a long name with the same digest */
	if (rc == 0)
		*ret_owner = owner;
	reader_end(&act);
	return error_of(rc);
}

/* Nothing is read of an owner or store that is deleted and not cleaned. */
static int is_deleted(struct act *act, owner_id owner, uint16_t store, bool *ret_deleted)
{
	struct trash all, some;
	int rc = trash_find(act, owner, 0, &all);
	if (rc == 0)
		rc = trash_find(act, owner, store, &some);
	*ret_deleted = rc == 0 && (all.records || some.records);
	return rc;
}

static int get(struct act *act, struct key *key, owner_id owner, uint16_t store, MDB_val *ret_value)
{
	bool deleted;
	int rc = is_deleted(act, owner, store, &deleted);
	if (rc == 0 && deleted)
		rc = MDB_NOTFOUND;
	return rc ? rc : mdb_get(act->txn, act->engine->dbi[RECORDS], KEY_VAL(key), ret_value);
}

int lmdb_get(struct storage_engine *base, owner_id owner, uint16_t store,
	const void *bytes, size_t len, void **ret_value, size_t *ret_len)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct act act;
	struct key key;
	MDB_val value;
	key_start(&key, owner, store);
	key_add_bytes(&key, bytes, len);
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = get(&act, &key, owner, store, &value);
	if (rc == 0) {
		*ret_value = heap_copy(value.mv_data, value.mv_size);
		*ret_len = value.mv_size;
	}
	reader_end(&act);
	return error_of(rc);
}

static int each_record(struct act *act, const struct key *prefix, engine_each_record *each,
	void *context)
{
	MDB_cursor *cursor;
	MDB_val key = { prefix->len, (void *)(uintptr_t)prefix->bytes }, value;
	int rc = mdb_cursor_open(act->txn, act->engine->dbi[RECORDS], &cursor);
	if (rc)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	while (rc == 0 && key_is_prefix(prefix, &key)) {
		if (!each(context, (char *)key.mv_data + SCOPE_LEN, key.mv_size - SCOPE_LEN,
			value.mv_data, value.mv_size))
			break;
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_each(struct storage_engine *base, owner_id owner, uint16_t store,
	engine_each_record *each, void *context)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct act act;
	struct key prefix;
	bool deleted;
	key_start(&prefix, owner, store);
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = is_deleted(&act, owner, store, &deleted);
	if (rc == 0 && !deleted)
		rc = each_record(&act, &prefix, each, context);
	reader_end(&act);
	return error_of(rc);
}

static bool stop_at_first(void *context, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	*(bool *)context = true;
	return false;
}

static int has_something(struct act *act, owner_id owner, uint16_t store, bool *ret_has)
{
	struct key prefix;
	struct trash trash;
	uint64_t newest = 0;
	*ret_has = false;
	key_start(&prefix, owner, store);
	int rc = trash_find(act, owner, store, &trash);
	if (rc == 0 && !trash.records)
		rc = each_record(act, &prefix, stop_at_first, ret_has);
	if (rc || *ret_has)
		return rc;
	rc = log_newest(act, owner, store, &newest);
	*ret_has = newest > trash.up_to_id;
	return rc;
}

struct owners_walk {
	const char *domain;
	uint16_t store;
	engine_each_owner *each;
	void *context;
};

static int visit_owner(struct act *act, const struct owners_walk *walk, const MDB_val *value,
	bool *ret_go_on)
{
	owner_id owner;
	bool has = true;
	int rc = 0;
	const char *name = name_in(value, &owner);
	if (!name_is_in(name, walk->domain))
		return 0;
	if (walk->store)
		rc = has_something(act, owner, walk->store, &has);
	if (rc == 0 && has)
		*ret_go_on = walk->each(walk->context, name, owner);
	return rc;
}

static int each_owner(struct act *act, const struct owners_walk *walk, const struct key *prefix,
	const struct key *after)
{
	MDB_cursor *cursor;
	const struct key *start = after ? after : prefix;
	MDB_val key = { start->len, (void *)(uintptr_t)start->bytes }, value;
	bool go_on = true;
	int rc = mdb_cursor_open(act->txn, act->engine->dbi[NAMES], &cursor);
	if (rc)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	if (rc == 0 && after && key.mv_size == after->len && key_is_prefix(after, &key))
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	while (rc == 0 && key_is_prefix(prefix, &key)) {
		rc = visit_owner(act, walk, &value, &go_on);
		if (rc || !go_on)
			break;
		rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int lmdb_owners(struct storage_engine *base, const char *domain, uint16_t store,
	const char *after, engine_each_owner *each, void *context)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct owners_walk walk = { domain, store, each, context };
	struct act act;
	struct key prefix, after_key;
	key_of_domain(&prefix, domain);
	if (after)
		key_of_name(&after_key, engine->secret, after);
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = each_owner(&act, &walk, &prefix, after ? &after_key : NULL);
	reader_end(&act);
	return error_of(rc);
}
