/* lmdb/engine.c - opens the data file, and knows its space
 * SPDX-License-Identifier: MIT */
#include "lmdb/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "directory.h"
#include "heap.h"
#include "lmdb_internal.h"
#include "schema.h"

enum {
	READERS_MAX = 1024,   /* threads that have ever read and still live */
	OWN_RESERVE_PART = 8, /* of the map, kept for deletions */
	DISK_OUT_BYTES = 1 << 20,
	TABLES_MAX = 32,
};

#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer's own maps leave no hole of a terabyte. */
static const uint64_t preset_map_bytes = 1ull << 34;
#else
static const uint64_t preset_map_bytes = 1ull << 40;
#endif
static const uint64_t own_reserve_most = 64u << 20;

int error_of(int lmdb_error)
{
	switch (lmdb_error) {
	case MDB_SUCCESS: return 0;
	case MDB_NOTFOUND: return -ENOENT;
	case MDB_MAP_FULL: return -ENOSPC;
	case EDQUOT:
	case EFBIG: return -ENOSPC; /* quota, RLIMIT_FSIZE */
	case MDB_VERSION_MISMATCH: return -EPROTO;
	case MDB_READERS_FULL: return -EAGAIN;
	case MDB_PANIC: return -EIO;
	}
	return lmdb_error > 0 ? -lmdb_error : -EBADMSG;
}

int tables_open(MDB_txn *txn, unsigned flags, MDB_dbi dbi[TABLES])
{
#define TABLE_ROW(id, name, table_flags) { name, table_flags },
	static const struct {
		const char *name;
		unsigned flags;
	} tables[] = { TABLE_LIST(TABLE_ROW) };
#undef TABLE_ROW
	int rc = 0;
	for (int i = 0; i < TABLES && rc == 0; i++)
		rc = mdb_dbi_open(txn, tables[i].name, tables[i].flags | flags, &dbi[i]);
	return rc;
}

int meta_read_secret(MDB_txn *txn, MDB_dbi meta, unsigned char ret_secret[SECRET_LEN])
{
	MDB_val value;
	int rc = mdb_get(txn, meta, &(MDB_val){ 4, (void *)(uintptr_t)"hash" }, &value);
	if (rc == 0 && value.mv_size != SECRET_LEN)
		return MDB_INVALID;
	if (rc == 0)
		memcpy(ret_secret, value.mv_data, SECRET_LEN);
	return rc;
}

int meta_read_owner(MDB_txn *txn, MDB_dbi meta, owner_id *ret_owner)
{
	MDB_val value;
	int rc = mdb_get(txn, meta, &(MDB_val){ 5, (void *)(uintptr_t)"owner" }, &value);
	if (rc == 0 && value.mv_size != sizeof(*ret_owner))
		return MDB_INVALID;
	if (rc == 0)
		memcpy(ret_owner, value.mv_data, sizeof(*ret_owner));
	if (rc == MDB_NOTFOUND)
		*ret_owner = OWNER_SERVER + 1;
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int open_tables(struct lmdb_engine *engine)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(engine->env, NULL, 0, &txn);
	if (rc)
		return error_of(rc);
	rc = tables_open(txn, 0, engine->dbi);
	if (rc == 0)
		rc = meta_read_secret(txn, engine->dbi[META], engine->secret);
	if (rc) {
		mdb_txn_abort(txn);
		return error_of(rc);
	}
	return error_of(mdb_txn_commit(txn));
}

static int open_env(struct lmdb_engine *engine, const struct storage_options *options)
{
	unsigned flags = MDB_NOTLS | (options->relaxed ? MDB_NOSYNC : 0);
	int rc = mdb_env_create(&engine->env);
	if (rc)
		return error_of(rc);
	mdb_env_set_maxdbs(engine->env, TABLES_MAX);
	mdb_env_set_maxreaders(engine->env, READERS_MAX);
	/* Once and never again: a resize under an open reader ends in a crash. */
	rc = mdb_env_set_mapsize(engine->env, engine->map_bytes);
	if (rc == 0)
		rc = mdb_env_open(engine->env, options->directory, flags, 0600);
	if (rc == 0)
		rc = mdb_reader_check(engine->env, NULL);
	return error_of(rc);
}

static void free_engine(struct lmdb_engine *engine)
{
	reader_close_all(engine);
	pthread_key_delete(engine->reader_key);
	pthread_mutex_destroy(&engine->readers_lock);
	if (engine->env)
		mdb_env_close(engine->env);
	free(engine->directory);
	free(engine);
}

static void lmdb_close(struct storage_engine *base)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	if (mdb_env_sync(engine->env, 1) != 0)
		fprintf(stderr, "storage: last sync of %s failed\n", engine->directory);
	free_engine(engine);
}

static int lmdb_sync(struct storage_engine *base)
{
	return error_of(mdb_env_sync(((struct lmdb_engine *)base)->env, 1));
}

static uint64_t count_free_pages(struct lmdb_engine *engine)
{
	struct act act;
	MDB_cursor *cursor;
	MDB_val key, value;
	uint64_t pages = 0;
	if (reader_begin(engine, &act) != 0)
		return 0;
	/* Table 0 is LMDB's list of free pages: lists of numbers, their length in front. */
	if (mdb_cursor_open(act.txn, 0, &cursor) == 0) {
		while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
			size_t count;
			memcpy(&count, value.mv_data, sizeof(count));
			pages += count;
		}
		mdb_cursor_close(cursor);
	}
	reader_end(&act);
	return pages;
}

static uint64_t above(uint64_t bytes, uint64_t reserve)
{
	return bytes > reserve ? bytes - reserve : 0;
}

/* What the file takes, and how far it may still grow. */
static int measure_disk(struct lmdb_engine *engine, uint64_t *ret_used, uint64_t *ret_free)
{
	struct statvfs disk;
	struct stat file;
	struct rlimit limit;
	mdb_filehandle_t fd;
	if (mdb_env_get_fd(engine->env, &fd) != 0)
		return -EBADF;
	if (statvfs(engine->directory, &disk) < 0 || fstat(fd, &file) < 0 ||
	    getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return -errno;
	*ret_used = (uint64_t)file.st_blocks * 512;
	*ret_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (limit.rlim_cur != RLIM_INFINITY) {
		uint64_t may_grow = above(limit.rlim_cur, (uint64_t)file.st_size);
		*ret_free = may_grow < *ret_free ? may_grow : *ret_free;
	}
	return 0;
}

bool disk_is_out(struct lmdb_engine *engine)
{
	uint64_t used, left;
	return measure_disk(engine, &used, &left) == 0 && left < DISK_OUT_BYTES;
}

/* Pages that are free within the file count as free: writes go there first. */
static int lmdb_space(struct storage_engine *base, uint64_t reserve, struct engine_space *ret_space)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	uint64_t used_on_disk, disk_free;
	MDB_envinfo info;
	MDB_stat stat_of;
	int r = measure_disk(engine, &used_on_disk, &disk_free);
	if (r < 0)
		return r;
	mdb_env_info(engine->env, &info);
	mdb_env_stat(engine->env, &stat_of);
	uint64_t used = ((uint64_t)info.me_last_pgno + 1) * stat_of.ms_psize;
	uint64_t map_free = above(engine->map_bytes, used);
	uint64_t own_reserve = engine->map_bytes / OWN_RESERVE_PART;
	if (own_reserve > own_reserve_most)
		own_reserve = own_reserve_most;
	if (disk_free < reserve * 2 || map_free < own_reserve * 2) {
		uint64_t within = count_free_pages(engine) * stat_of.ms_psize;
		disk_free += within;
		map_free += within;
	}
	bool map_is_nearer = above(map_free, own_reserve) < above(disk_free, reserve);
	*ret_space = (struct engine_space){
		.used_bytes = used_on_disk,
		.free_bytes = map_free < disk_free ? map_free : disk_free,
		.headroom_bytes = map_is_nearer ? above(map_free, own_reserve)
		                                : above(disk_free, reserve),
		.reserve_bytes = map_is_nearer ? own_reserve : reserve,
	};
	return 0;
}

/* Numbers are never taken back, so the next one follows from the count. */
static int declare_new(struct lmdb_engine *engine, MDB_txn *txn, MDB_val *name, uint16_t *ret_store)
{
	MDB_stat stat_of;
	int rc = mdb_stat(txn, engine->dbi[STORES], &stat_of);
	if (rc)
		return rc;
	if (stat_of.ms_entries >= UINT16_MAX)
		return EOVERFLOW;
	uint16_t store = (uint16_t)(stat_of.ms_entries + 1);
	rc = mdb_put(txn, engine->dbi[STORES], name, &(MDB_val){ sizeof(store), &store }, 0);
	if (rc == 0)
		*ret_store = store;
	return rc;
}

static int lmdb_declare(struct storage_engine *base, const char *name, uint16_t *ret_store)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	MDB_val key = { strlen(name), (void *)(uintptr_t)name }, value;
	MDB_txn *txn;
	uint16_t store;
	int rc = mdb_txn_begin(engine->env, NULL, 0, &txn);
	if (rc)
		return error_of(rc);
	rc = mdb_get(txn, engine->dbi[STORES], &key, &value);
	if (rc == 0) {
		memcpy(ret_store, value.mv_data, sizeof(*ret_store));
		mdb_txn_abort(txn);
		return 0;
	}
	if (rc == MDB_NOTFOUND)
		rc = declare_new(engine, txn, &key, &store);
	if (rc) {
		mdb_txn_abort(txn);
		return error_of(rc);
	}
	rc = mdb_txn_commit(txn);
	if (rc == 0)
		*ret_store = store;
	return error_of(rc);
}

static int lmdb_next_owner(struct storage_engine *base, owner_id *ret_owner)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct act act;
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = meta_read_owner(act.txn, engine->dbi[META], ret_owner);
	reader_end(&act);
	return error_of(rc);
}

static int lmdb_count_owners(struct storage_engine *base, uint64_t *ret_count)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct act act;
	MDB_stat stat_of;
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = mdb_stat(act.txn, engine->dbi[NAMES], &stat_of);
	if (rc == 0)
		*ret_count = stat_of.ms_entries;
	reader_end(&act);
	return error_of(rc);
}

/* A count per log would cost every append another write at a random place. */
static int lmdb_log_count(struct storage_engine *base, owner_id owner, uint16_t log,
	uint64_t *ret_count)
{
	return -ENOTSUP;
}

static const struct storage_engine_ops lmdb_ops = {
	.name = "lmdb",
	.close = lmdb_close,
	.commit = lmdb_commit,
	.sync = lmdb_sync,
	.clean = lmdb_clean,
	.declare = lmdb_declare,
	.space = lmdb_space,
	.backup = lmdb_backup,
	.next_owner = lmdb_next_owner,
	.count_owners = lmdb_count_owners,
	.owner_find = lmdb_owner_find,
	.owners = lmdb_owners,
	.get = lmdb_get,
	.each = lmdb_each,
	.log_last = lmdb_log_last,
	.log_read = lmdb_log_read,
	.log_count = lmdb_log_count,
};

static void explain(int error, const char *directory, uint32_t found, char **ret_why)
{
	int n;
	if (error == -EPROTO && found > schema_version)
		n = asprintf(ret_why, "data directory %s has version %u of the schema, written by "
			"a newer server; this one knows up to %u", directory, found, schema_version);
	else if (error == -EPROTO || error == -EBADMSG)
		n = asprintf(ret_why, "data directory %s: data.mdb is damaged or of another program",
			directory);
	else
		n = asprintf(ret_why, "data directory %s: %s", directory,
			directory_reason(error));
	if (n < 0)
		*ret_why = NULL;
}

int lmdb_engine_open(const struct storage_options *options, struct storage_engine **ret_engine,
	char **ret_why)
{
	struct lmdb_engine *engine = heap_zalloc(sizeof(*engine));
	uint32_t found = 0;
	engine->base.ops = &lmdb_ops;
	engine->directory = heap_copy(options->directory, strlen(options->directory));
	engine->map_bytes = options->map_bytes ? options->map_bytes : preset_map_bytes;
	pthread_mutex_init(&engine->readers_lock, NULL);
	pthread_key_create(&engine->reader_key, reader_thread_ends);
	int r = open_env(engine, options);
	if (r == 0)
		r = schema_upgrade(engine->env, schema_steps, schema_version, &found);
	if (r == 0)
		r = open_tables(engine);
	if (r < 0) {
		explain(r, options->directory, found, ret_why);
		free_engine(engine);
		return r;
	}
	*ret_engine = &engine->base;
	return 0;
}
