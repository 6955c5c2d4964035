/* fake_store.c - records and logs in memory
 * SPDX-License-Identifier: MIT */

#include "fake_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

static void free_record(struct record *record)
{
	free(record->with);
	free(record->key);
	free(record->value);
	free(record);
}

void free_records(struct tern_entity *entity)
{
	while (entity->records) {
		struct record *record = entity->records;

		entity->records = record->next;
		free_record(record);
	}
}

void fake_fill_disk(struct fake *fake, int after)
{
	fake->host.writes_left = after;
}

bool may_write(struct tern_host *host)
{
	if (host->writes_left == 0)
		return false;
	host->writes_left -= host->writes_left > 0;
	return true;
}

static struct record **find_record(struct tern_entity *entity, tern_store store,
	const void *key, size_t key_len)
{
	struct record **at = &entity->records;

	for (; *at; at = &(*at)->next) {
		int order = (*at)->store < store ? -1 : (*at)->store > store ? 1 :
			memcmp((*at)->key, key, (*at)->key_len < key_len ? (*at)->key_len : key_len);

		if (order > 0 || (order == 0 && (*at)->key_len >= key_len))
			break;
	}
	return at;
}

static bool is_there(const struct record *record, tern_store store, const void *key,
	size_t key_len)
{
	return record && record->store == store && record->key_len == key_len &&
		memcmp(record->key, key, key_len) == 0;
}

static void *copy_bytes(const void *bytes, size_t len)
{
	return memcpy(heap_alloc(len + 1), bytes, len);
}

int tern_put(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct record **at = find_record(entity, store, key, key_len), *record = *at;

	if (!may_write(entity->host))
		return -ENOSPC;
	if (!is_there(record, store, key, key_len)) {
		record = heap_zalloc(sizeof *record);
		*record = (struct record){ .next = *at, .store = store,
			.key = copy_bytes(key, key_len), .key_len = key_len };
		*at = record;
	}
	free(record->value);
	record->value = copy_bytes(value, value_len);
	record->value_len = value_len;
	return 0;
}

int tern_delete(struct tern_entity *entity, tern_store store, const void *key, size_t key_len)
{
	struct record **at = find_record(entity, store, key, key_len), *record = *at;

	if (is_there(record, store, key, key_len)) {
		*at = record->next;
		free_record(record);
	}
	return 0;
}

int tern_append_as_of(struct tern_entity *entity, tern_store log, uint64_t us, const char *with,
	const void *bytes, size_t len, uint64_t *ret_id)
{
	uint64_t id = us > entity->last_id ? us : entity->last_id + 1, key;
	int result;

	key = __builtin_bswap64(id);
	result = tern_put(entity, log, &key, sizeof key, bytes, len);
	if (result < 0)
		return result;
	(*find_record(entity, log, &key, sizeof key))->id = id;
	(*find_record(entity, log, &key, sizeof key))->with = with ? strdup(with) : NULL;
	*ret_id = entity->last_id = id;
	return 0;
}

int tern_append(struct tern_entity *entity, tern_store log, const char *with,
	const void *bytes, size_t len, uint64_t *ret_id)
{
	return tern_append_as_of(entity, log, tern_now_us(entity), with, bytes, len, ret_id);
}

int tern_log_delete(struct tern_entity *entity, tern_store log, uint64_t id)
{
	uint64_t key = __builtin_bswap64(id);

	return tern_delete(entity, log, &key, sizeof key);
}

int tern_log_expire(struct tern_entity *entity, tern_store log, uint64_t up_to_id)
{
	for (struct record **at = &entity->records; *at;) {
		struct record *record = *at;

		if (record->store != log || record->id > up_to_id) {
			at = &record->next;
			continue;
		}
		*at = record->next;
		free_record(record);
	}
	return 0;
}

static bool is_on_page(const struct record *record, tern_store log, const struct tern_page *page)
{
	return record->store == log && record->id > page->after_id &&
		(!page->before_id || record->id < page->before_id) &&
		(!page->with || (record->with && strcmp(record->with, page->with) == 0));
}

typedef void got_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled);

struct held_page {
	struct held_page *next;
	struct tern_entity *entity;
	tern_store log;
	struct tern_page page;
	got_page *got;
	void *context;
};

static void hold_page(const struct held_page *page)
{
	struct held_page **end = &page->entity->host->held_pages;

	while (*end)
		end = &(*end)->next;
	*end = heap_alloc(sizeof **end);
	**end = *page;
}

void fake_hold_pages(struct fake *fake)
{
	fake->host.holds_pages = true;
}

void fake_let_pages_go(struct fake *fake)
{
	fake->host.holds_pages = false;
	while (fake->host.held_pages) {
		struct held_page *page = fake->host.held_pages;

		fake->host.held_pages = page->next;
		tern_log_page(page->entity, page->log, &page->page, page->got, page->context);
		free(page);
	}
}

void fake_fail_pages(struct fake *fake, bool fails)
{
	fake->host.fails_pages = fails;
}

/* Slices of three entries, so that tests see modules ask again. */
void tern_log_page(struct tern_entity *entity, tern_store log, const struct tern_page *page,
	got_page *got, void *context)
{
	size_t most = page->most ? page->most : 3, count = 0, total = 0, first;
	struct tern_entry *entries = NULL;

	if (entity->host->holds_pages) {
		hold_page(&(struct held_page){ NULL, entity, log, *page, got, context });
		return;
	}
	if (entity->host->fails_pages) {
		got(entity, context, NULL, 0, false, true);
		return;
	}
	for (const struct record *at = entity->records; at; at = at->next) {
		if (!is_on_page(at, log, page))
			continue;
		entries = heap_resize(entries, (total + 1) * sizeof *entries);
		entries[total++] = (struct tern_entry){ .id = at->id, .with = at->with,
			.bytes = at->value, .len = at->value_len };
	}
	count = total < most ? total : most;
	first = page->backwards ? total - count : 0;
	for (size_t i = 0; page->backwards && i < count / 2; i++) {
		struct tern_entry entry = entries[first + i];

		entries[first + i] = entries[total - 1 - i];
		entries[total - 1 - i] = entry;
	}
	got(entity, context, entries ? entries + first : NULL, count, count == total, false);
	free(entries);
}

void tern_get(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	void (*got)(struct tern_entity *entity, void *context, const void *value, size_t len,
		bool cancelled),
	void *context)
{
	const struct record *record = *find_record(entity, store, key, key_len);

	if (is_there(record, store, key, key_len))
		got(entity, context, record->value, record->value_len, false);
	else
		got(entity, context, NULL, 0, false);
}

enum tern_condition tern_condition_of(int error)
{
	if (error == 0)
		return TERN_NO_CONDITION;
	if (error == -EDQUOT)
		return TERN_SERVICE_UNAVAILABLE;
	return error == -ENOSPC ? TERN_RESOURCE_CONSTRAINT : TERN_INTERNAL_SERVER_ERROR;
}

size_t fake_stored(struct tern_entity *entity, const char *store)
{
	size_t count = 0;

	for (struct record *at = entity->records; at; at = at->next)
		count += strcmp(entity->host->stores[at->store]->name, store) == 0;
	return count;
}
