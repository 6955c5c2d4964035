/* batch.h - the writes of one turn, as bytes in the order they were made
 * SPDX-License-Identifier: MIT
 *
 * What writers call is in storage.h.  Here is what the committer and the engines see:
 * a list of operations, walked from the front. */
#ifndef STORAGE_BATCH_H
#define STORAGE_BATCH_H

#include "storage.h"

enum batch_kind {
	BATCH_PUT,          /* owner, store, key, value */
	BATCH_DELETE,       /* owner, store, key */
	BATCH_DELETE_STORE, /* owner, store */
	BATCH_OWNER_CREATE, /* owner, key: its name */
	BATCH_OWNER_DELETE, /* owner, key: its name */
	BATCH_APPEND,       /* owner, store: the log, id, key: `with` or empty, value: the entry */
	BATCH_LOG_DELETE,   /* owner, store, id */
	BATCH_LOG_EXPIRE,   /* owner, store, id: the last to go */
};

/* Borrowed from the batch; a NUL, not counted, stands behind the key. */
struct batch_op {
	enum batch_kind kind;
	owner_id owner;
	uint16_t store;
	uint64_t id;
	const void *key, *value;
	size_t key_len, value_len;
};

struct storage_batch {
	struct storage_batch *next; /* in a queue, or among the spare ones */
	struct storage *storage;
	void (*done)(void *context, uint64_t tag);
	void *context;
	uint64_t tag;
	unsigned char *bytes;
	size_t used, room;
	uint32_t writes;
};

/* The operation at *position, which moves behind it; start at 0.  False at the end. */
bool batch_walk(const struct storage_batch *batch, size_t *position, struct batch_op *ret_op);

/* Gives a batch that is done with back for the next storage_batch_create. */
void batch_recycle(struct storage_batch *take_batch);

#endif
