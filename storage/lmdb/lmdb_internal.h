/* lmdb/lmdb_internal.h - the LMDB engine as its own files see it
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_LMDB_INTERNAL_H
#define STORAGE_LMDB_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>

#include "../engine.h"
#include "keys.h"

#define TABLE_LIST(X)                 \
	X(META, "meta", 0)            \
	X(STORES, "stores", 0)        \
	X(NAMES, "names", 0)          \
	X(RECORDS, "records", 0)      \
	X(ENTRIES, "entries", MDB_INTEGERKEY) \
	X(IDS, "ids", 0)              \
	X(WITH, "with", 0)            \
	X(TRASH, "trash", 0)          \
	X(NEW_IDS, "new-ids", 0)      \
	X(NEW_WITH, "new-with", 0)

#define TABLE_ENUM(id, name, flags) id,
enum table { TABLE_LIST(TABLE_ENUM) TABLES };
#undef TABLE_ENUM

enum {
	SECRET_LEN = 32,
	SLICE = 500, /* deletions that one transaction makes at once */
};

struct reader;

struct lmdb_engine {
	struct storage_engine base;
	MDB_env *env;
	MDB_dbi dbi[TABLES];
	char *directory;
	uint64_t map_bytes;
	unsigned char secret[SECRET_LEN];
	pthread_key_t reader_key;
	pthread_mutex_t readers_lock;
	struct reader *readers;
	/* runs.c; under the lock of transactions that write */
	struct key settled[2]; /* how far the new parts of the indices were settled */
	uint64_t new_pages;    /* that they may have */
};

/* A transaction under way, one that writes or one that reads. */
struct act {
	struct lmdb_engine *engine;
	MDB_txn *txn;
	MDB_cursor *entries; /* at the end of the entries, once something is appended */
	uint64_t next_entry; /* 0: not known yet */
	uint64_t entry_count; /* appended */
	MDB_cursor *cursors[TABLES]; /* runs.c: of the indices, once they are written */
	owner_id next_owner; /* 0: not changed */
	bool has_trash, leftovers;
};

/* What is left of a store or log whose deletion was too large for one transaction.
 * Readers do not see what it covers. */
struct trash {
	uint64_t up_to_id; /* entries up to it */
	uint64_t records;  /* 1: and all records */
};

/* The front of an entry; the peer (with its NUL) and the bytes follow. */
struct entry_head {
	uint64_t id;
	owner_id owner;
	uint16_t log;
	uint16_t with_len;
};

/* Our error for LMDB's. */
int error_of(int lmdb_error);
/* The file cannot grow any more. */
bool disk_is_out(struct lmdb_engine *engine);
int tables_open(MDB_txn *txn, unsigned flags, MDB_dbi dbi[TABLES]);

/* --- reader.c */

/* The calling thread's reader, renewed; a call made within another shares its view. */
int reader_begin(struct lmdb_engine *engine, struct act *ret_act);
void reader_end(struct act *act);
void reader_thread_ends(void *reader); /* destructor of reader_key */
void reader_close_all(struct lmdb_engine *engine);

/* --- all of these return LMDB's errors: MDB_NOTFOUND and so on */

void act_look_for_trash(struct act *act);
/* What of (owner, store) is trash; zeroes when nothing is. */
int trash_find(struct act *act, owner_id owner, uint16_t store, struct trash *ret_trash);

void key_of_with(struct key *key, const struct lmdb_engine *engine, owner_id owner, uint16_t log,
	const char *with, size_t len);
int entry_read(struct act *act, uint64_t number, struct log_entry *ret_entry);
/* The newest id of the log, trash or not; 0 when there is none. */
int log_newest(struct act *act, owner_id owner, uint16_t log, uint64_t *ret_id);

/* --- apply.c */

/* Enters an entry of that number into the indices, in place of one with its id. */
int entry_index(struct act *act, const struct entry_head *head, const char *with, uint64_t number);

/* --- engine.c */

/* What "meta" says of the secret, by which digests are keyed, and of the next owner's id: one that
 * was never given out where it says nothing.  LMDB's errors. */
int meta_read_secret(MDB_txn *txn, MDB_dbi meta, unsigned char ret_secret[SECRET_LEN]);
int meta_read_owner(MDB_txn *txn, MDB_dbi meta, owner_id *ret_owner);

/* --- clean.c: deletions */

int entry_delete(struct act *act, owner_id owner, uint16_t log, uint64_t id);
/* Each deletes up to *budget things, and takes them off it. */
int log_delete_up_to(struct act *act, owner_id owner, uint16_t log, uint64_t up_to_id,
	size_t *budget);
int records_delete(struct act *act, const struct key *prefix, size_t *budget);
int trash_add(struct act *act, owner_id owner, uint16_t store, const struct trash *trash);
/* Cleans to the end what is left of a store that is written to again. */
int trash_settle(struct act *act, const struct trash *trash, owner_id owner, uint16_t store);
int lmdb_clean(struct storage_engine *engine, bool *ret_more);

/* --- backup.c */

int lmdb_backup(struct storage_engine *engine, const char *directory,
	const struct storage_pace *pace);

/* --- apply.c, read.c, read_log.c: the engine's calls */

int lmdb_commit(struct storage_engine *engine, const struct storage_batch *const *batches,
	size_t count, bool *ret_leftovers);
int lmdb_owner_find(struct storage_engine *engine, const char *name, owner_id *ret_owner);
int lmdb_owners(struct storage_engine *engine, const char *domain, uint16_t store,
	const char *after, engine_each_owner *each, void *context);
int lmdb_get(struct storage_engine *engine, owner_id owner, uint16_t store,
	const void *key, size_t key_len, void **ret_value, size_t *ret_len);
int lmdb_each(struct storage_engine *engine, owner_id owner, uint16_t store,
	engine_each_record *each, void *context);
int lmdb_log_last(struct storage_engine *engine, owner_id owner, uint16_t log, uint64_t *ret_id);
int lmdb_log_read(struct storage_engine *engine, owner_id owner, uint16_t log,
	const struct log_page *page, engine_each_entry *each, void *context, bool *ret_complete);

#endif
