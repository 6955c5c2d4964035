/* memory/read.c - reads what is committed
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "memory_internal.h"

static struct memory_disk *lock_disk(struct storage_engine *engine)
{
	struct memory_disk *disk = ((struct memory_engine *)engine)->disk;
	pthread_rwlock_rdlock(&disk->lock);
	return disk;
}

static void unlock_disk(struct memory_disk *disk)
{
	pthread_rwlock_unlock(&disk->lock);
}

/* The row behind this one: the first at or behind its key with a NUL more. */
static bool next_row(const struct table *table, struct row *row)
{
	unsigned char *key = heap_copy(row->key, row->key_len);
	bool found = table_from(table, key, row->key_len + 1, row);
	free(key);
	return found;
}

static const char *name_in(const struct row *row, owner_id *ret_owner)
{
	memcpy(ret_owner, row->value, sizeof(*ret_owner));
	return (const char *)row->value + sizeof(*ret_owner);
}

int memory_owner_find(struct storage_engine *engine, const char *name, owner_id *ret_owner)
{
	struct wide_key key;
	struct row row;
	if (strlen(name) > STORAGE_NAME_MAX)
		return -ENOENT;
	wide_key_of_name(&key, name);
	struct memory_disk *disk = lock_disk(engine);
	bool found = table_get(disk->names, key.bytes, key.len, &row);
	if (found)
		name_in(&row, ret_owner);
	unlock_disk(disk);
	return found ? 0 : -ENOENT;
}

static bool has_under(const struct table *table, const struct wide_key *prefix)
{
	struct row row;
	return table_from(table, prefix->bytes, prefix->len, &row) && row_is_under(&row, prefix);
}

static bool has_something(const struct memory_disk *disk, owner_id owner, uint16_t store)
{
	struct wide_key prefix;
	if (store == 0)
		return true;
	wide_key_start(&prefix, owner, store);
	return has_under(disk->records, &prefix) || has_under(disk->logs, &prefix);
}

int memory_owners(struct storage_engine *engine, const char *domain, uint16_t store,
	const char *after, engine_each_owner *each, void *context)
{
	struct wide_key prefix, start;
	struct row row;
	owner_id owner;
	wide_key_of_domain(&prefix, domain);
	start = prefix;
	if (after && strlen(after) <= STORAGE_NAME_MAX) {
		wide_key_of_name(&start, after);
		wide_key_add(&start, "", 1);
	}
	struct memory_disk *disk = lock_disk(engine);
	bool found = table_from(disk->names, start.bytes, start.len, &row);
	while (found && row_is_under(&row, &prefix)) {
		const char *name = name_in(&row, &owner);
		if (has_something(disk, owner, store) && !each(context, name, owner))
			break;
		found = next_row(disk->names, &row);
	}
	unlock_disk(disk);
	return 0;
}

int memory_get(struct storage_engine *engine, owner_id owner, uint16_t store,
	const void *bytes, size_t len, void **ret_value, size_t *ret_len)
{
	struct wide_key key;
	struct row row;
	wide_key_start(&key, owner, store);
	wide_key_add(&key, bytes, len);
	struct memory_disk *disk = lock_disk(engine);
	bool found = table_get(disk->records, key.bytes, key.len, &row);
	if (found) {
		*ret_value = heap_copy(row.value, row.value_len);
		*ret_len = row.value_len;
	}
	unlock_disk(disk);
	return found ? 0 : -ENOENT;
}

int memory_each(struct storage_engine *engine, owner_id owner, uint16_t store,
	engine_each_record *each, void *context)
{
	struct wide_key prefix;
	struct row row;
	wide_key_start(&prefix, owner, store);
	struct memory_disk *disk = lock_disk(engine);
	bool found = table_from(disk->records, prefix.bytes, prefix.len, &row);
	while (found && row_is_under(&row, &prefix)) {
		if (!each(context, row.key + SCOPE_BYTES, row.key_len - SCOPE_BYTES, row.value,
			row.value_len))
			break;
		found = next_row(disk->records, &row);
	}
	unlock_disk(disk);
	return 0;
}

/* The last row of the log with an id of at most `high`. */
static bool last_up_to(const struct memory_disk *disk, const struct wide_key *prefix,
	uint64_t high, struct row *ret_row)
{
	struct wide_key key = *prefix;
	wide_key_add_id(&key, high);
	wide_key_add(&key, "", 1);
	return table_before(disk->logs, key.bytes, key.len, ret_row) &&
		row_is_under(ret_row, prefix);
}

static bool first_from(const struct memory_disk *disk, const struct wide_key *prefix,
	uint64_t low, struct row *ret_row)
{
	struct wide_key key = *prefix;
	wide_key_add_id(&key, low);
	return table_from(disk->logs, key.bytes, key.len, ret_row) &&
		row_is_under(ret_row, prefix);
}

int memory_log_last(struct storage_engine *engine, owner_id owner, uint16_t log, uint64_t *ret_id)
{
	struct wide_key prefix;
	struct row row;
	wide_key_start(&prefix, owner, log);
	struct memory_disk *disk = lock_disk(engine);
	*ret_id = last_up_to(disk, &prefix, UINT64_MAX, &row) ? row_id(&row) : 0;
	unlock_disk(disk);
	return 0;
}

static struct log_entry entry_in(const struct row *row)
{
	const char *with = (const char *)row->value;
	size_t with_len = strlen(with);
	return (struct log_entry){
		.id = row_id(row),
		.with = with_len ? with : NULL,
		.bytes = with + with_len + 1,
		.len = row->value_len - with_len - 1,
	};
}

struct range {
	uint64_t low, high; /* inclusive */
	bool backwards;
};

static bool step_in(const struct memory_disk *disk, const struct wide_key *prefix,
	struct range *range, struct row *ret_row)
{
	if (range->low > range->high)
		return false;
	bool found = range->backwards ? last_up_to(disk, prefix, range->high, ret_row)
	                              : first_from(disk, prefix, range->low, ret_row);
	if (!found)
		return false;
	uint64_t id = row_id(ret_row);
	if (id < range->low || id > range->high)
		return false;
	bool is_at_end = range->backwards ? id == 0 : id == UINT64_MAX;
	if (is_at_end)
		*range = (struct range){ .low = 1, .high = 0 };
	else if (range->backwards)
		range->high = id - 1;
	else
		range->low = id + 1;
	return true;
}

int memory_log_read(struct storage_engine *engine, owner_id owner, uint16_t log,
	const struct log_page *page, engine_each_entry *each, void *context, bool *ret_complete)
{
	struct range range = {
		.low = page->after_id ? page->after_id + 1 : 0,
		.high = page->before_id ? page->before_id - 1 : UINT64_MAX,
		.backwards = page->backwards,
	};
	struct wide_key prefix;
	struct row row;
	bool is_over = false;
	size_t sent = 0;
	*ret_complete = true;
	if (page->after_id == UINT64_MAX)
		return 0;
	wide_key_start(&prefix, owner, log);
	struct memory_disk *disk = lock_disk(engine);
	while (step_in(disk, &prefix, &range, &row)) {
		struct log_entry entry = entry_in(&row);
		if (page->with && strcmp(entry.with ? entry.with : "", page->with) != 0)
			continue;
		if (is_over) {
			*ret_complete = false;
			break;
		}
		is_over = !each(context, &entry) || ++sent == page->most;
	}
	unlock_disk(disk);
	return 0;
}

int memory_log_count(struct storage_engine *engine, owner_id owner, uint16_t log,
	uint64_t *ret_count)
{
	struct range range = { .high = UINT64_MAX };
	struct wide_key prefix;
	struct row row;
	wide_key_start(&prefix, owner, log);
	*ret_count = 0;
	struct memory_disk *disk = lock_disk(engine);
	while (step_in(disk, &prefix, &range, &row))
		++*ret_count;
	unlock_disk(disk);
	return 0;
}
