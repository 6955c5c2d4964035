/* test_upgrade.c - a data directory as the first version of the schema wrote it
 * SPDX-License-Identifier: MIT */
#include <endian.h>
#include <lmdb.h>
#include <string.h>

#include <lmdb/siphash.h>

#include "both.h"

enum { ENTRIES = 600, OWNER = 2 };

static char directory[64];
static struct storage_options options;
static const unsigned char secret[32] = "thirty-two bytes of no secrecy";
static const char *const peers[] = { "romeo@montague", "juliet@capulet", NULL };

/* --- the first version's own hand: one record for each id ----------------------------- */

static MDB_txn *txn;

static void put(const char *table, unsigned flags, MDB_val key, MDB_val value)
{
	MDB_dbi dbi;
	cr_assert_eq(mdb_dbi_open(txn, table, MDB_CREATE | flags, &dbi), 0);
	cr_assert_eq(mdb_put(txn, dbi, &key, &value, 0), 0);
}

#define BYTES(what) ((MDB_val){ sizeof(what), &(what) })
#define TEXT(what) ((MDB_val){ strlen(what), (void *)(uintptr_t)(what) })

static void put_meta(void)
{
	uint32_t schema = 1, next_owner = OWNER + 2;
	put("meta", 0, TEXT("schema"), BYTES(schema));
	put("meta", 0, TEXT("hash"), (MDB_val){ sizeof(secret), (void *)(uintptr_t)secret });
	put("meta", 0, TEXT("owner"), BYTES(next_owner));
}

static void put_stores(void)
{
	static const char *const names[] = { "roster", "vcard", "archive" };
	for (uint16_t i = 0; i < 3; i++) {
		uint16_t number = (uint16_t)(i + 1);
		put("stores", 0, TEXT(names[i]), BYTES(number));
	}
}

static void put_name(owner_id owner, const char *local)
{
	unsigned char key[64], value[64];
	size_t len = strlen("example.org") + 1;
	memcpy(key, "example.org", len);
	memcpy(key + len, local, strlen(local));
	memcpy(value, &owner, sizeof(owner));
	int name_len = snprintf((char *)value + sizeof(owner), 60, "%s@example.org", local);
	put("names", 0, (MDB_val){ len + strlen(local), key },
		(MDB_val){ sizeof(owner) + (size_t)name_len + 1, value });
}

struct index_key {
	unsigned char bytes[22];
	size_t len;
};

static void add(struct index_key *key, const void *bytes, size_t len)
{
	memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

static void put_index(const char *table, owner_id owner, const char *with, uint64_t id,
	uint64_t number)
{
	struct index_key key = { .len = 0 };
	uint32_t big_owner = htobe32(owner);
	uint16_t big_log = htobe16(ARCHIVE);
	uint64_t big_id = htobe64(id);
	add(&key, &big_owner, sizeof(big_owner));
	add(&key, &big_log, sizeof(big_log));
	if (with) {
		uint64_t digest = htobe64(siphash(secret, with, strlen(with)));
		add(&key, &digest, sizeof(digest));
	}
	add(&key, &big_id, sizeof(big_id));
	put(table, 0, (MDB_val){ key.len, key.bytes }, BYTES(number));
}

static void put_entry(owner_id owner, const char *with, uint64_t id, uint64_t number)
{
	struct { uint64_t id; uint32_t owner; uint16_t log, with_len; } head = {
		id, owner, ARCHIVE, (uint16_t)(with ? strlen(with) : 0)
	};
	unsigned char value[64];
	memcpy(value, &head, sizeof(head));
	size_t len = sizeof(head) + (size_t)snprintf((char *)value + sizeof(head),
		sizeof(value) - sizeof(head), "%s", with ? with : "") + 1;
	memcpy(value + len, "hi", 2);
	put("entries", MDB_INTEGERKEY, BYTES(number), (MDB_val){ len + 2, value });
	put_index("ids", owner, NULL, id, number);
	if (with)
		put_index("with", owner, with, id, number);
}

/* Two owners' entries in turn; each third has another peer, and some a gap before. */
static uint64_t id_of(uint64_t number)
{
	return 1000 + number * 10 + (number > ENTRIES / 2 ? UINT64_C(1) << 50 : 0);
}

static void write_old(void)
{
	MDB_env *env;
	MDB_dbi dbi;
	mdb_env_create(&env);
	mdb_env_set_maxdbs(env, 16);
	mdb_env_set_mapsize(env, 64u << 20);
	cr_assert_eq(mdb_env_open(env, directory, MDB_NOSYNC, 0600), 0);
	cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	put_meta();
	put_stores();
	put_name(OWNER, "romeo");
	put_name(OWNER + 1, "juliet");
	put("records", 0, (MDB_val){ 9, "\0\0\0\2\0\1key" }, TEXT("value"));
	cr_assert_eq(mdb_dbi_open(txn, "trash", MDB_CREATE, &dbi), 0);
	for (uint64_t number = 1; number <= ENTRIES; number++)
		put_entry(OWNER + number % 2, peers[number % 3], id_of(number), number);
	cr_assert_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

/* --- */

static struct bed bed;

static void make(void)
{
	bed_directory(directory);
	options = (struct storage_options){ .directory = directory, .map_bytes = 64u << 20 };
	write_old();
	cr_assert_eq(storage_open(&options, &bed.storage, NULL), 0);
}

static void clear(void)
{
	storage_close(bed.storage);
	bed_remove(directory);
}

TestSuite(upgrade, .init = make, .fini = clear);

static void tell(void *context, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static void has_no_faults(uint64_t entries)
{
	struct storage_findings findings = { 0 };
	cr_assert_eq(storage_verify(directory, tell, NULL, &findings), 0);
	cr_assert_eq(findings.faults, 0);
	cr_assert_eq(findings.entries, entries);
}

/* As bed_page writes them. */
static char *expected(owner_id owner, const char *with)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	for (uint64_t number = 1; number <= ENTRIES; number++) {
		const char *peer = peers[number % 3];
		bool is_his = OWNER + number % 2 == owner;
		if (is_his && (!with || (peer && strcmp(peer, with) == 0)))
			fprintf(file, "%llu ", (unsigned long long)id_of(number));
	}
	fputs(".", file);
	fclose(file);
	return text;
}

static void has(owner_id owner, const char *with)
{
	char *text = expected(owner, with);
	IS(bed_page(&bed, owner, ARCHIVE, (struct log_page){ .with = with }), text);
	free(text);
}

Test(upgrade, keeps_each_log_and_each_peer)
{
	for (owner_id owner = OWNER; owner < OWNER + 2; owner++)
		for (int i = 0; i < 3; i++)
			has(owner, peers[i]);
}

Test(upgrade, keeps_owners_and_records)
{
	IS(bed_owners(&bed, "example.org", 0, NULL), "juliet@example.org romeo@example.org ");
	IS(bed_list(&bed, OWNER, ROSTER), "key=value ");
}

Test(upgrade, leaves_no_fault)
{
	has_no_faults(ENTRIES);
}

Test(upgrade, is_written_to_and_deleted_from_as_any)
{
	struct storage_batch *batch = storage_batch_create(bed.storage);
	batch_log_expire(batch, OWNER, ARCHIVE, UINT64_MAX);
	batch_log_delete(batch, OWNER + 1, ARCHIVE, id_of(1));
	bed_commit(&bed, batch);
	bed_append(&bed, OWNER, ARCHIVE, id_of(ENTRIES) + 1, "romeo@montague", "hi");
	while (storage_clean(bed.storage))
		;
	has_no_faults(ENTRIES / 2 - 1 + 1);
	storage_close(bed.storage);
	cr_assert_eq(storage_open(&options, &bed.storage, NULL), 0);
	has_no_faults(ENTRIES / 2);
}
