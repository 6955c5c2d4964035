/* get.c - gives clients the roster, or what has changed since they last had it
 * SPDX-License-Identifier: MIT */

#include "iq.h"

#include <stdlib.h>

#include "roster.h"
#include "stored.h"
#include "subscription.h"

struct interest { bool is_there; };

static struct interest *interest_of(struct tern_session *session)
{
	return tern_session_state(session, roster_interest);
}

bool is_interested(struct tern_session *session)
{
	return interest_of(session)->is_there;
}

static struct element *new_query(struct arena *arena, uint32_t version)
{
	struct element *query = element_new(arena, NS_ROSTER, "query");

	element_set(query, "ver", arena_printf(arena, "%u", version));
	return query;
}

static void send_push(struct tern_session *session, const struct item *item)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *iq = element_new(arena, NS_CLIENT, "iq");

	element_set(iq, "type", "set");
	element_set(iq, "id", arena_printf(arena, "push-%u", item->version));
	element_set(iq, "to", jid_text(tern_session_jid(session)));
	element_append(iq, new_query(arena, item->version));
	item_add(element_first(iq), item);
	tern_session_send(session, iq);
	arena_destroy(arena);
}

void push_item(struct tern_entity *entity, const struct item *item)
{
	struct tern_session *session = tern_session_first(entity);

	for (; session; session = tern_session_next(session))
		if (is_interested(session))
			send_push(session, item);
}

/* 2.6.2: a version is opaque to clients, so a text that is no number is one of somebody else. */
static bool read_version(const char *text, uint32_t *ret_version)
{
	char *end;
	unsigned long long number;

	if (!text || *text < '0' || *text > '9')
		return false;
	number = strtoull(text, &end, 10);
	if (*end || number > UINT32_MAX)
		return false;
	*ret_version = (uint32_t)number;
	return true;
}

static struct element *whole_roster(const struct roster *roster, struct arena *arena)
{
	struct element *query = new_query(arena, roster->version);

	for (uint32_t i = 0; i < roster->count; i++)
		if (roster->items[i]->listed)
			item_add(query, roster->items[i]);
	return query;
}

enum tern_verdict answer_get(struct tern_event *event, const void *settings)
{
	const struct roster *roster = roster_of(event->entity);
	const struct element *query = element_find(event->stanza.element, NS_ROSTER, "query");
	const struct item *const *changes;
	enum tern_verdict verdict;
	uint32_t since;
	size_t count;

	if (element_count(query) > 0)
		return tern_reject(event, TERN_BAD_REQUEST, "a roster get has no items");
	if (event->session)
		interest_of(event->session)->is_there = true;
	if (!event->session || !read_version(element_get(query, "ver"), &since) ||
	    !roster_changes(roster, since, event->arena, &changes, &count) ||
	    count > roster->listed)
		return tern_reply(event, whole_roster(roster, event->arena));
	verdict = tern_reply(event, NULL);
	for (size_t i = 0; i < count; i++)
		send_push(event->session, changes[i]);
	return verdict;
}

/* XEP-0227 4.4 and 4.8: the contacts, and requests that wait for an answer. */
void export_roster(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	struct arena *arena = tern_command_arena(command);
	const struct roster *roster = roster_of(entity);
	struct element *query = element_new(arena, NS_ROSTER, "query");
	struct stored_reader *reader = stored_reader_create();

	for (uint32_t i = 0; i < roster->count; i++) {
		if (roster->items[i]->listed)
			item_add(query, roster->items[i]);
	}
	tern_command_element(command, query);
	for (const struct request *request = roster->requests; request; request = request->next) {
		struct element *presence = stored_read(reader, request->xml, request->len);

		if (presence)
			tern_command_element(command, presence);
	}
	stored_reader_destroy(reader);
	tern_command_end(command);
}

static void tell_item(struct tern_command *command, const struct item *item)
{
	const char *group = item_group(item, NULL);

	do {
		tern_command_row(command, (const char *const[]){ item_jid(item), item_name(item),
			subscription_name(item->state), item->state & TERN_SUB_PENDING_OUT ? "subscribe" : "",
			group ? group : "" });
		group = group ? item_group(item, group) : NULL;
	} while (group);
}

/* A row for each group of each contact. */
void list_roster(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	const struct roster *roster = roster_of(entity);

	for (uint32_t i = 0; i < roster->count; i++) {
		if (roster->items[i]->listed)
			tell_item(command, roster->items[i]);
	}
	tern_command_end(command);
}

/* 2.1.5 and 2.3.3: a roster is its owner's alone. */
enum tern_verdict refuse_stranger(struct tern_event *event, const void *settings)
{
	return tern_reject(event, TERN_FORBIDDEN, NULL);
}
