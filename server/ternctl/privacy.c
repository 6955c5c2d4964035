/* privacy.c - finds whom a privacy list blocks (XEP-0016 1.7, XEP-0191 5)
 * SPDX-License-Identifier: MIT */

#include "privacy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "element.h"

#define NS_BLOCKING "urn:xmpp:blocking"

static bool is(const struct element *element, const char *attribute, const char *value)
{
	const char *text = element_get(element, attribute);

	return text && strcmp(text, value) == 0;
}

static unsigned long order_of(const struct element *item)
{
	const char *order = element_get(item, "order");

	return order ? strtoul(order, NULL, 10) : 0;
}

struct ranked {
	const struct element *item;
	size_t place;
};

static int compare(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	unsigned long first = order_of(left->item), second = order_of(right->item);

	if (first != second)
		return first < second ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

/* XEP-0016 2.1: an item for all kinds of stanzas names none of them, or all four. */
static bool is_of_all_kinds(const struct element *item)
{
	return !element_first(item) || (element_find(item, NS_PRIVACY, "message") &&
		element_find(item, NS_PRIVACY, "iq") &&
		element_find(item, NS_PRIVACY, "presence-in") &&
		element_find(item, NS_PRIVACY, "presence-out"));
}

/* NULL, or how it goes beyond a block list. */
static const char *judge(const struct element *item, bool has_allowed)
{
	if (is(item, "action", "allow"))
		return "it allows somebody, and what stands behind it is not taken over";
	if (has_allowed)
		return "it stands behind what is allowed";
	if (!is(item, "type", "jid") || !element_get(item, "value"))
		return "it is not of an address";
	if (!is_of_all_kinds(item))
		return "it is not of all stanzas";
	return NULL;
}

/* An item for everybody ends the list; as a rule it allows, as no item would. */
static bool is_fall_through(const struct element *item)
{
	return !element_get(item, "type") && is(item, "action", "allow") && is_of_all_kinds(item);
}

struct notes {
	void (*note)(void *context, const struct element *element, const char *what);
	void *context;
};

static void take_items(struct element *blocklist, const struct ranked *items, size_t count,
	const struct notes *notes)
{
	bool has_allowed = false;

	for (size_t i = 0; i < count && !is_fall_through(items[i].item); i++) {
		const char *why = judge(items[i].item, has_allowed);

		has_allowed |= is(items[i].item, "action", "allow");
		if (why)
			notes->note(notes->context, items[i].item, why);
		else
			element_set(element_add(blocklist, NULL, "item"), "jid",
				element_get(items[i].item, "value"));
	}
}

static void take_list(struct element *blocklist, const struct element *list,
	const struct notes *notes)
{
	struct arena *arena = element_arena(blocklist);
	struct ranked *items = arena_alloc(arena, (element_count(list) + 1) * sizeof *items);
	size_t count = 0;

	for (const struct element *item = element_find(list, NS_PRIVACY, "item"); item;
	     item = element_find_next(item, NS_PRIVACY, "item")) {
		items[count] = (struct ranked){ item, count };
		count++;
	}
	qsort(items, count, sizeof *items, compare);
	take_items(blocklist, items, count, notes);
}

struct element *privacy_blocklist(struct arena *arena, const struct element *query,
	void (*note)(void *context, const struct element *element, const char *what), void *context)
{
	struct element *blocklist = element_new(arena, NS_BLOCKING, "blocklist");
	const struct element *fallback = element_find(query, NS_PRIVACY, "default");
	const char *name = fallback ? element_get(fallback, "name") : NULL;
	const struct notes notes = { note, context };

	for (const struct element *list = element_find(query, NS_PRIVACY, "list"); list;
	     list = element_find_next(list, NS_PRIVACY, "list")) {
		if (name && is(list, "name", name))
			take_list(blocklist, list, &notes);
		else
			note(context, list, "it is not the default one");
	}
	return element_first(blocklist) ? blocklist : NULL;
}
