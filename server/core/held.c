/* held.c - events that cannot be decided yet, and iqs whose answers come later */
/* SPDX-License-Identifier: MIT */

#include <stddef.h>
#include <stdlib.h>

#include "arena.h"
#include "element.h"
#include "entities.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "jid.h"
#include "loader.h"
#include "log.h"
#include "module.h"
#include "shard_internal.h"
#include "stanzas.h"

static struct event *of_timer(struct timer *timer)
{
	return (struct event *)((char *)timer - offsetof(struct event, timer));
}

/* --- tickets -------------------------------------------------------------------------- */

static struct event *find(struct event *list, uint64_t ticket)
{
	while (list && list->ticket != ticket)
		list = list->next;
	return list;
}

static void unlist(struct event **list, struct event *event)
{
	while (*list != event)
		list = &(*list)->next;
	*list = event->next;
	event->next = NULL;
	idmap_remove(&event->at->shard->tickets, event->ticket);
	event->ticket = 0;
	event->is_released = event->is_deciding = false;
	event->at->waits--;
	timer_stop(event->at->shard, &event->timer);
}

/* From the call on, so that what is answered before the handler returns is not missed. */
static tern_ticket begin(struct event **list, struct event *event)
{
	event->ticket = shard_new_id(event->at->shard);
	event->ticket_of = event->at->shard->guest;
	event->next = *list;
	*list = event;
	event->is_deciding = true;
	event->at->waits++;
	return event->ticket;
}

static bool is_full(const struct tern_entity *entity)
{
	return entity->waits > (size_t)entity->shard->server->limits.waiting_events;
}

/* Its author has to mend that. */
static void blame(const struct event *event, const char *module, const char *what)
{
	log_error("account", jid_text(event->at->jid), "module `%s`, <%s/>: %s", module,
		element_name(event->pub.stanza.element), what);
}

static const char *holder(const struct event *event)
{
	return event->ticket_of ? event->ticket_of->module->name : "?";
}

/* It promised one thing and said another. */
static enum tern_verdict refuse_handler(struct event *event, const char *what)
{
	blame(event, shard_guest_name(), what);
	event->condition = TERN_INTERNAL_SERVER_ERROR;
	return TERN_REJECT;
}

/* What a last word lacks, or NULL. */
static const char *fault_of(const struct event *event, enum tern_verdict verdict)
{
	if (verdict == TERN_DONE && event_lacks_answer(event))
		return "its handler is DONE with an iq and has not answered it";
	if (verdict == TERN_REJECT && event->condition == TERN_NO_CONDITION)
		return "its handler says REJECT without tern_reject";
	return NULL;
}

static enum tern_verdict check_last_word(struct event *event, enum tern_verdict verdict)
{
	const char *fault = fault_of(event, verdict);

	if (fault)
		return refuse_handler(event, fault);
	return (unsigned)verdict > TERN_LATER ?
		refuse_handler(event, "its handler answers with no verdict") : verdict;
}

enum tern_verdict held_check(struct event *event, enum tern_verdict verdict)
{
	struct tern_entity *entity = event->at;
	bool is_held = event->ticket && find(entity->held, event->ticket);
	bool is_later = event->ticket && !is_held && event->pub.stanza.kind == TERN_IQ;

	if (verdict == TERN_PASS && !event->ticket && !event->is_answered)
		return verdict;
	if (is_held && verdict != TERN_HOLD)
		unlist(&entity->held, event);
	if (event->ticket && !is_held && !(is_later && verdict == TERN_LATER))
		unlist(&entity->later, event);
	if ((verdict == TERN_HOLD && !is_held) || (verdict == TERN_LATER && !is_later))
		return refuse_handler(event, "its handler says HOLD or LATER without the ticket for it");
	if (event->is_answered && (verdict == TERN_PASS || verdict == TERN_REJECT)) {
		blame(event, shard_guest_name(), "its handler has answered it, and does not say DONE");
		return TERN_DONE;
	}
	return check_last_word(event, verdict);
}

/* One stanza waits once. */
static bool has_ticket(const struct event *event, tern_ticket *ret_ticket)
{
	if (!event->ticket)
		return false;
	blame(event, shard_guest_name(), "its handler takes a second ticket");
	*ret_ticket = event->ticket;
	return true;
}

/* --- held: what the same sender sends to the same addressee waits behind it ---------------- */

/* RFC 6120 10.3: without `to`, a message or iq is for the own account; NULL for a presence, whose
 * broadcast counts as sent to all. */
static const struct jid *addressee(const struct event *event)
{
	const struct tern_stanza *stanza = &event->pub.stanza;

	return stanza->to || stanza->kind == TERN_PRESENCE ? stanza->to : event->at->jid;
}

static bool same_addressee(const struct event *one, const struct event *other)
{
	const struct jid *a = addressee(one), *b = addressee(other);

	return !a || !b || jid_bare_equal(a, b); /* RFC 6120 10.1 */
}

/* A session speaks for its account when it subscribes, and is the same sender all the same. */
static bool same_sender(const struct event *a, const struct event *b)
{
	return a->session_id || b->session_id ? a->session_id == b->session_id :
		jid_equal(a->pub.stanza.from, b->pub.stanza.from);
}

static bool blocks(const struct event *before, const struct event *event)
{
	return same_sender(before, event) && same_addressee(before, event);
}

/* A broadcast that waits behind it has to be waited for as well. */
static bool keeps_back(const struct event *held, const struct event *event)
{
	const struct event *before = held->behind;

	if (blocks(held, event))
		return true;
	while (before && !blocks(before, event))
		before = before->next;
	return before;
}

/* By arrival: one that waited behind another comes in front of what came after it. */
static void wait_behind(struct event *held, struct event *event)
{
	struct event **place = held->behind_last;

	if (!event->arrival)
		event->arrival = shard_new_id(event->at->shard);
	else
		for (place = &held->behind; *place && (*place)->arrival < event->arrival;)
			place = &(*place)->next;
	event->next = *place;
	*place = event;
	if (!event->next)
		held->behind_last = &event->next;
	event->at->waits++;
}

bool held_takes(struct tern_entity *entity, struct event *event)
{
	for (struct event *held = entity->held; held; held = held->next) {
		if (!keeps_back(held, event))
			continue;
		if (is_full(entity))
			event_refuse(event, TERN_RESOURCE_CONSTRAINT, NULL);
		else
			wait_behind(held, event);
		return true;
	}
	return false;
}

static struct event *take_behind(struct event *held)
{
	struct event *behind = held->behind;

	held->behind = NULL;
	held->behind_last = &held->behind;
	for (struct event *event = behind; event; event = event->next)
		event->at->waits--;
	return behind;
}

static void arrive_all(struct tern_entity *entity, struct event *event)
{
	while (event) {
		struct event *next = event->next;

		event->next = NULL;
		event_arrive(entity, event);
		event = next;
	}
}

/* What an iq's own handler held has no further phase: nobody claims it after all. */
static void conclude(struct event *event, enum tern_verdict verdict)
{
	const char *fault = fault_of(event, verdict);

	if (fault)
		blame(event, holder(event), fault);
	if (verdict == TERN_REJECT)
		event_refuse(event, event->condition, event->text);
	else if (fault)
		event_refuse(event, TERN_INTERNAL_SERVER_ERROR, NULL);
	else if (verdict == TERN_DONE)
		event_finish(event);
	else if (event->is_dispatched)
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
	else
		event_run(event);
}

static void go_on(struct event *event, enum tern_verdict verdict)
{
	struct tern_entity *entity = event->at;
	struct event *behind = take_behind(event);

	unlist(&entity->held, event);
	entity->pins++; /* the events that waited are looked after before it may rest */
	conclude(event, verdict);
	arrive_all(entity, behind);
	entity->pins--;
	entity_may_rest(entity);
}

static void held_too_long(struct shard *shard, struct timer *timer)
{
	struct event *event = of_timer(timer);

	if (event->waits_for_disk) {
		timer_start(shard, timer, (uint64_t)shard->server->limits.hold_s * 1000);
		return;
	}
	log_warn("account", jid_text(event->at->jid), "module `%s` held a <%s/> for too long",
		holder(event), element_name(event->pub.stanza.element));
	go_on(event, event->held_verdict);
}

void held_put(struct tern_entity *entity, struct event *event)
{
	struct shard *shard = entity->shard;

	event->is_deciding = false;
	if (event->is_released || is_full(entity)) {
		go_on(event, event->held_verdict);
		return;
	}
	event->timer.run = held_too_long;
	timer_start(shard, &event->timer, (uint64_t)shard->server->limits.hold_s * 1000);
}

enum tern_verdict tern_hold(struct tern_event *public, enum tern_verdict verdict,
		tern_ticket *ret_ticket)
{
	struct event *event = (struct event *)public;

	if (has_ticket(event, ret_ticket))
		return TERN_HOLD;
	event->held_verdict = verdict;
	*ret_ticket = begin(&event->at->held, event);
	return TERN_HOLD;
}

/* From within an item of the outbox: what the event says now would stand in front of what others
 * said before. */
struct releasing {
	struct post post;
	uint64_t entity;
	tern_ticket ticket;
};

static void release_now(struct shard *shard, struct post *post)
{
	struct releasing *releasing = (struct releasing *)post;
	struct tern_entity *entity = entities_by_id(shard, releasing->entity);
	struct event *event = entity ? find(entity->held, releasing->ticket) : NULL;

	if (event)
		go_on(event, event->held_verdict);
	free(releasing);
}

static void release_soon(struct tern_entity *entity, tern_ticket ticket)
{
	struct releasing *releasing = heap_alloc(sizeof *releasing);

	*releasing = (struct releasing){ .post.run = release_now, .entity = entity->id,
		.ticket = ticket };
	shard_post(entity->shard, &releasing->post);
}

void tern_release(struct tern_entity *entity, tern_ticket ticket, enum tern_verdict verdict)
{
	struct event *event = ticket ? find(entity->held, ticket) : NULL;

	if (!event || event->is_released)
		return;
	if (!event->is_deciding && !entity->outbox.going) {
		go_on(event, verdict);
		return;
	}
	event->is_released = true;
	event->held_verdict = verdict;
	if (!event->is_deciding) /* else its handler has not returned yet */
		release_soon(entity, ticket);
}

/* --- the end of what they wait at ------------------------------------------------------------- */

void held_cancel(struct tern_entity *entity)
{
	while (entity->held) {
		struct event *event = entity->held;
		struct event *behind = take_behind(event);

		unlist(&entity->held, event);
		event_finish(event);
		while (behind) {
			struct event *next = behind->next;

			event_finish(behind);
			behind = next;
		}
	}
	while (entity->later) {
		struct event *event = entity->later;

		unlist(&entity->later, event);
		event_finish(event);
	}
}

void held_forget(struct tern_entity *entity)
{
	while (entity->held) {
		struct event *event = entity->held;
		struct event *behind = take_behind(event);

		unlist(&entity->held, event);
		event_arrive(entity, event);
		arrive_all(entity, behind);
	}
	while (entity->later) {
		struct event *event = entity->later;

		unlist(&entity->later, event);
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
	}
}

/* --- a module leaves ---------------------------------------------------------------------------- */

static struct event *find_of(struct event *list, const struct loaded *owner)
{
	while (list && list->ticket_of != owner)
		list = list->next;
	return list;
}

void held_cancel_of(struct tern_entity *entity, const struct loaded *owner)
{
	struct event *event;

	while ((event = find_of(entity->later, owner))) {
		unlist(&entity->later, event);
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
	}
	while ((event = find_of(entity->held, owner)))
		go_on(event, event->held_verdict);
}

/* Equal hooks of one module need not be told apart: it has claimed them twice. */
static bool is_ahead(const struct event *event, const struct hook *hook)
{
	const struct hook *left = event->hooks;

	while (left->run && (left->owner != hook->owner || left->run != hook->run ||
	       left->priority != hook->priority || left->kinds != hook->kinds))
		left++;
	return left->run;
}

static bool is_joining(const struct turnover *turnover, const struct hook *hook)
{
	size_t i = 0;

	while (i < turnover->joining_count && turnover->joining[i] != hook->owner)
		i++;
	return i < turnover->joining_count;
}

/* The hook that holds it stands in front of the rest, here as in the host's list. */
static void turn_over(struct event *event, const struct turnover *turnover)
{
	const struct hook *now = turnover->host->phases[event->phase], *holder = event->hooks - 1;
	struct hook *own;
	size_t count = 0, kept = 1;

	while (now[count].run)
		count++;
	own = arena_zalloc(event->pub.arena, (count + 2) * sizeof *own);
	own[0] = *holder;
	for (size_t i = 0; i < count; i++) {
		if (is_joining(turnover, &now[i]) ? now[i].priority >= holder->priority :
		    is_ahead(event, &now[i]))
			own[kept++] = now[i];
	}
	event->hooks = own + 1;
}

void held_turn_over(struct tern_entity *entity, const struct turnover *turnover)
{
	for (struct event *held = entity->held; held; held = held->next) {
		if (held->hooks)
			turn_over(held, turnover);
		for (struct event *behind = held->behind; behind; behind = behind->next) {
			if (behind->hooks)
				turn_over(behind, turnover);
		}
	}
}

/* --- later: nothing waits behind it ----------------------------------------------------------- */

static void answer_too_late(struct shard *shard, struct timer *timer)
{
	struct event *event = of_timer(timer);

	(void)shard;
	log_warn("account", jid_text(event->at->jid), "module `%s` has not answered an iq in time",
		holder(event));
	unlist(&event->at->later, event);
	event_refuse(event, TERN_REMOTE_SERVER_TIMEOUT, NULL);
}

void later_put(struct tern_entity *entity, struct event *event)
{
	struct shard *shard = entity->shard;

	event->is_deciding = false;
	if (event->is_released) {
		unlist(&entity->later, event);
		event_finish(event);
		return;
	}
	event->timer.run = answer_too_late;
	timer_start(shard, &event->timer, (uint64_t)shard->server->limits.iq_s * 1000);
}

enum tern_verdict tern_answer_later(struct tern_event *public, tern_ticket *ret_ticket)
{
	struct event *event = (struct event *)public;

	if (has_ticket(event, ret_ticket))
		return TERN_LATER;
	*ret_ticket = begin(&event->at->later, event);
	idmap_put(&event->at->shard->tickets, event->ticket, event);
	return TERN_LATER;
}

/* Of an iq to a host no entity is named: it waits at its sender's. */
static struct event *waiting(struct tern_entity *entity, tern_ticket ticket)
{
	struct shard *shard = shard_self(); /* NULL: a module's error */
	struct event *event = shard && ticket ? idmap_get(&shard->tickets, ticket) : NULL;

	return event && !event->is_released && (!entity || event->at == entity) ? event : NULL;
}

static void answered(struct event *event)
{
	event->is_released = true;
	if (event->is_deciding) /* its handler has not returned yet */
		return;
	unlist(&event->at->later, event);
	event_finish(event);
}

void tern_answer(struct tern_entity *entity, tern_ticket ticket, struct element *payload)
{
	struct event *event = waiting(entity, ticket);

	if (!event)
		return;
	if (payload)
		payload = element_copy(event->pub.arena, payload);
	event_answer(event, stanza_result(event->pub.arena, &event->pub.stanza, payload));
	answered(event);
}

void tern_answer_error(struct tern_entity *entity, tern_ticket ticket,
		enum tern_condition condition, const char *text)
{
	struct event *event = waiting(entity, ticket);

	if (!event)
		return;
	event_answer(event, stanza_error(event->pub.arena, &event->pub.stanza,
		&(struct refusal){ .condition = condition, .text = text }));
	answered(event);
}
