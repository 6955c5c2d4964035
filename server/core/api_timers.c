/* api_timers.c - timers of entities and sessions, by id */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "entity_internal.h"
#include "heap.h"
#include "misuse.h"
#include "session_internal.h"
#include "shard_internal.h"

typedef void due_call(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled);

struct entity_timer {
	struct timer timer;
	struct entity_timer *next;
	struct tern_entity *entity;
	uint64_t id, session;
	struct loaded *owner;
	due_call *run;
	void *context;
};

static void unlist(struct entity_timer *timer)
{
	struct entity_timer **place = &timer->entity->timers;

	while (*place != timer)
		place = &(*place)->next;
	*place = timer->next;
}

static void call(struct entity_timer *timer, struct tern_session *session, bool cancelled)
{
	struct shard *shard = timer->entity->shard;
	struct loaded *outer = shard_enter(shard, timer->owner);

	unlist(timer);
	timer->run(timer->entity, session, timer->context, cancelled);
	shard->guest = outer;
	free(timer);
}

static void due(struct shard *shard, struct timer *seat)
{
	struct entity_timer *timer = (struct entity_timer *)seat;
	struct tern_entity *entity = timer->entity;
	struct tern_session *session = timer->session ?
		tern_session_by_id(entity, timer->session) : NULL;

	(void)shard;
	entity->pins++;
	entity_stir(entity);
	call(timer, session, timer->session && !session);
	entity->pins--;
	entity_may_rest(entity);
}

tern_timer tern_timer_start(struct tern_entity *entity, struct tern_session *session,
		uint64_t delay_ms, due_call *run, void *context)
{
	struct entity_timer *timer;

	if (misuse_of_nothing(entity, __func__) || tern_is_leaving(entity)) {
		run(entity, session, context, true);
		return 0;
	}
	timer = heap_zalloc(sizeof *timer);
	timer->timer.run = due;
	timer->entity = entity;
	timer->id = shard_new_id(entity->shard);
	timer->session = session ? session->id : 0;
	timer->owner = entity->shard->guest;
	timer->run = run;
	timer->context = context;
	timer->next = entity->timers;
	entity->timers = timer;
	timer_start(entity->shard, &timer->timer, delay_ms);
	return timer->id;
}

void tern_timer_stop(struct tern_entity *entity, tern_timer id)
{
	struct entity_timer *timer = misuse_of_nothing(entity, __func__) ? NULL : entity->timers;

	for (; timer; timer = timer->next) {
		if (timer->id != id)
			continue;
		timer_stop(entity->shard, &timer->timer);
		unlist(timer);
		free(timer);
		return;
	}
}

/* The first of the session, or of all, and of the module, or of any: a call may change the list. */
static struct entity_timer *find(const struct tern_entity *entity,
	const struct tern_session *session, const struct loaded *owner)
{
	struct entity_timer *timer = entity->timers;

	while (timer && ((session && timer->session != session->id) ||
	       (owner && timer->owner != owner)))
		timer = timer->next;
	return timer;
}

void entity_cancel_timers(struct tern_entity *entity, struct tern_session *session)
{
	struct entity_timer *timer;

	while ((timer = find(entity, session, NULL))) {
		timer_stop(entity->shard, &timer->timer);
		call(timer, session, true);
	}
}

void timers_cancel_of(struct tern_entity *entity, const struct loaded *owner)
{
	struct entity_timer *timer;

	while ((timer = find(entity, NULL, owner))) {
		timer_stop(entity->shard, &timer->timer);
		call(timer, timer->session ? tern_session_by_id(entity, timer->session) : NULL, true);
	}
}
