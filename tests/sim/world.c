/* world.c - builds, steps, kills and restarts a simulated server */
/* SPDX-License-Identifier: MIT */

#include "world.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "disk.h"
#include "heap.h"
#include "intents.h"
#include "loader.h"
#include "memory/engine.h"
#include "mouth.h"
#include "registry.h"
#include "saved.h"
#include "seen.h"
#include "session.h"
#include "shard.h"
#include "shard_internal.h"
#include "stanzas.h"
#include "storage.h"
#include "turnover.h"
#include "workers.h"

#define START_US UINT64_C(1790000000000000)

static const char *const modules[] = {
	"roster", "presence", "message", "offline", "disco", "ping", "csi", "carbons", NULL,
};
static const char *const archive[] = { "mam", NULL }; /* of some histories */
static const char *path_of_modules;

/* --- the seams ------------------------------------------------------------------------- */

static uint64_t now_us = START_US;
static struct dice chance;

static uint64_t simulated_now(void) { return now_us; }
static uint64_t simulated_ticks(void) { return (now_us - START_US) / 1000; }

static void simulated_random(void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((unsigned char *)bytes)[i] = (unsigned char)dice_roll(&chance);
}

/* --- starting and stopping --------------------------------------------------------------- */

static void load(struct tern_host *host, const char *const *names)
{
	struct arena *arena = arena_create(1024);
	const char *const folders[] = { path_of_modules, NULL };
	const struct tern_module *module;
	const char *why = NULL;

	for (; *names; names++) {
		if (registry_open(arena, folders, *names, &module, &why) < 0 ||
		    loader_add(arena, host, module, NULL, &why) < 0) {
			fprintf(stderr, "sim: %s\n", why);
			exit(2);
		}
	}
	arena_destroy(arena);
}

/* The real process ends here; the simulated one is dead, and buried by world_crash. */
static void disk_failed(void *context, const char *what, int error)
{
	(void)context;
	(void)what;
	(void)error;
}

static void open_storage(struct world *world)
{
	struct storage_options options = { .directory = "", .failed = disk_failed };
	int result = storage_open_stepped(&options, memory_engine_create(world->disk),
		&world->server.storage);

	assert(result == 0);
	storage_declare(world->server.storage, "credentials", &world->server.credentials_store);
	storage_declare(world->server.storage, "intents", &world->server.intents_store);
	seen_prepare(world->server.storage);
	storage_declare(world->server.storage, "saved", &world->server.saved_store);
}

static void restore(struct world *world)
{
	struct storage_batch *batch = storage_batch_create(world->server.storage);
	size_t count;
	int result = saved_restore(&world->server, batch, &count);

	assert(result == 0);
	(void)result;
	disk_commit(world->server.storage, batch);
}

static void start(struct world *world)
{
	struct server *server = &world->server;

	world->commits = 0;
	open_storage(world);
	server->host_count = 1;
	server->hosts = calloc(1, sizeof *server->hosts);
	server->hosts[0] = host_create(server, WORLD_DOMAIN);
	load(server->hosts[0], modules);
	if (world->has_archive)
		load(server->hosts[0], archive);
	server->shard_count = 1 + dice_below(&world->dice, 3);
	server->shards = calloc(server->shard_count, sizeof *server->shards);
	for (unsigned i = 0; i < server->shard_count; i++) {
		server->shards[i] = shard_create(server, i, true);
		server->shards[i]->entities.opens_later = dice_one_in(&world->dice, 2);
		server->shards[i]->entities.idle_ms = dice_below(&world->dice, 20000);
		server->shards[i]->fanouts.slice = 1 + dice_below(&world->dice, 4);
	}
	world->slow = dice_below(&world->dice, (unsigned)server->shard_count + 1);
	restore(world);
	intents_resume(server);
}

static void end_detached(struct shard *shard, struct post *post)
{
	struct tern_session *session;

	while (!shard->is_ended && (session = idmap_any(&shard->sessions.by_id)))
		session_close(session, STREAM_ERROR_SYSTEM_SHUTDOWN, NULL);
	free(post);
}

static void end_all_detached(struct world *world)
{
	for (size_t i = 0; i < world->server.shard_count; i++) {
		struct post *post = heap_zalloc(sizeof *post);

		post->run = end_detached;
		shard_post(world->server.shards[i], post);
	}
	world_settle(world);
}

static void bury(struct world *world)
{
	struct server *server = &world->server;

	for (size_t i = 0; i < server->shard_count; i++)
		shard_destroy(server->shards[i]);
	free(server->shards);
	host_destroy(server->hosts[0]);
	free(server->hosts);
	storage_close(server->storage);
}

static void stop(struct world *world)
{
	mouths_silence();
	mouths_close_all();
	world_settle(world);
	end_all_detached(world);
	bury(world);
}

void world_create(struct world *world, uint64_t seed, const char *modules_path)
{
	static const struct limits presets = {
#define X(field, key, preset, least, most, about) .field = preset,
		LIMITS(X)
#undef X
	};

	*world = (struct world){ .dice.state = seed, .has_archive = seed % 2 };
	chance.state = seed ^ 0x5eed;
	now_us = START_US;
	path_of_modules = modules_path;
	clock_source = (struct clock_source){ simulated_now, simulated_ticks, simulated_random };
	stanzas_prepare();
	world->server.limits = presets;
	world->disk = memory_disk_create();
	start(world);
}

void world_destroy(struct world *world)
{
	stop(world);
	memory_disk_destroy(world->disk);
}

/* A copy of the disk is taken at the moment of the kill; the old process is then ended in an
 * orderly way that nobody sees, so that nothing leaks. */
void world_crash(struct world *world)
{
	struct memory_disk *left = memory_disk_copy(world->disk);

	stop(world);
	memory_disk_destroy(world->disk);
	world->disk = left;
	start(world);
}

void world_restart(struct world *world)
{
	struct storage_batch *batch;
	size_t count;

	mouths_part_all(&world->server);
	world_settle(world);
	batch = storage_batch_create(world->server.storage);
	saved_write(&world->server, batch, &count);
	disk_commit(world->server.storage, batch);
	bury(world);
	start(world);
}

bool world_has_module(const struct world *world, const char *name)
{
	const struct tern_module *module = registry_find(name);

	return module && host_has_module(world->server.hosts[0], module);
}

bool world_turn_module(struct world *world, const char *name)
{
	struct tern_host *host = world->server.hosts[0];
	struct arena *arena = arena_create(1024);
	struct wanted_module *wanted =
		arena_alloc(arena, (host->loaded_count + 1) * sizeof *wanted);
	size_t count = loader_wanted(host, wanted), at = 0;
	const struct tern_module *module = registry_find(name);
	const char *why;
	int result;

	while (at < count && wanted[at].module != module)
		at++;
	if (at == count) {
		wanted[count++] = (struct wanted_module){ module, NULL };
	} else {
		count--;
		memmove(wanted + at, wanted + at + 1, (count - at) * sizeof *wanted);
	}
	result = turnover_stepped(arena, host, wanted, count, &why);
	arena_destroy(arena);
	return result == 0;
}

void world_refuse_commit(struct world *world)
{
	memory_disk_fail_next(world->disk, -ENOSPC);
}

/* Storage learns it of a commit, as it learns it of a real disk. */
void world_fill_disk(struct world *world, bool full)
{
	disk_fill(world->disk, &world->server, full);
}

void world_fail_disk(struct world *world)
{
	if (dice_one_in(&world->dice, 2))
		memory_disk_fail_next(world->disk, -EIO);
	else
		memory_disk_lose_next_answer(world->disk);
}

/* --- steps ------------------------------------------------------------------------------------ */

void world_pass_time(struct world *world, unsigned ms)
{
	(void)world;
	now_us += (uint64_t)ms * 1000;
}

static struct shard *any_shard(struct world *world)
{
	unsigned which = dice_below(&world->dice, (unsigned)world->server.shard_count);

	if (which == world->slow && !dice_one_in(&world->dice, 8))
		which = dice_below(&world->dice, (unsigned)world->server.shard_count);
	return world->server.shards[which];
}

void world_step(struct world *world)
{
	switch (dice_below(&world->dice, 8)) {
	case 0:
		world->commits += storage_step(world->server.storage,
			dice_below(&world->dice, 3)) > 0;
		break;
	case 1:
		now_us += dice_below(&world->dice, 3000);
		break;
	case 2:
		workers_step();
		break;
	default:
		shard_turn(any_shard(world));
		break;
	}
}

void world_settle(struct world *world)
{
	bool busy = true;

	while (busy) {
		busy = workers_step();
		for (size_t i = 0; i < world->server.shard_count; i++)
			busy |= shard_turn(world->server.shards[i]);
		while (storage_step(world->server.storage, 0))
			busy = true;
	}
}
