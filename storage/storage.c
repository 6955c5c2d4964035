/* storage.c - opens and closes the data, and passes reads to the engine
 * SPDX-License-Identifier: MIT */
#include "storage.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "committer.h"
#include "directory.h"
#include "heap.h"
#include "lmdb/engine.h"
#include "space.h"
#include "storage_internal.h"

static void free_storage(struct storage *storage)
{
	committer_drop(storage);
	for (struct storage_batch *batch = storage->spares, *next; batch; batch = next) {
		next = batch->next;
		storage_batch_destroy(batch);
	}
	storage->engine->ops->close(storage->engine);
	if (storage->lock_fd >= 0)
		close(storage->lock_fd);
	pthread_mutex_destroy(&storage->spares_lock);
	pthread_mutex_destroy(&storage->sleep_lock);
	pthread_cond_destroy(&storage->woken);
	free(storage);
}

static void init_locks(struct storage *storage)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&storage->woken, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&storage->sleep_lock, NULL);
	pthread_mutex_init(&storage->spares_lock, NULL);
}

int storage_open_engine(const struct storage_options *options, struct storage_engine *engine,
	bool threaded, struct storage **ret_storage)
{
	struct storage *storage = heap_zalloc(sizeof(*storage));
	owner_id next_owner;
	storage->engine = engine;
	storage->options = *options;
	storage->options.directory = NULL; /* borrowed for the opening alone */
	storage->lock_fd = -1;
	storage->threaded = threaded;
	init_locks(storage);
	int r = engine->ops->next_owner(engine, &next_owner);
	if (r == 0) {
		atomic_init(&storage->next_owner, next_owner);
		space_look(storage);
		if (threaded)
			r = committer_start(storage);
	}
	if (r < 0) {
		free_storage(storage);
		return r;
	}
	*ret_storage = storage;
	return 0;
}

int storage_open_stepped(const struct storage_options *options, struct storage_engine *engine,
	struct storage **ret_storage)
{
	return storage_open_engine(options, engine, false, ret_storage);
}

static char *describe(const char *format, const char *directory, const char *detail)
{
	char *line;
	if (asprintf(&line, format, directory, detail) < 0)
		heap_exhausted();
	return line;
}

static int lock_directory(const char *path, char **ret_why)
{
	long pid = 0;
	int fd = directory_make(path);
	if (fd == 0)
		fd = directory_lock(path, &pid);
	if (fd == -EBUSY) {
		char who[64];
		snprintf(who, sizeof(who), pid ? "process %ld" : "another process", pid);
		*ret_why = describe("data directory %s is in use by %s", path, who);
	} else if (fd < 0) {
		*ret_why = describe("data directory %s: %s", path, directory_reason(fd));
	}
	return fd;
}

int storage_open(const struct storage_options *options, struct storage **ret_storage,
	char **ret_why)
{
	struct storage_engine *engine;
	char *why = NULL;
	int lock_fd = lock_directory(options->directory, &why);
	int r = lock_fd;
	if (r >= 0) {
		r = lmdb_engine_open(options, &engine, &why);
		if (r == 0)
			r = storage_open_engine(options, engine, true, ret_storage);
		if (r == 0) {
			(*ret_storage)->lock_fd = lock_fd;
			return 0;
		}
		close(lock_fd);
	}
	if (!why)
		why = describe("data directory %s: %s", options->directory, directory_reason(r));
	if (ret_why)
		*ret_why = why;
	else
		free(why);
	return r;
}

static void commit_the_rest(struct storage *storage)
{
	size_t count;
	do
		if (committer_commit(storage, 0, &count) < 0)
			return;
	while (count > 0);
}

void storage_close(struct storage *storage)
{
	if (!storage)
		return;
	if (storage->threaded)
		committer_stop(storage);
	else
		commit_the_rest(storage);
	free_storage(storage);
}

void storage_abandon(struct storage *storage)
{
	assert(!storage->threaded);
	free_storage(storage);
}

size_t storage_step(struct storage *storage, size_t most)
{
	size_t count = 0;
	assert(!storage->threaded);
	(void)committer_commit(storage, most ? most : SIZE_MAX, &count);
	return count;
}

void storage_submit(struct storage *storage, struct storage_batch *batch,
	void (*done)(void *context, uint64_t tag), void *context, uint64_t tag)
{
	assert(batch->storage == storage);
	batch->done = done;
	batch->context = context;
	batch->tag = tag;
	if (queue_push(&storage->queue, batch) && storage->threaded)
		committer_wake(storage);
}

/* Behind all that was submitted before; whoever comes last frees it. */
struct mark {
	sem_t reached;
	atomic_uint holders;
};

static void mark_release(struct mark *mark)
{
	if (atomic_fetch_sub(&mark->holders, 1) > 1)
		return;
	sem_destroy(&mark->reached);
	free(mark);
}

static void mark_reached(void *context, uint64_t tag)
{
	struct mark *mark = context;
	sem_post(&mark->reached);
	mark_release(mark);
}

static struct mark *submit_mark(struct storage *storage)
{
	struct mark *mark = heap_zalloc(sizeof(*mark));
	sem_init(&mark->reached, 0, 0);
	atomic_init(&mark->holders, 2);
	storage_submit(storage, storage_batch_create(storage), mark_reached, mark, 0);
	return mark;
}

/* What is refused for want of space is tried once more. */
static void step_all(struct storage *storage)
{
	while (storage_step(storage, 0) || storage_step(storage, 0))
		;
}

static int wait_for_mark(struct mark *mark, unsigned most_ms)
{
	struct timespec until = clock_in_ms(most_ms);
	int r;
	do
		r = sem_clockwait(&mark->reached, CLOCK_MONOTONIC, &until);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -ETIMEDOUT : 0;
}

int storage_flush(struct storage *storage, unsigned most_ms)
{
	struct mark *mark = submit_mark(storage);
	int r;
	if (!storage->threaded)
		step_all(storage);
	r = wait_for_mark(mark, storage->threaded ? most_ms : 0);
	mark_release(mark);
	return r;
}

int storage_declare(struct storage *storage, const char *name, uint16_t *ret_store)
{
	size_t len = strlen(name);
	if (len == 0)
		return -EINVAL;
	if (len > STORAGE_KEY_MAX)
		return -ENAMETOOLONG;
	return storage->engine->ops->declare(storage->engine, name, ret_store);
}

bool storage_is_full(const struct storage *storage)
{
	return atomic_load_explicit(&storage->full, memory_order_relaxed);
}

void storage_stats(const struct storage *storage, struct storage_stats *ret_stats)
{
	struct engine_space space = { 0 };
	struct storage_engine *engine = storage->engine;
	*ret_stats = (struct storage_stats){
		.commits = atomic_load_explicit(&storage->commits, memory_order_relaxed),
		.writes = atomic_load_explicit(&storage->writes, memory_order_relaxed),
	};
	if (engine->ops->space(engine, 1, &space) == 0) {
		ret_stats->bytes_on_disk = space.used_bytes;
		ret_stats->bytes_free = space.free_bytes;
	}
	(void)engine->ops->count_owners(engine, &ret_stats->owners);
}

bool storage_clean(struct storage *storage)
{
	bool more = false;
	int r = storage->engine->ops->clean(storage->engine, &more);
	return r == 0 && more;
}

int storage_backup(struct storage *storage, const char *directory,
	const struct storage_pace *pace)
{
	return storage->engine->ops->backup(storage->engine, directory, pace);
}

int storage_owner_find(struct storage *storage, const char *name, owner_id *ret_owner)
{
	return storage->engine->ops->owner_find(storage->engine, name, ret_owner);
}

int storage_get(struct storage *storage, owner_id owner, uint16_t store,
	const void *key, size_t key_len, void **ret_value, size_t *ret_len)
{
	if (key_len > STORAGE_KEY_MAX)
		return -ENOENT;
	return storage->engine->ops->get(storage->engine, owner, store, key, key_len,
		ret_value, ret_len);
}

int storage_each(struct storage *storage, owner_id owner, uint16_t store,
	bool (*each)(void *context, const void *key, size_t key_len,
		const void *value, size_t value_len),
	void *context)
{
	return storage->engine->ops->each(storage->engine, owner, store, each, context);
}

int storage_owners(struct storage *storage, const char *domain, uint16_t store,
	const char *after, bool (*each)(void *context, const char *name, owner_id owner),
	void *context)
{
	if (strlen(domain) > STORAGE_NAME_MAX)
		return 0;
	return storage->engine->ops->owners(storage->engine, domain, store,
		after && *after ? after : NULL, each, context);
}

int storage_log_last(struct storage *storage, owner_id owner, uint16_t log, uint64_t *ret_id)
{
	return storage->engine->ops->log_last(storage->engine, owner, log, ret_id);
}

int storage_log_read(struct storage *storage, owner_id owner, uint16_t log,
	const struct log_page *page,
	bool (*each)(void *context, const struct log_entry *entry), void *context,
	bool *ret_complete)
{
	bool complete = true;
	int r = storage->engine->ops->log_read(storage->engine, owner, log, page, each, context,
		&complete);
	if (r == 0 && ret_complete)
		*ret_complete = complete;
	return r;
}

int storage_log_count(struct storage *storage, owner_id owner, uint16_t log, uint64_t *ret_count)
{
	return storage->engine->ops->log_count(storage->engine, owner, log, ret_count);
}
