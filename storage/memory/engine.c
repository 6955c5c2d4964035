/* memory/engine.c - a disk in memory that fails when it is told to
 * SPDX-License-Identifier: MIT */
#include "memory/engine.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "memory_internal.h"

static const uint64_t plenty = 1ull << 40;

struct memory_disk *memory_disk_create(void)
{
	struct memory_disk *disk = heap_zalloc(sizeof(*disk));
	pthread_rwlock_init(&disk->lock, NULL);
	disk->stores = table_create();
	disk->names = table_create();
	disk->records = table_create();
	disk->logs = table_create();
	disk->next_owner = OWNER_SERVER + 1;
	disk->free_bytes = plenty;
	return disk;
}

void memory_disk_destroy(struct memory_disk *disk)
{
	if (!disk)
		return;
	table_destroy(disk->stores);
	table_destroy(disk->names);
	table_destroy(disk->records);
	table_destroy(disk->logs);
	pthread_rwlock_destroy(&disk->lock);
	free(disk);
}

static void copy_table(struct table *to, const struct table *from)
{
	struct row row;
	bool found = table_from(from, "", 0, &row);

	while (found) {
		/* The next key that there can be: this one and a zero. */
		unsigned char *behind = heap_zalloc(row.key_len + 1);

		table_put(to, row.key, row.key_len, row.value, row.value_len);
		memcpy(behind, row.key, row.key_len);
		found = table_from(from, behind, row.key_len + 1, &row);
		free(behind);
	}
}

struct memory_disk *memory_disk_copy(struct memory_disk *disk)
{
	struct memory_disk *copy = memory_disk_create();

	pthread_rwlock_rdlock(&disk->lock);
	copy_table(copy->stores, disk->stores);
	copy_table(copy->names, disk->names);
	copy_table(copy->records, disk->records);
	copy_table(copy->logs, disk->logs);
	copy->next_owner = disk->next_owner;
	pthread_rwlock_unlock(&disk->lock);
	return copy;
}

void memory_disk_fail_next(struct memory_disk *disk, int error)
{
	pthread_rwlock_wrlock(&disk->lock);
	disk->fail_next = error;
	pthread_rwlock_unlock(&disk->lock);
}

void memory_disk_lose_next_answer(struct memory_disk *disk)
{
	pthread_rwlock_wrlock(&disk->lock);
	disk->lose_next_answer = true;
	pthread_rwlock_unlock(&disk->lock);
}

void memory_disk_set_free(struct memory_disk *disk, uint64_t bytes)
{
	pthread_rwlock_wrlock(&disk->lock);
	disk->free_bytes = bytes;
	pthread_rwlock_unlock(&disk->lock);
}

void wide_key_add(struct wide_key *key, const void *bytes, size_t len)
{
	if (len)
		memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

void wide_key_add_id(struct wide_key *key, uint64_t id)
{
	uint64_t big = htobe64(id);
	wide_key_add(key, &big, sizeof(big));
}

void wide_key_start(struct wide_key *key, owner_id owner, uint16_t store)
{
	uint32_t big_owner = htobe32(owner);
	uint16_t big_store = htobe16(store);
	key->len = 0;
	wide_key_add(key, &big_owner, sizeof(big_owner));
	wide_key_add(key, &big_store, sizeof(big_store));
}

void wide_key_of_domain(struct wide_key *key, const char *domain)
{
	key->len = 0;
	wide_key_add(key, domain, strlen(domain) + 1);
}

void wide_key_of_name(struct wide_key *key, const char *name)
{
	const char *at = strchr(name, '@');
	wide_key_of_domain(key, at ? at + 1 : name);
	wide_key_add(key, name, at ? (size_t)(at - name) : 0);
}

bool row_is_under(const struct row *row, const struct wide_key *prefix)
{
	return row->key_len >= prefix->len && memcmp(row->key, prefix->bytes, prefix->len) == 0;
}

uint64_t row_id(const struct row *row)
{
	uint64_t id;
	memcpy(&id, row->key + SCOPE_BYTES, sizeof(id));
	return be64toh(id);
}

static void memory_close(struct storage_engine *engine)
{
	free(engine);
}

static int memory_sync(struct storage_engine *engine)
{
	return 0;
}

/* Deletions are whole here. */
static int memory_clean(struct storage_engine *engine, bool *ret_more)
{
	*ret_more = false;
	return 0;
}

static int memory_declare(struct storage_engine *engine, const char *name, uint16_t *ret_store)
{
	struct memory_disk *disk = ((struct memory_engine *)engine)->disk;
	struct row row;
	int r = 0;
	pthread_rwlock_wrlock(&disk->lock);
	if (table_get(disk->stores, name, strlen(name), &row)) {
		memcpy(ret_store, row.value, sizeof(*ret_store));
	} else if (table_count(disk->stores) >= UINT16_MAX) {
		r = -EOVERFLOW;
	} else {
		*ret_store = (uint16_t)(table_count(disk->stores) + 1);
		table_put(disk->stores, name, strlen(name), ret_store, sizeof(*ret_store));
	}
	pthread_rwlock_unlock(&disk->lock);
	return r;
}

static int memory_space(struct storage_engine *engine, uint64_t reserve,
	struct engine_space *ret_space)
{
	struct memory_disk *disk = ((struct memory_engine *)engine)->disk;
	pthread_rwlock_rdlock(&disk->lock);
	uint64_t free_bytes = disk->free_bytes;
	uint64_t used = table_bytes(disk->names) + table_bytes(disk->records) +
		table_bytes(disk->logs);
	pthread_rwlock_unlock(&disk->lock);
	*ret_space = (struct engine_space){
		.used_bytes = used,
		.free_bytes = free_bytes,
		.headroom_bytes = free_bytes > reserve ? free_bytes - reserve : 0,
		.reserve_bytes = reserve,
	};
	return 0;
}

static int memory_backup(struct storage_engine *engine, const char *directory,
	const struct storage_pace *pace)
{
	return -ENOTSUP;
}

static int memory_next_owner(struct storage_engine *engine, owner_id *ret_owner)
{
	struct memory_disk *disk = ((struct memory_engine *)engine)->disk;
	pthread_rwlock_rdlock(&disk->lock);
	*ret_owner = disk->next_owner;
	pthread_rwlock_unlock(&disk->lock);
	return 0;
}

static int memory_count_owners(struct storage_engine *engine, uint64_t *ret_count)
{
	struct memory_disk *disk = ((struct memory_engine *)engine)->disk;
	pthread_rwlock_rdlock(&disk->lock);
	*ret_count = table_count(disk->names);
	pthread_rwlock_unlock(&disk->lock);
	return 0;
}

static const struct storage_engine_ops memory_ops = {
	.name = "memory",
	.close = memory_close,
	.commit = memory_commit,
	.sync = memory_sync,
	.clean = memory_clean,
	.declare = memory_declare,
	.space = memory_space,
	.backup = memory_backup,
	.next_owner = memory_next_owner,
	.count_owners = memory_count_owners,
	.owner_find = memory_owner_find,
	.owners = memory_owners,
	.get = memory_get,
	.each = memory_each,
	.log_last = memory_log_last,
	.log_read = memory_log_read,
	.log_count = memory_log_count,
};

struct storage_engine *memory_engine_create(struct memory_disk *disk)
{
	struct memory_engine *engine = heap_zalloc(sizeof(*engine));
	engine->base.ops = &memory_ops;
	engine->disk = disk;
	return &engine->base;
}
