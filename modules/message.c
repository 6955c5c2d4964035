/* message.c - decides which of an account's sessions get a message (RFC 6121 8.5)
 * SPDX-License-Identifier: MIT */

#include "message.h"

#include "module.h"

/* --- what only the server says --------------------------------------------------------------- */

static bool is_false_delay(const struct element *element, const void *host)
{
	return tern_is_delay_of(element, host);
}

/* XEP-0203 5: since when a message has waited here, nobody else can know. */
static enum tern_verdict remove_false_delays(struct tern_event *event, const void *settings)
{
	const struct element *at = element_find(event->stanza.element, NS_DELAY, "delay");

	while (at && !tern_is_delay_of(at, event->host))
		at = element_find_next(at, NS_DELAY, "delay");
	if (at)
		element_remove_if(tern_event_edit(event), is_false_delay, event->host);
	return TERN_PASS;
}

/* --- who gets it ----------------------------------------------------------------------------- */

/* 8.5.2 and 8.5.3, as the table of 8.5.4 has it.  Where the RFC lets the server choose: a chat
 * goes to all resources that want messages, so that no device misses a part of it; words that
 * cannot reach the resource that they were meant for come back to their sender, news are
 * forgotten. */
enum message_fate message_fate(const struct message_case *facts)
{
	bool is_astray = facts->is_full && !facts->is_matched;

	if (facts->is_matched)
		return MESSAGE_TO_ONE;
	switch (facts->type) {
	case TERN_ERROR:
		return MESSAGE_DROP;
	case TERN_GROUPCHAT:
		return MESSAGE_REFUSE;
	case TERN_HEADLINE:
		return is_astray || !facts->is_wanted ? MESSAGE_DROP : MESSAGE_TO_ALL;
	case TERN_CHAT: /* 8.5.3.2.1: a chat goes on with whoever is there */
		return facts->is_wanted ? MESSAGE_TO_ALL : MESSAGE_MISSED;
	default:
		if (is_astray)
			return MESSAGE_REFUSE;
		return facts->is_wanted ? MESSAGE_TO_ALL : MESSAGE_MISSED;
	}
}

/* 4.7.2.3: a negative priority says that no message to the bare JID is wanted. */
static bool wants_messages(const struct tern_session *session)
{
	return tern_session_is_available(session) && tern_session_priority(session) >= 0;
}

static bool is_wanted(struct tern_entity *entity)
{
	struct tern_session *session = tern_session_first(entity);

	while (session && !wants_messages(session))
		session = tern_session_next(session);
	return session;
}

static void deliver_to_all(struct tern_event *event)
{
	struct tern_session *session = tern_session_first(event->entity);

	for (; session; session = tern_session_next(session))
		if (wants_messages(session))
			tern_deliver(event, session);
}

static enum tern_verdict deliver(struct tern_event *event, const void *settings)
{
	const char *resource = jid_resource(event->stanza.to);
	struct tern_session *match = resource ? tern_session_find(event->entity, resource) : NULL;
	struct message_case facts = {
		.type = event->stanza.type, .is_full = resource, .is_matched = match,
		.is_wanted = is_wanted(event->entity),
	};

	switch (message_fate(&facts)) {
	case MESSAGE_TO_ONE:
		tern_deliver(event, match);
		break;
	case MESSAGE_TO_ALL:
		deliver_to_all(event);
		break;
	case MESSAGE_REFUSE:
		return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
	case MESSAGE_DROP: /* drop_missed, when the account's other hooks have seen it */
	case MESSAGE_MISSED:
		break;
	}
	return TERN_PASS;
}

static enum tern_verdict drop_missed(struct tern_event *event, const void *settings)
{
	bool is_dropped = event->stanza.type == TERN_ERROR || event->stanza.type == TERN_HEADLINE;

	return is_dropped ? TERN_DONE : TERN_PASS;
}

/* 8.5.2.2.1: nobody keeps it, so its sender has to know. */
static enum tern_verdict refuse_missed(struct tern_event *event, const void *settings)
{
	return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "message",
	.about = "delivery of messages to sessions (RFC 6121 8.5)",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, remove_false_delays },
		{ TERN_IN_DELIVER, TERN_MESSAGES, 0, deliver },
		{ TERN_IN_MISSED, TERN_MESSAGES, 1000, drop_missed },
		{ TERN_IN_MISSED, TERN_MESSAGES, 1000, refuse_missed },
		{ 0 },
	},
};
