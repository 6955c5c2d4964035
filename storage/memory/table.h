/* memory/table.h - keys in order, each with a value
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_MEMORY_TABLE_H
#define STORAGE_MEMORY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

/* Borrowed until the next change of the table; a NUL, not counted, behind the value. */
struct row {
	const unsigned char *key;
	const unsigned char *value;
	size_t key_len, value_len;
};

struct table *table_create(void);
void table_destroy(struct table *table);
size_t table_count(const struct table *table);
uint64_t table_bytes(const struct table *table);

void table_put(struct table *table, const void *key, size_t key_len, const void *value,
	size_t value_len);
void table_delete(struct table *table, const void *key, size_t key_len);

/* The row with that key; the first one at or behind it; the last one before it.  False
 * when there is none. */
bool table_get(const struct table *table, const void *key, size_t key_len, struct row *ret_row);
bool table_from(const struct table *table, const void *key, size_t key_len, struct row *ret_row);
bool table_before(const struct table *table, const void *key, size_t key_len,
	struct row *ret_row);

#endif
