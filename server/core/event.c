/* event.c - walks a stanza through the phases, and ends it in one place */
/* SPDX-License-Identifier: MIT */

#include "event_internal.h"

#include <assert.h>
#include <string.h>

#include "arena.h"
#include "brake.h"
#include "buffer.h"
#include "element.h"
#include "entities.h"
#include "entity_internal.h"
#include "filter.h"
#include "handover.h"
#include "host.h"
#include "intents.h"
#include "jid.h"
#include "log.h"
#include "module.h"
#include "pressure.h"
#include "route.h"
#include "seen.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stanzas.h"

#define COPY_ARENA_BYTES 1024

static void come_home(struct shard *shard, struct post *post)
{
	struct event *event = (struct event *)((char *)post - offsetof(struct event, post));

	if (shard->is_ended)
		event_finish(event);
	else if (!shard->fanouts.first || !fanouts_take(shard, event->origin, post))
		entities_receive(shard, event);
}

static struct event *make(struct arena *arena, struct parcel *parcel, struct receipt *receipt)
{
	struct event *event = arena_zalloc(arena, sizeof *event);

	event->pub.arena = arena;
	event->pub.stanza = parcel->stanza;
	event->post.run = come_home;
	event->parcel = parcel;
	event->receipt = receipt;
	event->extras_last = &event->extras;
	event->behind_last = &event->behind;
	return event;
}

struct event *event_new(struct parcel *parcel, struct receipt *receipt)
{
	return make(parcel->arena, parcel, receipt);
}

struct event *event_new_copy(struct parcel *parcel, const struct jid *to, struct receipt *receipt)
{
	struct event *event = make(arena_create(COPY_ARENA_BYTES), parcel, receipt);

	event->owns_arena = true;
	event->pub.stanza.to = to;
	return event;
}

void event_finish(struct event *event)
{
	struct parcel *parcel = event->parcel;
	struct arena *own = event->owns_arena ? event->pub.arena : NULL;
	struct receipt *receipt = event->receipt;
	struct tern_entity *at = event->at;

	assert(!event->behind);
	handover_drop(event->handover);
	arena_destroy(own);
	parcel_release(parcel);
	outbox_release(at, receipt);
	if (at)
		entity_may_rest(at);
}

/* --- answers -------------------------------------------------------------------------- */

/* To somebody else: a new event in an arena of its own, for the old one ends before it. */
static void send_answer(struct event *event, const struct element *answer)
{
	struct arena *arena = arena_create(COPY_ARENA_BYTES);
	struct element *copy = element_copy(arena, answer);
	const char *type = element_get(copy, "type");
	struct tern_stanza stanza = {
		.kind = event->pub.stanza.kind,
		.type = strcmp(type, "error") == 0 ? TERN_ERROR : TERN_RESULT,
		.id = element_get(copy, "id"),
		.from = jid_copy(arena, event->pub.stanza.to),
		.to = jid_copy(arena, event->pub.stanza.from),
		.element = copy,
	};

	route_event(event->at->shard, event->at,
		event_new(parcel_new(arena, &stanza), receipt_share(event->receipt)));
}

static bool asks_something(const struct tern_stanza *stanza)
{
	return stanza->kind == TERN_IQ && (stanza->type == TERN_GET || stanza->type == TERN_SET);
}

bool event_lacks_answer(const struct event *event)
{
	return asks_something(&event->pub.stanza) && !event->is_answered && !event->reached;
}

void event_answer(struct event *event, struct element *answer)
{
	struct tern_session *session = event->session_id ?
		tern_session_by_id(event->at, event->session_id) : NULL;

	if (event->is_answered) {
		log_error("account", jid_text(event->at->jid), "module `%s` answers what has been "
			"answered: that is not sent", shard_guest_name());
		return;
	}
	event->is_answered = true;
	if (session) { /* it may have spoken for its account: the answer is the resource's */
		element_set(answer, "to", jid_text(session->jid));
		session_say(session, answer);
	} else if (!event->session_id) {
		send_answer(event, answer);
	}
}

static struct element *new_error(struct event *event, enum tern_condition condition,
		const char *text)
{
	return stanza_error(event->pub.arena, &event->pub.stanza, &(struct refusal){ condition,
		event->error_type, text, event->application });
}

static void log_refusal(const struct event *event, enum tern_condition condition)
{
	const struct tern_stanza *stanza = &event->pub.stanza;
	const struct element *payload = element_first(stanza->element);

	log_debug("stanza", jid_text(stanza->from), "%s %s to %s with %s of %s: %s",
		element_name(stanza->element), tern_type_name(stanza->type),
		stanza->to ? jid_text(stanza->to) : "its account",
		payload ? element_name(payload) : "nothing",
		payload ? element_ns(payload) : "nothing", tern_condition_name(condition));
}

void event_refuse(struct event *event, enum tern_condition condition, const char *text)
{
	if (condition == TERN_NO_CONDITION) /* held_check has blamed its module */
		condition = TERN_INTERNAL_SERVER_ERROR;
	log_refusal(event, condition);
	if (stanza_may_be_refused(&event->pub.stanza) && !event->pub.awaits_ack)
		event_answer(event, new_error(event, condition, text));
	event_finish(event);
}

/* --- the end of the journey ---------------------------------------------------------------- */

/* In an archive whose module has been unloaded it waits, and nobody there can say so. */
static bool waits_in_archive(const struct event *event)
{
	const struct tern_host *host = event->at->host;

	return event->pub.kept_id && event->phase >= TERN_IN_MISSED && !host->taken &&
		host->taken_has_left;
}

/* The same, or in a pending log: its sender has been told that it is safe, and it will be given. */
static bool waits_for_module(const struct event *event)
{
	return waits_in_archive(event) || (event->phase >= TERN_IN_MISSED &&
		!event->at->host->pending && tern_event_pending_id(&event->pub));
}

/* One place answers what nobody claimed. */
static void nobody_claimed(struct event *event)
{
	if (event->pub.stanza.kind == TERN_MESSAGE && !waits_for_module(event))
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
	else
		event_finish(event);
}

void event_pass_iq(struct event *event)
{
	struct tern_session *session = tern_session_find(event->at,
		jid_resource(event->pub.stanza.to));

	if (!session) { /* RFC 6121 8.5.3.2.3 */
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
		return;
	}
	tern_deliver(&event->pub, session);
	event_finish(event);
}

/* An iq at an account's home: to one of its sessions, or to the account itself. */
static void arrive_iq(struct event *event)
{
	const struct tern_stanza *iq = &event->pub.stanza;
	bool own = jid_bare_equal(iq->from, event->at->jid);

	if (jid_is_bare(iq->to)) {
		iq_dispatch(event, own ? TERN_AT_OWN_ACCOUNT : TERN_AT_OTHER_ACCOUNT);
		return;
	}
	if (iq_find_claim(event->at->host, iq, TERN_AT_RESOURCE))
		iq_dispatch(event, TERN_AT_RESOURCE);
	else
		event_pass_iq(event);
}

/* What follows the OUT phases of a session's stanza. */
static void leave(struct event *event)
{
	struct tern_stanza *stanza = &event->pub.stanza;
	struct tern_session *session = event->pub.session;
	struct tern_entity *entity = event->at;
	int result;

	if (stanza->kind == TERN_PRESENCE && !stanza->to) {
		session_note_presence(session, event);
		event_finish(event);
		return;
	}
	if (!stanza->to) /* RFC 6120 10.3: on behalf of the account itself */
		stanza->to = jid_bare(event->pub.arena, entity->jid);
	if (stanza->kind == TERN_IQ && jid_equal(stanza->to, entity->jid)) {
		iq_dispatch(event, TERN_AT_OWN_ACCOUNT);
		return;
	}
	if (route_of(entity->shard, stanza->to) == TO_HOST) {
		if (stanza->kind == TERN_IQ)
			iq_dispatch(event, TERN_AT_HOST);
		else
			nobody_claimed(event);
		return;
	}
	result = seen_leave(event);
	if (result < 0) {
		event_refuse(event, tern_condition_of(result), NULL);
		return;
	}
	if (session)
		pressure_touch(session, server_home(entity->shard->server, jid_hash(stanza->to)));
	event->pub.session = NULL;
	event->session_id = 0;
	event->pub.entity = NULL;
	event->pub.kept_id = 0; /* what the sender's archive says is nobody else's business */
	event->extras = NULL;
	event->extras_last = &event->extras;
	event->phase = TERN_IN_CHECK;
	event->hooks = NULL;
	route_event(entity->shard, entity, event);
}

/* --- the phases --------------------------------------------------------------------------------- */

static const unsigned kind_masks[] = {
	[TERN_MESSAGE] = TERN_MESSAGES, [TERN_PRESENCE] = TERN_PRESENCES, [TERN_IQ] = TERN_IQS,
};

/* It has to be safe before it is delivered, and cannot be made so. */
static void refuse_unkept(struct event *event)
{
	event_refuse(event, tern_condition_of(event->refused_by), NULL);
}

/* True when all hooks of the phase passed; false when the event is not ours any more. */
static bool pass_phase(struct event *event)
{
	unsigned kind = kind_masks[event->pub.stanza.kind];
	struct shard *shard = event->at->shard;
	const struct hook *hook = event->hooks ? event->hooks :
		event->at->host->phases[event->phase];

	for (; hook->run; hook++) {
		if (!(hook->kinds & kind))
			continue;
		shard->guest = hook->owner;
		switch (held_check(event, hook->run(&event->pub, hook->settings))) {
		case TERN_PASS:
			break;
		case TERN_DONE:
			if (event->phase == TERN_IN_MISSED && event->refused_by == 0)
				event->refused_by = seen_note(event);
			if (waits_in_archive(event) && !event->pub.awaits_ack)
				handover_tell_taken(event->at, event->pub.kept_id);
			if (event->refused_by < 0)
				refuse_unkept(event);
			else
				event_finish(event);
			return false;
		case TERN_REJECT:
			if (waits_for_module(event))
				event_finish(event);
			else
				event_refuse(event, event->condition, event->text);
			return false;
		case TERN_HOLD:
			event->hooks = hook + 1;
			held_put(event->at, event);
			return false;
		case TERN_LATER:
			later_put(event->at, event);
			return false;
		}
	}
	shard->guest = NULL;
	event->phase++;
	event->hooks = NULL;
	return true;
}

/* Copies for the sender's own devices wait for the mark, as those of an archive wait for its entry:
 * else a crash in between makes them twice.  False when it cannot be written, and the event ended. */
static bool note_before_copies(struct event *event)
{
	int result = event->at->host->archives_marks || event->is_resent ? 0 : seen_note(event);

	if (result < 0)
		event_refuse(event, tern_condition_of(result), NULL);
	return result >= 0;
}

/* What is sent once more is not kept once more.  True when it need not go on from here. */
static bool is_settled(struct event *event, bool leaving)
{
	switch (seen_judge(event)) {
	case SEEN_NEVER:
		return leaving && !note_before_copies(event);
	case SEEN_LATER:
		held_put(event->at, event);
		return true;
	case SEEN_BEFORE:
		if (leaving)
			leave(event);
		else
			event_finish(event);
		return true;
	}
	return false;
}

static bool is_before(const struct event *event, enum tern_phase phase)
{
	return event->phase == (unsigned)phase && !event->hooks && event->pub.mark;
}

static void walk(struct event *event)
{
	bool leaving = event->phase < TERN_IN_CHECK;

	while (event->phase < TERN_PHASE_COUNT) {
		if ((is_before(event, TERN_OUT_RECORD) || is_before(event, TERN_IN_RECORD)) &&
		    is_settled(event, leaving))
			return;
		if (is_before(event, TERN_IN_DELIVER) && event->pub.kept_id)
			seen_note(event); /* an archive has it: nothing is written that can fail */
		if (event->phase == TERN_IN_RECORD && event->pub.stanza.kind == TERN_IQ) {
			arrive_iq(event);
			return;
		}
		if (event->phase == TERN_IN_MISSED && event->refused_by < 0) {
			refuse_unkept(event);
			return;
		}
		if (event->phase == TERN_IN_MISSED && event->reached) {
			event_finish(event);
			return;
		}
		if (!pass_phase(event))
			return;
		if (leaving && event->phase == TERN_IN_CHECK) {
			leave(event);
			return;
		}
	}
	nobody_claimed(event);
}

/* What a session showed of itself while it was there: nobody would ever hear that it left. */
static bool is_late(const struct event *event)
{
	return event->pub.stanza.kind == TERN_PRESENCE && event->session_id && !event->pub.session;
}

void event_run(struct event *event)
{
	struct shard *shard = event->at->shard;
	struct tern_event *outer = shard->running;
	struct loaded *outer_guest = shard->guest;

	if (event->session_id) /* it may have waited */
		event->pub.session = tern_session_by_id(event->at, event->session_id);
	if (is_late(event)) {
		event_finish(event);
		return;
	}
	shard->running = &event->pub;
	shard->guest = NULL;
	walk(event);
	shard->running = outer;
	shard->guest = outer_guest;
}

static enum tern_condition refusal_of_absent(const struct tern_host *host,
	const struct tern_stanza *stanza)
{
	const struct iq_claim *claim = stanza->kind == TERN_IQ ? iq_find_claim(host, stanza,
		jid_is_bare(stanza->to) ? TERN_AT_OTHER_ACCOUNT : TERN_AT_RESOURCE) : NULL;

	return claim && claim->to_strangers ? claim->to_strangers : TERN_SERVICE_UNAVAILABLE;
}

/* RFC 6121 8.5.1: no such account.  What would have been kept for an account that is away is
 * swallowed, so that the two cannot be told apart. */
static void refuse_absent(struct tern_entity *entity, struct event *event)
{
	const struct tern_stanza *stanza = &event->pub.stanza;
	bool would_be_kept = entity->host->answers[TERN_ASK_STORES_MISSED].run &&
		stanza->kind == TERN_MESSAGE && stanza->type <= TERN_CHAT;

	if (stanza->kind == TERN_PRESENCE || would_be_kept)
		event_finish(event);
	else
		event_refuse(event, refusal_of_absent(entity->host, stanza), NULL);
}

void event_arrive(struct tern_entity *entity, struct event *event)
{
	event->at = entity;
	event->pub.host = entity->host;
	event->pub.entity = entity;
	if (event->is_reminder)
		intent_remind(entity, event);
	else if (entity->state == ENTITY_FAILED)
		event_refuse(event, TERN_INTERNAL_SERVER_ERROR, NULL);
	else if (!entity->exists || entity->is_being_deleted)
		refuse_absent(entity, event);
	else if (!entity->held || !held_takes(entity, event))
		event_run(event);
}

/* --- what handlers call ------------------------------------------------------------------------ */

static struct event *of(struct tern_event *event)
{
	return (struct event *)event;
}

bool tern_event_is_own(const struct tern_event *event)
{
	return event->session ||
		(event->entity && jid_bare_equal(event->stanza.from, tern_entity_jid(event->entity)));
}

enum tern_verdict tern_reply(struct tern_event *event, struct element *payload)
{
	if (!asks_something(&event->stanza)) {
		log_error("account", jid_text(of(event)->at->jid), "module `%s` replies to a <%s/> that "
			"asks nothing", shard_guest_name(), element_name(event->stanza.element));
		return tern_reject(event, TERN_INTERNAL_SERVER_ERROR, NULL);
	}
	event_answer(of(event), stanza_result(event->arena, &event->stanza, payload));
	return TERN_DONE;
}

enum tern_verdict tern_reject(struct tern_event *event, enum tern_condition condition,
		const char *text)
{
	of(event)->text = arena_strdup(event->arena, text);
	return tern_reject_with(event, condition, NULL);
}

enum tern_verdict tern_reject_with(struct tern_event *event, enum tern_condition condition,
		struct element *application)
{
	return tern_reject_as(event, condition, NULL, application);
}

enum tern_verdict tern_reject_as(struct tern_event *event, enum tern_condition condition,
		const char *type, struct element *application)
{
	of(event)->condition = condition;
	of(event)->error_type = type;
	of(event)->application = application;
	return TERN_REJECT;
}

void tern_event_add(struct tern_event *event, struct element *child)
{
	struct extra *extra = arena_zalloc(event->arena, sizeof *extra);

	extra->element = child;
	*of(event)->extras_last = extra;
	of(event)->extras_last = &extra->next;
}

struct element *tern_event_edit(struct tern_event *event)
{
	event->stanza.element = element_copy(event->arena, event->stanza.element);
	return event->stanza.element;
}

/* A handler has changed the tree: it is not the parcel's any more. */
static bool is_edited(const struct event *event)
{
	return event->pub.stanza.element != event->parcel->stanza.element;
}

/* The parcel may hold the bytes, but not those of a stanza that was edited. */
static void write_to(struct event *event, struct buffer *out, const struct extra *extras)
{
	const struct tern_stanza *stanza = &event->pub.stanza;
	struct parcel edited = { .stanza = *stanza };

	parcel_write(is_edited(event) ? &edited : event->parcel, out, stanza->to,
		stanza->from, extras);
}

void tern_event_write(struct tern_event *event, struct buffer *out)
{
	if (!is_edited(of(event)))
		parcel_serialise_own(of(event)->parcel);
	write_to(of(event), out, NULL);
}

struct element *tern_event_copy(struct tern_event *event)
{
	const struct tern_stanza *stanza = &event->stanza;
	struct element *copy = element_copy(event->arena, stanza->element);

	element_set(copy, "from", jid_text(stanza->from));
	if (stanza->to)
		element_set(copy, "to", jid_text(stanza->to));
	for (const struct extra *extra = of(event)->extras; extra; extra = extra->next)
		element_append(copy, element_copy(event->arena, extra->element));
	return copy;
}

static void note_reached(struct event *event, const struct tern_session *session)
{
	struct reached *reached = arena_alloc(event->pub.arena, sizeof *reached);

	*reached = (struct reached){ event->reached, session->id };
	event->reached = reached;
}

bool tern_event_reached(const struct tern_event *event, const struct tern_session *session)
{
	const struct reached *reached = ((const struct event *)event)->reached;

	while (reached && reached->session != session->id)
		reached = reached->next;
	return reached;
}

void tern_deliver(struct tern_event *public, struct tern_session *session)
{
	struct event *event = of(public);
	struct buffer *out = session->entity->shard->scratch;

	note_reached(event, session);
	if (session->is_filtered && filter_keeps_event(session, public))
		return;
	if (!handover_prepare(event, session))
		return;
	write_to(event, out, event->extras);
	outbox_say_message(session->entity, session, buffer_at(out), out->len,
		handover_share(event->handover));
	buffer_consume(out, out->len);
	brake_hold(session, event->receipt);
}

void tern_deliver_copy(struct tern_event *public, struct tern_session *session,
		const struct element *copy)
{
	struct event *event = of(public);

	if (event->refused_by < 0 || (session->is_filtered && filter_keeps(session, copy)))
		return;
	session_say_message(session, copy, handover_share(event->handover));
	brake_hold(session, event->receipt);
}
