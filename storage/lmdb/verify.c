/* lmdb/verify.c - walks all tables and tells what does not fit together
 * SPDX-License-Identifier: MIT
 *
 * Entries lead to both indices and both indices to entries, each in its two parts, so that
 * neither a missing nor a surplus one stays hidden; owners and stores are looked up in what
 * `names`, `trash` and `stores` say.  Pages are counted: no two tables may claim the same
 * one. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "directory.h"
#include "heap.h"
#include "lmdb_internal.h"
#include "runs.h"
#include "schema.h"

#define TABLE_NAME(id, name, flags) name,
static const char *const table_names[] = { TABLE_LIST(TABLE_NAME) };
#undef TABLE_NAME

struct verify {
	struct lmdb_engine engine; /* env, tables and secret alone */
	struct act act;
	unsigned char *owners; /* a bit for each that has a name, or is trash */
	owner_id owner_end;    /* the first that nobody ever had */
	uint64_t store_count;
	struct walk ids, with; /* where entries look themselves up */
	enum table table;      /* that is looked along */
	struct key before;     /* the prefix of the run before */
	uint64_t before_id;    /* and its last id */
	void (*fault)(void *context, const char *line);
	void *context;
	struct storage_findings findings;
};

typedef void look_at(struct verify *verify, const MDB_val *key, const MDB_val *value);

static void fault(struct verify *verify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void fault(struct verify *verify, const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	verify->findings.faults++;
	verify->fault(verify->context, line);
}

static int look_along(struct verify *verify, enum table table, look_at *look)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	int rc = mdb_cursor_open(verify->act.txn, verify->engine.dbi[table], &cursor);
	if (rc)
		return rc;
	verify->table = table;
	verify->before.len = 0;
	while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
		look(verify, &key, &value);
	mdb_cursor_close(cursor);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* --- owners and stores -------------------------------------------------------- */

static void know_owner(struct verify *verify, owner_id owner)
{
	if (owner < verify->owner_end)
		verify->owners[owner / 8] |= (unsigned char)(1u << owner % 8);
}

static bool is_known(const struct verify *verify, owner_id owner)
{
	return owner < verify->owner_end && verify->owners[owner / 8] & 1u << owner % 8;
}

/* What belongs to an owner that is nobody, or to a store without a name. */
static void check_scope(struct verify *verify, const char *what, owner_id owner, uint16_t store)
{
	if (!is_known(verify, owner))
		fault(verify, "%s of owner %" PRIu32 ", store %u: nobody has this number", what,
			owner, store);
	if (store == 0 || store > verify->store_count)
		fault(verify, "%s of owner %" PRIu32 ": store %u has no name", what, owner, store);
}

static void look_at_store(struct verify *verify, const MDB_val *key, const MDB_val *value)
{
	uint16_t store = 0;
	if (value->mv_size == sizeof(store))
		memcpy(&store, value->mv_data, sizeof(store));
	if (store == 0 || store > verify->store_count)
		fault(verify, "stores: `%.*s` has the number %u of %" PRIu64, (int)key->mv_size,
			(const char *)key->mv_data, store, verify->store_count);
}

static void look_at_name(struct verify *verify, const MDB_val *key, const MDB_val *value)
{
	struct key wanted;
	owner_id owner;
	const char *name = (const char *)value->mv_data + sizeof(owner);
	verify->findings.owners++;
	if (value->mv_size < sizeof(owner) + 2 ||
	    strnlen(name, value->mv_size - sizeof(owner)) != value->mv_size - sizeof(owner) - 1) {
		fault(verify, "names: a record of %zu bytes is no name", value->mv_size);
		return;
	}
	memcpy(&owner, value->mv_data, sizeof(owner));
	key_of_name(&wanted, verify->engine.secret, name);
	if (wanted.len != key->mv_size || memcmp(wanted.bytes, key->mv_data, wanted.len) != 0)
		fault(verify, "names: `%.200s` stands under another name", name);
	if (owner >= verify->owner_end || owner <= OWNER_SERVER)
		fault(verify, "names: `%.200s` has the number %" PRIu32 ", which was never given",
			name, owner);
	else if (is_known(verify, owner))
		fault(verify, "names: `%.200s` shares the number %" PRIu32, name, owner);
	know_owner(verify, owner);
}

static void look_at_trash(struct verify *verify, const MDB_val *key, const MDB_val *value)
{
	if (key->mv_size != SCOPE_LEN || value->mv_size != sizeof(struct trash))
		fault(verify, "trash: a mark of %zu bytes", key->mv_size);
	else if (key_store(key) == 0)
		know_owner(verify, key_owner(key)); /* deleted, and not yet cleaned */
}

/* --- records and logs ----------------------------------------------------------- */

static void look_at_record(struct verify *verify, const MDB_val *key, const MDB_val *value)
{
	verify->findings.records++;
	if (key->mv_size < SCOPE_LEN)
		fault(verify, "records: a key of %zu bytes", key->mv_size);
	else
		check_scope(verify, "records: a record", key_owner(key), key_store(key));
}

/* The entry of that number; false and a fault when there is none, or it is broken. */
static bool read_entry(struct verify *verify, const char *table, const MDB_val *number,
	const MDB_val *value, struct entry_head *ret_head)
{
	uint64_t n = 0;
	if (number->mv_size == sizeof(n))
		memcpy(&n, number->mv_data, sizeof(n));
	if (value->mv_size > sizeof(*ret_head)) {
		memcpy(ret_head, value->mv_data, sizeof(*ret_head));
		const char *with = (const char *)value->mv_data + sizeof(*ret_head);
		size_t left = value->mv_size - sizeof(*ret_head);
		if (ret_head->with_len < left && strnlen(with, left) == ret_head->with_len)
			return true;
	}
	fault(verify, "%s: entry %" PRIu64 " is broken off", table, n);
	return false;
}

/* The entry's id must stand in one part of the index, once. */
static void check_index(struct verify *verify, const char *table, struct walk *index,
	const struct entry_head *head, uint64_t number)
{
	index->low = index->high = head->id;
	int rc = walk_first(index);
	if (rc != 0 || index->number != number)
		fault(verify, "%s: owner %" PRIu32 ", log %u: id %" PRIu64
			" does not lead to its entry", table, head->owner, head->log, head->id);
	if (rc == 0 && walk_next(index) == 0)
		fault(verify, "%s: owner %" PRIu32 ", log %u: id %" PRIu64 " stands there twice",
			table, head->owner, head->log, head->id);
}

static void look_at_entry(struct verify *verify, const MDB_val *key, const MDB_val *value)
{
	struct entry_head head;
	uint64_t number;
	verify->findings.entries++;
	if (!read_entry(verify, "entries", key, value, &head))
		return;
	memcpy(&number, key->mv_data, sizeof(number));
	check_scope(verify, "entries: an entry", head.owner, head.log);
	key_start(&verify->ids.prefix, head.owner, head.log);
	check_index(verify, "ids", &verify->ids, &head, number);
	if (head.with_len == 0)
		return;
	key_of_with(&verify->with.prefix, &verify->engine, head.owner, head.log,
		(const char *)value->mv_data + sizeof(head), head.with_len);
	check_index(verify, "with", &verify->with, &head, number);
}

/* Of a peer's index only an entry of that peer is. */
static bool is_entry_of(const struct verify *verify, const struct key *prefix,
	const struct entry_head *head, const char *with)
{
	struct key wanted;
	key_start(&wanted, head->owner, head->log);
	if (prefix->len > SCOPE_LEN)
		key_of_with(&wanted, &verify->engine, head->owner, head->log, with, head->with_len);
	return wanted.len == prefix->len && memcmp(wanted.bytes, prefix->bytes, wanted.len) == 0;
}

/* An index's prefix and id must be those of the entry to which they lead. */
static void look_at_place(struct verify *verify, const char *table, const struct key *prefix,
	const struct run_place *place)
{
	MDB_val scope = { prefix->len, (void *)(uintptr_t)prefix->bytes }, value;
	MDB_val number = { sizeof(place->number), (void *)(uintptr_t)&place->number };
	owner_id owner = key_owner(&scope);
	uint16_t log = key_store(&scope);
	struct entry_head head;
	if (mdb_get(verify->act.txn, verify->engine.dbi[ENTRIES], &number, &value) != 0)
		fault(verify, "%s: owner %" PRIu32 ", log %u: id %" PRIu64 " has no entry", table,
			owner, log, place->id);
	else if (read_entry(verify, table, &number, &value, &head) &&
		 (head.id != place->id || !is_entry_of(verify, prefix, &head,
			(const char *)value.mv_data + sizeof(head))))
		fault(verify, "%s: owner %" PRIu32 ", log %u: id %" PRIu64
			" leads to another's entry", table, owner, log, place->id);
}

/* Readers search in runs and between them: ids that do not ascend are not found. */
static void check_order(struct verify *verify, const char *table, const struct key *prefix,
	const struct run *run)
{
	MDB_val scope = { prefix->len, (void *)(uintptr_t)prefix->bytes };
	bool has_before = key_is_prefix(&verify->before, &scope) && verify->before.len > 0;
	for (size_t i = 0; i < run->count; i++) {
		uint64_t id = run->places[i].id;
		if (has_before && id <= verify->before_id)
			fault(verify, "%s: owner %" PRIu32 ", log %u: id %" PRIu64
				" stands behind %" PRIu64, table, key_owner(&scope),
				key_store(&scope), id, verify->before_id);
		verify->before_id = id;
		has_before = true;
	}
	verify->before = *prefix;
}

static void look_at_run(struct verify *verify, const MDB_val *key, const MDB_val *value)
{
	const char *table = table_names[verify->table];
	bool is_with = verify->table == WITH || verify->table == NEW_WITH;
	size_t len = SCOPE_LEN + (is_with ? sizeof(uint64_t) : 0);
	struct key prefix = { 0 };
	struct run run;
	if (key->mv_size != len + sizeof(uint64_t)) {
		fault(verify, "%s: a key of %zu bytes", table, key->mv_size);
		return;
	}
	if (run_unpack(&run, key_last_id(key), value) != 0) {
		fault(verify, "%s: owner %" PRIu32 ", log %u: %zu bytes are no run of ids", table,
			key_owner(key), key_store(key), value->mv_size);
		return;
	}
	key_add_bytes(&prefix, key->mv_data, len);
	check_order(verify, table, &prefix, &run);
	for (size_t i = 0; i < run.count; i++)
		look_at_place(verify, table, &prefix, &run.places[i]);
}

/* --- the file --------------------------------------------------------------------- */

/* Free pages, as LMDB lists them in its table 0. */
static uint64_t count_free(struct verify *verify)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	uint64_t pages = 0;
	if (mdb_cursor_open(verify->act.txn, 0, &cursor) != 0)
		return 0;
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		size_t count;
		memcpy(&count, value.mv_data, sizeof(count));
		pages += count;
	}
	mdb_cursor_close(cursor);
	return pages;
}

static uint64_t count_used(struct verify *verify, MDB_dbi dbi)
{
	MDB_stat stat_of = { 0 };
	mdb_stat(verify->act.txn, dbi, &stat_of);
	return stat_of.ms_branch_pages + stat_of.ms_leaf_pages + stat_of.ms_overflow_pages;
}

static void check_pages(struct verify *verify)
{
	MDB_envinfo info;
	mdb_env_info(verify->engine.env, &info);
	uint64_t pages = 2 + count_free(verify) + count_used(verify, 0) + count_used(verify, 1);
	for (int i = 0; i < TABLES; i++)
		pages += count_used(verify, verify->engine.dbi[i]);
	if (pages > (uint64_t)info.me_last_pgno + 1)
		fault(verify, "pages: %" PRIu64 " are used or free, and there are %" PRIu64, pages,
			(uint64_t)info.me_last_pgno + 1);
}

static int check_version(struct verify *verify)
{
	uint32_t version;
	int rc = schema_read(verify->act.txn, &version);
	if (rc)
		return error_of(rc);
	if (version == 0)
		return -EBADMSG;
	return version > schema_version ? -EPROTO : version < schema_version ? -ESTALE : 0;
}

static int open_tables(struct verify *verify)
{
	MDB_dbi *meta = &verify->engine.dbi[META];
	int rc = tables_open(verify->act.txn, 0, verify->engine.dbi);
	if (rc == 0)
		rc = meta_read_secret(verify->act.txn, *meta, verify->engine.secret);
	if (rc == 0)
		rc = meta_read_owner(verify->act.txn, *meta, &verify->owner_end);
	return rc == MDB_NOTFOUND ? -EBADMSG : error_of(rc);
}

static int walk_all(struct verify *verify)
{
	static const struct {
		enum table table;
		look_at *look;
	} tables[] = {
		{ STORES, look_at_store }, { NAMES, look_at_name }, { TRASH, look_at_trash },
		{ RECORDS, look_at_record }, { ENTRIES, look_at_entry }, { IDS, look_at_run },
		{ NEW_IDS, look_at_run }, { WITH, look_at_run }, { NEW_WITH, look_at_run },
	};
	MDB_stat stores;
	int rc = mdb_stat(verify->act.txn, verify->engine.dbi[STORES], &stores);
	verify->store_count = stores.ms_entries;
	verify->owners = heap_zalloc(verify->owner_end / 8 + 1);
	know_owner(verify, OWNER_SERVER);
	for (size_t i = 0; rc == 0 && i < sizeof(tables) / sizeof(*tables); i++)
		rc = look_along(verify, tables[i].table, tables[i].look);
	free(verify->owners);
	return rc;
}

static int walk_with_indices(struct verify *verify)
{
	int rc = walk_open(&verify->act, IDS, &verify->ids);
	if (rc)
		return rc;
	rc = walk_open(&verify->act, WITH, &verify->with);
	if (rc == 0) {
		rc = walk_all(verify);
		walk_close(&verify->with);
	}
	walk_close(&verify->ids);
	return rc;
}

/* In a transaction of its own that sees one state of the data. */
static int verify_env(struct verify *verify)
{
	int rc = mdb_txn_begin(verify->engine.env, NULL, MDB_RDONLY, &verify->act.txn);
	if (rc)
		return error_of(rc);
	verify->act.engine = &verify->engine;
	int r = check_version(verify);
	if (r == 0)
		r = open_tables(verify);
	if (r == 0)
		r = error_of(walk_with_indices(verify));
	if (r == 0)
		check_pages(verify);
	mdb_txn_abort(verify->act.txn);
	return r;
}

/* LMDB's lock file tells a daemon that somebody reads; a directory that no daemon has served
 * has none, and gets none. */
static unsigned open_flags(const char *directory)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/lock.mdb", directory);
	return MDB_RDONLY | MDB_NOTLS | (access(path, F_OK) == 0 ? 0 : MDB_NOLOCK);
}

/* LMDB makes a file that is missing. */
static int check_file(const char *directory)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", directory, DATA_FILE);
	return access(path, R_OK) < 0 ? -errno : 0;
}

int storage_verify(const char *directory, void (*fault_found)(void *context, const char *line),
	void *context, struct storage_findings *ret_findings)
{
	struct verify verify = { .fault = fault_found, .context = context };
	int r = check_file(directory);
	if (r < 0)
		return r;
	int rc = mdb_env_create(&verify.engine.env);
	if (rc)
		return error_of(rc);
	mdb_env_set_maxdbs(verify.engine.env, TABLES + 8);
	rc = mdb_env_open(verify.engine.env, directory, open_flags(directory), 0600);
	r = rc ? error_of(rc) : verify_env(&verify);
	mdb_env_close(verify.engine.env);
	*ret_findings = verify.findings;
	return r;
}
