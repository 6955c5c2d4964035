/* iq.c - lets clients read and change the list, and tells the others (XEP-0191 3)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>

#include "blocking.h"

/* What a set names, once it is known to be sound. */
struct items {
	const struct jid **jids;
	size_t count;
};

static const struct element *payload_of(const struct tern_event *event)
{
	return element_first(event->stanza.element);
}

static struct element *add_item(struct element *parent, const char *jid)
{
	struct element *item = element_add(parent, NS_BLOCKING, "item");

	element_set(item, "jid", jid);
	return item;
}

/* --- the list ------------------------------------------------------------------------------ */

static struct element *list_xml(struct arena *arena, struct tern_entity *entity)
{
	const struct blocklist *list = blocklist_of(entity);
	struct element *xml = element_new(arena, NS_BLOCKING, "blocklist");

	for (uint32_t i = 0; i < list->count; i++)
		add_item(xml, list->entries[i]->jid);
	return xml;
}

enum tern_verdict answer_list(struct tern_event *event, const void *settings)
{
	struct blocking_interest *interest;

	if (event->session) {
		interest = tern_session_state(event->session, blocking_interest);
		interest->is_there = true;
	}
	return tern_reply(event, list_xml(event->arena, event->entity));
}

/* --- pushes -------------------------------------------------------------------------------- */

static void push_to(struct tern_session *session, struct arena *arena, const char *name,
	const struct items *items)
{
	struct element *iq = element_new(arena, NS_CLIENT, "iq");
	struct element *change = element_add(iq, NS_BLOCKING, name);
	uint64_t number;

	tern_random(tern_session_entity(session), &number, sizeof number);
	element_set(iq, "type", "set");
	element_set(iq, "id", arena_printf(arena, "block-%016" PRIx64, number));
	element_set(iq, "to", jid_text(tern_session_jid(session)));
	for (size_t i = 0; i < items->count; i++)
		add_item(change, jid_text(items->jids[i]));
	tern_session_send(session, iq);
}

static void push(struct tern_event *event, const struct items *items)
{
	struct tern_session *session = tern_session_first(event->entity);
	const char *name = element_name(payload_of(event));

	for (; session; session = tern_session_next(session)) {
		const struct blocking_interest *interest =
			tern_session_state(session, blocking_interest);

		if (interest->is_there)
			push_to(session, event->arena, name, items);
	}
}

/* --- changes ------------------------------------------------------------------------------- */

static struct items items_new(struct arena *arena, size_t most)
{
	return (struct items){ .jids = arena_alloc(arena, (most + 1) * sizeof(struct jid *)) };
}

static enum tern_condition read_items(struct arena *arena, const struct element *set,
	struct items *ret)
{
	const struct element *item = element_first(set);

	*ret = items_new(arena, element_count(set));
	for (; item; item = element_next(item)) {
		const char *jid = element_get(item, "jid");

		if (!jid || !element_is(item, NS_BLOCKING, "item"))
			return TERN_BAD_REQUEST;
		ret->jids[ret->count] = jid_new(arena, jid);
		if (!ret->jids[ret->count++])
			return TERN_JID_MALFORMED;
	}
	return TERN_NO_CONDITION;
}

/* What was said is what is pushed, also where some of it was so already. */
static enum tern_verdict finish(struct tern_event *event, const struct items *said,
	const struct audience *audience)
{
	enum tern_verdict verdict = tern_reply(event, NULL);

	push(event, said);
	audience_after(event->entity, event->arena, audience);
	tern_happen(event->entity, TERN_ON_BLOCKLIST_CHANGED, event);
	return verdict;
}

static bool has_item(const struct items *items, const struct jid *jid)
{
	for (size_t i = 0; i < items->count; i++)
		if (jid_equal(items->jids[i], jid))
			return true;
	return false;
}

/* Leaves out what is there already, or stands twice; false where the rest does not fit. */
static bool find_new(struct tern_entity *entity, struct arena *arena, const struct items *said,
	long most, struct items *ret_new)
{
	const struct blocklist *list = blocklist_of(entity);

	*ret_new = items_new(arena, said->count);
	for (size_t i = 0; i < said->count && list->count + ret_new->count <= (size_t)most; i++) {
		const struct jid *jid = said->jids[i];

		if (!blocklist_has(list, jid_text(jid)) && !has_item(ret_new, jid))
			ret_new->jids[ret_new->count++] = jid;
	}
	return list->count + ret_new->count <= (size_t)most;
}

/* All of them or none. */
static int add_all(struct tern_entity *entity, const struct items *items)
{
	int result = 0;
	size_t i = 0;

	for (; i < items->count && result == 0; i++)
		result = blocklist_add(entity, items->jids[i]);
	while (result < 0 && i-- > 0)
		blocklist_remove(entity, items->jids[i]);
	return result;
}

enum tern_verdict answer_block(struct tern_event *event, const void *settings)
{
	const struct blocking_settings *limits = settings;
	struct items said, new_ones;
	enum tern_condition fault = read_items(event->arena, payload_of(event), &said);
	struct audience audience;
	int result;

	if (fault == TERN_NO_CONDITION && said.count == 0)
		fault = TERN_BAD_REQUEST;
	if (fault != TERN_NO_CONDITION)
		return tern_reject(event, fault, NULL);
	if (!find_new(event->entity, event->arena, &said, limits->items, &new_ones))
		return tern_reject(event, TERN_POLICY_VIOLATION, "the blocklist is full");
	audience = audience_before(event->entity, event->arena, new_ones.jids, new_ones.count);
	result = add_all(event->entity, &new_ones);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	return finish(event, &said, &audience);
}

/* 3.5: an empty set names all of them. */
static struct items all_items(struct tern_event *event)
{
	const struct blocklist *list = blocklist_of(event->entity);
	struct items all = items_new(event->arena, list->count);

	for (uint32_t i = 0; i < list->count; i++) {
		all.jids[all.count] = jid_new(event->arena, list->entries[i]->jid);
		all.count += all.jids[all.count] != NULL;
	}
	return all;
}

/* Once each, or one who is named often would be told as often. */
static struct items find_blocked(struct tern_event *event, const struct items *said)
{
	const struct blocklist *list = blocklist_of(event->entity);
	struct items blocked = items_new(event->arena, list->count);

	for (size_t i = 0; i < said->count && blocked.count < list->count; i++) {
		const struct jid *jid = said->jids[i];

		if (blocklist_has(list, jid_text(jid)) && !has_item(&blocked, jid))
			blocked.jids[blocked.count++] = jid;
	}
	return blocked;
}

enum tern_verdict answer_unblock(struct tern_event *event, const void *settings)
{
	struct items said, gone;
	enum tern_condition fault = read_items(event->arena, payload_of(event), &said);
	struct audience audience;

	if (fault != TERN_NO_CONDITION)
		return tern_reject(event, fault, NULL);
	gone = said.count ? find_blocked(event, &said) : all_items(event);
	audience = audience_before(event->entity, event->arena, gone.jids, gone.count);
	for (size_t i = 0; i < gone.count; i++) {
		int result = blocklist_remove(event->entity, gone.jids[i]);

		if (result < 0)
			return tern_reject(event, tern_condition_of(result), NULL);
	}
	return finish(event, &said, &audience);
}

/* --- ternctl ------------------------------------------------------------------------------- */

/* XEP-0227 4 leaves room for what it does not know. */
void export_list(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	struct element *xml = list_xml(tern_command_arena(command), entity);

	if (element_first(xml))
		tern_command_element(command, xml);
	tern_command_end(command);
}

/* As a set, but nobody is there who would be told. */
int import_list(struct tern_entity *entity, const struct element *xml, const void *settings)
{
	const struct blocking_settings *limits = settings;
	struct arena *arena = arena_create(ARENA_SMALL);
	struct items said, new_ones;
	int result = -EBADMSG;

	if (read_items(arena, xml, &said) == TERN_NO_CONDITION)
		result = find_new(entity, arena, &said, limits->items, &new_ones) ?
			add_all(entity, &new_ones) : -EFBIG;
	arena_destroy(arena);
	return result;
}
