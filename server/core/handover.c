/* handover.c - counts the places where a delivered message waits, and settles it */
/* SPDX-License-Identifier: MIT */

#include "handover.h"

#include <stdlib.h>

#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "misuse.h"
#include "module.h"
#include "saved_form.h"
#include "seen.h"
#include "session_internal.h"
#include "shard_internal.h"

struct handover {
	struct handover *next, **place; /* of the entity, while a log holds it */
	struct item item;               /* behind its removal from the log */
	unsigned shares;
	bool is_taken, is_overdue;
	bool has_listener;              /* when it was made, a module wanted to hear that it is taken */
	tern_store log;
	uint64_t pending_id, kept_id;
	uint64_t number; /* once it has been saved */
};

static void unlist(struct handover *handover)
{
	if (!handover->place)
		return;
	*handover->place = handover->next;
	if (handover->next)
		handover->next->place = handover->place;
	handover->place = NULL;
}

static void enlist(struct tern_entity *entity, struct handover *handover)
{
	if (handover->place)
		return;
	handover->next = entity->handovers;
	handover->place = &entity->handovers;
	if (handover->next)
		handover->next->place = &handover->next;
	entity->handovers = handover;
}

/* --- making ----------------------------------------------------------------------------- */

/* Words of one person to another; the rest may end with its recipient (XEP-0198 4). */
static bool is_handed_over(const struct tern_stanza *stanza)
{
	return stanza->kind == TERN_MESSAGE &&
		(stanza->type == TERN_CHAT || stanza->type == TERN_NORMAL);
}

/* Into the pending log, where the host has one, and the message is in no archive. */
static int write_pending(struct event *event, struct handover *handover)
{
	struct loaded *owner = event->at->host->pending, *outer;
	int result;

	if (handover->kept_id || !owner)
		return 0;
	outer = shard_enter(event->at->shard, owner);
	result = owner->module->pending(&event->pub, &handover->log, &handover->pending_id,
		owner->settings);
	if (handover->pending_id && misuse_of_store(handover->log, true, "pending"))
		handover->pending_id = 0;
	event->at->shard->guest = outer;
	if (result == 0 && handover->pending_id)
		enlist(event->at, handover);
	return result;
}

/* A log that refuses leaves it where it is: in the queue alone. */
void handover_secure(struct handover *handover, struct event *event)
{
	if (!handover->pending_id)
		write_pending(event, handover);
	event->pub.kept_id = handover->kept_id;
	event->pending_id = handover->pending_id;
}

/* With one share. */
static struct handover *make(struct tern_entity *entity, uint64_t kept_id)
{
	struct handover *handover = heap_zalloc(sizeof *handover);

	handover->shares = 1;
	handover->kept_id = kept_id;
	handover->has_listener = entity->host->taken || entity->host->taken_has_left;
	if (kept_id)
		enlist(entity, handover);
	return handover;
}

struct handover *handover_of_kept(struct tern_entity *entity, uint64_t kept_id)
{
	return make(entity, kept_id);
}

struct handover *handover_of_pending(struct tern_entity *entity, tern_store log, uint64_t id)
{
	struct handover *handover = make(entity, 0);

	handover->log = log;
	handover->pending_id = id;
	enlist(entity, handover);
	return handover;
}

bool handover_prepare(struct event *event, struct tern_session *session)
{
	struct handover *handover;

	if (event->refused_by < 0)
		return false;
	if (event->handover || !is_handed_over(&event->pub.stanza))
		return true;
	event->refused_by = seen_note(event);
	if (event->refused_by < 0)
		return false;
	if (!session->acks && !event->pub.is_acked) {
		event->is_taken = true;
		return true;
	}
	handover = make(event->at, event->pub.kept_id);
	handover->is_taken = event->is_taken;
	/* What the sender will hear is safe has to be so.  An anonymous account ends with its
	 * session: the queue is all that it has. */
	if (event->pub.is_acked && !event->at->is_anonymous)
		event->refused_by = write_pending(event, handover);
	if (event->refused_by == 0)
		event->handover = handover;
	else
		handover_drop(handover);
	return event->refused_by == 0;
}

/* --- shares ------------------------------------------------------------------------------- */

struct handover *handover_share(struct handover *handover)
{
	if (handover)
		handover->shares++;
	return handover;
}

void handover_drop(struct handover *handover)
{
	if (!handover || --handover->shares)
		return;
	unlist(handover);
	free(handover);
}

static void note_removed(struct tern_entity *entity, struct item *item, bool cancelled)
{
	(void)entity;
	(void)cancelled;
	handover_drop((struct handover *)((char *)item - offsetof(struct handover, item)));
}

/* Who reads the log still finds the entry until its removal is on disk: it stays listed so long. */
static void remove_pending(struct tern_entity *entity, struct handover *handover)
{
	tern_log_delete(entity, handover->log, handover->pending_id);
	handover->item.go = note_removed;
	handover->shares++;
	outbox_say(entity, &handover->item);
}

/* Without the archive's module nobody hears of it until it comes back, or the account closes. */
void handover_tell_taken(struct tern_entity *entity, uint64_t kept_id)
{
	struct loaded *owner = entity->host->taken, *outer;

	if (!owner) {
		entity->untold = heap_resize(entity->untold,
			(entity->untold_count + 1) * sizeof *entity->untold);
		entity->untold[entity->untold_count++] = kept_id;
		return;
	}
	outer = shard_enter(entity->shard, owner);
	owner->module->taken(entity, kept_id, owner->settings);
	entity->shard->guest = outer;
}

void handover_take(struct tern_entity *entity, struct handover *handover)
{
	bool was_taken;

	if (!handover)
		return;
	was_taken = handover->is_taken;
	handover->is_taken = true;
	if (handover->pending_id && !was_taken)
		remove_pending(entity, handover);
	if (handover->kept_id && !was_taken && handover->has_listener)
		handover_tell_taken(entity, handover->kept_id);
	handover_drop(handover);
}

/* They wait in the order in which they were taken. */
void handovers_tell_untold(struct tern_entity *entity)
{
	uint64_t *untold = entity->untold;
	unsigned count = entity->untold_count;

	entity->untold = NULL;
	entity->untold_count = 0;
	for (unsigned i = 0; i < count; i++)
		handover_tell_taken(entity, untold[i]);
	free(untold);
}

bool handover_is_watched(const struct handover *handover)
{
	return handover && !handover->is_taken && !handover->is_overdue;
}

void handover_note_overdue(struct handover *handover)
{
	handover->is_overdue = true;
}

bool handover_is_lost(const struct handover *handover)
{
	return handover && handover->shares == 1 && !handover->is_taken;
}

uint64_t handover_kept_id(const struct handover *handover)
{
	return handover->kept_id;
}

/* --- where nothing is acknowledged ------------------------------------------------------------- */

static void settle(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	(void)session;
	if (cancelled)
		handover_drop(context);
	else
		handover_take(entity, context);
}

/* It is the engine that waits. */
void handover_take_when_written(struct tern_session *session, struct handover *take_handover)
{
	struct shard *shard = session->entity->shard;
	struct loaded *outer = shard_enter(shard, NULL);

	tern_session_when_written(session, settle, take_handover);
	shard->guest = outer;
}

/* --- over a restart -------------------------------------------------------------------------- */

void handover_describe(struct handover *handover, uint64_t *last_number,
	struct saved_handover *ret_saved)
{
	*ret_saved = (struct saved_handover){ 0 };
	if (!handover)
		return;
	if (!handover->number)
		handover->number = ++*last_number;
	*ret_saved = (struct saved_handover){ .number = handover->number,
		.is_taken = handover->is_taken, .is_overdue = handover->is_overdue,
		.pending_id = handover->pending_id, .kept_id = handover->kept_id };
	if (handover->pending_id)
		ret_saved->log = loader_store_of(handover->log)->number;
}

/* False where no module has that log any more: then nobody reads it. */
static bool find_log(uint16_t number, tern_store *ret_log)
{
	for (size_t i = 0; i < loader_store_count(); i++) {
		const struct store_slot *slot = loader_store(i);

		if (slot->number != number || slot->claim->layout != TERN_LOG)
			continue;
		*ret_log = (tern_store)(i + 1);
		return true;
	}
	return false;
}

struct handover *handover_restore(struct tern_entity *entity, const struct saved_handover *saved)
{
	struct handover *handover = make(entity, saved->kept_id);

	handover->is_taken = saved->is_taken;
	handover->is_overdue = saved->is_overdue;
	if (saved->pending_id && find_log(saved->log, &handover->log)) {
		handover->pending_id = saved->pending_id;
		enlist(entity, handover);
	}
	return handover;
}

void handovers_forget(struct tern_entity *entity)
{
	while (entity->handovers)
		unlist(entity->handovers);
}

/* --- what modules ask ------------------------------------------------------------------------ */

bool tern_is_handed_out(const struct tern_entity *entity, tern_store log, uint64_t id)
{
	const struct handover *handover = entity->handovers;

	while (handover && (handover->log != log || handover->pending_id != id))
		handover = handover->next;
	return handover;
}

bool tern_is_under_way(const struct tern_entity *entity, uint64_t kept_id)
{
	const struct handover *handover = entity->handovers;

	while (handover && (handover->kept_id != kept_id || handover->is_taken))
		handover = handover->next;
	return handover;
}

uint64_t tern_event_pending_id(const struct tern_event *event)
{
	const struct handover *handover = ((const struct event *)event)->handover;

	return handover ? handover->pending_id : ((const struct event *)event)->pending_id;
}
