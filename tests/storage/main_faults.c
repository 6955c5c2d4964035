/* main_faults.c - a committer's thread whose disk refuses, fails, and is full for real
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb/engine.h>
#include <storage_internal.h>

#include "bed.h"

static int wrong;

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "wrong: %s\n", what);
	wrong++;
}

/* What the callbacks told; each tells a semaphore. */
static struct {
	sem_t done, failed, full, has_room, synced;
	_Atomic uint64_t last_tag;
	int error;
} told;

static void tell_done(void *context, uint64_t tag)
{
	check(tag == told.last_tag + 1, "order of done");
	told.last_tag = tag;
	sem_post(&told.done);
}

static void tell_failed(void *context, const char *what, int error)
{
	told.error = error;
	sem_post(&told.failed);
}

static void tell_full(void *context, bool is_full)
{
	sem_post(is_full ? &told.full : &told.has_room);
}

static struct storage_options prepare(const char *directory)
{
	told.last_tag = 0;
	told.error = 0;
	sem_init(&told.done, 0, 0);
	sem_init(&told.failed, 0, 0);
	sem_init(&told.full, 0, 0);
	sem_init(&told.has_room, 0, 0);
	sem_init(&told.synced, 0, 0);
	return (struct storage_options){ .directory = directory, .map_bytes = 1u << 30,
		.reserve_bytes = 1, .failed = tell_failed, .full = tell_full };
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		;
}

static int submit(struct storage *storage, uint64_t tag, size_t len)
{
	char *value = calloc(1, len + 1);
	struct storage_batch *batch = storage_batch_create(storage);
	int r = batch_put(batch, 7, 1, &tag, sizeof(tag), value, len);
	free(value);
	storage_submit(storage, batch, tell_done, NULL, tag);
	return r;
}

static void refused_commits_are_tried_again(void)
{
	struct memory_disk *disk = memory_disk_create();
	struct storage_options options = prepare(NULL);
	struct storage *storage;
	storage_open_engine(&options, memory_engine_create(disk), true, &storage);
	memory_disk_fail_next(disk, -ENOSPC);
	submit(storage, 1, 10);
	wait_for(&told.full);
	storage_submit(storage, storage_batch_create(storage), tell_done, NULL, 2);
	wait_for(&told.done);
	wait_for(&told.done);
	wait_for(&told.has_room);
	check(submit(storage, 3, 10) == 0, "room again");
	wait_for(&told.done);
	storage_close(storage);
	memory_disk_destroy(disk);
}

static void a_failed_commit_is_never_spoken_of(void)
{
	struct memory_disk *disk = memory_disk_create();
	struct storage_options options = prepare(NULL);
	struct storage *storage;
	storage_open_engine(&options, memory_engine_create(disk), true, &storage);
	memory_disk_fail_next(disk, -EIO);
	submit(storage, 1, 10);
	wait_for(&told.failed);
	submit(storage, 2, 10);
	storage_close(storage);
	check(told.error == -EIO, "the error is told");
	check(told.last_tag == 0, "nothing was acknowledged");
	memory_disk_destroy(disk);
}

static int sync_result;

static int tell_sync(struct storage_engine *engine)
{
	sem_post(&told.synced);
	return sync_result;
}

/* LMDB, but its sync is ours. */
static void relaxed_commits_are_synced_soon(int result)
{
	char directory[64], *why = NULL;
	bed_directory(directory);
	struct storage_options options = prepare(directory);
	struct storage_engine *engine;
	struct storage *storage;
	options.relaxed = true;
	sync_result = result;
	if (lmdb_engine_open(&options, &engine, &why) < 0)
		exit(EXIT_FAILURE);
	struct storage_engine_ops ops = *engine->ops;
	ops.sync = tell_sync;
	engine->ops = &ops;
	storage_open_engine(&options, engine, true, &storage);
	submit(storage, 1, 10);
	wait_for(&told.done);
	wait_for(&told.synced);
	if (result < 0) {
		wait_for(&told.failed);
		check(told.error == result, "a failed sync is told");
	}
	storage_close(storage);
	bed_remove(directory);
}

static off_t file_size(const char *directory)
{
	char path[96];
	struct stat status;
	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	return stat(path, &status) == 0 ? status.st_size : 0;
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* The kernel cuts the write short, as on a full disk; later there is room. */
static void a_full_disk_is_waited_for(void)
{
	char directory[64], *why = NULL;
	bed_directory(directory);
	struct storage_options options = prepare(directory);
	struct storage *storage;
	if (storage_open(&options, &storage, &why) < 0)
		exit(EXIT_FAILURE);
	submit(storage, 1, 100);
	wait_for(&told.done);
	limit_files((rlim_t)file_size(directory) + 50000);
	check(submit(storage, 2, 1000000) == 0, "accepted before anyone knew");
	storage_submit(storage, storage_batch_create(storage), tell_done, NULL, 3);
	wait_for(&told.full);
	check(storage_is_full(storage), "is full");
	check(told.last_tag == 1, "not acknowledged");
	limit_files(RLIM_INFINITY);
	wait_for(&told.done);
	wait_for(&told.done);
	wait_for(&told.has_room);
	storage_close(storage);
	check(told.error == 0, "no failure");
	struct bed bed = { 0 };
	if (storage_open(&options, &bed.storage, &why) < 0)
		exit(EXIT_FAILURE);
	void *value;
	size_t len;
	uint64_t tag = 2;
	check(storage_get(bed.storage, 7, 1, &tag, sizeof(tag), &value, &len) == 0 &&
		len == 1000000, "it is there");
	free(value);
	storage_close(bed.storage);
	bed_remove(directory);
}

int main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	refused_commits_are_tried_again();
	a_failed_commit_is_never_spoken_of();
	relaxed_commits_are_synced_soon(0);
	relaxed_commits_are_synced_soon(-EIO);
	a_full_disk_is_waited_for();
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
