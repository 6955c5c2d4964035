/* lmdb/apply.c - writes batches into one transaction
 * SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "batch.h"
#include "lmdb_internal.h"
#include "runs.h"

void act_look_for_trash(struct act *act)
{
	MDB_stat stat_of;
	int rc = mdb_stat(act->txn, act->engine->dbi[TRASH], &stat_of);
	act->has_trash = rc == 0 && stat_of.ms_entries > 0;
}

static int put(struct act *act, enum table table, struct key *key, const void *value, size_t len)
{
	return mdb_put(act->txn, act->engine->dbi[table], KEY_VAL(key),
		&(MDB_val){ len, (void *)(uintptr_t)value }, 0);
}

/* Missing is as good as deleted. */
static int delete(struct act *act, enum table table, struct key *key)
{
	int rc = mdb_del(act->txn, act->engine->dbi[table], KEY_VAL(key), NULL);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* What is written must not fall under what is deleted, though not yet cleaned. */
static int make_way(struct act *act, const struct batch_op *op)
{
	struct trash trash;
	if (!act->has_trash)
		return 0;
	int rc = trash_find(act, op->owner, op->store, &trash);
	if (rc)
		return rc;
	bool is_hit = op->kind == BATCH_PUT ? trash.records : op->id <= trash.up_to_id;
	return is_hit ? trash_settle(act, &trash, op->owner, op->store) : 0;
}

static int apply_put(struct act *act, const struct batch_op *op)
{
	struct key key;
	int rc = make_way(act, op);
	if (rc)
		return rc;
	key_start(&key, op->owner, op->store);
	key_add_bytes(&key, op->key, op->key_len);
	return put(act, RECORDS, &key, op->value, op->value_len);
}

static int apply_delete(struct act *act, const struct batch_op *op)
{
	struct key key;
	key_start(&key, op->owner, op->store);
	key_add_bytes(&key, op->key, op->key_len);
	return delete(act, RECORDS, &key);
}

static int apply_delete_store(struct act *act, const struct batch_op *op)
{
	struct key prefix;
	struct trash trash = { 0 };
	size_t budget = SLICE;
	key_start(&prefix, op->owner, op->store);
	int rc = records_delete(act, &prefix, &budget);
	trash.records = budget == 0;
	if (rc == 0)
		rc = log_delete_up_to(act, op->owner, op->store, UINT64_MAX, &budget);
	if (rc == 0 && budget == 0)
		rc = log_newest(act, op->owner, op->store, &trash.up_to_id);
	if (rc == 0 && budget == 0)
		rc = trash_add(act, op->owner, op->store, &trash);
	return rc;
}

static int apply_owner_create(struct act *act, const struct batch_op *op)
{
	struct key key;
	MDB_val value = { sizeof(op->owner) + op->key_len + 1, NULL };
	key_of_name(&key, act->engine->secret, op->key);
	int rc = mdb_put(act->txn, act->engine->dbi[NAMES], KEY_VAL(&key), &value, MDB_RESERVE);
	if (rc)
		return rc;
	memcpy(value.mv_data, &op->owner, sizeof(op->owner));
	memcpy((char *)value.mv_data + sizeof(op->owner), op->key, op->key_len + 1);
	if (op->owner >= act->next_owner)
		act->next_owner = op->owner + 1;
	return 0;
}

static int apply_owner_delete(struct act *act, const struct batch_op *op)
{
	struct key key;
	key_of_name(&key, act->engine->secret, op->key);
	int rc = delete(act, NAMES, &key);
	if (rc)
		return rc;
	return trash_add(act, op->owner, 0, &(struct trash){ UINT64_MAX, 1 });
}

/* The next number at the end of the entries, and a cursor that stands there. */
static int go_to_end(struct act *act)
{
	MDB_val key, value;
	if (act->entries)
		return 0;
	int rc = mdb_cursor_open(act->txn, act->engine->dbi[ENTRIES], &act->entries);
	if (rc)
		return rc;
	rc = mdb_cursor_get(act->entries, &key, &value, MDB_LAST);
	if (rc == MDB_NOTFOUND) {
		act->next_entry = 1;
		return 0;
	}
	if (rc == 0) {
		memcpy(&act->next_entry, key.mv_data, sizeof(act->next_entry));
		act->next_entry++;
	}
	return rc;
}

static int append_entry(struct act *act, const struct batch_op *op,
	const struct entry_head *head, uint64_t number)
{
	MDB_val value = { sizeof(*head) + op->key_len + 1 + op->value_len, NULL };
	int rc = mdb_cursor_put(act->entries, &(MDB_val){ sizeof(number), &number }, &value,
		MDB_APPEND | MDB_RESERVE);
	if (rc)
		return rc;
	char *at = value.mv_data;
	memcpy(at, head, sizeof(*head));
	/* The NUL behind the key is the batch's; the value follows it there as here. */
	memcpy(at + sizeof(*head), op->key, op->key_len + 1 + op->value_len);
	return 0;
}

/* Ids are unique within a log. */
int entry_index(struct act *act, const struct entry_head *head, const char *with, uint64_t number)
{
	struct key key;
	key_start(&key, head->owner, head->log);
	int rc = run_insert(act, IDS, &key, head->id, number);
	if (rc == MDB_KEYEXIST) {
		rc = entry_delete(act, head->owner, head->log, head->id);
		if (rc == 0)
			rc = run_insert(act, IDS, &key, head->id, number);
	}
	if (rc || head->with_len == 0)
		return rc;
	key_of_with(&key, act->engine, head->owner, head->log, with, head->with_len);
	return run_insert(act, WITH, &key, head->id, number);
}

static int apply_append(struct act *act, const struct batch_op *op)
{
	int rc = make_way(act, op);
	if (rc == 0)
		rc = go_to_end(act);
	if (rc)
		return rc;
	struct entry_head head = {
		.id = op->id,
		.owner = op->owner,
		.log = op->store,
		.with_len = (uint16_t)op->key_len,
	};
	uint64_t number = act->next_entry++;
	act->entry_count++;
	rc = append_entry(act, op, &head, number);
	return rc ? rc : entry_index(act, &head, op->key, number);
}

static int apply_log_delete(struct act *act, const struct batch_op *op)
{
	return entry_delete(act, op->owner, op->store, op->id);
}

static int apply_log_expire(struct act *act, const struct batch_op *op)
{
	size_t budget = SLICE;
	uint64_t newest = 0;
	int rc = log_delete_up_to(act, op->owner, op->store, op->id, &budget);
	if (rc || budget > 0)
		return rc;
	rc = log_newest(act, op->owner, op->store, &newest);
	if (rc)
		return rc;
	struct trash trash = { .up_to_id = op->id < newest ? op->id : newest };
	return trash_add(act, op->owner, op->store, &trash);
}

static int apply(struct act *act, const struct batch_op *op)
{
	switch (op->kind) {
	case BATCH_PUT: return apply_put(act, op);
	case BATCH_DELETE: return apply_delete(act, op);
	case BATCH_DELETE_STORE: return apply_delete_store(act, op);
	case BATCH_OWNER_CREATE: return apply_owner_create(act, op);
	case BATCH_OWNER_DELETE: return apply_owner_delete(act, op);
	case BATCH_APPEND: return apply_append(act, op);
	case BATCH_LOG_DELETE: return apply_log_delete(act, op);
	case BATCH_LOG_EXPIRE: return apply_log_expire(act, op);
	}
	assert(!"a kind of operation that no writer makes");
	return EINVAL;
}

/* Ids may be committed in another order than they were given out. */
static int write_next_owner(struct act *act)
{
	MDB_val key = { 5, (void *)(uintptr_t)"owner" }, value;
	owner_id stored = 0;
	if (act->next_owner == 0)
		return 0;
	int rc = mdb_get(act->txn, act->engine->dbi[META], &key, &value);
	if (rc == 0)
		memcpy(&stored, value.mv_data, sizeof(stored));
	else if (rc != MDB_NOTFOUND)
		return rc;
	if (stored >= act->next_owner)
		return 0;
	value = (MDB_val){ sizeof(act->next_owner), &act->next_owner };
	return mdb_put(act->txn, act->engine->dbi[META], &key, &value, 0);
}

static int apply_batch(struct act *act, const struct storage_batch *batch)
{
	struct batch_op op;
	size_t position = 0;
	int rc = 0;
	while (rc == 0 && batch_walk(batch, &position, &op))
		rc = apply(act, &op);
	return rc;
}

/* A write that the full disk cut short is EIO to LMDB.  It may be tried again: what was
 * written is not referred to, and the next attempt writes all of it anew. */
static int commit_error(struct lmdb_engine *engine, int rc)
{
	if (rc == EIO && disk_is_out(engine))
		return -ENOSPC;
	return error_of(rc);
}

int lmdb_commit(struct storage_engine *base, const struct storage_batch *const *batches,
	size_t count, bool *ret_leftovers)
{
	struct act act = { .engine = (struct lmdb_engine *)base };
	int rc = mdb_txn_begin(act.engine->env, NULL, 0, &act.txn);
	if (rc)
		return error_of(rc);
	act_look_for_trash(&act);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = apply_batch(&act, batches[i]);
	if (rc == 0)
		rc = write_next_owner(&act);
	if (rc == 0)
		rc = runs_settle_some(&act, act.entry_count);
	/* An open cursor of a transaction that writes ends with it (LMDB frees it). */
	if (rc) {
		mdb_txn_abort(act.txn);
		return commit_error(act.engine, rc);
	}
	rc = mdb_txn_commit(act.txn);
	if (rc == 0 && act.leftovers)
		*ret_leftovers = true;
	return commit_error(act.engine, rc);
}
