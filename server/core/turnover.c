/* turnover.c - takes what is open from a host's old modules to its new ones */
/* SPDX-License-Identifier: MIT */

#include "turnover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account_internal.h"
#include "asks.h"
#include "call.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "handover.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "storage.h"
#include "written.h"

#define DISK_MS 5000

/* Over what is open on a shard. */
struct walk {
	struct shard *shard;
	const struct turnover *turnover;
	struct loaded *leaving; /* whose end it is */
	uint64_t *ids;
	size_t count;
};

/* --- before ------------------------------------------------------------------------------- */

static bool any_joins(const struct tern_host *host, const struct wanted_module *wanted,
	size_t count)
{
	while (count > 0 && host_has_module(host, wanted[count - 1].module))
		count--;
	return count > 0;
}

/* All that shards have written up to now is on disk, and so whatever a new module may read; and it
 * can enter its stores without waiting for somebody's commit. */
static int wait_for_disk(struct server *server)
{
	for (size_t i = 0; i < server->shard_count; i++) {
		struct shard *shard = server->shards[i];

		gate_submit(shard);
		if (shard->gate.batch)
			return -ETIMEDOUT;
	}
	return storage_flush(server->storage, DISK_MS);
}

int turnover_begin(struct arena *arena, struct tern_host *host,
	const struct wanted_module *wanted, size_t count, struct turnover *ret_turnover,
	const char **ret_why)
{
	if (any_joins(host, wanted, count) && wait_for_disk(host->server) < 0) {
		*ret_why = "the disk does not answer";
		return -ETIMEDOUT;
	}
	return loader_change(arena, host, wanted, count, ret_turnover, ret_why);
}

/* --- 1: memory ------------------------------------------------------------------------------ */

/* As one that cannot be read when it opens: whoever comes next asks the disk again. */
static void note_unreadable(struct tern_entity *entity, const struct tern_module *module)
{
	if (entity->session_count)
		log_error("account", jid_text(entity->jid), "its sessions end (%u): module `%s` was loaded, "
			"and cannot read what it has of the account", entity->session_count, module->name);
	entity->state = ENTITY_FAILED;
}

static void read_records(struct tern_entity *entity, const struct tern_module *module)
{
	if (entity->state != ENTITY_OPEN || !entity->exists || entity->is_anonymous)
		return;
	if (entity_read_residents(entity, module) < 0)
		note_unreadable(entity, module);
}

static bool any_filters(struct loaded *const *list, size_t count)
{
	while (count > 0 && !list[count - 1]->module->filter)
		count--;
	return count > 0;
}

/* Nobody has told the new filter that it should. */
static void reset_filter(struct tern_entity *entity, const struct turnover *turnover)
{
	struct tern_session *session = entity->sessions;

	if (!any_filters(turnover->leaving, turnover->leaving_count) &&
	    !any_filters(turnover->joining, turnover->joining_count))
		return;
	for (; session; session = session->next)
		session->is_filtered = false;
}

static void give_memory(struct tern_entity *entity, const struct walk *walk)
{
	const struct turnover *turnover = walk->turnover;

	for (size_t i = 0; i < turnover->joining_count; i++) {
		const struct tern_module *module = turnover->joining[i]->module;
		struct tern_session *session = entity->sessions;

		states_add(&entity->states, TERN_PER_ACCOUNT, module);
		for (; session; session = session->next)
			states_add(&session->states, TERN_PER_SESSION, module);
		read_records(entity, module);
	}
	reset_filter(entity, turnover);
	held_turn_over(entity, turnover);
}

/* --- 2: what is there ----------------------------------------------------------------------- */

static void run_own_watches(struct tern_entity *entity, struct loaded *loaded,
	enum tern_happening what, struct tern_session *session)
{
	const struct tern_watch *watch = loaded->module->watches;
	struct loaded *outer = shard_enter(entity->shard, loaded);

	for (; watch && watch->run && !(session && session->is_ending); watch++) {
		if (watch->what == what)
			watch->run(entity, session, NULL, loaded->settings);
	}
	entity->shard->guest = outer;
}

/* By id, for one that hears of it may end others. */
static void show_sessions(struct tern_entity *entity, struct loaded *loaded)
{
	uint64_t *ids = heap_alloc((entity->session_count + 1) * sizeof *ids);
	size_t count = 0;

	for (struct tern_session *session = entity->sessions; session; session = session->next)
		ids[count++] = session->id;
	for (size_t i = 0; i < count; i++) {
		struct tern_session *session = tern_session_by_id(entity, ids[i]);

		if (session)
			run_own_watches(entity, loaded, TERN_ON_SESSION_FOUND, session);
	}
	free(ids);
}

static void show(struct tern_entity *entity, const struct turnover *turnover)
{
	if (entity->state != ENTITY_OPEN || !entity->exists)
		return;
	for (size_t i = 0; i < turnover->joining_count; i++)
		run_own_watches(entity, turnover->joining[i], TERN_ON_ENTITY_OPENED, NULL);
	if (entity->host->taken)
		handovers_tell_untold(entity);
	for (size_t i = 0; i < turnover->joining_count; i++)
		show_sessions(entity, turnover->joining[i]);
}

/* What could not be read is nothing to talk to. */
static void introduce(struct tern_entity *entity, const struct walk *walk)
{
	show(entity, walk->turnover);
	while (entity->state == ENTITY_FAILED && entity->sessions)
		session_close(entity->sessions, STREAM_ERROR_INTERNAL_SERVER_ERROR, NULL);
}

/* --- 3: the end ------------------------------------------------------------------------------- */

static void part_with(struct tern_entity *entity, const struct walk *walk)
{
	if (entity->state == ENTITY_OPEN && entity->exists)
		run_own_watches(entity, walk->leaving, TERN_ON_MODULE_LEAVING, NULL);
}

/* Also at other hosts: whoever asks this one waits at home. */
static void cancel(struct tern_entity *entity, const struct walk *walk)
{
	timers_cancel_of(entity, walk->leaving);
	reads_cancel_of(entity, walk->leaving);
	written_cancel_of(entity, walk->leaving);
	held_cancel_of(entity, walk->leaving);
}

static void take_memory(struct tern_entity *entity, const struct walk *walk)
{
	const struct tern_module *module = walk->leaving->module;
	struct tern_session *session = entity->sessions;

	states_remove(&entity->states, TERN_PER_ACCOUNT, module);
	for (; session; session = session->next)
		states_remove(&session->states, TERN_PER_SESSION, module);
}

/* --- over all that is open -------------------------------------------------------------------- */

static void list_entities(struct walk *walk)
{
	const struct idmap *map = &walk->shard->entities.by_id;

	walk->ids = heap_alloc((map->count + 1) * sizeof *walk->ids);
	for (size_t i = 0; map->count && i < map->capacity; i++) {
		if (map->slots[i].id)
			walk->ids[walk->count++] = map->slots[i].id;
	}
}

/* Of one host, or of all (NULL). Modules run on the way: what is open may close, and what is opened
 * knows the new modules. */
static void each_entity(const struct walk *walk, const struct tern_host *host,
	void (*act)(struct tern_entity *entity, const struct walk *walk))
{
	for (size_t i = 0; i < walk->count; i++) {
		struct tern_entity *entity = entities_by_id(walk->shard, walk->ids[i]);

		if (!entity || (host && entity->host != host))
			continue;
		entity->pins++;
		act(entity, walk);
		entity->pins--;
		entity_may_rest(entity);
	}
}

void turnover_settle(struct shard *shard, const struct turnover *turnover)
{
	struct walk walk = { .shard = shard, .turnover = turnover };
	const struct tern_host *host = turnover->host;

	list_entities(&walk);
	each_entity(&walk, host, give_memory);
	gate_look(shard);
	each_entity(&walk, host, introduce);
	for (size_t i = turnover->leaving_count; i-- > 0;) {
		walk.leaving = turnover->leaving[i];
		each_entity(&walk, host, part_with);
		asks_cancel_of(shard, walk.leaving);
		changes_cancel_of(shard, walk.leaving);
		each_entity(&walk, NULL, cancel);
		calls_cancel_of(shard, walk.leaving);
		sessions_bury(&shard->sessions);
		each_entity(&walk, host, take_memory);
	}
	free(walk.ids);
}

/* --- stepped ------------------------------------------------------------------------------------ */

static void settle_there(struct shard *shard, void *context)
{
	turnover_settle(shard, context);
}

int turnover_stepped(struct arena *arena, struct tern_host *host,
	const struct wanted_module *wanted, size_t count, const char **ret_why)
{
	struct server *server = host->server;
	struct turnover turnover;
	int result = turnover_begin(arena, host, wanted, count, &turnover, ret_why);

	if (result < 0)
		return result;
	for (size_t i = 0; i < server->shard_count; i++)
		shard_act(server->shards[i], settle_there, &turnover);
	loader_finish(&turnover);
	return 0;
}
