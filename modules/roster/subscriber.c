/* subscriber.c - carries out what subscription.c decides
 * SPDX-License-Identifier: MIT
 *
 * A subscription stanza changes the sender's roster and then the addressee's.  Between the two
 * the server may stop, so the stanza is sent again after the next start; what it finds done
 * already it does not do twice (appendix A: no change of state, no delivery). */

#include "subscriber.h"

#include <string.h>

#include "buffer.h"
#include "iq.h"
#include "roster.h"
#include "stored.h"
#include "subscription.h"

/* A longer request is kept without what it carries beside its <status/>, or without both. */
enum { REQUEST_MAX_BYTES = 4096 };

/* --- words to contacts --------------------------------------------------------------------- */

static struct element *new_presence(struct arena *arena, const struct jid *to, const char *type)
{
	struct element *presence = element_new(arena, NS_CLIENT, "presence");

	element_set(presence, "to", jid_bare_text(to));
	element_set(presence, "type", type);
	return presence;
}

/* The change is on record already: when no intent can be written any more, the stanza goes
 * as others do. */
static void send_subscription_stanza(struct tern_entity *entity, struct element *stanza)
{
	element_set(stanza, "from", jid_text(tern_entity_jid(entity)));
	if (tern_send_surely(entity, stanza) < 0)
		tern_send(entity, stanza);
}

static void say(struct tern_entity *entity, const struct jid *to, const char *type)
{
	struct arena *arena = arena_create(ARENA_SMALL);

	send_subscription_stanza(entity, new_presence(arena, to, type));
	arena_destroy(arena);
}

/* 3.1.5: the contact learns at once which resources are there ... */
static void show_session(struct tern_entity *entity, struct tern_session *session,
	const struct jid *to)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *presence = element_copy(arena, tern_session_presence(session));

	element_set(presence, "to", jid_bare_text(to));
	element_set(presence, "from", jid_text(tern_session_jid(session)));
	tern_send(entity, presence);
	arena_destroy(arena);
}

/* ... and 3.2.2, 3.3.3: that they are not there for it any more. */
static void hide_session(struct tern_entity *entity, struct tern_session *session,
	const struct jid *to)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *presence = new_presence(arena, to, "unavailable");

	element_set(presence, "from", jid_text(tern_session_jid(session)));
	tern_send(entity, presence);
	arena_destroy(arena);
}

static void each_available(struct tern_entity *entity, const struct jid *to,
	void (*tell)(struct tern_entity *, struct tern_session *, const struct jid *))
{
	struct tern_session *session = tern_session_first(entity);

	for (; session; session = tern_session_next(session))
		if (tern_session_is_available(session))
			tell(entity, session, to);
}

static void say_parting(struct tern_entity *entity, const struct jid *contact, unsigned state)
{
	if (state & (TERN_SUB_TO | TERN_SUB_PENDING_OUT))
		say(entity, contact, "unsubscribe");
	if (state & (TERN_SUB_FROM | TERN_SUB_PENDING_IN))
		say(entity, contact, "unsubscribed");
}

void part_from(struct tern_entity *entity, const struct jid *contact, unsigned state)
{
	say_parting(entity, contact, state);
	if (state & TERN_SUB_FROM)
		each_available(entity, contact, hide_session);
}

void say_farewell(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct roster *roster = roster_of(entity);
	struct arena *arena = arena_create(ARENA_SMALL);

	for (uint32_t i = 0; i < roster->count; i++) {
		const struct jid *contact = jid_new(arena, item_jid(roster->items[i]));

		if (contact) /* that the sessions end they are told as all subscribers are */
			say_parting(entity, contact, roster->items[i]->state);
	}
	arena_destroy(arena);
}

/* --- changes of state ---------------------------------------------------------------------- */

static struct item *next_item(const struct item *old, const struct jid *contact,
	const struct subscription_step *step)
{
	struct item *item = old ? item_copy(old) :
		item_create(jid_bare_text(contact), "", &(struct item_groups){ 0 });

	item->state = (uint8_t)step->next;
	/* Whatever clients see puts the contact into the roster, but its end does not. */
	if (step->pushes && (step->next & ~(unsigned)TERN_SUB_PENDING_IN))
		item->listed = true;
	return item;
}

/* A request that has found its answer is not shown any more. */
static void settle_request(struct tern_entity *entity, uint32_t number, unsigned before,
	unsigned after)
{
	if (number && (before & ~after & TERN_SUB_PENDING_IN))
		roster_drop_request(entity, number);
}

/* 0, or as tern_put with nothing changed. */
static int change_state(struct tern_entity *entity, const struct jid *contact,
	const struct subscription_step *step)
{
	const struct item *old = roster_find(roster_of(entity), contact);
	unsigned before = old ? old->state : 0;
	uint32_t number = old ? old->number : 0;
	struct item *item;
	int result;

	if (before == step->next)
		return 0;
	item = next_item(old, contact, step);
	result = roster_store(entity, item, step->pushes && item->listed);
	if (result == 0)
		settle_request(entity, number, before, step->next);
	return result;
}

static void push_change(struct tern_entity *entity, const struct jid *contact,
	const struct subscription_step *step)
{
	const struct item *item = roster_find(roster_of(entity), contact);

	if (step->pushes && item && item->listed)
		push_item(entity, item);
}

static void tell_change(struct tern_entity *entity, const struct jid *contact,
	const struct subscription_step *step)
{
	push_change(entity, contact, step);
	if (step->shows)
		each_available(entity, contact, show_session);
	if (step->hides)
		each_available(entity, contact, hide_session);
}

/* --- out ----------------------------------------------------------------------------------- */

static bool overfills(const struct roster *roster, const struct jid *contact,
	const struct subscription_step *step, const struct roster_settings *settings)
{
	const struct item *item = roster_find(roster, contact);

	return step->pushes && !(item && item->listed) &&
		roster->listed >= (unsigned long)settings->items;
}

static void route(struct tern_event *event, const struct jid *contact)
{
	struct element *stanza = element_copy(event->arena, event->stanza.element);

	element_set(stanza, "to", jid_text(contact));
	send_subscription_stanza(event->entity, stanza);
}

enum tern_verdict send_subscription(struct tern_event *event, const void *settings)
{
	struct subscription_step step;
	const struct jid *contact;
	int result;

	if (!subscription_is_stanza(event->stanza.type))
		return TERN_PASS;
	if (!event->stanza.to)
		return tern_reject(event, TERN_BAD_REQUEST, "a subscription needs an addressee");
	contact = jid_bare(event->arena, event->stanza.to);
	/* Whoever owns an account sees its presence as it is. */
	if (jid_equal(contact, tern_entity_jid(event->entity)))
		return TERN_DONE;
	step = subscription_step(SUBSCRIPTION_OUT, event->stanza.type,
		roster_subscription(roster_of(event->entity), contact));
	if (overfills(roster_of(event->entity), contact, &step, settings))
		return tern_reject(event, TERN_POLICY_VIOLATION, "the roster is full");
	result = change_state(event->entity, contact, &step);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	if (step.passes)
		route(event, contact);
	tell_change(event->entity, contact, &step);
	return TERN_DONE;
}

/* --- in ------------------------------------------------------------------------------------ */

/* 3.1.3: a request goes to whoever is available; the other three, which change the roster, to
 * those who asked for it (3.1.6, 3.2.3, 3.3.3). */
static void deliver(struct tern_event *event)
{
	struct tern_session *session = tern_session_first(event->entity);
	bool is_request = event->stanza.type == TERN_SUBSCRIBE;

	for (; session; session = tern_session_next(session))
		if (is_request ? tern_session_is_available(session) : is_interested(session))
			tern_deliver(event, session);
}

/* The request as it will be shown, within its limit. */
static struct element *trim_request(struct tern_event *event, bool with_status)
{
	struct element *request = new_presence(event->arena, event->stanza.to, "subscribe");
	const char *status = element_find_text(event->stanza.element, NULL, "status");

	element_set(request, "from", jid_bare_text(event->stanza.from));
	if (with_status && status)
		element_add_text(request, "status", status);
	return request;
}

static void write_request(struct tern_event *event, struct buffer *xml)
{
	struct element *whole = element_copy(event->arena, event->stanza.element);

	element_set(whole, "from", jid_bare_text(event->stanza.from));
	element_set(whole, "to", jid_bare_text(event->stanza.to));
	stored_write(xml, whole);
	for (int tries = 0; xml->len > REQUEST_MAX_BYTES && tries < 2; tries++) {
		buffer_consume(xml, xml->len);
		stored_write(xml, trim_request(event, tries == 0));
	}
}

static int keep_request(struct tern_event *event)
{
	const struct item *item = roster_find(roster_of(event->entity), event->stanza.from);
	struct buffer xml = { 0 };
	int result;

	write_request(event, &xml);
	result = roster_keep_request(event->entity, item->number, buffer_at(&xml), xml.len);
	buffer_finish(&xml);
	return result;
}

static bool opens_request(unsigned before, unsigned after)
{
	return after & ~before & TERN_SUB_PENDING_IN;
}

/* 0, or as tern_put. A request whose text cannot be kept is taken back. */
static int receive_change(struct tern_event *event, unsigned before,
	const struct subscription_step *step)
{
	const struct jid *contact = event->stanza.from;
	int result = change_state(event->entity, contact, step);

	if (result < 0 || !opens_request(before, step->next))
		return result;
	result = keep_request(event);
	if (result < 0)
		change_state(event->entity, contact, &(struct subscription_step){ .next = before });
	return result;
}

enum tern_verdict receive_subscription(struct tern_event *event, const void *settings)
{
	const struct roster_settings *limits = settings;
	const struct roster *roster = roster_of(event->entity);
	unsigned before = roster_subscription(roster, event->stanza.from);
	struct subscription_step step;
	int result;

	if (!subscription_is_stanza(event->stanza.type))
		return TERN_PASS;
	if (tern_event_is_own(event))
		return TERN_DONE;
	step = subscription_step(SUBSCRIPTION_IN, event->stanza.type, before);
	if (opens_request(before, step.next) &&
	    roster_count_requests(roster) >= (size_t)limits->requests)
		return tern_reject(event, TERN_RESOURCE_CONSTRAINT, NULL);
	result = receive_change(event, before, &step);
	if (result < 0)
		return tern_reject(event, tern_condition_of(result), NULL);
	if (step.passes)
		deliver(event);
	if (step.answers)
		say(event->entity, event->stanza.from, "subscribed");
	tell_change(event->entity, event->stanza.from, &step);
	return TERN_DONE;
}

/* --- logins -------------------------------------------------------------------------------- */

static bool is_blocked(struct tern_entity *entity, const struct item *item)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct jid *jid = jid_new(arena, item_jid(item));
	bool blocked = jid && tern_question(entity, TERN_ASK_BLOCKED, jid);

	arena_destroy(arena);
	return blocked;
}

void show_requests(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct roster *roster = roster_of(entity);
	struct stored_reader *reader;

	if (!roster->requests)
		return;
	reader = stored_reader_create();
	for (const struct request *at = roster->requests; at; at = at->next) {
		const struct item *item = roster_item(roster, at->number);
		struct element *stanza = NULL;

		if (item && (item->state & TERN_SUB_PENDING_IN) && !is_blocked(entity, item))
			stanza = stored_read(reader, at->xml, at->len);
		if (stanza)
			tern_session_send(session, stanza);
	}
	stored_reader_destroy(reader);
}
