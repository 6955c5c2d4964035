/* entities.c - opens entities, keeps them while they are needed, closes idle ones */
/* SPDX-License-Identifier: MIT */

#include "entities.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account_internal.h"
#include "asks.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "handover.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "residents.h"
#include "seen.h"
#include "session_internal.h"
#include "shard_internal.h"

#define SWEEP_MS 5000
#define IDLE_MS 30000
#define ABSENT_MOST 1024 /* accounts that do not exist, before they are closed at once */

/* --- the table ------------------------------------------------------------------------- */

static struct tern_entity **bucket(struct entities *entities, uint32_t hash)
{
	/* The low bits chose the shard. */
	return &entities->buckets[(hash * 2654435761u >> 8) & (entities->bucket_count - 1)];
}

static void grow(struct entities *entities)
{
	struct tern_entity **old = entities->buckets;
	size_t old_count = entities->bucket_count;

	entities->bucket_count = old_count ? old_count * 2 : 256;
	entities->buckets = heap_zalloc(entities->bucket_count * sizeof *entities->buckets);
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct tern_entity *entity = old[i], **place;

			old[i] = entity->next_in_bucket;
			place = bucket(entities, entity->hash);
			entity->next_in_bucket = *place;
			*place = entity;
		}
	}
	free(old);
}

struct tern_entity *entities_find(struct shard *shard, const struct jid *jid)
{
	uint32_t hash = jid_hash(jid);
	struct tern_entity *entity = *bucket(&shard->entities, hash);

	while (entity && (entity->hash != hash || !jid_bare_equal(entity->jid, jid)))
		entity = entity->next_in_bucket;
	return entity;
}

struct tern_entity *entities_by_id(struct shard *shard, uint64_t id)
{
	return idmap_get(&shard->entities.by_id, id);
}

static void enter(struct entities *entities, struct tern_entity *entity)
{
	struct tern_entity **place;

	if (entities->count >= entities->bucket_count)
		grow(entities);
	place = bucket(entities, entity->hash);
	entity->next_in_bucket = *place;
	*place = entity;
	entities->count++;
	idmap_put(&entities->by_id, entity->id, entity);
}

static void leave(struct entities *entities, struct tern_entity *entity)
{
	struct tern_entity **place = bucket(entities, entity->hash);

	while (*place != entity)
		place = &(*place)->next_in_bucket;
	*place = entity->next_in_bucket;
	entities->count--;
	idmap_remove(&entities->by_id, entity->id);
}

/* --- opening ----------------------------------------------------------------------------- */

struct reading {
	struct tern_entity *entity;
	const struct tern_store_claim *claim;
	int result;
};

static bool read_record(void *context, const void *key, size_t key_len,
		const void *value, size_t value_len)
{
	struct reading *reading = context;

	residents_note(reading->entity, key_len + value_len);
	reading->result = reading->claim->read(reading->entity, key, key_len, value, value_len);
	return reading->result >= 0;
}

/* The storage's fault, or the module's. */
static int blame(const struct tern_entity *entity, const struct store_slot *slot, int stored, int read)
{
	int result = read < 0 ? read : stored;

	log_error("account", jid_text(entity->jid), "cannot be read: %sstore `%s` of module `%s`: %s",
		read < 0 ? "`read` of " : "", slot->claim->name, slot->module->name,
		strerror(-result));
	return result;
}

int entity_read_residents(struct tern_entity *entity, const struct tern_module *module)
{
	struct storage *storage = entity->shard->server->storage;
	struct reading reading = { .entity = entity };

	for (size_t i = 0; i < loader_store_count(); i++) {
		const struct store_slot *slot = loader_store(i);
		int result;

		if (slot->claim->layout != TERN_RESIDENT || (module && slot->module != module) ||
		    !host_has_module(entity->host, slot->module))
			continue;
		reading.claim = slot->claim;
		result = storage_each(storage, entity->owner, slot->number, read_record, &reading);
		if (result < 0 || reading.result < 0)
			return blame(entity, slot, result, reading.result);
	}
	return 0;
}

static int read_all(struct tern_entity *entity)
{
	struct server *server = entity->shard->server;
	int result = storage_owner_find(server->storage, jid_bare_text(entity->jid), &entity->owner);

	if (result == -ENOENT)
		return 0;
	if (result < 0) {
		log_error("account", jid_text(entity->jid), "cannot be read: %s", strerror(-result));
		return result;
	}
	entity->exists = true;
	return entity_read_residents(entity, NULL);
}

static void let_in(struct tern_entity *entity)
{
	struct event *event = entity->waiting;

	entity->waiting = NULL;
	entity->waiting_last = &entity->waiting;
	entity->waiting_count = 0;
	while (event) {
		struct event *next = event->next;

		event->next = NULL;
		event_arrive(entity, event);
		event = next;
	}
}

static void finish_opening(struct tern_entity *entity)
{
	int result = entity->shard->is_ended ? -ECANCELED : entity->is_anonymous ? 0 :
		read_all(entity);

	entity->state = result < 0 ? ENTITY_FAILED : ENTITY_OPEN;
	entity->pins++;
	if (entity->state == ENTITY_OPEN && entity->exists)
		entity_run_watches(entity, TERN_ON_ENTITY_OPENED, NULL, NULL);
	login_opened(entity);
	let_in(entity);
	entity->pins--;
	entity_may_rest(entity);
}

static void open_now(struct shard *shard, struct post *post)
{
	struct tern_entity *entity =
		(struct tern_entity *)((char *)post - offsetof(struct tern_entity, opening));

	if (!shard->is_ended)
		finish_opening(entity);
}

static struct tern_entity *create(struct shard *shard, struct tern_host *host,
		const struct jid *jid)
{
	struct tern_entity *entity = heap_zalloc(sizeof *entity);

	entity->shard = shard;
	entity->host = host;
	entity->jid = jid_create_bare(jid);
	entity->hash = jid_hash(jid);
	entity->id = shard_new_id(shard);
	entity->waiting_last = &entity->waiting;
	entity->opening.run = open_now;
	outbox_init(&entity->outbox);
	states_init(&entity->states, TERN_PER_ACCOUNT, host);
	enter(&shard->entities, entity);
	return entity;
}

struct tern_entity *entities_open(struct shard *shard, struct tern_host *host,
		const struct jid *jid)
{
	struct tern_entity *entity = entities_find(shard, jid);

	if (entity) {
		entity_stir(entity);
		return entity;
	}
	entity = create(shard, host, jid);
	if (shard->entities.opens_later)
		shard_post(shard, &entity->opening);
	else
		finish_opening(entity);
	return entity;
}

static void wait_for_opening(struct tern_entity *entity, struct event *event)
{
	if (entity->waiting_count >= (size_t)entity->shard->server->limits.waiting_events) {
		event->at = entity;
		event_refuse(event, TERN_RESOURCE_CONSTRAINT, NULL);
		return;
	}
	*entity->waiting_last = event;
	entity->waiting_last = &event->next;
	entity->waiting_count++;
}

void entities_receive(struct shard *shard, struct event *event)
{
	const struct jid *to = event->pub.stanza.to;
	struct tern_host *host = server_host(shard->server, jid_domain(to));
	struct tern_entity *entity = entities_open(shard, host, to);

	if (entity->state == ENTITY_OPENING) {
		wait_for_opening(entity, event);
		return;
	}
	entity->pins++;
	event_arrive(entity, event);
	entity->pins--;
	entity_may_rest(entity);
}

/* --- resting and closing -------------------------------------------------------------------- */

static bool is_needed(const struct tern_entity *entity)
{
	return entity->state == ENTITY_OPENING || entity->pins || entity->sessions ||
		entity->login_count || entity->waiting || entity->held || entity->later ||
		entity->handovers ||
		entity->outbox.first || entity->outbox.last_write > entity->shard->gate.opened;
}

static void unlist(struct entities *entities, struct tern_entity *entity)
{
	if (entity->idle_previous)
		entity->idle_previous->idle_next = entity->idle_next;
	else
		entities->idle_first = entity->idle_next;
	if (entity->idle_next)
		entity->idle_next->idle_previous = entity->idle_previous;
	else
		entities->idle_last = entity->idle_previous;
	entity->idle_next = entity->idle_previous = NULL;
	entities->idle_absent -= entity->is_idle_absent;
	entity->is_idle = entity->is_idle_absent = false;
}

void entity_stir(struct tern_entity *entity)
{
	if (entity->is_idle)
		unlist(&entity->shard->entities, entity);
}

/* What does not exist, or could not be read, is asked for again soon.  Failed logins are remembered
 * for as long as those of accounts that exist: else the delays would tell the two apart. */
static bool is_soon_closed(const struct tern_entity *entity)
{
	return (!entity->exists && !entity->failures) || entity->state == ENTITY_FAILED;
}

static void list_first(struct entities *entities, struct tern_entity *entity)
{
	entity->is_idle_absent = true;
	entities->idle_absent++;
	entity->idle_next = entities->idle_first;
	if (entities->idle_first)
		entities->idle_first->idle_previous = entity;
	else
		entities->idle_last = entity;
	entities->idle_first = entity;
}

static void list_last(struct entities *entities, struct tern_entity *entity)
{
	entity->idle_previous = entities->idle_last;
	if (entities->idle_last)
		entities->idle_last->idle_next = entity;
	else
		entities->idle_first = entity;
	entities->idle_last = entity;
}

void entity_may_rest(struct tern_entity *entity)
{
	struct entities *entities = &entity->shard->entities;

	if (entity->is_idle || is_needed(entity))
		return;
	entity->is_idle = true;
	entity->idle_since_ms = entity->shard->ticks_ms;
	if (is_soon_closed(entity))
		list_first(entities, entity);
	else
		list_last(entities, entity);
	if (entities->idle_absent > ABSENT_MOST)
		timer_start(entity->shard, &entities->sweep, 0);
	else if (!timer_is_running(&entities->sweep))
		timer_start(entity->shard, &entities->sweep, SWEEP_MS);
}

void entity_forget(struct tern_entity *entity)
{
	asks_cancel(entity->shard, entity);
	entity_cancel_timers(entity, NULL);
	entity->exists = false;
	held_forget(entity);
	states_finish(&entity->states, TERN_PER_ACCOUNT);
	seen_destroy(entity->seen);
	free(entity->untold);
	free(entity->heads);
	free(entity->credentials);
	entity->seen = NULL;
	entity->untold = NULL;
	entity->untold_count = 0;
	entity->heads = NULL;
	entity->head_count = 0;
	entity->credentials = NULL;
	entity->resident_bytes = 0;
	entity->owner = 0;
	entity->is_anonymous = entity->is_being_deleted = false;
	states_init(&entity->states, TERN_PER_ACCOUNT, entity->host);
}

static void close_entity(struct tern_entity *entity)
{
	struct entities *entities = &entity->shard->entities;

	leave(entities, entity);
	handovers_forget(entity);
	assert(!entity->sessions && !entity->outbox.first && !entity->timers);
	states_finish(&entity->states, TERN_PER_ACCOUNT);
	seen_destroy(entity->seen);
	free(entity->untold);
	free(entity->heads);
	free(entity->credentials);
	jid_destroy(entity->jid);
	free(entity);
}

/* What modules have under way here; false when they began something new when they heard of it. */
static bool cancel_all(struct tern_entity *entity)
{
	entity->pins++;
	asks_cancel(entity->shard, entity);
	entity_cancel_timers(entity, NULL);
	entity->pins--;
	return !is_needed(entity);
}

static void sweep(struct shard *shard, struct timer *timer)
{
	struct entities *entities = &shard->entities;

	while (entities->idle_first) {
		struct tern_entity *entity = entities->idle_first;
		uint64_t idle_ms = shard->ticks_ms - entity->idle_since_ms;

		if (!entity->is_idle_absent && idle_ms < entities->idle_ms)
			break;
		entity_stir(entity);
		if (!is_needed(entity) && cancel_all(entity))
			close_entity(entity);
	}
	if (entities->idle_first)
		timer_start(shard, timer, SWEEP_MS);
}

void entities_init(struct entities *entities, struct shard *shard)
{
	*entities = (struct entities){ .shard = shard, .idle_ms = IDLE_MS, .sweep.run = sweep };
	grow(entities);
}

void entities_finish(struct entities *entities)
{
	struct tern_entity *entity;

	while ((entity = idmap_any(&entities->by_id))) {
		held_cancel(entity);
		while (entity->waiting) {
			struct event *next = entity->waiting->next;

			event_finish(entity->waiting);
			entity->waiting = next;
		}
		cancel_all(entity);
		outbox_cancel(entity);
		login_cancel_all(entity);
		entity_stir(entity);
		close_entity(entity);
	}
	idmap_finish(&entities->by_id);
	free(entities->buckets);
	entities->buckets = NULL;
}

/* One that watches may have ended the session: to others it is not there any more. */
static bool is_out_of_date(enum tern_happening what, const struct tern_session *session)
{
	return session && session->is_ending &&
		(what == TERN_ON_SESSION_BOUND || what == TERN_ON_SESSION_RESTORED ||
		what == TERN_ON_AVAILABLE || what == TERN_ON_PRESENCE_CHANGED);
}

void entity_run_watches(struct tern_entity *entity, enum tern_happening what,
		struct tern_session *session, struct tern_event *event)
{
	const struct watch *watch = entity->host->watches[what];
	struct loaded *outer = entity->shard->guest;

	for (; watch && watch->run && !is_out_of_date(what, session); watch++) {
		entity->shard->guest = watch->owner;
		watch->run(entity, session, event, watch->settings);
	}
	entity->shard->guest = outer;
}
