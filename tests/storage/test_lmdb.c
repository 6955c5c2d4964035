/* test_lmdb.c - the data directory: its lock and its versions
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <directory.h>
#include <lmdb/schema.h>
#include <lmdb/siphash.h>

#include "both.h"

static char directory[64];
static struct storage_options options;

static void make(void)
{
	bed_directory(directory);
	options = (struct storage_options){ .directory = directory, .map_bytes = 64u << 20 };
}

static void clear(void)
{
	bed_remove(directory);
}

TestSuite(directory, .init = make, .fini = clear);
TestSuite(schema, .init = make, .fini = clear);

Test(directory, is_made_for_the_owner_alone)
{
	struct storage *storage;
	struct stat status;
	rmdir(directory);
	cr_assert_eq(storage_open(&options, &storage, NULL), 0);
	stat(directory, &status);
	cr_assert_eq(status.st_mode & 0777, 0700);
	storage_close(storage);
}

Test(directory, belongs_to_one_process_at_a_time)
{
	struct storage *first, *second;
	char *why = NULL, pid[32];
	cr_assert_eq(storage_open(&options, &first, NULL), 0);
	cr_assert_eq(storage_open(&options, &second, &why), -EBUSY);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	cr_assert(strstr(why, pid), "%s", why);
	cr_assert(strstr(why, directory), "%s", why);
	free(why);
	storage_close(first);
	cr_assert_eq(storage_open(&options, &second, NULL), 0);
	storage_close(second);
}

Test(directory, that_cannot_be_made_is_named)
{
	struct storage *storage;
	char *why = NULL;
	options.directory = "/proc/nowhere/data";
	cr_assert_eq(storage_open(&options, &storage, &why), -ENOENT);
	cr_assert(strstr(why, "/proc/nowhere/data"), "%s", why);
	free(why);
}

static void spoil(const char *text)
{
	char path[96];
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 4096; i++)
		fputs(text, file);
	fclose(file);
}

Test(directory, with_a_foreign_file_is_refused)
{
	struct storage *storage;
	char *why = NULL;
	spoil("not a database ");
	cr_assert_lt(storage_open(&options, &storage, &why), 0);
	cr_assert(strstr(why, "damaged"), "%s", why);
	free(why);
}

static MDB_env *open_env(void)
{
	MDB_env *env;
	mdb_env_create(&env);
	mdb_env_set_maxdbs(env, 16);
	mdb_env_set_mapsize(env, 64u << 20);
	cr_assert_eq(mdb_env_open(env, directory, 0, 0600), 0);
	return env;
}

static void write_version(uint32_t version)
{
	MDB_env *env = open_env();
	MDB_txn *txn;
	MDB_dbi meta;
	mdb_txn_begin(env, NULL, 0, &txn);
	mdb_dbi_open(txn, "meta", MDB_CREATE, &meta);
	mdb_put(txn, meta, &(MDB_val){ 6, "schema" }, &(MDB_val){ sizeof(version), &version }, 0);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

Test(schema, of_version_0_is_brought_up)
{
	struct storage *storage;
	write_version(0);
	cr_assert_eq(storage_open(&options, &storage, NULL), 0);
	struct bed bed = { .storage = storage };
	bed_put(&bed, 7, ROSTER, "a", "1");
	storage_close(storage);
	cr_assert_eq(storage_open(&options, &storage, NULL), 0);
	bed.storage = storage;
	IS(bed_list(&bed, 7, ROSTER), "a=1 ");
	storage_close(storage);
}

Test(schema, of_a_newer_server_is_refused_and_left_alone)
{
	struct storage *storage;
	char *why = NULL;
	write_version(schema_version + 1);
	cr_assert_eq(storage_open(&options, &storage, &why), -EPROTO);
	cr_assert(strstr(why, "newer"), "%s", why);
	free(why);
	MDB_env *env = open_env();
	uint32_t found;
	cr_assert_eq(schema_upgrade(env, schema_steps, schema_version, &found), -EPROTO);
	cr_assert_eq(found, schema_version + 1);
	mdb_env_close(env);
}

static int put_mark(MDB_txn *txn, const char *mark)
{
	MDB_dbi dbi;
	int rc = mdb_dbi_open(txn, "marks", MDB_CREATE, &dbi);
	return rc ? rc : mdb_put(txn, dbi, &(MDB_val){ strlen(mark), (void *)(uintptr_t)mark },
		&(MDB_val){ 0, NULL }, 0);
}

static int step_one(MDB_txn *txn) { return put_mark(txn, "one"); }
static int step_two(MDB_txn *txn) { return put_mark(txn, "two"); }
static int step_broken(MDB_txn *txn)
{
	put_mark(txn, "half");
	return ENOSPC;
}

static bool has_mark(MDB_env *env, const char *mark)
{
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val value;
	mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	int rc = mdb_dbi_open(txn, "marks", 0, &dbi);
	if (rc == 0)
		rc = mdb_get(txn, dbi, &(MDB_val){ strlen(mark), (void *)(uintptr_t)mark }, &value);
	mdb_txn_abort(txn);
	return rc == 0;
}

Test(schema, climbs_step_by_step_and_goes_on_where_it_stopped)
{
	schema_step *const broken[] = { step_one, step_broken };
	schema_step *const mended[] = { step_broken, step_two };
	uint32_t found;
	MDB_env *env = open_env();
	cr_assert_eq(schema_upgrade(env, broken, 2, &found), -ENOSPC);
	cr_assert(has_mark(env, "one"));
	cr_assert_not(has_mark(env, "half"));
	cr_assert_eq(schema_upgrade(env, mended, 2, &found), 0);
	cr_assert_eq(found, 1);
	cr_assert(has_mark(env, "two"));
	cr_assert_eq(schema_upgrade(env, mended, 2, &found), 0);
	cr_assert_eq(found, 2);
	mdb_env_close(env);
}

/* The cleaning of an owner that was deleted before a restart. */
Test(directory, is_cleaned_of_deleted_owners_after_a_restart)
{
	struct storage *storage;
	struct storage_stats stats;
	struct bed bed = { 0 };
	cr_assert_eq(storage_open(&options, &storage, NULL), 0);
	bed.storage = storage;
	owner_id owner = bed_owner(&bed, "a@example.org");
	struct storage_batch *batch = storage_batch_create(storage);
	for (uint64_t id = 1; id <= 5000; id++)
		batch_append(batch, owner, ARCHIVE, &(struct log_entry){ id, "x@y", "hi", 2 });
	bed_commit(&bed, batch);
	batch = storage_batch_create(storage);
	batch_owner_delete(batch, "a@example.org", owner);
	bed_commit(&bed, batch);
	storage_close(storage);
	cr_assert_eq(storage_open(&options, &storage, NULL), 0);
	while (storage_clean(storage))
		;
	storage_stats(storage, &stats);
	cr_assert_eq(stats.owners, 0);
	storage_close(storage);
	MDB_env *env = open_env();
	MDB_txn *txn;
	mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	static const char *const tables[] = { "entries", "ids", "with", "trash" };
	for (size_t i = 0; i < 4; i++) {
		MDB_dbi dbi;
		MDB_stat stat_of;
		mdb_dbi_open(txn, tables[i], 0, &dbi);
		mdb_stat(txn, dbi, &stat_of);
		cr_assert_eq(stat_of.ms_entries, 0, "%s", tables[i]);
	}
	mdb_txn_abort(txn);
	mdb_env_close(env);
}

/* Test vector of the paper: key 00 .. 0f, message 00 .. 0e. */
Test(digest, is_siphash)
{
	unsigned char key[16], message[15];
	for (unsigned char i = 0; i < 16; i++)
		key[i] = i;
	for (unsigned char i = 0; i < 15; i++)
		message[i] = i;
	cr_assert_eq(siphash(key, message, sizeof(message)), 0xa129ca6149be45e5);
}
