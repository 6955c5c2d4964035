/* bed.h - a storage to test, over either engine
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_BED_H
#define STORAGE_BED_H

#include <memory/engine.h>
#include <storage.h>

struct bed {
	struct storage *storage;
	struct storage_options options;
	struct memory_disk *disk; /* NULL: LMDB */
	char directory[64];       /* LMDB's */
	int is_full, fulls, failures, last_error;
};

/* Open; changes to `options` count at the next bed_reopen. */
void bed_open_lmdb(struct bed *bed);
void bed_open_memory(struct bed *bed);
void bed_reopen(struct bed *bed); /* closes first */
void bed_close(struct bed *bed);  /* and removes the data */

/* Submits, and returns when it is committed. */
void bed_commit(struct bed *bed, struct storage_batch *take_batch);

/* A new directory under /tmp; bed_remove removes it with what is in it. */
void bed_directory(char directory[64]);
void bed_remove(const char *directory);

/* One write in a batch of its own, committed. */
void bed_put(struct bed *bed, owner_id owner, uint16_t store, const char *key, const char *value);
owner_id bed_owner(struct bed *bed, const char *name);
void bed_append(struct bed *bed, owner_id owner, uint16_t log, uint64_t id, const char *with,
	const char *text);

/* The value, for free(), or NULL. */
char *bed_get(struct bed *bed, owner_id owner, uint16_t store, const char *key);
/* "key=value " of each record; "name " of each owner; "id " of each entry and, when the
 * page is the whole, "." */
char *bed_list(struct bed *bed, owner_id owner, uint16_t store);
char *bed_owners(struct bed *bed, const char *domain, uint16_t store, const char *after);
char *bed_page(struct bed *bed, owner_id owner, uint16_t log, struct log_page page);

#endif
