/* test_verify.c - what the walk through all tables finds
 * SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <lmdb.h>
#include <string.h>
#include <unistd.h>

#include "both.h"

static struct bed bed;
static owner_id owner;
static uint16_t store, archive;

static void make(void)
{
	bed_open_lmdb(&bed);
	owner = bed_owner(&bed, "a@example.org");
	cr_assert_eq(storage_declare(bed.storage, "roster", &store), 0);
	cr_assert_eq(storage_declare(bed.storage, "archive", &archive), 0);
	bed_put(&bed, owner, store, "key", "value");
	bed_append(&bed, owner, archive, 7, "romeo@montague", "hi");
	bed_append(&bed, owner, archive, 8, NULL, "hi");
}

static void clear(void)
{
	bed_close(&bed);
}

TestSuite(verify, .init = make, .fini = clear);

struct heard {
	int count;
	char first[512];
	const char *wanted; /* or NULL */
	bool is_told;
};

static void hear(void *context, const char *line)
{
	struct heard *heard = context;
	if (heard->count++ == 0)
		snprintf(heard->first, sizeof(heard->first), "%s", line);
	heard->is_told |= heard->wanted && strcmp(line, heard->wanted) == 0;
}

static struct heard listen_for(const char *wanted)
{
	struct heard heard = { .wanted = wanted };
	struct storage_findings findings = { 0 };
	cr_assert_eq(storage_verify(bed.directory, hear, &heard, &findings), 0);
	cr_assert_eq(findings.faults, (uint64_t)heard.count);
	return heard;
}

static struct heard verify(void)
{
	return listen_for(NULL);
}

static bool is_told(const char *line)
{
	return listen_for(line).is_told;
}

#define FINDS(text)                                                        \
	do {                                                               \
		struct heard heard_ = verify();                            \
		cr_assert(strstr(heard_.first, text), "%s", heard_.first); \
	} while (0)

/* --- somebody else writes to the file -------------------------------------------- */

struct tamper {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
};

static struct tamper tamper_begin(const char *table)
{
	struct tamper tamper;
	storage_close(bed.storage);
	bed.storage = NULL;
	mdb_env_create(&tamper.env);
	mdb_env_set_maxdbs(tamper.env, 16);
	cr_assert_eq(mdb_env_open(tamper.env, bed.directory, 0, 0600), 0);
	cr_assert_eq(mdb_txn_begin(tamper.env, NULL, 0, &tamper.txn), 0);
	cr_assert_eq(mdb_dbi_open(tamper.txn, table, 0, &tamper.dbi), 0);
	return tamper;
}

static void tamper_end(struct tamper *tamper)
{
	cr_assert_eq(mdb_txn_commit(tamper->txn), 0);
	mdb_env_close(tamper->env);
}

static void delete_first(const char *table)
{
	struct tamper tamper = tamper_begin(table);
	MDB_cursor *cursor;
	MDB_val key, value;
	cr_assert_eq(mdb_cursor_open(tamper.txn, tamper.dbi, &cursor), 0);
	cr_assert_eq(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
	cr_assert_eq(mdb_cursor_del(cursor, 0), 0);
	mdb_cursor_close(cursor);
	tamper_end(&tamper);
}

static void put(const char *table, const void *key, size_t key_len, const void *value, size_t len)
{
	struct tamper tamper = tamper_begin(table);
	cr_assert_eq(mdb_put(tamper.txn, tamper.dbi, &(MDB_val){ key_len, (void *)(uintptr_t)key },
		&(MDB_val){ len, (void *)(uintptr_t)value }, 0), 0);
	tamper_end(&tamper);
}

/* The new part of both indices becomes the old one, as it does with time. */
static void settle(void)
{
	static const char *const pairs[][2] = { { "new-ids", "ids" }, { "new-with", "with" } };
	for (int i = 0; i < 2; i++) {
		struct tamper tamper = tamper_begin(pairs[i][0]);
		MDB_dbi old;
		MDB_cursor *cursor;
		MDB_val key, value;
		cr_assert_eq(mdb_dbi_open(tamper.txn, pairs[i][1], 0, &old), 0);
		cr_assert_eq(mdb_cursor_open(tamper.txn, tamper.dbi, &cursor), 0);
		while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
			cr_assert_eq(mdb_put(tamper.txn, old, &key, &value, 0), 0);
		cr_assert_eq(mdb_drop(tamper.txn, tamper.dbi, 0), 0);
		tamper_end(&tamper);
	}
}

/* A run of `count` ids (distances from the key's), all of entry 1. */
static void put_run(const char *table, const void *key, size_t key_len, const uint64_t *ids,
	size_t count)
{
	unsigned char value[8 + 8 * 11] = { 1 };
	for (size_t i = 0; i < count; i++) {
		uint64_t little = htole64(ids[i]);
		memcpy(value + 8 + i * 11, &little, 6);
	}
	put(table, key, key_len, value, 8 + count * 11);
}

#define KEY_7 "\0\0\0\2\0\2\0\0\0\0\0\0\0\7"
#define KEY_99 "\0\0\0\2\0\2\0\0\0\0\0\0\0\x63"

Test(verify, finds_nothing_in_what_was_written)
{
	struct heard heard = verify();
	cr_assert_eq(heard.count, 0, "%s", heard.first);
}

Test(verify, counts_what_it_reads)
{
	struct storage_findings findings = { 0 };
	struct heard heard = { 0 };
	cr_assert_eq(storage_verify(bed.directory, hear, &heard, &findings), 0);
	cr_assert_eq(findings.owners, 1);
	cr_assert_eq(findings.records, 1);
	cr_assert_eq(findings.entries, 2);
}

Test(verify, knows_what_waits_to_be_cleaned)
{
	struct storage_batch *batch = storage_batch_create(bed.storage);
	for (uint64_t id = 10; id <= 5000; id++)
		batch_append(batch, owner, archive, &(struct log_entry){ id, "x@y", "hi", 2 });
	batch_owner_delete(batch, "a@example.org", owner);
	bed_commit(&bed, batch);
	cr_assert_eq(verify().count, 0);
	while (storage_clean(bed.storage))
		;
	cr_assert_eq(verify().count, 0);
}

Test(verify, misses_an_entry)
{
	delete_first("entries");
	FINDS("id 7 has no entry");
	cr_assert_eq(verify().count, 2); /* in both indices */
}

Test(verify, finds_nothing_in_what_has_settled)
{
	settle();
	struct heard heard = verify();
	cr_assert_eq(heard.count, 0, "%s", heard.first);
}

Test(verify, finds_nothing_in_runs_of_both_parts)
{
	settle();
	bed_reopen(&bed);
	for (uint64_t id = 9; id < 300; id++)
		bed_append(&bed, owner, archive, id, "romeo@montague", "hi");
	struct heard heard = verify();
	cr_assert_eq(heard.count, 0, "%s", heard.first);
}

Test(verify, misses_new_ids)
{
	delete_first("new-ids");
	FINDS("ids: owner 2, log 2: id 7 does not lead to its entry");
	cr_assert_eq(verify().count, 2);
}

Test(verify, misses_ids_that_have_settled)
{
	settle();
	delete_first("ids");
	FINDS("ids: owner 2, log 2: id 7 does not lead to its entry");
	cr_assert_eq(verify().count, 2);
}

Test(verify, misses_one_id_of_a_run)
{
	put_run("new-ids", KEY_7, 14, (uint64_t[]){ 0 }, 1);
	FINDS("ids: owner 2, log 2: id 8 does not lead to its entry");
	cr_assert_eq(verify().count, 1);
}

Test(verify, misses_a_peer)
{
	delete_first("new-with");
	FINDS("with: owner 2, log 2: id 7 does not lead to its entry");
}

Test(verify, misses_a_peer_that_has_settled)
{
	settle();
	delete_first("with");
	FINDS("with: owner 2, log 2: id 7 does not lead to its entry");
}

Test(verify, misses_an_owner)
{
	delete_first("names");
	FINDS("of owner 2");
}

Test(verify, misses_a_store)
{
	delete_first("stores");
	FINDS("store 2 has no name");
}

Test(verify, sees_an_id_of_nobody)
{
	put_run("ids", KEY_99, 14, (uint64_t[]){ 0 }, 1);
	FINDS("ids: owner 2, log 2: id 99 leads to another's entry");
}

Test(verify, sees_a_new_id_of_nobody)
{
	put_run("new-ids", KEY_99, 14, (uint64_t[]){ 0 }, 1);
	FINDS("new-ids: owner 2, log 2: id 99 leads to another's entry");
}

Test(verify, sees_an_entry_under_another_peer)
{
	put_run("with", "\0\0\0\2\0\2a digest\0\0\0\0\0\0\0\7", 22, (uint64_t[]){ 0 }, 1);
	FINDS("with: owner 2, log 2: id 7 leads to another's entry");
}

Test(verify, sees_an_id_in_both_parts)
{
	put_run("ids", KEY_7, 14, (uint64_t[]){ 0 }, 1);
	FINDS("ids: owner 2, log 2: id 7 stands there twice");
}

Test(verify, sees_a_run_out_of_order)
{
	put_run("new-ids", KEY_7, 14, (uint64_t[]){ 1, 0 }, 2);
	cr_assert(is_told("new-ids: owner 2, log 2: id 7 stands behind 8"));
}

Test(verify, sees_a_run_that_begins_before_the_last_one_ends)
{
	put_run("ids", KEY_7, 14, (uint64_t[]){ 0, 200 }, 2);
	put_run("ids", KEY_99, 14, (uint64_t[]){ 0 }, 1);
	cr_assert(is_told("ids: owner 2, log 2: id 99 stands behind 207"));
}

Test(verify, sees_what_is_no_run)
{
	put("new-ids", KEY_7, 14, "short", 5);
	FINDS("ids: owner 2, log 2: id 7 does not lead to its entry");
	cr_assert(is_told("new-ids: owner 2, log 2: 5 bytes are no run of ids"));
}

Test(verify, sees_a_record_of_nobody)
{
	put("records", "\0\0\0\x63\0\1key", 9, "value", 5);
	FINDS("records: a record of owner 99");
}

Test(verify, sees_an_entry_that_is_broken_off)
{
	put("entries", &(uint64_t){ 1 }, 8, "short", 5);
	FINDS("entry 1 is broken off");
}

Test(verify, wants_a_data_directory)
{
	struct storage_findings findings = { 0 };
	char empty[64];
	bed_directory(empty);
	cr_assert_eq(storage_verify(empty, hear, NULL, &findings), -ENOENT);
	cr_assert_neq(access("data.mdb", F_OK), 0);
	bed_remove(empty);
}

Test(verify, leaves_an_older_schema_to_the_server)
{
	struct storage_findings findings = { 0 };
	put("meta", "schema", 6, &(uint32_t){ 1 }, 4);
	cr_assert_eq(storage_verify(bed.directory, hear, NULL, &findings), -ESTALE);
}

Test(verify, refuses_a_newer_schema)
{
	struct storage_findings findings = { 0 };
	put("meta", "schema", 6, &(uint32_t){ 99 }, 4);
	cr_assert_eq(storage_verify(bed.directory, hear, NULL, &findings), -EPROTO);
}
