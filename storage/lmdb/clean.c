/* lmdb/clean.c - deletes entries and records, a slice at a time
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "lmdb_internal.h"
#include "runs.h"

static int delete_entry_at(struct act *act, uint64_t number)
{
	const struct lmdb_engine *engine = act->engine;
	struct entry_head head;
	struct key key;
	MDB_val value, number_key = { sizeof(number), &number };
	uint64_t same;
	int rc = mdb_get(act->txn, engine->dbi[ENTRIES], &number_key, &value);
	if (rc)
		return rc;
	memcpy(&head, value.mv_data, sizeof(head));
	if (head.with_len) {
		key_of_with(&key, engine, head.owner, head.log,
			(const char *)value.mv_data + sizeof(head), head.with_len);
		rc = run_delete(act, WITH, &key, head.id, &same);
	}
	return rc ? rc : mdb_del(act->txn, engine->dbi[ENTRIES], &number_key, NULL);
}

int entry_delete(struct act *act, owner_id owner, uint16_t log, uint64_t id)
{
	struct key key;
	uint64_t number;
	key_start(&key, owner, log);
	int rc = run_delete(act, IDS, &key, id, &number);
	if (rc)
		return rc == MDB_NOTFOUND ? 0 : rc;
	return delete_entry_at(act, number);
}

/* The first key of the table that begins with the prefix (which may be empty). */
static int first_of(struct act *act, enum table table, const struct key *prefix, MDB_val *ret_key)
{
	MDB_cursor *cursor;
	MDB_val key = { prefix->len, (void *)(uintptr_t)prefix->bytes }, value;
	int rc = mdb_cursor_open(act->txn, act->engine->dbi[table], &cursor);
	if (rc)
		return rc;
	rc = mdb_cursor_get(cursor, &key, &value, prefix->len ? MDB_SET_RANGE : MDB_FIRST);
	mdb_cursor_close(cursor);
	if (rc == 0 && !key_is_prefix(prefix, &key))
		rc = MDB_NOTFOUND;
	*ret_key = key;
	return rc;
}

int records_delete(struct act *act, const struct key *prefix, size_t *budget)
{
	MDB_val found;
	int rc = 0;
	while (*budget > 0) {
		struct key key = { 0 };
		rc = first_of(act, RECORDS, prefix, &found);
		if (rc)
			break;
		key_add_bytes(&key, found.mv_data, found.mv_size);
		rc = mdb_del(act->txn, act->engine->dbi[RECORDS], KEY_VAL(&key), NULL);
		if (rc)
			break;
		--*budget;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Entries whose keys begin with the prefix: of a log, or of all logs of an owner. */
static int entries_delete(struct act *act, const struct key *prefix, uint64_t up_to_id,
	size_t *budget)
{
	MDB_val found;
	uint64_t id;
	int rc = 0;
	while (*budget > 0) {
		rc = run_first(act, IDS, prefix, &found, &id);
		if (rc || id > up_to_id)
			break;
		rc = entry_delete(act, key_owner(&found), key_store(&found), id);
		if (rc)
			break;
		--*budget;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int log_delete_up_to(struct act *act, owner_id owner, uint16_t log, uint64_t up_to_id,
	size_t *budget)
{
	struct key prefix;
	key_start(&prefix, owner, log);
	return entries_delete(act, &prefix, up_to_id, budget);
}

static int read_trash(struct act *act, owner_id owner, uint16_t store, struct trash *ret_trash)
{
	struct key key;
	MDB_val value;
	key_start(&key, owner, store);
	*ret_trash = (struct trash){ 0 };
	int rc = mdb_get(act->txn, act->engine->dbi[TRASH], KEY_VAL(&key), &value);
	if (rc == 0)
		memcpy(ret_trash, value.mv_data, sizeof(*ret_trash));
	return rc == MDB_NOTFOUND ? 0 : rc;
}

int trash_find(struct act *act, owner_id owner, uint16_t store, struct trash *ret_trash)
{
	*ret_trash = (struct trash){ 0 };
	return act->has_trash ? read_trash(act, owner, store, ret_trash) : 0;
}

int trash_add(struct act *act, owner_id owner, uint16_t store, const struct trash *trash)
{
	struct key key;
	struct trash all;
	int rc = read_trash(act, owner, store, &all);
	if (rc)
		return rc;
	if (trash->up_to_id > all.up_to_id)
		all.up_to_id = trash->up_to_id;
	all.records |= trash->records;
	key_start(&key, owner, store);
	act->has_trash = act->leftovers = true;
	return mdb_put(act->txn, act->engine->dbi[TRASH], KEY_VAL(&key),
		&(MDB_val){ sizeof(all), &all }, 0);
}

/* One slice of one piece of trash; its mark goes with the last of it. */
static int clean_piece(struct act *act, const struct trash *trash, struct key *mark,
	size_t *budget)
{
	struct key prefix = *mark;
	MDB_val mark_val = { mark->len, mark->bytes };
	if (key_store(&mark_val) == 0)
		prefix.len = sizeof(owner_id);
	int rc = trash->records ? records_delete(act, &prefix, budget) : 0;
	if (rc == 0 && trash->up_to_id)
		rc = entries_delete(act, &prefix, trash->up_to_id, budget);
	if (rc == 0 && *budget > 0)
		rc = mdb_del(act->txn, act->engine->dbi[TRASH], &mark_val, NULL);
	return rc;
}

int trash_settle(struct act *act, const struct trash *trash, owner_id owner, uint16_t store)
{
	struct key mark;
	size_t budget = SIZE_MAX;
	key_start(&mark, owner, store);
	int rc = clean_piece(act, trash, &mark, &budget);
	act_look_for_trash(act);
	return rc;
}

static int clean_first(struct act *act)
{
	MDB_val found;
	struct key mark = { 0 };
	struct trash trash;
	size_t budget = SLICE;
	int rc = first_of(act, TRASH, &(struct key){ 0 }, &found);
	if (rc)
		return rc;
	key_add_bytes(&mark, found.mv_data, found.mv_size);
	rc = read_trash(act, key_owner(&found), key_store(&found), &trash);
	return rc ? rc : clean_piece(act, &trash, &mark, &budget);
}

int lmdb_clean(struct storage_engine *base, bool *ret_more)
{
	struct act act = { .engine = (struct lmdb_engine *)base };
	*ret_more = false;
	int rc = mdb_txn_begin(act.engine->env, NULL, 0, &act.txn);
	if (rc)
		return error_of(rc);
	rc = clean_first(&act);
	act_look_for_trash(&act);
	if (rc) {
		mdb_txn_abort(act.txn);
		return rc == MDB_NOTFOUND ? 0 : error_of(rc);
	}
	rc = mdb_txn_commit(act.txn);
	if (rc == EIO && disk_is_out(act.engine))
		return -ENOSPC; /* as in a commit */
	*ret_more = rc == 0 && act.has_trash;
	return error_of(rc);
}
