/* memory/memory_internal.h - the memory engine as its own files see it
 * SPDX-License-Identifier: MIT
 *
 * Keys are those of the LMDB engine (lmdb/engine.h), but never cut; one log entry is one
 * row: (owner, log, id) -> `with`, NUL, bytes. */
#ifndef STORAGE_MEMORY_INTERNAL_H
#define STORAGE_MEMORY_INTERNAL_H

#include <pthread.h>

#include "../engine.h"
#include "table.h"

enum { WIDE_KEY_MAX = STORAGE_NAME_MAX + 2, SCOPE_BYTES = 6 };

struct wide_key {
	size_t len;
	unsigned char bytes[WIDE_KEY_MAX];
};

struct memory_disk {
	pthread_rwlock_t lock;
	struct table *stores, *names, *records, *logs;
	owner_id next_owner;
	int fail_next;
	bool lose_next_answer;
	uint64_t free_bytes;
};

struct memory_engine {
	struct storage_engine base;
	struct memory_disk *disk;
};

void wide_key_start(struct wide_key *key, owner_id owner, uint16_t store);
void wide_key_add(struct wide_key *key, const void *bytes, size_t len);
void wide_key_add_id(struct wide_key *key, uint64_t id);
void wide_key_of_domain(struct wide_key *key, const char *domain);
void wide_key_of_name(struct wide_key *key, const char *name);
bool row_is_under(const struct row *row, const struct wide_key *prefix);
uint64_t row_id(const struct row *row);

int memory_commit(struct storage_engine *engine, const struct storage_batch *const *batches,
	size_t count, bool *ret_leftovers);
int memory_owner_find(struct storage_engine *engine, const char *name, owner_id *ret_owner);
int memory_owners(struct storage_engine *engine, const char *domain, uint16_t store,
	const char *after, engine_each_owner *each, void *context);
int memory_get(struct storage_engine *engine, owner_id owner, uint16_t store,
	const void *key, size_t key_len, void **ret_value, size_t *ret_len);
int memory_each(struct storage_engine *engine, owner_id owner, uint16_t store,
	engine_each_record *each, void *context);
int memory_log_last(struct storage_engine *engine, owner_id owner, uint16_t log,
	uint64_t *ret_id);
int memory_log_read(struct storage_engine *engine, owner_id owner, uint16_t log,
	const struct log_page *page, engine_each_entry *each, void *context, bool *ret_complete);
int memory_log_count(struct storage_engine *engine, owner_id owner, uint16_t log,
	uint64_t *ret_count);

#endif
