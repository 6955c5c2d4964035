/* lmdb/read_log.c - reads logs, by id and direction, of all or of one peer
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "lmdb_internal.h"
#include "runs.h"
#include "siphash.h"

void key_of_with(struct key *key, const struct lmdb_engine *engine, owner_id owner, uint16_t log,
	const char *with, size_t len)
{
	key_start(key, owner, log);
	key_add_id(key, siphash(engine->secret, with, len));
}

int entry_read(struct act *act, uint64_t number, struct log_entry *ret_entry)
{
	struct entry_head head;
	MDB_val key = { sizeof(number), &number }, value;
	int rc = mdb_get(act->txn, act->engine->dbi[ENTRIES], &key, &value);
	if (rc)
		return rc;
	memcpy(&head, value.mv_data, sizeof(head));
	const char *with = (const char *)value.mv_data + sizeof(head);
	size_t before = sizeof(head) + head.with_len + 1;
	*ret_entry = (struct log_entry){
		.id = head.id,
		.with = head.with_len ? with : NULL,
		.bytes = with + head.with_len + 1,
		.len = value.mv_size - before,
	};
	return 0;
}

int log_newest(struct act *act, owner_id owner, uint16_t log, uint64_t *ret_id)
{
	struct walk walk = { .high = UINT64_MAX, .backwards = true };
	key_start(&walk.prefix, owner, log);
	*ret_id = 0;
	int rc = walk_open(act, IDS, &walk);
	if (rc)
		return rc;
	rc = walk_first(&walk);
	if (rc == 0)
		*ret_id = walk.id;
	walk_close(&walk);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The id up to which the log's entries are deleted, though not all cleaned. */
static int deleted_up_to(struct act *act, owner_id owner, uint16_t log, uint64_t *ret_id)
{
	struct trash all, some;
	int rc = trash_find(act, owner, 0, &all);
	if (rc == 0)
		rc = trash_find(act, owner, log, &some);
	if (rc == 0)
		*ret_id = all.up_to_id > some.up_to_id ? all.up_to_id : some.up_to_id;
	return rc;
}

int lmdb_log_last(struct storage_engine *base, owner_id owner, uint16_t log, uint64_t *ret_id)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct act act;
	uint64_t newest = 0, deleted = 0;
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = log_newest(&act, owner, log, &newest);
	if (rc == 0)
		rc = deleted_up_to(&act, owner, log, &deleted);
	if (rc == 0)
		*ret_id = newest > deleted ? newest : 0;
	reader_end(&act);
	return error_of(rc);
}

struct reading {
	const struct log_page *page;
	engine_each_entry *each;
	void *context;
	bool complete;
};

/* Goes one entry further than the page, to know whether it is complete. */
static int read_page(struct act *act, struct walk *walk, struct reading *reading)
{
	const struct log_page *page = reading->page;
	struct log_entry entry;
	bool is_over = false;
	size_t sent = 0;
	int rc;
	for (rc = walk_first(walk); rc == 0; rc = walk_next(walk)) {
		rc = entry_read(act, walk->number, &entry);
		if (rc)
			return rc;
		bool is_other = page->with && strcmp(entry.with ? entry.with : "", page->with) != 0;
		if (is_other)
			continue;
		if (is_over) {
			reading->complete = false;
			return 0;
		}
		is_over = !reading->each(reading->context, &entry) || ++sent == page->most;
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static int read_log(struct act *act, owner_id owner, uint16_t log, struct reading *reading)
{
	const struct log_page *page = reading->page;
	struct walk walk = { .backwards = page->backwards };
	uint64_t low = page->after_id, deleted = 0;
	int rc = deleted_up_to(act, owner, log, &deleted);
	if (rc)
		return rc;
	if (deleted > low)
		low = deleted;
	if (low == UINT64_MAX)
		return 0;
	/* Open at the old end means all of it, an entry with the id 0 too. */
	walk.low = low ? low + 1 : 0;
	walk.high = page->before_id ? page->before_id - 1 : UINT64_MAX;
	if (page->with)
		key_of_with(&walk.prefix, act->engine, owner, log, page->with, strlen(page->with));
	else
		key_start(&walk.prefix, owner, log);
	rc = walk_open(act, page->with ? WITH : IDS, &walk);
	if (rc)
		return rc;
	rc = read_page(act, &walk, reading);
	walk_close(&walk);
	return rc;
}

int lmdb_log_read(struct storage_engine *base, owner_id owner, uint16_t log,
	const struct log_page *page, engine_each_entry *each, void *context, bool *ret_complete)
{
	struct lmdb_engine *engine = (struct lmdb_engine *)base;
	struct reading reading = { page, each, context, true };
	struct act act;
	int rc = reader_begin(engine, &act);
	if (rc)
		return error_of(rc);
	rc = read_log(&act, owner, log, &reading);
	if (rc == 0)
		*ret_complete = reading.complete;
	reader_end(&act);
	return error_of(rc);
}
