/* item.h - a contact: one record, and the same in memory
 * SPDX-License-Identifier: MIT
 *
 * An item does not change: a changed one is made, written, and put in its place.  It is one
 * piece of memory, because an idle account holds a roster of them.
 *
 * What a client sees is `listed`.  An item that is not is either a request of a stranger that
 * waits for an answer (RFC 6121 2.1.2: no part of the roster), or what remains of a removed
 * one for the differences between versions (2.6), or both. */
#ifndef ITEM_H
#define ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct element;

struct item {
	uint32_t number;  /* the key of its record; not 0 */
	uint32_t version; /* of the roster, when clients last saw it change; 0: never seen */
	uint8_t state;    /* bits of enum tern_subscription */
	bool listed;
	uint16_t len;     /* of text */
	char text[];      /* bare JID, name, groups: each with its NUL */
};

/* Group names for item_create, `count` of them. */
struct item_groups { const char *const *names; size_t count; };

/* With malloc; the text is at most ITEM_TEXT_MAX bytes, which the caller has checked. */
#define ITEM_TEXT_MAX 32768
struct item *item_create(const char *jid, const char *name, const struct item_groups *groups);

/* The same contact to be changed and stored; the copy keeps the number. */
struct item *item_copy(const struct item *item);

/* The item without name and groups: what is kept of a removed one. */
struct item *item_stump(const struct item *item);

static inline const char *item_jid(const struct item *item)
{
	return item->text;
}
const char *item_name(const struct item *item); /* "" when none */

/* Walks the groups: item_group(item, NULL), then with the one before; NULL at the end. */
const char *item_group(const struct item *item, const char *before);

/* The record's value: ITEM_HEAD bytes and the text. */
#define ITEM_HEAD 7
size_t item_encode(const struct item *item, uint8_t *bytes);
struct item *item_decode(uint32_t number, const uint8_t *bytes, size_t len); /* NULL: damaged */

/* Adds the <item/> to a <query/>; one that is not listed as `remove`. */
void item_add(struct element *query, const struct item *item);

#endif
