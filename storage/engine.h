/* engine.h - what a place that keeps the data implements
 * SPDX-License-Identifier: MIT
 *
 * An engine does whole operations and shows no transaction, cursor or table, so that
 * one across a network can stand behind the same calls.  One embeds struct
 * storage_engine first.
 *
 * commit, clean, declare, sync, space: one thread at a time; `clean` and `declare` may
 * come from another thread than `commit`, so an engine locks its writers.  The reads
 * come from any thread, also while a commit runs, and see what is committed.
 *
 * Errors are -errno.  -ENOSPC says that the same call may succeed later; any other
 * error of a write means that the engine is lost and the process has to end. */
#ifndef STORAGE_ENGINE_H
#define STORAGE_ENGINE_H

#include "storage.h"

struct engine_space {
	uint64_t used_bytes, free_bytes;
	uint64_t headroom_bytes; /* until the reserve is touched; 0: it is */
	uint64_t reserve_bytes;  /* the one that is nearest */
};

typedef bool engine_each_record(void *context, const void *key, size_t key_len,
	const void *value, size_t value_len);
typedef bool engine_each_owner(void *context, const char *name, owner_id owner);
typedef bool engine_each_entry(void *context, const struct log_entry *entry);

struct storage_engine_ops {
	const char *name;
	void (*close)(struct storage_engine *engine);

	/* All of them in order (batch.h), or none.  *ret_leftovers is set, and never
	 * cleared, when something was left for `clean`. */
	int (*commit)(struct storage_engine *engine, const struct storage_batch *const *batches,
		size_t count, bool *ret_leftovers);
	/* Makes durable what relaxed commits wrote. */
	int (*sync)(struct storage_engine *engine);
	/* One slice; *ret_more: there is more. */
	int (*clean)(struct storage_engine *engine, bool *ret_more);
	int (*declare)(struct storage_engine *engine, const char *name, uint16_t *ret_store);
	int (*space)(struct storage_engine *engine, uint64_t reserve_bytes,
		struct engine_space *ret_space);
	/* Beside everything else, on a thread of the caller's. */
	int (*backup)(struct storage_engine *engine, const char *directory,
		const struct storage_pace *pace);

	/* The first id that no committed owner ever had. */
	int (*next_owner)(struct storage_engine *engine, owner_id *ret_owner);
	int (*count_owners)(struct storage_engine *engine, uint64_t *ret_count);
	int (*owner_find)(struct storage_engine *engine, const char *name, owner_id *ret_owner);
	int (*owners)(struct storage_engine *engine, const char *domain, uint16_t store,
		const char *after, engine_each_owner *each, void *context);
	int (*get)(struct storage_engine *engine, owner_id owner, uint16_t store,
		const void *key, size_t key_len, void **ret_value, size_t *ret_len);
	int (*each)(struct storage_engine *engine, owner_id owner, uint16_t store,
		engine_each_record *each, void *context);
	int (*log_last)(struct storage_engine *engine, owner_id owner, uint16_t log,
		uint64_t *ret_id);
	int (*log_read)(struct storage_engine *engine, owner_id owner, uint16_t log,
		const struct log_page *page, engine_each_entry *each, void *context,
		bool *ret_complete);
	int (*log_count)(struct storage_engine *engine, owner_id owner, uint16_t log,
		uint64_t *ret_count);
};

struct storage_engine {
	const struct storage_engine_ops *ops;
};

#endif
