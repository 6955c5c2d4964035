/* broadcast.c - a session's presence to contacts, to the other resources, and at its end
 * SPDX-License-Identifier: MIT */

#include "presence.h"

/* --- the user's own resources -------------------------------------------------------------- */

static void show(struct tern_session *to, const struct jid *from, const struct element *presence)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *copy = element_copy(arena, presence);

	element_set(copy, "from", jid_text(from));
	element_set(copy, "to", jid_text(tern_session_jid(to)));
	tern_session_send(to, copy);
	arena_destroy(arena);
}

/* 4.2.2: everybody gets the new presence, its sender too. */
static void show_to_own(struct tern_entity *entity, struct tern_session *session,
	const struct element *presence)
{
	struct tern_session *other = tern_session_first(entity);

	for (; other; other = tern_session_next(other))
		if (other == session || tern_session_is_available(other))
			show(other, tern_session_jid(session), presence);
}

static void show_own_to(struct tern_entity *entity, struct tern_session *session)
{
	struct tern_session *other = tern_session_first(entity);

	for (; other; other = tern_session_next(other))
		if (other != session && tern_session_is_available(other))
			show(session, tern_session_jid(other), tern_session_presence(other));
}

/* --- contacts ------------------------------------------------------------------------------ */

static void send_to(struct tern_entity *entity, const struct tern_broadcast *broadcast)
{
	if (broadcast->count > 0)
		tern_send_many(entity, broadcast);
}

/* Divides the contacts into those that have all of `bits`, moved to the front, and others. */
static size_t divide(struct tern_entity *entity, const struct jid **contacts, size_t count,
	int bits)
{
	size_t having = 0;

	for (size_t i = 0; i < count; i++) {
		const struct jid *contact = contacts[i];

		if ((tern_question(entity, TERN_ASK_SUBSCRIPTION, contact) & bits) != bits)
			continue;
		contacts[i] = contacts[having];
		contacts[having++] = contact;
	}
	return having;
}

/* Those whom the user has blocked are told nothing, and are not asked. */
static size_t find_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid ***ret_contacts)
{
	const struct jid *const *found;
	size_t count = tern_contacts(entity, bits, arena, &found), kept = 0;
	bool blocks = tern_question(entity, TERN_ASK_BLOCKED, NULL);

	*ret_contacts = arena_alloc(arena, (count + 1) * sizeof **ret_contacts);
	for (size_t i = 0; i < count; i++)
		if (!blocks || !tern_question(entity, TERN_ASK_BLOCKED, found[i]))
			(*ret_contacts)[kept++] = found[i];
	return kept;
}

/* 4.2.2: to whoever sees the user; in the same breath it asks those whom the user sees. */
static void broadcast_initial(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event)
{
	const struct jid **contacts;
	size_t count = find_contacts(entity, TERN_SUB_FROM, event->arena, &contacts);
	size_t both = divide(entity, contacts, count, TERN_SUB_TO);
	struct tern_broadcast broadcast = {
		.stanza = event->stanza.element, .from = tern_session_jid(session),
		.to = contacts, .count = both, .probes = true, .only_open = true,
	};

	send_to(entity, &broadcast);
	broadcast.to = contacts + both;
	broadcast.count = count - both;
	broadcast.probes = false;
	send_to(entity, &broadcast);
}

/* 4.3.1: those whom the user sees and who do not see the user. */
static void probe(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event)
{
	const struct jid **contacts;
	size_t count = find_contacts(entity, TERN_SUB_TO, event->arena, &contacts);
	size_t both = divide(entity, contacts, count, TERN_SUB_FROM);
	struct element *stanza = element_new(event->arena, NS_CLIENT, "presence");
	struct tern_broadcast broadcast = {
		.stanza = stanza, .from = tern_session_jid(session),
		.to = contacts + both, .count = count - both, .only_open = true,
	};

	element_set(stanza, "type", "probe");
	send_to(entity, &broadcast);
}

static void broadcast_to_subscribers(struct tern_entity *entity, struct tern_session *session,
	struct arena *arena, struct element *presence)
{
	const struct jid **contacts;
	size_t count = find_contacts(entity, TERN_SUB_FROM, arena, &contacts);

	send_to(entity, &(struct tern_broadcast){
		.stanza = presence, .from = tern_session_jid(session), .to = contacts,
		.count = count, .only_open = true });
}

void announce(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	show_to_own(entity, session, event->stanza.element);
	show_own_to(entity, session);
	broadcast_initial(entity, session, event);
	probe(entity, session, event);
}

void announce_change(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	show_to_own(entity, session, event->stanza.element);
	broadcast_to_subscribers(entity, session, event->arena, event->stanza.element);
}

/* --- the end ------------------------------------------------------------------------------- */

/* 4.6.3: those who were told directly; subscribers among them have heard it already. */
static void leave_directed(struct tern_entity *entity, struct tern_session *session,
	struct arena *arena, struct element *presence, bool was_available)
{
	struct directed *directed = directed_of(session);
	const struct jid **to = arena_alloc(arena, (directed->count + 1) * sizeof *to);
	struct tern_broadcast broadcast = {
		.stanza = presence, .from = tern_session_jid(session), .to = to, .only_open = true,
	};

	for (uint32_t i = 0; i < directed->count; i++)
		if (!was_available || !(tern_question(entity, TERN_ASK_SUBSCRIPTION,
				directed->to[i]) & TERN_SUB_FROM))
			to[broadcast.count++] = directed->to[i];
	send_to(entity, &broadcast);
	directed_finish(directed);
}

static void tell_others(struct tern_entity *entity, struct tern_session *session,
	const struct element *presence)
{
	struct tern_session *other = tern_session_first(entity);

	for (; other; other = tern_session_next(other))
		if (other != session && tern_session_is_available(other))
			show(other, tern_session_jid(session), presence);
}

static struct element *new_leave(struct arena *arena)
{
	struct element *presence = element_new(arena, NS_CLIENT, "presence");

	element_set(presence, "type", "unavailable");
	return presence;
}

/* Whoever was told directly and is blocked now sees the session end; a blocked subscriber has
 * seen it. */
static void leave_blocked(struct tern_entity *entity, struct tern_session *session)
{
	struct directed *directed = directed_of(session);
	struct arena *arena = arena_create(ARENA_SMALL);

	for (uint32_t i = directed->count; i-- > 0;) {
		struct element *presence = new_leave(arena);

		if (!tern_question(entity, TERN_ASK_BLOCKED, directed->to[i]))
			continue;
		element_set(presence, "from", jid_text(tern_session_jid(session)));
		element_set(presence, "to", jid_text(directed->to[i]));
		if (!is_told_anyhow(entity, session, directed->to[i]))
			tern_send(entity, presence);
		directed_remove(directed, directed->to[i]);
	}
	arena_destroy(arena);
}

void hide_from_blocked(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	for (session = tern_session_first(entity); session; session = tern_session_next(session))
		leave_blocked(entity, session);
}

/* 4.5.2: in the words of the client, or for it when it has gone without any (4.5.3). */
void take_leave(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *presence = event ? event->stanza.element : new_leave(arena);

	tell_others(entity, session, presence);
	broadcast_to_subscribers(entity, session, arena, presence);
	leave_directed(entity, session, arena, presence, true);
	arena_destroy(arena);
}

/* A session that never was available may have sent directed presence all the same. */
void forget_session(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct arena *arena;

	if (directed_of(session)->count == 0)
		return;
	arena = arena_create(ARENA_SMALL);
	leave_directed(entity, session, arena, new_leave(arena), false);
	arena_destroy(arena);
}
