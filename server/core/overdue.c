/* overdue.c - looks through queues for messages that have waited too long */
/* SPDX-License-Identifier: MIT */

#include "overdue.h"

#include "acks_internal.h"
#include "arena.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "handover.h"
#include "reread.h"
#include "reroute.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stanzas.h"

#define SLICE 64 /* messages a turn */

static uint64_t limit_us(const struct shard *shard)
{
	return (uint64_t)shard->server->limits.missed_s * 1000000;
}

/* It holds no share of the handover: what the device does goes its own way meanwhile. */
static struct event *make_event(struct tern_entity *entity, const struct unacked *unacked)
{
	struct reread copy = reread(entity->shard->parsers, unacked->bytes, unacked->len);
	struct tern_stanza stanza;
	struct event *event;

	if (copy.element)
		copy.element = reroute_unwrap(entity, copy.arena, copy.element);
	if (!stanza_of(copy.arena, copy.element, &stanza) || !stanza.to || !stanza.from) {
		arena_destroy(copy.arena);
		return NULL;
	}
	event = event_new(parcel_new(copy.arena, &stanza), NULL);
	event->at = event->pub.entity = entity;
	event->pub.host = entity->host;
	event->pub.awaits_ack = true;
	event->phase = TERN_IN_MISSED;
	handover_secure(unacked->handover, event);
	return event;
}

/* The events of those that are overdue, and for how long nobody needs to look again; 0: ever. */
static struct event *collect(struct acks *acks, uint64_t *ret_delay_ms)
{
	struct shard *shard = acks->session->entity->shard;
	uint64_t now_us = shard_now_us(shard), limit = limit_us(shard);
	struct event *first = NULL, **last = &first;
	unsigned left = SLICE;

	*ret_delay_ms = 0;
	for (struct unacked *unacked = acks->first; unacked; unacked = unacked->next) {
		uint64_t due_us = unacked->since_us + limit;

		if (!handover_is_watched(unacked->handover))
			continue;
		if (due_us > now_us || !left--) {
			*ret_delay_ms = due_us > now_us ? (due_us - now_us) / 1000 + 1 : 1;
			break;
		}
		handover_note_overdue(unacked->handover);
		*last = make_event(acks->session->entity, unacked);
		if (*last)
			last = &(*last)->next;
	}
	return first;
}

static void look(struct shard *shard, struct timer *timer)
{
	struct acks *acks = (struct acks *)((char *)timer - offsetof(struct acks, overdue));
	struct tern_entity *entity = acks->session->entity;
	uint64_t delay_ms;
	struct event *event = collect(acks, &delay_ms);

	if (delay_ms)
		timer_start(shard, timer, delay_ms);
	entity->pins++; /* from here on the session may end */
	while (event) {
		struct event *next = event->next;

		event->next = NULL;
		event_arrive(entity, event);
		event = next;
	}
	entity->pins--;
	entity_may_rest(entity);
}

void overdue_watch(struct acks *acks)
{
	struct shard *shard = acks->session->entity->shard;

	if (timer_is_running(&acks->overdue))
		return;
	acks->overdue.run = look;
	timer_start(shard, &acks->overdue, limit_us(shard) / 1000);
}

void overdue_forget(struct acks *acks)
{
	timer_stop(acks->session->entity->shard, &acks->overdue);
}
