/* batch.c - collects the writes of a turn in one buffer
 * SPDX-License-Identifier: MIT */
#include "batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "storage_internal.h"

/* A spare batch keeps the room of the largest that it was: few of them, none of the rare ones. */
enum { FIRST_ROOM = 1024, SPARE_ROOM_MAX = 32 * 1024, SPARES_MAX = 8 };

/* Followed by the key, a NUL and the value, and filled up to `size`, of whole eight bytes. */
struct head {
	uint64_t id;
	uint32_t size, owner, key_len, value_len;
	uint16_t store;
	uint16_t kind;
};

static size_t round_up(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

struct storage_batch *storage_batch_create(struct storage *storage)
{
	pthread_mutex_lock(&storage->spares_lock);
	struct storage_batch *batch = storage->spares;
	if (batch) {
		storage->spares = batch->next;
		storage->spares_count--;
	}
	pthread_mutex_unlock(&storage->spares_lock);
	if (!batch) {
		batch = heap_zalloc(sizeof(*batch));
		batch->storage = storage;
	}
	batch->next = NULL;
	return batch;
}

void storage_batch_destroy(struct storage_batch *batch)
{
	if (!batch)
		return;
	free(batch->bytes);
	free(batch);
}

void batch_recycle(struct storage_batch *batch)
{
	struct storage *storage = batch->storage;
	bool kept = false;
	batch->used = 0;
	batch->writes = 0;
	pthread_mutex_lock(&storage->spares_lock);
	if (storage->spares_count < SPARES_MAX && batch->room <= SPARE_ROOM_MAX) {
		batch->next = storage->spares;
		storage->spares = batch;
		storage->spares_count++;
		kept = true;
	}
	pthread_mutex_unlock(&storage->spares_lock);
	if (!kept)
		storage_batch_destroy(batch);
}

bool storage_batch_is_empty(const struct storage_batch *batch)
{
	return batch->writes == 0;
}

size_t storage_batch_bytes(const struct storage_batch *batch)
{
	return batch->used;
}

bool batch_walk(const struct storage_batch *batch, size_t *position, struct batch_op *ret_op)
{
	if (*position == batch->used)
		return false;
	const unsigned char *at = batch->bytes + *position;
	const struct head *head = (const struct head *)(const void *)at;
	const unsigned char *key = at + sizeof(*head);
	*ret_op = (struct batch_op){
		.kind = head->kind,
		.owner = head->owner,
		.store = head->store,
		.id = head->id,
		.key = key,
		.key_len = head->key_len,
		.value = key + head->key_len + 1,
		.value_len = head->value_len,
	};
	*position += head->size;
	return true;
}

static void make_room(struct storage_batch *batch, size_t size)
{
	if (batch->room - batch->used >= size)
		return;
	size_t room = batch->room ? batch->room * 2 : FIRST_ROOM;
	while (room - batch->used < size)
		room *= 2;
	batch->bytes = heap_resize(batch->bytes, room);
	batch->room = room;
}

static void add_roomy(struct storage_batch *batch, const struct batch_op *op, size_t room)
{
	assert(op->owner != 0);
	size_t size = round_up(sizeof(struct head) + op->key_len + 1 + op->value_len + room);
	make_room(batch, size);
	unsigned char *at = batch->bytes + batch->used;
	struct head head = {
		.id = op->id,
		.size = (uint32_t)size,
		.owner = op->owner,
		.key_len = (uint32_t)op->key_len,
		.value_len = (uint32_t)op->value_len,
		.store = op->store,
		.kind = (uint16_t)op->kind,
	};
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	if (op->key_len)
		memcpy(at, op->key, op->key_len);
	at[op->key_len] = '\0';
	if (op->value_len)
		memcpy(at + op->key_len + 1, op->value, op->value_len);
	batch->used += size;
	batch->writes++;
}

static void add(struct storage_batch *batch, const struct batch_op *op)
{
	add_roomy(batch, op, 0);
}

/* What grows the data is refused while the reserve is touched. */
static int may_grow(const struct storage_batch *batch)
{
	return storage_is_full(batch->storage) ? -ENOSPC : 0;
}

int batch_put(struct storage_batch *batch, owner_id owner, uint16_t store,
	const void *key, size_t key_len, const void *value, size_t value_len)
{
	assert(store != 0);
	if (key_len > STORAGE_KEY_MAX)
		return -ENAMETOOLONG;
	if (value_len > STORAGE_VALUE_MAX)
		return -EFBIG;
	int r = may_grow(batch);
	if (r < 0)
		return r;
	add(batch, &(struct batch_op){ .kind = BATCH_PUT, .owner = owner, .store = store,
		.key = key, .key_len = key_len, .value = value, .value_len = value_len });
	return 0;
}

int batch_delete(struct storage_batch *batch, owner_id owner, uint16_t store,
	const void *key, size_t key_len)
{
	assert(store != 0);
	if (key_len > STORAGE_KEY_MAX)
		return -ENAMETOOLONG;
	add(batch, &(struct batch_op){ .kind = BATCH_DELETE, .owner = owner, .store = store,
		.key = key, .key_len = key_len });
	return 0;
}

int batch_delete_store(struct storage_batch *batch, owner_id owner, uint16_t store)
{
	assert(store != 0);
	add(batch, &(struct batch_op){ .kind = BATCH_DELETE_STORE, .owner = owner,
		.store = store });
	return 0;
}

int batch_owner_create(struct storage_batch *batch, const char *name, owner_id *ret_owner)
{
	size_t len = strlen(name);
	if (len > STORAGE_NAME_MAX)
		return -ENAMETOOLONG;
	int r = may_grow(batch);
	if (r < 0)
		return r;
	owner_id owner = atomic_fetch_add(&batch->storage->next_owner, 1);
	add(batch, &(struct batch_op){ .kind = BATCH_OWNER_CREATE, .owner = owner,
		.key = name, .key_len = len });
	*ret_owner = owner;
	return 0;
}

int batch_owner_delete(struct storage_batch *batch, const char *name, owner_id owner)
{
	size_t len = strlen(name);
	if (len > STORAGE_NAME_MAX)
		return -ENAMETOOLONG;
	add(batch, &(struct batch_op){ .kind = BATCH_OWNER_DELETE, .owner = owner,
		.key = name, .key_len = len });
	return 0;
}

int batch_append(struct storage_batch *batch, owner_id owner, uint16_t log,
	const struct log_entry *entry)
{
	size_t place;
	return batch_append_roomy(batch, owner, log, entry, 0, &place);
}

int batch_append_roomy(struct storage_batch *batch, owner_id owner, uint16_t log,
	const struct log_entry *entry, size_t room, size_t *ret_place)
{
	assert(log != 0);
	size_t with_len = entry->with ? strlen(entry->with) : 0;
	if (with_len > STORAGE_NAME_MAX)
		return -ENAMETOOLONG;
	if (entry->len > STORAGE_VALUE_MAX)
		return -EFBIG;
	int r = may_grow(batch);
	if (r < 0)
		return r;
	*ret_place = batch->used;
	add_roomy(batch, &(struct batch_op){ .kind = BATCH_APPEND, .owner = owner, .store = log,
		.id = entry->id, .key = entry->with, .key_len = with_len,
		.value = entry->bytes, .value_len = entry->len }, room);
	return 0;
}

int batch_append_more(struct storage_batch *batch, size_t place, const void *bytes, size_t len)
{
	int r = may_grow(batch);
	if (r < 0)
		return r;
	struct head *head = (struct head *)(void *)(batch->bytes + place);
	size_t used = sizeof(*head) + head->key_len + 1 + head->value_len;
	if (used + len > head->size)
		return -ENOBUFS;
	memcpy(batch->bytes + place + used, bytes, len);
	head->value_len += (uint32_t)len;
	return 0;
}

int batch_log_delete(struct storage_batch *batch, owner_id owner, uint16_t log, uint64_t id)
{
	assert(log != 0);
	add(batch, &(struct batch_op){ .kind = BATCH_LOG_DELETE, .owner = owner, .store = log,
		.id = id });
	return 0;
}

int batch_log_expire(struct storage_batch *batch, owner_id owner, uint16_t log,
	uint64_t up_to_id)
{
	assert(log != 0);
	add(batch, &(struct batch_op){ .kind = BATCH_LOG_EXPIRE, .owner = owner, .store = log,
		.id = up_to_id });
	return 0;
}
