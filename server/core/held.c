/* held.c - events that cannot be decided yet, and iqs whose answers come later */
/* SPDX-License-Identifier: MIT */

#include <stddef.h>

#include "arena.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "jid.h"
#include "log.h"
#include "module.h"
#include "shard_internal.h"
#include "stanzas.h"

static struct event *of_timer(struct timer *timer)
{
	return (struct event *)((char *)timer - offsetof(struct event, timer));
}

static struct event *find(struct event *list, uint64_t ticket)
{
	while (list && list->ticket != ticket)
		list = list->next;
	return list;
}

static struct event *take(struct event **list, uint64_t ticket)
{
	for (; *list; list = &(*list)->next) {
		struct event *event = *list;

		if (event->ticket != ticket)
			continue;
		*list = event->next;
		event->next = NULL;
		return event;
	}
	return NULL;
}

/* --- held: what the same sender sends to the same addressee waits behind it ---------------- */

static bool same_address(const struct jid *a, const struct jid *b)
{
	return !a || !b || jid_equal(a, b); /* a broadcast counts as sent to all */
}

static bool blocks(const struct event *held, const struct event *event)
{
	return jid_equal(held->pub.stanza.from, event->pub.stanza.from) &&
		same_address(held->pub.stanza.to, event->pub.stanza.to);
}

bool held_takes(struct tern_entity *entity, struct event *event)
{
	for (struct event *held = entity->held; held; held = held->next) {
		if (!blocks(held, event))
			continue;
		*held->behind_last = event;
		held->behind_last = &event->next;
		return true;
	}
	return false;
}

static void go_on(struct event *event, enum tern_verdict verdict)
{
	struct tern_entity *entity = event->at;
	struct event *behind = event->behind;

	event->behind = NULL;
	event->behind_last = &event->behind;
	if (event->session_id)
		event->pub.session = tern_session_by_id(entity, event->session_id);
	entity->pins++; /* the events that waited are looked after before it may rest */
	if (verdict == TERN_DONE)
		event_finish(event);
	else if (verdict == TERN_REJECT)
		event_refuse(event, event->condition ? event->condition :
			TERN_INTERNAL_SERVER_ERROR, event->text);
	else
		event_run(event);
	while (behind) {
		struct event *next = behind->next;

		behind->next = NULL;
		event_arrive(entity, behind);
		behind = next;
	}
	entity->pins--;
	entity_may_rest(entity);
}

static void held_too_long(struct shard *shard, struct timer *timer)
{
	struct event *event = take(&of_timer(timer)->at->held, of_timer(timer)->ticket);

	(void)shard;
	log_warn("account", jid_text(event->at->jid), "an event was held for too long");
	go_on(event, event->held_verdict);
}

void held_put(struct tern_entity *entity, struct event *event)
{
	struct shard *shard = entity->shard;

	event->next = entity->held;
	entity->held = event;
	event->timer.run = held_too_long;
	timer_start(shard, &event->timer, (uint64_t)shard->server->limits.hold_s * 1000);
}

enum tern_verdict tern_hold(struct tern_event *public, enum tern_verdict verdict,
		tern_ticket *ret_ticket)
{
	struct event *event = (struct event *)public;

	event->held_verdict = verdict;
	event->ticket = *ret_ticket = shard_new_id(event->at->shard);
	return TERN_HOLD;
}

void tern_release(struct tern_entity *entity, tern_ticket ticket, enum tern_verdict verdict)
{
	struct event *event = take(&entity->held, ticket);

	if (!event)
		return;
	timer_stop(entity->shard, &event->timer);
	go_on(event, verdict);
}

void held_cancel(struct tern_entity *entity)
{
	while (entity->held) {
		struct event *event = take(&entity->held, entity->held->ticket);
		struct event *behind = event->behind;

		timer_stop(entity->shard, &event->timer);
		event->behind = NULL;
		event_finish(event);
		while (behind) {
			struct event *next = behind->next;

			event_finish(behind);
			behind = next;
		}
	}
	while (entity->later) {
		struct event *event = take(&entity->later, entity->later->ticket);

		timer_stop(entity->shard, &event->timer);
		event_finish(event);
	}
}

/* --- later: nothing waits behind it ----------------------------------------------------------- */

static void answer_too_late(struct shard *shard, struct timer *timer)
{
	struct event *event = take(&of_timer(timer)->at->later, of_timer(timer)->ticket);

	(void)shard;
	event_refuse(event, TERN_REMOTE_SERVER_TIMEOUT, NULL);
}

void later_put(struct tern_entity *entity, struct event *event)
{
	struct shard *shard = entity->shard;

	event->next = entity->later;
	entity->later = event;
	event->timer.run = answer_too_late;
	timer_start(shard, &event->timer, (uint64_t)shard->server->limits.iq_s * 1000);
}

enum tern_verdict tern_answer_later(struct tern_event *public, tern_ticket *ret_ticket)
{
	struct event *event = (struct event *)public;

	event->ticket = *ret_ticket = shard_new_id(event->at->shard);
	return TERN_LATER;
}

static struct event *stop_waiting(struct tern_entity *entity, tern_ticket ticket)
{
	struct event *event = find(entity->later, ticket) ? take(&entity->later, ticket) : NULL;

	if (event)
		timer_stop(entity->shard, &event->timer);
	return event;
}

void tern_answer(struct tern_entity *entity, tern_ticket ticket, struct element *payload)
{
	struct event *event = stop_waiting(entity, ticket);

	if (!event)
		return;
	if (payload)
		payload = element_copy(event->pub.arena, payload);
	event_answer(event, stanza_result(event->pub.arena, &event->pub.stanza, payload));
	event_finish(event);
}

void tern_answer_error(struct tern_entity *entity, tern_ticket ticket,
		enum tern_condition condition, const char *text)
{
	struct event *event = stop_waiting(entity, ticket);

	if (event)
		event_refuse(event, condition, text);
}
