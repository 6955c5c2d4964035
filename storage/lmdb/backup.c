/* lmdb/backup.c - copies the data file while it is written to
 * SPDX-License-Identifier: MIT
 *
 * LMDB copies the pages of one read transaction, in order, into a pipe, on a thread of its
 * own; what comes out at the other end is written to the file at the pace that was asked
 * for.  A writer waits for the copy only while two pages are put into the pipe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "directory.h"
#include "heap.h"
#include "lmdb_internal.h"

enum {
	PIPE_BYTES = 1 << 20,
	PIECE_BYTES = 256 << 10,
	WINDOW_BYTES = 4 << 20, /* not on disk at a time: commits of others share the device */
};

struct copying {
	MDB_env *env;
	int pipe[2];
	int file;
	int result; /* LMDB's */
	uint64_t done_bytes, synced_bytes;
	struct timespec began;
	const struct storage_pace *pace;
};

static void *copy_pages(void *context)
{
	struct copying *copying = context;
	sigset_t broken;
	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE); /* the reader's end is its answer to a fault */
	pthread_sigmask(SIG_BLOCK, &broken, NULL);
	copying->result = mdb_env_copyfd(copying->env, copying->pipe[1]);
	close(copying->pipe[1]);
	return NULL;
}

static bool is_stopped(const struct storage_pace *pace)
{
	return pace && pace->stop && atomic_load_explicit(pace->stop, memory_order_relaxed);
}

/* Sleeps until the bytes so far are due. */
static void keep_pace(const struct copying *copying)
{
	struct timespec due = copying->began;
	if (!copying->pace || copying->pace->bytes_per_s == 0)
		return;
	uint64_t rate = copying->pace->bytes_per_s;
	uint64_t rest_ns = (copying->done_bytes % rate) * 1000 / rate * 1000000 +
		(uint64_t)due.tv_nsec;
	due.tv_sec += (time_t)(copying->done_bytes / rate + rest_ns / 1000000000);
	due.tv_nsec = (long)(rest_ns % 1000000000);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR &&
	       !is_stopped(copying->pace))
		;
}

/* Dirty pages would be written all at once at the end, in front of everybody's commits. */
static void flush_window(struct copying *copying)
{
	uint64_t len = copying->done_bytes - copying->synced_bytes;
	if (len < WINDOW_BYTES)
		return;
	sync_file_range(copying->file, (off64_t)copying->synced_bytes, (off64_t)len,
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	posix_fadvise(copying->file, (off_t)copying->synced_bytes, (off_t)len,
		POSIX_FADV_DONTNEED);
	copying->synced_bytes = copying->done_bytes;
}

static int write_all(int file, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(file, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* To the end of the pipe. */
static int write_file(struct copying *copying)
{
	char *piece = heap_zalloc(PIECE_BYTES);
	int r = 0;
	clock_gettime(CLOCK_MONOTONIC, &copying->began);
	while (r == 0) {
		ssize_t n = read(copying->pipe[0], piece, PIECE_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : 0;
			break;
		}
		r = is_stopped(copying->pace) ? -ECANCELED
		                              : write_all(copying->file, piece, (size_t)n);
		copying->done_bytes += (uint64_t)n;
		flush_window(copying);
		keep_pace(copying);
	}
	free(piece);
	return r;
}

static int copy_to(struct copying *copying)
{
	pthread_t thread;
	if (pipe2(copying->pipe, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(copying->pipe[1], F_SETPIPE_SZ, PIPE_BYTES); /* a smaller one works, too */
	int r = -pthread_create(&thread, NULL, copy_pages, copying);
	if (r < 0) {
		close(copying->pipe[0]);
		close(copying->pipe[1]);
		return r;
	}
	r = write_file(copying);
	close(copying->pipe[0]); /* ends the thread if it is not at the end */
	pthread_join(thread, NULL);
	return r < 0 ? r : error_of(copying->result);
}

static int copy_into(struct copying *copying, int dir)
{
	copying->file = openat(dir, DATA_FILE_PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (copying->file < 0)
		return -errno;
	int r = copy_to(copying);
	if (r == 0 && fsync(copying->file) < 0)
		r = -errno;
	close(copying->file);
	/* Only what is whole gets the name. */
	if (r == 0 && renameat(dir, DATA_FILE_PART, dir, DATA_FILE) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, DATA_FILE_PART, 0);
	return r;
}

int lmdb_backup(struct storage_engine *base, const char *directory,
	const struct storage_pace *pace)
{
	struct copying copying = { .env = ((struct lmdb_engine *)base)->env, .pace = pace };
	int r = directory_make(directory);
	if (r == 0)
		r = directory_check_empty(directory);
	if (r < 0)
		return r;
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	r = copy_into(&copying, dir);
	close(dir);
	return r < 0 ? r : directory_sync(directory, DATA_FILE);
}
