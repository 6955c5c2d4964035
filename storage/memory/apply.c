/* memory/apply.c - writes batches, all of them or none
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "heap.h"
#include "memory_internal.h"

static void delete_under(struct table *table, const struct wide_key *prefix)
{
	struct row row;
	while (table_from(table, prefix->bytes, prefix->len, &row) && row_is_under(&row, prefix))
		table_delete(table, row.key, row.key_len);
}

static void expire(struct table *logs, const struct wide_key *prefix, uint64_t up_to_id)
{
	struct row row;
	while (table_from(logs, prefix->bytes, prefix->len, &row) && row_is_under(&row, prefix) &&
	       row_id(&row) <= up_to_id)
		table_delete(logs, row.key, row.key_len);
}

static void create_owner(struct memory_disk *disk, const struct batch_op *op)
{
	struct wide_key key;
	size_t len = sizeof(op->owner) + op->key_len;
	char *value = heap_zalloc(len);
	memcpy(value, &op->owner, sizeof(op->owner));
	memcpy(value + sizeof(op->owner), op->key, op->key_len);
	wide_key_of_name(&key, op->key);
	table_put(disk->names, key.bytes, key.len, value, len);
	free(value);
	if (op->owner >= disk->next_owner)
		disk->next_owner = op->owner + 1;
}

static void delete_owner(struct memory_disk *disk, const struct batch_op *op)
{
	struct wide_key key;
	wide_key_of_name(&key, op->key);
	table_delete(disk->names, key.bytes, key.len);
	wide_key_start(&key, op->owner, 0);
	key.len = sizeof(op->owner);
	delete_under(disk->records, &key);
	delete_under(disk->logs, &key);
}

static void apply(struct memory_disk *disk, const struct batch_op *op)
{
	struct wide_key key;
	wide_key_start(&key, op->owner, op->store);
	switch (op->kind) {
	case BATCH_PUT:
		wide_key_add(&key, op->key, op->key_len);
		table_put(disk->records, key.bytes, key.len, op->value, op->value_len);
		return;
	case BATCH_DELETE:
		wide_key_add(&key, op->key, op->key_len);
		table_delete(disk->records, key.bytes, key.len);
		return;
	case BATCH_DELETE_STORE:
		delete_under(disk->records, &key);
		delete_under(disk->logs, &key);
		return;
	case BATCH_OWNER_CREATE:
		create_owner(disk, op);
		return;
	case BATCH_OWNER_DELETE:
		delete_owner(disk, op);
		return;
	case BATCH_APPEND:
		/* In the batch key, NUL and value stand in a row as they do here. */
		wide_key_add_id(&key, op->id);
		table_put(disk->logs, key.bytes, key.len, op->key, op->key_len + 1 + op->value_len);
		return;
	case BATCH_LOG_DELETE:
		wide_key_add_id(&key, op->id);
		table_delete(disk->logs, key.bytes, key.len);
		return;
	case BATCH_LOG_EXPIRE:
		expire(disk->logs, &key, op->id);
		return;
	}
}

static void apply_all(struct memory_disk *disk, const struct storage_batch *const *batches,
	size_t count)
{
	struct batch_op op;
	for (size_t i = 0; i < count; i++) {
		size_t position = 0;
		while (batch_walk(batches[i], &position, &op))
			apply(disk, &op);
	}
}

int memory_commit(struct storage_engine *engine, const struct storage_batch *const *batches,
	size_t count, bool *ret_leftovers)
{
	struct memory_disk *disk = ((struct memory_engine *)engine)->disk;
	pthread_rwlock_wrlock(&disk->lock);
	int r = disk->fail_next;
	disk->fail_next = 0;
	if (r == 0) {
		apply_all(disk, batches, count);
		r = disk->lose_next_answer ? -EIO : 0;
		disk->lose_next_answer = false;
	}
	pthread_rwlock_unlock(&disk->lock);
	return r;
}
