/* inbound.c - presence from others, and the probes that ask for ours
 * SPDX-License-Identifier: MIT */

#include "presence.h"

static void deliver_to_available(struct tern_event *event)
{
	struct tern_session *session = tern_session_first(event->entity);

	for (; session; session = tern_session_next(session))
		if (tern_session_is_available(session))
			tern_deliver(event, session);
}

/* The session that a full JID names, connected or available. */
static struct tern_session *addressed(const struct tern_event *event)
{
	const char *resource = jid_resource(event->stanza.to);

	return resource ? tern_session_find(event->entity, resource) : NULL;
}

/* RFC 6121 8.5.2.1.2 and 8.5.3.1: presence reaches resources of any priority; what finds
 * nobody is forgotten (8.5.2.2.2, 8.5.3.2.2). */
static void deliver(struct tern_event *event)
{
	struct tern_session *session = addressed(event);

	if (session)
		tern_deliver(event, session);
	else if (jid_is_bare(event->stanza.to))
		deliver_to_available(event);
}

/* 4.6.3: whoever answers directed presence with an error need not hear its end. */
static void deliver_error(struct tern_event *event)
{
	struct tern_session *session = addressed(event);

	if (!session)
		return;
	directed_remove(directed_of(session), event->stanza.from);
	tern_deliver(event, session);
}

/* --- probes (4.3.2) ------------------------------------------------------------------------ */

enum probe_right {
	MAY_SEE,     /* subscribed, or one of the user's own */
	WAITS,       /* has asked, and the user has not answered; or nobody can tell */
	IS_STRANGER,
};

static enum probe_right right_of(const struct tern_event *event)
{
	int state;

	if (tern_event_is_own(event))
		return MAY_SEE;
	state = tern_question(event->entity, TERN_ASK_SUBSCRIPTION, event->stanza.from);
	if (state & TERN_SUB_FROM)
		return MAY_SEE;
	return state & (TERN_SUB_PENDING_IN | TERN_SUB_UNKNOWN) ? WAITS : IS_STRANGER;
}

static void tell_presence(struct tern_event *event, struct tern_session *session)
{
	struct element *presence = element_copy(event->arena, tern_session_presence(session));

	element_set(presence, "from", jid_text(tern_session_jid(session)));
	element_set(presence, "to", jid_text(event->stanza.from));
	tern_send(event->entity, presence);
}

static void tell(struct tern_event *event, const struct jid *from, const char *to,
	const char *type)
{
	struct element *presence = element_new(event->arena, NS_CLIENT, "presence");

	element_set(presence, "from", jid_text(from));
	element_set(presence, "to", to);
	element_set(presence, "type", type);
	tern_send(event->entity, presence);
}

static bool is_sender(const struct tern_event *event, struct tern_session *session)
{
	return jid_equal(tern_session_jid(session), event->stanza.from);
}

/* How many resources spoke for themselves. */
static unsigned tell_available(struct tern_event *event)
{
	struct tern_session *session = tern_session_first(event->entity);
	unsigned told = 0;

	for (; session; session = tern_session_next(session)) {
		if (!tern_session_is_available(session) || is_sender(event, session))
			continue;
		tell_presence(event, session);
		told++;
	}
	return told;
}

/* A broadcast that is a probe gets no word of absence: a closed account gives none either. */
static void tell_whom_it_may(struct tern_event *event)
{
	struct tern_session *session = addressed(event);

	if (session && tern_session_is_available(session))
		tell_presence(event, session);
	else if (jid_resource(event->stanza.to))
		tell(event, event->stanza.to, jid_text(event->stanza.from), "unavailable");
	else if (tell_available(event) == 0 && !event->probes)
		tell(event, tern_entity_jid(event->entity), jid_text(event->stanza.from),
			"unavailable");
}

static void answer_probe(struct tern_event *event)
{
	switch (right_of(event)) {
	case MAY_SEE:
		tell_whom_it_may(event);
		break;
	case WAITS:
		/* `unsubscribed` would take back the request that the user has yet to see, or a
		 * subscription that stands in a roster whose module has been unloaded. */
		break;
	case IS_STRANGER:
		tell(event, tern_entity_jid(event->entity), jid_bare_text(event->stanza.from),
			"unsubscribed");
		break;
	}
}

enum tern_verdict receive_presence(struct tern_event *event, const void *settings)
{
	switch (event->stanza.type) {
	case TERN_AVAILABLE:
		deliver(event);
		if (event->probes)
			answer_probe(event);
		return TERN_DONE;
	case TERN_UNAVAILABLE:
		deliver(event);
		return TERN_DONE;
	case TERN_ERROR:
		deliver_error(event);
		return TERN_DONE;
	case TERN_PROBE:
		answer_probe(event);
		return TERN_DONE;
	default: /* subscriptions are the roster's; other types belong to other stanzas */
		return TERN_PASS;
	}
}
