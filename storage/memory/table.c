/* memory/table.c - a skip list, the same for the same calls
 * SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"

enum { LEVELS = 16 };

struct node {
	struct node **next; /* one a level */
	unsigned char *key, *value;
	size_t key_len, value_len;
};

struct table {
	struct node *head[LEVELS];
	size_t count;
	uint64_t bytes, dice;
};

/* The links that lead to a place, one a level. */
struct path {
	struct node **links[LEVELS];
	struct node *before;
};

struct table *table_create(void)
{
	struct table *table = heap_zalloc(sizeof(*table));
	table->dice = 0x9e3779b97f4a7c15;
	return table;
}

static void free_node(struct node *node)
{
	free(node->next);
	free(node->key);
	free(node->value);
	free(node);
}

void table_destroy(struct table *table)
{
	if (!table)
		return;
	for (struct node *node = table->head[0], *next; node; node = next) {
		next = node->next[0];
		free_node(node);
	}
	free(table);
}

size_t table_count(const struct table *table)
{
	return table->count;
}

uint64_t table_bytes(const struct table *table)
{
	return table->bytes;
}

static int compare(const struct node *node, const void *key, size_t key_len)
{
	size_t shorter = node->key_len < key_len ? node->key_len : key_len;
	int order = shorter ? memcmp(node->key, key, shorter) : 0;
	if (order)
		return order;
	return (node->key_len > key_len) - (node->key_len < key_len);
}

/* The first node at or behind the key. */
static struct node *seek(const struct table *table, const void *key, size_t key_len,
	struct path *ret_path)
{
	struct node **links = (struct node **)(uintptr_t)table->head;
	ret_path->before = NULL;
	for (int level = LEVELS - 1; level >= 0; level--) {
		while (links[level] && compare(links[level], key, key_len) < 0) {
			ret_path->before = links[level];
			links = links[level]->next;
		}
		ret_path->links[level] = &links[level];
	}
	return *ret_path->links[0];
}

static int roll(struct table *table)
{
	int levels = 1;
	table->dice ^= table->dice << 13;
	table->dice ^= table->dice >> 7;
	table->dice ^= table->dice << 17;
	for (uint64_t bits = table->dice; levels < LEVELS && (bits & 3) == 0; bits >>= 2)
		levels++;
	return levels;
}

static void insert(struct table *table, struct node *node, const struct path *path)
{
	int levels = roll(table);
	/* All levels have room, so that no walk need know how high a node is. */
	node->next = heap_zalloc(LEVELS * sizeof(*node->next));
	for (int level = 0; level < levels; level++) {
		node->next[level] = *path->links[level];
		*path->links[level] = node;
	}
	table->count++;
	table->bytes += node->key_len;
}

void table_put(struct table *table, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	struct path path;
	struct node *node = seek(table, key, key_len, &path);
	if (!node || compare(node, key, key_len) != 0) {
		node = heap_zalloc(sizeof(*node));
		node->key = heap_copy(key, key_len);
		node->key_len = key_len;
		insert(table, node, &path);
	}
	table->bytes += value_len - node->value_len;
	free(node->value);
	node->value = heap_copy(value, value_len);
	node->value_len = value_len;
}

void table_delete(struct table *table, const void *key, size_t key_len)
{
	struct path path;
	struct node *node = seek(table, key, key_len, &path);
	if (!node || compare(node, key, key_len) != 0)
		return;
	for (int level = 0; level < LEVELS && *path.links[level] == node; level++)
		*path.links[level] = node->next[level];
	table->count--;
	table->bytes -= node->key_len + node->value_len;
	free_node(node);
}

static bool show(const struct node *node, struct row *ret_row)
{
	if (!node)
		return false;
	*ret_row = (struct row){ node->key, node->value, node->key_len, node->value_len };
	return true;
}

bool table_get(const struct table *table, const void *key, size_t key_len, struct row *ret_row)
{
	struct path path;
	struct node *node = seek(table, key, key_len, &path);
	return node && compare(node, key, key_len) == 0 && show(node, ret_row);
}

bool table_from(const struct table *table, const void *key, size_t key_len, struct row *ret_row)
{
	struct path path;
	return show(seek(table, key, key_len, &path), ret_row);
}

bool table_before(const struct table *table, const void *key, size_t key_len,
	struct row *ret_row)
{
	struct path path;
	seek(table, key, key_len, &path);
	return show(path.before, ret_row);
}
