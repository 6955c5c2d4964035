/* rounds.c - walks the names of hosts, and opens accounts that a module wants to see */
/* SPDX-License-Identifier: MIT */

#include "rounds.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "account.h"
#include "arena.h"
#include "entity_internal.h"
#include "heap.h"
#include "jid.h"
#include "shard_internal.h"
#include "storage.h"

enum {
	FIRST_MS = 60 * 1000,
	EVERY_MS = 24 * 3600 * 1000,
	PAUSE_MS = 200,
	NAMES = 16, /* between two pauses */
};

static struct rounds *rounds_of(struct timer *timer)
{
	return (struct rounds *)((char *)timer - offsetof(struct rounds, timer));
}

/* --- who is visited ------------------------------------------------------------------------ */

static bool note_one(void *context, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	*(bool *)context = true;
	return false;
}

static bool has_something(struct storage *storage, owner_id owner, tern_store store)
{
	const struct store_slot *slot = loader_store_of(store);
	uint64_t last = 0;
	bool found = false;

	if (slot->claim->layout == TERN_LOG)
		return storage_log_last(storage, owner, slot->number, &last) == 0 && last;
	storage_each(storage, owner, slot->number, note_one, &found);
	return found;
}

static bool is_wanted(const struct tern_round *round, const struct loaded *loaded,
	struct storage *storage, owner_id owner)
{
	return (!round->is_needed || round->is_needed(loaded->settings)) &&
		has_something(storage, owner, *round->store);
}

static void run_round(struct tern_entity *entity, const struct tern_round *round,
	struct loaded *loaded)
{
	struct loaded *outer = shard_enter(entity->shard, loaded);

	round->run(entity, loaded->settings);
	entity->shard->guest = outer;
}

/* Runs what is claimed for the account, or, without an entity, tells whether there is any. */
static bool go_through(const struct tern_host *host, struct storage *storage, owner_id owner,
	struct tern_entity *entity)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];
		const struct tern_round *round = loaded->module->rounds;

		for (; round && round->run; round++) {
			if (!is_wanted(round, loaded, storage, owner))
				continue;
			if (!entity)
				return true;
			run_round(entity, round, loaded);
		}
	}
	return false;
}

static void visit(void *context, struct login *login, bool failed)
{
	struct tern_entity *entity = login_entity(login);

	(void)context;
	if (!failed && entity->exists && entity->owner && !entity->is_being_deleted)
		go_through(entity->host, entity->shard->server->storage, entity->owner, entity);
	login_close(login);
}

static void look_at(struct shard *shard, struct tern_host *host, const char *name, owner_id owner)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct jid *jid = jid_new(arena, name);

	if (jid && jid_local(jid) && account_home(shard->server, jid) == shard &&
	    go_through(host, shard->server->storage, owner, NULL))
		login_open(shard, host, jid, visit, NULL);
	arena_destroy(arena);
}

/* --- the walk ------------------------------------------------------------------------------- */

/* Storage must not be asked while it is walked: names are collected first. */
struct slice {
	size_t count;
	struct { char *name; owner_id owner; } names[NAMES];
};

static bool collect(void *context, const char *name, owner_id owner)
{
	struct slice *slice = context;

	slice->names[slice->count].name = heap_strdup(name);
	slice->names[slice->count++].owner = owner;
	return slice->count < NAMES;
}

static bool has_rounds(const struct tern_host *host)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		if (host->loaded[i]->module->rounds)
			return true;
	}
	return false;
}

/* True when there may be more of the host. */
static bool take_slice(struct shard *shard, struct tern_host *host)
{
	struct rounds *rounds = &shard->rounds;
	struct slice slice = { 0 };

	if (has_rounds(host))
		storage_owners(shard->server->storage, host->domain, 0, rounds->after, collect, &slice);
	for (size_t i = 0; i < slice.count; i++) {
		look_at(shard, host, slice.names[i].name, slice.names[i].owner);
		free(rounds->after);
		rounds->after = slice.names[i].name;
	}
	return slice.count == NAMES;
}

static void forget_place(struct rounds *rounds)
{
	free(rounds->after);
	rounds->after = NULL;
}

static void go_on(struct shard *shard, struct timer *timer)
{
	struct rounds *rounds = rounds_of(timer);
	struct server *server = shard->server;
	uint64_t delay_ms = PAUSE_MS;

	if (shard->is_ended)
		return;
	if (!atomic_load_explicit(&shard->pressure.is_raised, memory_order_relaxed) &&
	    rounds->host < server->host_count && !take_slice(shard, server->hosts[rounds->host])) {
		forget_place(rounds);
		rounds->host++;
	}
	if (rounds->host >= server->host_count) {
		rounds->host = 0;
		delay_ms = EVERY_MS;
	}
	timer_start(shard, timer, delay_ms);
}

void rounds_init(struct rounds *rounds, struct shard *shard)
{
	*rounds = (struct rounds){ .timer.run = go_on };
	timer_start(shard, &rounds->timer, FIRST_MS);
}

void rounds_finish(struct rounds *rounds)
{
	forget_place(rounds);
}
