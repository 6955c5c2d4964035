/* server.c - puts the floors together and takes them apart again
 * SPDX-License-Identifier: MIT */

#include "server.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "addresses.h"
#include "arena.h"
#include "backup.h"
#include "buffer.h"
#include "certificate.h"
#include "config.h"
#include "control.h"
#include "descriptors.h"
#include "desk.h"
#include "detached.h"
#include "heap.h"
#include "intents.h"
#include "listener.h"
#include "loader.h"
#include "log.h"
#include "sasl.h"
#include "saved.h"
#include "seen.h"
#include "shard.h"
#include "stanzas.h"
#include "storage.h"
#include "stream.h"
#include "tls.h"
#include "workers.h"

#define ADDRESSES_EXPECTED 65536
#define WORKERS_LEAST 2

static size_t core_count(void)
{
	cpu_set_t cores;

	return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

/* One line for an administrator, taken. */
static int fail(int result, const char *kind, char *take_why)
{
	log_error(kind, NULL, "%s", take_why ? take_why : strerror(-result));
	free(take_why);
	return result;
}

/* --- what needs the rights of root --------------------------------------------------- */

int server_read_certificate(const struct host_config *config, struct certificate **ret_certificate)
{
	const struct certificate_files files = { config->certificate, config->key,
		config->client_ca, config->domain };
	char *why = NULL;
	int result = certificate_load(&files, ret_certificate, &why);

	if (result < 0)
		log_error("host", config->domain, "%s", why ? why : strerror(-result));
	else if (why)
		log_warn("host", config->domain, "%s", why);
	free(why);
	return result;
}

static int create_hosts(struct server *server)
{
	const struct config *config = server->config;

	server->hosts = heap_zalloc((config->host_count + 1) * sizeof *server->hosts);
	for (size_t i = 0; i < config->host_count; i++) {
		struct tern_host *host = host_create(server, config->hosts[i].domain);
		int result;

		server->hosts[server->host_count++] = host;
		host->sasl = config->hosts[i].sasl;
		host->resume_location = config->hosts[i].resume_location;
		result = server_read_certificate(&config->hosts[i], &host->certificate);
		if (result < 0)
			return result;
	}
	return 0;
}

int server_create(struct config *take_config, struct server **ret_server)
{
	struct server *server = heap_zalloc(sizeof *server);
	char *why = NULL;
	int result;

	*ret_server = server;
	server->config = take_config;
	server->limits = take_config->limits;
	server->started_at = time(NULL);
	server->shard_count = take_config->shards ? (size_t)take_config->shards : core_count();
	server->desk = desk_create();
	descriptors_setup();
	addresses_setup(ADDRESSES_EXPECTED);
	result = tls_setup(take_config->tls_priority, &why);
	if (result < 0)
		return fail(result, "tls", why);
	result = create_hosts(server);
	if (result < 0)
		return result;
	result = listeners_open(take_config->listens, take_config->listen_count,
		server->shard_count, &server->listeners, &why);
	return result < 0 ? fail(result, "server", why) : 0;
}

/* --- storage and modules -------------------------------------------------------------- */

/* On the committer's thread. What rested on the lost batch has not been said. */
static void on_storage_failed(void *context, const char *what, int error)
{
	log_error("storage", NULL, "%s: %s; the server ends, nothing that was acknowledged is lost",
		what, strerror(error < 0 ? -error : error));
	_exit(EXIT_FAILURE);
}

static void on_storage_full(void *context, bool is_full)
{
	if (is_full)
		log_error("storage", NULL, "the disk is nearly full: only deletions are accepted");
	else
		log_info("storage", NULL, "there is space again: writes are accepted");
}

static void on_committed(void *context, uint64_t tag)
{
	sem_post(context);
}

/* Returns when it is on disk. */
static void commit(struct server *server, struct storage_batch *take_batch)
{
	sem_t committed;

	sem_init(&committed, 0, 0);
	storage_submit(server->storage, take_batch, on_committed, &committed, 0);
	while (sem_wait(&committed) < 0)
		;
	sem_destroy(&committed);
}

static int make_secret(struct server *server, uint16_t store)
{
	struct storage_batch *batch = storage_batch_create(server->storage);
	int result;

	gnutls_rnd(GNUTLS_RND_KEY, server->secret, sizeof server->secret);
	result = batch_put(batch, OWNER_SERVER, store, "secret", 6, server->secret,
		sizeof server->secret);
	if (result < 0) {
		storage_batch_destroy(batch);
		return result;
	}
	commit(server, batch);
	return 0;
}

static int read_secret(struct server *server)
{
	uint16_t store;
	void *value;
	size_t len;
	int result = storage_declare(server->storage, "server", &store);

	if (result == 0)
		result = storage_get(server->storage, OWNER_SERVER, store, "secret", 6, &value, &len);
	if (result == -ENOENT)
		return make_secret(server, store);
	if (result < 0)
		return result;
	result = len == sizeof server->secret ? 0 : -EPROTO;
	if (result == 0)
		memcpy(server->secret, value, len);
	free(value);
	return result;
}

static int open_storage(struct server *server)
{
	const struct storage_options options = {
		.directory = server->config->data,
		.relaxed = server->config->durability == DURABILITY_RELAXED,
		.failed = on_storage_failed,
		.full = on_storage_full,
	};
	char *why = NULL;
	int result = storage_open(&options, &server->storage, &why);

	if (result < 0)
		return fail(result, "storage", why);
	result = storage_declare(server->storage, "credentials", &server->credentials_store);
	if (result == 0)
		result = storage_declare(server->storage, "intents", &server->intents_store);
	if (result == 0)
		result = seen_prepare(server->storage);
	if (result == 0)
		result = storage_declare(server->storage, "saved", &server->saved_store);
	if (result == 0)
		result = read_secret(server);
	return result < 0 ? fail(result, "storage", NULL) : 0;
}

static int load_modules(struct tern_host *host, const struct host_config *config)
{
	struct arena *arena = arena_create(1024);
	struct buffer names = { 0 };
	struct turnover turnover;
	const char *why;
	int result = loader_change(arena, host, config->modules, config->module_count, &turnover,
		&why);

	for (size_t i = 0; i < config->module_count; i++)
		buffer_printf(&names, "%s%s", i ? ", " : "", config->modules[i].module->name);
	if (result == 0)
		loader_finish(&turnover);
	if (result < 0)
		log_error("host", host->domain, "%s", why);
	else
		log_info("host", host->domain, "modules: %.*s", (int)names.len,
			names.len ? buffer_at(&names) : "");
	buffer_finish(&names);
	arena_destroy(arena);
	return result;
}

void server_each_module(const struct server *server,
	void (*each)(void *context, const struct tern_module *module), void *context)
{
	for (size_t i = 0; i < server->host_count; i++) {
		const struct tern_host *host = server->hosts[i];

		for (size_t j = 0; j < host->loaded_count; j++) {
			const struct tern_module *module = host->loaded[j]->module;
			size_t first = 0;

			while (!host_has_module(server->hosts[first], module))
				first++;
			if (first == i)
				each(context, module);
		}
	}
}

/* As they will be at the start, but for the storage. */
static const char *try_modules(struct arena *arena, struct server *server,
	const struct host_config *config)
{
	struct tern_host *host = host_create(server, config->domain);
	struct turnover turnover;
	const char *why;

	if (loader_change(arena, host, config->modules, config->module_count, &turnover, &why) == 0)
		loader_finish(&turnover);
	host_destroy(host);
	return why ? arena_printf(arena, "%s: host `%s`: %s", server->config->path, config->domain,
		why) : NULL;
}

const char *server_try(struct arena *arena, struct config *config)
{
	struct server server = { .config = config, .limits = config->limits,
		.started_at = time(NULL) };
	const char *why = NULL;

	stanzas_prepare();
	for (size_t i = 0; i < config->host_count && !why; i++)
		why = try_modules(arena, &server, &config->hosts[i]);
	return why;
}

int server_open(struct server *server)
{
	int result = open_storage(server);

	if (result < 0)
		return result;
	stanzas_prepare();
	for (size_t i = 0; i < server->host_count && result == 0; i++)
		result = load_modules(server->hosts[i], &server->config->hosts[i]);
	return result;
}

/* --- start ------------------------------------------------------------------------------ */

static int restore_sessions(struct server *server)
{
	struct storage_batch *batch = storage_batch_create(server->storage);
	size_t count;
	int result = saved_restore(server, batch, &count);

	if (result < 0 || storage_batch_is_empty(batch)) {
		storage_batch_destroy(batch);
		return result;
	}
	commit(server, batch);
	log_info("server", NULL, "%zu sessions wait for their clients", count);
	return 0;
}

static int start_shards(struct server *server)
{
	int restored;

	server->shards = heap_zalloc(server->shard_count * sizeof *server->shards);
	for (size_t i = 0; i < server->shard_count; i++)
		server->shards[i] = shard_create(server, i, false);
	restored = restore_sessions(server);
	if (restored < 0)
		return restored;
	server->has_restored = true;
	for (size_t i = 0; i < server->shard_count; i++) {
		int result = shard_start(server->shards[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

static int start_sasl(void)
{
	int result = sasl_start();

	if (result == -ENOENT)
		log_error("sasl", NULL, "Cyrus SASL has no SCRAM: install libsasl2-modules");
	else if (result < 0)
		log_error("sasl", NULL, "Cyrus SASL does not start");
	return result;
}

int server_start(struct server *server, void (*stop)(void *context), void *context)
{
	size_t workers = core_count() > WORKERS_LEAST ? core_count() : WORKERS_LEAST;
	int result = start_sasl();

	if (result < 0)
		return result;
	result = workers_start(workers);
	if (result == 0)
		result = start_shards(server);
	if (result == 0)
		result = intents_resume(server);
	if (result < 0) {
		log_error("server", NULL, "it cannot start: %s", strerror(-result));
		return result;
	}
	result = control_open(server, server->config->control, stop, context, &server->control);
	if (result < 0) {
		log_error("control", server->config->control, "%s", result == -EADDRINUSE
			? "another server listens there" : strerror(-result));
		return result;
	}
	listeners_start(server->listeners, server);
	return 0;
}

/* --- a change between two turns ------------------------------------------------------------ */

struct standstill {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t standing;
	bool may_go;
	void (*settle)(struct shard *shard, void *context);
	void *context;
};

struct halt {
	struct post post;
	struct standstill *standstill;
};

static void halt(struct shard *shard, struct post *post)
{
	struct standstill *standstill = ((struct halt *)post)->standstill;

	pthread_mutex_lock(&standstill->lock);
	standstill->standing++;
	pthread_cond_broadcast(&standstill->changed);
	while (!standstill->may_go)
		pthread_cond_wait(&standstill->changed, &standstill->lock);
	pthread_mutex_unlock(&standstill->lock);
	if (standstill->settle)
		standstill->settle(shard, standstill->context);
	pthread_mutex_lock(&standstill->lock);
	standstill->standing--;
	pthread_cond_broadcast(&standstill->changed);
	pthread_mutex_unlock(&standstill->lock);
}

static void wait_for(struct standstill *standstill, size_t standing)
{
	while (standstill->standing != standing)
		pthread_cond_wait(&standstill->changed, &standstill->lock);
}

void server_stand_still(struct server *server, void (*change)(void *context),
	void (*settle)(struct shard *shard, void *context), void *context)
{
	struct standstill standstill = { .settle = settle, .context = context,
		.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	struct halt *halts = heap_zalloc(server->shard_count * sizeof *halts);

	for (size_t i = 0; i < server->shard_count; i++) {
		halts[i] = (struct halt){ .post.run = halt, .standstill = &standstill };
		shard_post(server->shards[i], &halts[i].post);
	}
	pthread_mutex_lock(&standstill.lock);
	wait_for(&standstill, server->shard_count);
	change(context);
	standstill.may_go = true;
	pthread_cond_broadcast(&standstill.changed);
	wait_for(&standstill, 0);
	pthread_mutex_unlock(&standstill.lock);
	free(halts);
}

/* --- the end ----------------------------------------------------------------------------- */

#define DRAIN_EVERY_MS 10
#define DRAIN_MORE_MS 100 /* links reach their limit first */
#define SETTLE_MS 1000    /* for what shards posted to each other at the very end */

/* A shard on its way out: its streams are ended, and it looks until none is left. */
struct drain {
	struct post post;
	struct timer timer;
	struct task back;
	struct server *server;
	uint64_t until_ms;
	bool has_parted; /* with the clients that may come back */
};

#define drain_of(pointer, member) \
	((struct drain *)((char *)(pointer) - offsetof(struct drain, member)))

static void note_drained(struct task *task)
{
	struct drain *drain = drain_of(task, back);
	struct server *server = drain->server;

	free(drain);
	if (--server->shards_draining == 0)
		server->stopped(server);
}

static void set_limit(struct drain *drain, const struct shard *shard)
{
	drain->until_ms = shard_ticks_ms(shard) + 1000 * (uint64_t)drain->server->limits.close_s +
		DRAIN_MORE_MS;
}

/* A stream is gone before its link has written the rest and seen the peer's end. */
static bool is_drained(const struct shard *shard)
{
	return stream_count(shard) == 0 && descriptors_in_use() == 0 && shard_is_quiet(shard);
}

static void look(struct shard *shard, struct timer *timer)
{
	struct drain *drain = drain_of(timer, timer);
	bool is_late = shard_ticks_ms(shard) >= drain->until_ms;

	if (drain->has_parted && (is_late || is_drained(shard))) {
		drain->back.run = note_drained;
		desk_post(drain->server->desk, &drain->back);
		return;
	}
	if (!drain->has_parted && (is_late || detached_all_is_handled(shard))) {
		detached_part_all(shard);
		drain->has_parted = true;
		set_limit(drain, shard);
	}
	timer_start(shard, timer, DRAIN_EVERY_MS);
}

static void begin_drain(struct shard *shard, struct post *post)
{
	struct drain *drain = drain_of(post, post);

	stream_close_all(shard, STREAM_ERROR_SYSTEM_SHUTDOWN);
	set_limit(drain, shard);
	drain->timer.run = look;
	timer_start(shard, &drain->timer, 0);
}

void server_stop(struct server *server, void (*stopped)(struct server *server))
{
	log_info("server", NULL, "stopping");
	server->stopped = stopped;
	server->shards_draining = server->shard_count;
	listeners_stop(server->listeners);
	for (size_t i = 0; i < server->shard_count; i++) {
		struct drain *drain = heap_zalloc(sizeof *drain);

		drain->server = server;
		drain->post.run = begin_drain;
		shard_post(server->shards[i], &drain->post);
	}
}

struct saving { size_t count; bool is_committed; };

static void note_saved(void *context, uint64_t tag)
{
	struct saving *saving = context;

	(void)tag;
	saving->is_committed = true;
}

/* It is on disk when the storage has been closed, which does not wait for a disk for ever. */
static void save_sessions(struct server *server, struct saving *saving)
{
	struct storage_batch *batch = storage_batch_create(server->storage);

	saved_write(server, batch, &saving->count);
	if (storage_batch_is_empty(batch))
		storage_batch_destroy(batch);
	else
		storage_submit(server->storage, batch, note_saved, saving, 0);
}

static void tell_saved(const struct saving *saving)
{
	if (saving->is_committed)
		log_info("server", NULL, "%zu sessions saved", saving->count);
	else if (saving->count)
		log_error("server", NULL, "%zu sessions could not be saved", saving->count);
}

/* Threads first; then what shards have under way, and what is to outlive them; then storage, whose
 * last commits still post to shards; then these. */
static void end_threads(struct server *server)
{
	struct saving saving = { 0 };

	for (size_t i = 0; server->shards && i < server->shard_count; i++)
		shard_stop(server->shards[i]);
	for (size_t i = 0; server->shards && i < server->shard_count; i++)
		shard_join(server->shards[i]);
	workers_stop();
	backup_stop(server);
	if (server->shards) {
		shards_settle(server, SETTLE_MS);
		if (server->has_restored) /* else what is on record is not ours */
			save_sessions(server, &saving);
		shards_end(server);
	}
	storage_close(server->storage);
	tell_saved(&saving);
	for (size_t i = 0; server->shards && i < server->shard_count; i++)
		shard_destroy(server->shards[i]);
	free(server->shards);
	server->shard_count = 0;
}

static void destroy_hosts(struct server *server)
{
	for (size_t i = 0; i < server->host_count; i++) {
		certificate_unref(server->hosts[i]->certificate);
		host_destroy(server->hosts[i]);
	}
	free(server->hosts);
}

void server_destroy(struct server *server)
{
	if (!server)
		return;
	end_threads(server);
	listeners_close(server->listeners);
	desk_run_tasks(server->desk);
	control_close(server->control);
	desk_destroy(server->desk);
	sasl_stop();
	destroy_hosts(server);
	tls_finish();
	addresses_finish();
	config_destroy(server->config);
	free(server);
}
