/* lmdb/schema.c - brings a data file to the version of this program
 * SPDX-License-Identifier: MIT */
#include "schema.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lmdb_internal.h"
#include "runs.h"

#define VERSION_KEY (&(MDB_val){ 6, (void *)(uintptr_t)"schema" })

/* Version 1: the tables as engine.h describes them. */
static int make_tables(MDB_txn *txn)
{
	unsigned char secret[SECRET_LEN];
	MDB_dbi dbi[TABLES];
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return EIO;
	int rc = tables_open(txn, MDB_CREATE, dbi);
	if (rc)
		return rc;
	return mdb_put(txn, dbi[META], &(MDB_val){ 4, (void *)(uintptr_t)"hash" },
		&(MDB_val){ sizeof(secret), secret }, 0);
}

static int index_all(struct act *act, MDB_cursor *cursor)
{
	struct entry_head head;
	MDB_val key, value;
	uint64_t number;
	int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
	while (rc == 0) {
		memcpy(&head, value.mv_data, sizeof(head));
		memcpy(&number, key.mv_data, sizeof(number));
		rc = entry_index(act, &head, (const char *)value.mv_data + sizeof(head), number);
		if (rc == 0)
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* Version 2: the indices in runs and two parts, made anew from the entries. */
static int pack_indices(MDB_txn *txn)
{
	struct lmdb_engine engine = { 0 };
	struct act act = { .engine = &engine, .txn = txn };
	MDB_cursor *cursor;
	int rc = tables_open(txn, MDB_CREATE, engine.dbi);
	if (rc == 0)
		rc = meta_read_secret(txn, engine.dbi[META], engine.secret);
	if (rc == 0)
		rc = mdb_drop(txn, engine.dbi[IDS], 0);
	if (rc == 0)
		rc = mdb_drop(txn, engine.dbi[WITH], 0);
	if (rc == 0)
		rc = mdb_cursor_open(txn, engine.dbi[ENTRIES], &cursor);
	if (rc == 0)
		rc = index_all(&act, cursor);
	return rc ? rc : runs_settle(&act, SIZE_MAX);
}

schema_step *const schema_steps[] = { make_tables, pack_indices };
const uint32_t schema_version = sizeof(schema_steps) / sizeof(*schema_steps);

int schema_read(MDB_txn *txn, uint32_t *ret_version)
{
	MDB_dbi meta;
	MDB_val value;
	*ret_version = 0;
	int rc = mdb_dbi_open(txn, "meta", 0, &meta);
	if (rc == 0)
		rc = mdb_get(txn, meta, VERSION_KEY, &value);
	if (rc)
		return rc == MDB_NOTFOUND ? 0 : rc;
	if (value.mv_size != sizeof(*ret_version))
		return MDB_INVALID;
	memcpy(ret_version, value.mv_data, sizeof(*ret_version));
	return 0;
}

static int write_version(MDB_txn *txn, uint32_t version)
{
	MDB_dbi meta;
	int rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &meta);
	if (rc)
		return rc;
	return mdb_put(txn, meta, VERSION_KEY, &(MDB_val){ sizeof(version), &version }, 0);
}

/* One step up in one transaction; *ret_version is what was found before it. */
static int climb(MDB_env *env, schema_step *const *steps, uint32_t count, uint32_t *ret_version)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(env, NULL, 0, &txn);
	if (rc)
		return error_of(rc);
	rc = schema_read(txn, ret_version);
	if (rc == 0 && *ret_version < count) {
		rc = steps[*ret_version](txn);
		if (rc == 0)
			rc = write_version(txn, *ret_version + 1);
		if (rc == 0)
			return error_of(mdb_txn_commit(txn));
	}
	mdb_txn_abort(txn);
	return error_of(rc);
}

int schema_upgrade(MDB_env *env, schema_step *const *steps, uint32_t count, uint32_t *ret_found)
{
	uint32_t version = 0;
	int r = climb(env, steps, count, &version);
	*ret_found = version;
	while (r == 0 && version < count)
		r = climb(env, steps, count, &version);
	if (r == 0 && version > count)
		return -EPROTO;
	return r;
}
