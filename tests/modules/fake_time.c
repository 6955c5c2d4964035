/* fake_time.c - timers, and questions that wait for answers
 * SPDX-License-Identifier: MIT */

#include "fake_internal.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"

static void cancel(struct alarm *alarm, struct tern_session *session)
{
	if (alarm->run)
		alarm->run(alarm->entity, session, alarm->context, true);
	else
		alarm->answered(alarm->entity, alarm->context, NULL);
	free(alarm);
}

/* Those of the session, or all of the entity. */
static void cancel_all(struct tern_entity *entity, struct tern_session *session)
{
	for (struct alarm **at = &entity->host->alarms; *at;) {
		struct alarm *alarm = *at;

		if (alarm->entity != entity || (session && alarm->session_id != session->id)) {
			at = &alarm->next;
			continue;
		}
		*at = alarm->next;
		cancel(alarm, session);
	}
}

void cancel_alarms(struct tern_session *session)
{
	cancel_all(session->entity, session);
}

void cancel_entity_alarms(struct tern_entity *entity)
{
	cancel_all(entity, NULL);
}

static struct alarm *set_alarm(struct tern_entity *entity, uint64_t session_id, uint64_t delay_ms)
{
	struct alarm *alarm = heap_zalloc(sizeof *alarm);

	alarm->number = ++entity->host->last_number;
	alarm->entity = entity;
	alarm->session_id = session_id;
	alarm->due_ms = entity->host->now_ms + delay_ms;
	alarm->next = entity->host->alarms;
	entity->host->alarms = alarm;
	return alarm;
}

tern_timer tern_timer_start(struct tern_entity *entity, struct tern_session *session,
	uint64_t delay_ms,
	void (*run)(struct tern_entity *entity, struct tern_session *session, void *context,
		bool cancelled),
	void *context)
{
	struct alarm *alarm = set_alarm(entity, session ? session->id : 0, delay_ms);

	alarm->run = run;
	alarm->context = context;
	return alarm->number;
}

void tern_timer_stop(struct tern_entity *entity, tern_timer timer)
{
	for (struct alarm **at = &entity->host->alarms; *at; at = &(*at)->next) {
		struct alarm *alarm = *at;

		if (alarm->number != timer)
			continue;
		*at = alarm->next;
		free(alarm);
		return;
	}
}

void tern_ask(struct tern_entity *entity, struct element *iq, uint64_t timeout_ms,
	void (*answered)(struct tern_entity *entity, void *context, const struct tern_stanza *answer),
	void *context)
{
	struct arena *arena = element_arena(iq);
	struct tern_session *session = tern_session_find(entity,
		jid_resource(jid_new(arena, element_get(iq, "to"))));
	struct alarm *alarm = set_alarm(entity, session->id, timeout_ms);

	alarm->answered = answered;
	alarm->context = context;
	element_set(iq, "id", "asked");
	tern_session_send(session, iq);
}

static struct alarm *take_alarm(struct tern_host *host, struct alarm *alarm)
{
	struct alarm **at = &host->alarms;

	while (*at != alarm)
		at = &(*at)->next;
	*at = alarm->next;
	return alarm;
}

void answer_question(struct tern_event *event)
{
	struct alarm *alarm = event->host->alarms;

	while (alarm && !(alarm->answered && alarm->session_id == event->session->id))
		alarm = alarm->next;
	if (!alarm)
		return;
	take_alarm(event->host, alarm)->answered(alarm->entity, alarm->context, &event->stanza);
	free(alarm);
}

static struct alarm *next_alarm(struct tern_host *host, uint64_t until_ms)
{
	struct alarm *next = NULL;

	for (struct alarm *at = host->alarms; at; at = at->next)
		if (at->due_ms <= until_ms && (!next || at->due_ms < next->due_ms))
			next = at;
	return next;
}

void fake_pass(struct fake *fake, uint64_t ms)
{
	struct tern_host *host = &fake->host;
	uint64_t until_ms = host->now_ms + ms;
	struct alarm *alarm;

	while ((alarm = next_alarm(host, until_ms))) {
		host->now_ms = alarm->due_ms;
		take_alarm(host, alarm);
		if (alarm->run)
			alarm->run(alarm->entity, tern_session_by_id(alarm->entity, alarm->session_id),
				alarm->context, false);
		else
			alarm->answered(alarm->entity, alarm->context, NULL);
		free(alarm);
	}
	host->now_ms = until_ms;
	run_queue(host);
}

size_t fake_timers(const struct fake *fake)
{
	size_t count = 0;

	for (const struct alarm *at = fake->host.alarms; at; at = at->next)
		count++;
	return count;
}
