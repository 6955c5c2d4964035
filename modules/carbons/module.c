/* module.c - all devices of a user see both sides of a conversation (XEP-0280 1.0.1)
 * SPDX-License-Identifier: MIT */

#include "module.h"

#include "copied.h"
#include "eligible.h"

#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_RULES "urn:xmpp:carbons:rules:0"

struct wish { bool wants_copies; };

static tern_state wish_handle, copied_handle;

/* --- enable and disable ---------------------------------------------------------------------- */

/* XEP-0280 4.1 and 5.1: not for another's devices. 10.1: once more is no error. */
static enum tern_verdict note_wish(struct tern_event *event, bool wants_copies)
{
	struct wish *wish;

	if (!event->session)
		return tern_reject(event, TERN_NOT_ALLOWED, NULL);
	wish = tern_session_state(event->session, wish_handle);
	wish->wants_copies = wants_copies;
	return tern_reply(event, NULL);
}

static enum tern_verdict enable(struct tern_event *event, const void *settings)
{
	return note_wish(event, true);
}

static enum tern_verdict disable(struct tern_event *event, const void *settings)
{
	return note_wish(event, false);
}

/* --- copies ---------------------------------------------------------------------------------- */

/* A device has a message once: as it was sent, as it came, or as one copy. */
static bool gets_copy(const struct tern_event *event, struct tern_session *session)
{
	const struct wish *wish = tern_session_state(session, wish_handle);

	return wish->wants_copies && !tern_event_reached(event, session) &&
		!jid_equal(tern_session_jid(session), event->stanza.from);
}

static struct tern_session *next_device(const struct tern_event *event,
	struct tern_session *session)
{
	while (session && !gets_copy(event, session))
		session = tern_session_next(session);
	return session;
}

/* An error answers what went the other way. */
static bool is_eligible(const struct tern_event *event, const struct copied *copied,
	bool is_received)
{
	const struct tern_stanza *stanza = &event->stanza;

	return carbon_choice(&(struct carbon_case){
		.type = stanza->type, .message = stanza->element,
		.is_received = is_received, .is_from_full = !jid_is_bare(stanza->from),
		.answers_copied = stanza->type == TERN_ERROR && stanza->id &&
			copied_has(copied, stanza->to, stanza->from, stanza->id),
	}) == CARBON_COPY;
}

static struct element *wrap(struct tern_event *event, const char *direction)
{
	struct element *message = element_new(event->arena, NS_CLIENT, "message");
	struct element *copy = element_add(message, NS_CARBONS, direction);

	element_set(message, "from", jid_text(tern_entity_jid(event->entity)));
	element_set(message, "type", element_get(event->stanza.element, "type"));
	element_append(element_add(copy, NS_FORWARD, "forwarded"), tern_event_copy(event));
	return message;
}

static void copy(struct tern_event *event, bool is_received)
{
	const struct tern_stanza *stanza = &event->stanza;
	struct copied *copied = tern_entity_state(event->entity, copied_handle);
	struct tern_session *device = next_device(event, tern_session_first(event->entity));
	struct element *message;

	if (!device || !is_eligible(event, copied, is_received))
		return;
	if (stanza->type != TERN_ERROR && stanza->id)
		copied_add(copied, stanza->from, stanza->to, stanza->id);
	message = wrap(event, is_received ? "received" : "sent");
	for (; device; device = next_device(event, tern_session_next(device))) {
		element_set(message, "to", jid_text(tern_session_jid(device)));
		tern_deliver_copy(event, device, message);
	}
}

/* What a user sends to their own account is copied where it comes in: once. */
static enum tern_verdict copy_sent(struct tern_event *event, const void *settings)
{
	const struct jid *to = event->stanza.to;

	if (to && !jid_bare_equal(to, tern_entity_jid(event->entity)))
		copy(event, false);
	return TERN_PASS;
}

static bool has_reached_somebody(const struct tern_event *event)
{
	struct tern_session *session = tern_session_first(event->entity);

	while (session && !tern_event_reached(event, session))
		session = tern_session_next(session);
	return session;
}

/* 10.3: the bounce of a copy comes from one of the account's own devices.  What is missed waits
 * for the first device that wants it, which would have it twice. */
static enum tern_verdict copy_received(struct tern_event *event, const void *settings)
{
	bool is_error = event->stanza.type == TERN_ERROR;

	if (is_error ? !tern_event_is_own(event) : has_reached_somebody(event))
		copy(event, true);
	return TERN_PASS;
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "carbons",
	.about = "copies of messages for a user's other devices (XEP-0280)",
	.features = (const char *const[]){ NS_CARBONS, NS_RULES, NULL },
	.account_features = (const char *const[]){ NS_CARBONS, NS_RULES, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_SET, TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT, NS_CARBONS, "enable", enable,
			TERN_NOT_ALLOWED },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT, NS_CARBONS, "disable", disable,
			TERN_NOT_ALLOWED },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		/* Behind what may still refuse it, and behind its delivery. */
		{ TERN_OUT_RECORD, TERN_MESSAGES, 100, copy_sent },
		{ TERN_IN_DELIVER, TERN_MESSAGES, 100, copy_received },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, sizeof(struct wish), &wish_handle, NULL, "carbons", true },
		{ TERN_PER_ACCOUNT, sizeof(struct copied), &copied_handle, copied_finish },
		{ 0 },
	},
};
