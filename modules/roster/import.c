/* import.c - takes contacts over from a file (XEP-0227 4.4 and 4.8)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "iq.h"
#include "roster.h"
#include "stored.h"

enum { GROUPS_MOST = 64 };

static unsigned read_state(const struct element *xml)
{
	static const struct { const char *name; unsigned state; } states[] = {
		{ "none", 0 }, { "to", TERN_SUB_TO }, { "from", TERN_SUB_FROM },
		{ "both", TERN_SUB_TO | TERN_SUB_FROM },
	};
	const char *subscription = element_get(xml, "subscription");
	const char *approved = element_get(xml, "approved");
	unsigned state = element_get(xml, "ask") ? TERN_SUB_PENDING_OUT : 0;

	if (approved && (strcmp(approved, "true") == 0 || strcmp(approved, "1") == 0))
		state |= TERN_SUB_APPROVED;
	for (size_t i = 0; subscription && i < sizeof states / sizeof *states; i++) {
		if (strcmp(subscription, states[i].name) == 0)
			state |= states[i].state;
	}
	return state;
}

static struct item *read_item(const char *jid, const struct element *xml)
{
	const char *names[GROUPS_MOST], *name = element_get(xml, "name");
	struct item_groups groups = { names, 0 };
	size_t bytes = strlen(jid) + (name ? strlen(name) : 0) + 2;

	for (const struct element *group = element_find(xml, NS_ROSTER, "group"); group;
	     group = element_find_next(group, NS_ROSTER, "group")) {
		bytes += strlen(element_text(group)) + 1;
		if (groups.count < GROUPS_MOST)
			names[groups.count++] = element_text(group);
	}
	return bytes > ITEM_TEXT_MAX ? NULL : item_create(jid, name ? name : "", &groups);
}

/* A request of theirs may have come before. */
static int import_item(struct tern_entity *entity, const struct element *xml, long most)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct roster *roster = roster_of(entity);
	const char *text = element_get(xml, "jid");
	const struct jid *jid = text ? jid_new(arena, text) : NULL;
	const struct item *old = jid ? roster_find(roster, jid_bare(arena, jid)) : NULL;
	struct item *item = jid ? read_item(jid_bare_text(jid), xml) : NULL;
	int result = item ? -EFBIG : -EBADMSG;

	if (item && ((old && old->listed) || roster->listed < (unsigned long)most)) {
		item->state = (uint8_t)(read_state(xml) | (old ? old->state & TERN_SUB_PENDING_IN : 0));
		item->listed = true;
		result = roster_store(entity, item, true);
	} else {
		free(item);
	}
	arena_destroy(arena);
	return result;
}

int import_roster(struct tern_entity *entity, const struct element *query, const void *settings)
{
	const struct roster_settings *limits = settings;
	int result = 0;

	for (const struct element *xml = element_find(query, NS_ROSTER, "item"); xml && result == 0;
	     xml = element_find_next(xml, NS_ROSTER, "item"))
		result = import_item(entity, xml, limits->items);
	return result;
}

/* A request that waits for the user's answer, as if it had just come. */
static int keep_request(struct tern_entity *entity, const struct jid *from,
	const struct element *presence)
{
	const struct item *old = roster_find(roster_of(entity), from);
	struct item *item = old ? item_copy(old)
		: item_create(jid_text(from), "", &(struct item_groups){ 0 });
	struct buffer xml = { 0 };
	int result;

	item->state |= TERN_SUB_PENDING_IN;
	result = roster_store(entity, item, false);
	if (result < 0)
		return result;
	stored_write(&xml, presence);
	result = roster_keep_request(entity, roster_find(roster_of(entity), from)->number,
		buffer_at(&xml), xml.len);
	buffer_finish(&xml);
	return result;
}

int import_request(struct tern_entity *entity, const struct element *presence,
	const void *settings)
{
	const char *type = element_get(presence, "type"), *text = element_get(presence, "from");
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct jid *from = text ? jid_new(arena, text) : NULL;
	int result = -EBADMSG;

	if (from && type && strcmp(type, "subscribe") == 0)
		result = keep_request(entity, jid_bare(arena, from), presence);
	arena_destroy(arena);
	return result;
}
