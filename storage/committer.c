/* committer.c - merges what all shards submitted into transactions, and tells them
 * SPDX-License-Identifier: MIT */
#include "committer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch.h"
#include "heap.h"
#include "space.h"
#include "storage_internal.h"

enum {
	/* Of one transaction, unless one batch is larger.  More would hardly save time, and LMDB
	 * keeps the memory of all pages that its largest transaction changed. */
	GROUP_BYTES_MAX = 1024 * 1024,
	GROUP_WRITES_MAX = 4096,
	GATHER_US = 100,
	SYNC_EVERY_MS = 1000,              /* relaxed */
	RETRY_FIRST_MS = 10,
	RETRY_MOST_MS = 1000,
};

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void take_submitted(struct storage *storage)
{
	struct committer *committer = &storage->committer;
	struct storage_batch *last, *first = queue_take(&storage->queue, &last);
	if (!first)
		return;
	if (committer->last)
		committer->last->next = first;
	else
		committer->first = first;
	committer->last = last;
}

static void add_to_group(struct committer *committer, size_t at, const struct storage_batch *batch)
{
	if (at == committer->group_room) {
		committer->group_room = committer->group_room ? committer->group_room * 2 : 64;
		committer->group = heap_resize(committer->group,
			committer->group_room * sizeof(*committer->group));
	}
	committer->group[at] = batch;
}

/* The oldest ones, empty ones among them not in the array but in *ret_taken. */
static size_t form_group(struct committer *committer, size_t most, size_t *ret_taken,
	size_t *ret_bytes)
{
	size_t count = 0, taken = 0, bytes = 0, writes = 0;
	for (struct storage_batch *batch = committer->first; batch; batch = batch->next) {
		bool is_too_much = taken && (bytes + batch->used > GROUP_BYTES_MAX ||
			writes + batch->writes > GROUP_WRITES_MAX);
		if (most ? taken == most : is_too_much)
			break;
		bytes += batch->used;
		writes += batch->writes;
		taken++;
		if (batch->writes)
			add_to_group(committer, count++, batch);
	}
	*ret_taken = taken;
	*ret_bytes = bytes;
	return count;
}

static void finish_oldest(struct storage *storage)
{
	struct committer *committer = &storage->committer;
	struct storage_batch *batch = committer->first;
	committer->first = batch->next;
	if (!committer->first)
		committer->last = NULL;
	atomic_fetch_add_explicit(&storage->writes, batch->writes, memory_order_relaxed);
	if (batch->done)
		batch->done(batch->context, batch->tag);
	batch_recycle(batch);
}

/* A failed sync cannot be repeated: the kernel may have dropped the pages and say that
 * all is well the next time. */
static void give_up(struct storage *storage, const char *what, int error)
{
	storage->committer.lost = true;
	if (storage->options.failed) {
		storage->options.failed(storage->options.context, what, error);
		return;
	}
	fprintf(stderr, "storage: %s failed: %s; stopping, nothing that is not on disk has been "
		"acknowledged\n", what, strerrordesc_np(-error));
	abort();
}

static int note_refusal(struct storage *storage)
{
	storage->committer.refused++;
	space_note_refusal(storage);
	return -ENOSPC;
}

int committer_commit(struct storage *storage, size_t most, size_t *ret_count)
{
	struct committer *committer = &storage->committer;
	size_t taken, bytes;
	*ret_count = 0;
	if (committer->lost)
		return -EIO;
	take_submitted(storage);
	if (!committer->first)
		return 0;
	size_t count = form_group(committer, most, &taken, &bytes);
	int r = 0;
	if (count)
		r = storage->engine->ops->commit(storage->engine, committer->group, count,
			&committer->leftovers);
	if (r == -ENOSPC)
		return note_refusal(storage);
	if (r < 0) {
		give_up(storage, "commit", r);
		return r;
	}
	committer->refused = 0;
	committer->unsynced |= count > 0;
	if (count)
		atomic_fetch_add_explicit(&storage->commits, 1, memory_order_relaxed);
	for (size_t i = 0; i < taken; i++)
		finish_oldest(storage);
	if (count)
		space_note_commit(storage, bytes, storage->threaded ? now_ms() : 0);
	*ret_count = taken;
	return 0;
}

/* True when there is more to clean and room to do it now. */
static bool clean_slice(struct storage *storage)
{
	struct committer *committer = &storage->committer;
	bool more = false;
	if (!committer->leftovers)
		return false;
	int r = storage->engine->ops->clean(storage->engine, &more);
	if (r == -ENOSPC)
		return false;
	if (r < 0) {
		give_up(storage, "cleaning", r);
		return false;
	}
	committer->leftovers = more;
	committer->unsynced = true;
	if (!more || atomic_load(&storage->full))
		space_look(storage);
	return more;
}

static void sync_if_due(struct storage *storage, bool now)
{
	struct committer *committer = &storage->committer;
	if (!storage->options.relaxed || !committer->unsynced || committer->lost)
		return;
	uint64_t time = now_ms();
	if (!now && time - committer->synced_ms < SYNC_EVERY_MS)
		return;
	int r = storage->engine->ops->sync(storage->engine);
	if (r < 0) {
		give_up(storage, "sync", r);
		return;
	}
	committer->unsynced = false;
	committer->synced_ms = now_ms();
}

struct timespec clock_in_ms(uint64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return until;
}

/* Until a batch comes, the storage stops, or the time (0: none) is over.  `sleeping`
 * is set before the queue is looked at, and a pusher looks at it after its push: one
 * of the two sees the other. */
static void sleep_until_work(struct storage *storage, uint64_t ms)
{
	struct timespec until = clock_in_ms(ms);
	int r = 0;
	pthread_mutex_lock(&storage->sleep_lock);
	atomic_store(&storage->sleeping, true);
	while (r == 0 && queue_is_empty(&storage->queue) && !atomic_load(&storage->stopping)) {
		if (ms)
			r = pthread_cond_timedwait(&storage->woken, &storage->sleep_lock, &until);
		else
			r = pthread_cond_wait(&storage->woken, &storage->sleep_lock);
	}
	atomic_store(&storage->sleeping, false);
	pthread_mutex_unlock(&storage->sleep_lock);
}

static void sleep_until_stop(struct storage *storage, uint64_t ms)
{
	struct timespec until = clock_in_ms(ms);
	int r = 0;
	pthread_mutex_lock(&storage->sleep_lock);
	while (r == 0 && !atomic_load(&storage->stopping)) {
		if (ms)
			r = pthread_cond_timedwait(&storage->woken, &storage->sleep_lock, &until);
		else
			r = pthread_cond_wait(&storage->woken, &storage->sleep_lock);
	}
	pthread_mutex_unlock(&storage->sleep_lock);
}

static uint64_t retry_in_ms(unsigned refused)
{
	uint64_t ms = RETRY_FIRST_MS;
	while (--refused && ms < RETRY_MOST_MS)
		ms *= 2;
	return ms < RETRY_MOST_MS ? ms : RETRY_MOST_MS;
}

static void idle(struct storage *storage)
{
	bool must_sync = storage->committer.unsynced && storage->options.relaxed;
	bool is_full = atomic_load(&storage->full);
	bool will_be_back = must_sync || is_full || storage->committer.leftovers;
	sleep_until_work(storage, will_be_back ? SYNC_EVERY_MS : 0);
	if (is_full)
		space_look(storage);
}

/* What was committed sets shards free to write more: a message kept for its sender is then kept
 * for its addressee.  A commit that began at once would leave that waiting for two. */
static void gather(struct storage *storage)
{
	if (!storage->options.relaxed && !queue_is_empty(&storage->queue))
		nanosleep(&(struct timespec){ .tv_nsec = GATHER_US * 1000 }, NULL);
}

/* One turn of the thread; false when it is over. */
static bool turn(struct storage *storage)
{
	struct committer *committer = &storage->committer;
	bool is_stopping = atomic_load(&storage->stopping);
	size_t count = 0;
	/* What did not fit is tried alone, so that the least is asked of the disk. */
	int r = committer_commit(storage, committer->refused ? 1 : 0, &count);
	if (committer->lost) {
		sleep_until_stop(storage, 0);
		return false;
	}
	bool is_cleaning = clean_slice(storage);
	sync_if_due(storage, false);
	if (is_stopping)
		return count > 0 && r == 0;
	if (r == -ENOSPC)
		sleep_until_stop(storage, retry_in_ms(committer->refused));
	else if (count > 0)
		gather(storage);
	else if (!is_cleaning && !committer->lost)
		idle(storage);
	return true;
}

static void *run(void *argument)
{
	struct storage *storage = argument;
	while (turn(storage))
		;
	sync_if_due(storage, true);
	return NULL;
}

int committer_start(struct storage *storage)
{
	sigset_t all, before;
	sigfillset(&all);
	storage->committer.leftovers = true; /* a deletion may have been under way */
	storage->committer.synced_ms = storage->committer.looked_ms = now_ms();
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&storage->thread, NULL, run, storage);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(storage->thread, "committer");
	return -error;
}

void committer_stop(struct storage *storage)
{
	pthread_mutex_lock(&storage->sleep_lock);
	atomic_store(&storage->stopping, true);
	pthread_cond_signal(&storage->woken);
	pthread_mutex_unlock(&storage->sleep_lock);
	pthread_join(storage->thread, NULL);
}

void committer_wake(struct storage *storage)
{
	if (!atomic_load(&storage->sleeping))
		return;
	pthread_mutex_lock(&storage->sleep_lock);
	pthread_cond_signal(&storage->woken);
	pthread_mutex_unlock(&storage->sleep_lock);
}

void committer_drop(struct storage *storage)
{
	struct committer *committer = &storage->committer;
	take_submitted(storage);
	for (struct storage_batch *batch = committer->first, *next; batch; batch = next) {
		next = batch->next;
		storage_batch_destroy(batch);
	}
	committer->first = committer->last = NULL;
	free(committer->group);
	committer->group = NULL;
	committer->group_room = 0;
}
