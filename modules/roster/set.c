/* set.c - lets clients add, change and remove contacts
 * SPDX-License-Identifier: MIT */

#include "iq.h"

#include <string.h>

#include "roster.h"
#include "subscriber.h"

enum { NAME_MAX_BYTES = 1023, GROUPS_MAX = 64, GROUPS_MAX_BYTES = 16384 };

/* What a set asks for, once it is known to be sound. */
struct wish {
	const struct jid *jid; /* bare */
	const char *name;
	struct item_groups groups;
	bool removes;
};

static enum tern_condition check_group(const struct wish *wish, const char *name)
{
	size_t len = strlen(name);

	/* 2.3.3: a group has a name, within the limits, and stands once. */
	if (len == 0 || len > NAME_MAX_BYTES || wish->groups.count == GROUPS_MAX)
		return TERN_NOT_ACCEPTABLE;
	for (size_t i = 0; i < wish->groups.count; i++)
		if (strcmp(wish->groups.names[i], name) == 0)
			return TERN_BAD_REQUEST;
	return TERN_NO_CONDITION;
}

static enum tern_condition read_groups(struct arena *arena, const struct element *xml,
	struct wish *wish)
{
	const char **names = arena_alloc(arena, GROUPS_MAX * sizeof *names);
	const struct element *group = element_find(xml, NS_ROSTER, "group");
	size_t bytes = 0;

	wish->groups.names = names;
	for (; group; group = element_find_next(group, NS_ROSTER, "group")) {
		enum tern_condition condition = check_group(wish, element_text(group));

		if (condition != TERN_NO_CONDITION)
			return condition;
		names[wish->groups.count++] = element_text(group);
		bytes += strlen(element_text(group)) + 1;
	}
	return bytes > GROUPS_MAX_BYTES ? TERN_NOT_ACCEPTABLE : TERN_NO_CONDITION;
}

static bool asks_removal(const struct element *xml)
{
	const char *subscription = element_get(xml, "subscription");

	return subscription && strcmp(subscription, "remove") == 0;
}

/* 2.3.3, 2.4.3 and 2.5.3: what makes a set unsound.  Of `subscription` only `remove` counts
 * (2.1.2.5); `ask` and `approved` are the server's. */
static enum tern_condition read_wish(struct tern_event *event, struct wish *wish)
{
	const struct element *query = element_find(event->stanza.element, NS_ROSTER, "query");
	const struct element *xml = element_find(query, NS_ROSTER, "item");
	const char *jid = xml ? element_get(xml, "jid") : NULL;

	if (!jid || element_count(query) != 1)
		return TERN_BAD_REQUEST;
	wish->jid = jid_new(event->arena, jid);
	if (!wish->jid)
		return TERN_JID_MALFORMED;
	wish->jid = jid_bare(event->arena, wish->jid);
	wish->removes = asks_removal(xml);
	wish->name = element_get(xml, "name") ? element_get(xml, "name") : "";
	if (wish->removes)
		return TERN_NO_CONDITION;
	if (jid_equal(wish->jid, tern_entity_jid(event->entity)))
		return TERN_NOT_ALLOWED;
	if (strlen(wish->name) > NAME_MAX_BYTES)
		return TERN_NOT_ACCEPTABLE;
	return read_groups(event->arena, xml, wish);
}

static enum tern_verdict finish(struct tern_event *event, const struct jid *jid, int result)
{
	const struct item *item;

	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	item = roster_find(roster_of(event->entity), jid);
	if (item)
		push_item(event->entity, item);
	return tern_reply(event, NULL);
}

static enum tern_verdict update(struct tern_event *event, const struct wish *wish,
	const struct roster_settings *settings)
{
	const struct roster *roster = roster_of(event->entity);
	const struct item *old = roster_find(roster, wish->jid);
	struct item *item;

	if (!(old && old->listed) && roster->listed >= (unsigned long)settings->items)
		return tern_reject(event, TERN_POLICY_VIOLATION, "the roster is full");
	item = item_create(jid_text(wish->jid), wish->name, &wish->groups);
	item->state = old ? old->state : 0;
	item->listed = true;
	return finish(event, wish->jid, roster_store(event->entity, item, true));
}

/* 2.5.2: the server ends both subscriptions in the user's name. */
static enum tern_verdict discard(struct tern_event *event, const struct wish *wish)
{
	const struct item *old = roster_find(roster_of(event->entity), wish->jid);
	unsigned state = old ? old->state : 0;
	uint32_t number;
	struct item *stump;
	int result;

	if (!old || !old->listed)
		return tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
	number = old->number;
	stump = item_stump(old);
	stump->state = 0;
	result = roster_store(event->entity, stump, true);
	if (result < 0)
		return finish(event, wish->jid, result);
	if (state & TERN_SUB_PENDING_IN)
		roster_drop_request(event->entity, number);
	finish(event, wish->jid, 0);
	part_from(event->entity, wish->jid, state);
	return TERN_DONE;
}

enum tern_verdict answer_set(struct tern_event *event, const void *settings)
{
	struct wish wish = { 0 };
	enum tern_condition condition = read_wish(event, &wish);

	if (condition != TERN_NO_CONDITION)
		return tern_reject(event, condition, NULL);
	return wish.removes ? discard(event, &wish) : update(event, &wish, settings);
}
