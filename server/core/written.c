/* written.c - tells modules when what they said to a session has left the server */
/* SPDX-License-Identifier: MIT */

#include "written.h"

#include <stdlib.h>

#include "acks.h"
#include "entity_internal.h"
#include "heap.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stream.h"

typedef void written_call(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled);

struct waiter {
	struct item item; /* in the outbox, behind what was said before */
	struct waiter *next;
	uint64_t session;
	uint64_t until; /* with acks: of acks_sent */
	struct loaded *owner;
	written_call *run;
	void *context;
};

static void conclude(struct tern_entity *entity, struct tern_session *session,
	struct waiter *waiter, bool cancelled)
{
	struct shard *shard = entity->shard;
	struct loaded *outer = shard_enter(shard, waiter->owner);

	waiter->run(entity, session, waiter->context, cancelled);
	shard->guest = outer;
	free(waiter);
}

static bool is_all_written(const struct tern_session *session)
{
	if (session->acks)
		return acks_acked(session) >= acks_sent(session);
	return stream_unwritten(session->stream) == 0;
}

static void wait(struct tern_session *session, struct waiter *waiter)
{
	struct waiter **last = &session->waiters;

	while (*last)
		last = &(*last)->next;
	*last = waiter;
	waiter->until = acks_sent(session);
	if (!session->acks)
		stream_want_drained(session->stream, true);
}

/* What stands before it in the outbox is in the stream's hands. */
static void look(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct waiter *waiter = (struct waiter *)item;
	struct tern_session *session = tern_session_by_id(entity, waiter->session);

	if (cancelled || !session || (!session->stream && !session->acks))
		conclude(entity, session, waiter, true);
	else if (is_all_written(session) && !session->waiters)
		conclude(entity, session, waiter, false);
	else
		wait(session, waiter);
}

void tern_session_when_written(struct tern_session *session, written_call *run, void *context)
{
	struct waiter *waiter;

	if (tern_is_leaving(session->entity)) {
		run(session->entity, session, context, true);
		return;
	}
	waiter = heap_zalloc(sizeof *waiter);
	*waiter = (struct waiter){ .item.go = look, .session = session->id,
		.owner = session->entity->shard->guest, .run = run, .context = context };
	outbox_say(session->entity, &waiter->item);
}

/* Those that come while these are told wait for the next time. */
static void tell_all(struct tern_session *session, bool cancelled)
{
	struct tern_entity *entity = session->entity;
	struct waiter *waiter = session->waiters;

	session->waiters = NULL;
	entity->pins++;
	while (waiter) {
		struct waiter *next = waiter->next;

		conclude(entity, session, waiter, cancelled);
		waiter = next;
	}
	entity->pins--;
	entity_may_rest(entity);
}

void written_note_acked(struct tern_session *session)
{
	struct tern_entity *entity = session->entity;
	uint64_t acked = acks_acked(session);

	entity->pins++;
	while (session->waiters && session->waiters->until <= acked) {
		struct waiter *waiter = session->waiters;

		session->waiters = waiter->next;
		conclude(entity, session, waiter, false);
	}
	entity->pins--;
	entity_may_rest(entity);
}

/* With acks they wait for more than that, but those who came before <enable/>. */
void written_note_drained(struct tern_session *session)
{
	if (session->acks)
		written_note_acked(session);
	else
		tell_all(session, false);
}

void written_cancel(struct tern_session *session)
{
	tell_all(session, true);
}

void written_cancel_unqueued(struct tern_session *session)
{
	struct tern_entity *entity = session->entity;

	entity->pins++;
	while (session->waiters && session->waiters->until == 0) {
		struct waiter *waiter = session->waiters;

		session->waiters = waiter->next;
		conclude(entity, session, waiter, true);
	}
	entity->pins--;
	entity_may_rest(entity);
}

static bool is_waiter_of(const struct item *item, const struct loaded *owner)
{
	return item->go == look && ((const struct waiter *)item)->owner == owner;
}

static struct waiter *take_of(struct tern_session *session, const struct loaded *owner)
{
	struct waiter **place = &session->waiters, *waiter;

	while (*place && (*place)->owner != owner)
		place = &(*place)->next;
	waiter = *place;
	if (waiter)
		*place = waiter->next;
	return waiter;
}

/* What hears of it may end a session: the list is walked from its start again. */
void written_cancel_of(struct tern_entity *entity, const struct loaded *owner)
{
	struct tern_session *session = entity->sessions;

	outbox_cancel_of(entity, is_waiter_of, owner);
	while (session) {
		struct waiter *waiter = take_of(session, owner);

		if (waiter)
			conclude(entity, session, waiter, true);
		session = waiter ? entity->sessions : session->next;
	}
}
