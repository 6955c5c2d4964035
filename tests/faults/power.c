/* power.c - preloaded into ternd: remembers what a file held where it was written and not synced
 * SPDX-License-Identifier: MIT
 *
 * A process that is killed loses nothing that it wrote: the page cache outlives it.  So before
 * each write to the file named by TERN_FAULTS_FILE, what it replaces goes to the journal
 * TERN_FAULTS_JOURNAL, and a sync of the file empties the journal.  When the process has died,
 * power.py takes from the journal what a machine without power would have forgotten.  LMDB writes
 * by write calls alone here; its lock file is of no use after a start.
 *
 * The disks of this test are quick.  TERN_FAULTS_SYNC_US makes a sync last up to so long, that a
 * kill finds something under way. */

#undef _FILE_OFFSET_BITS /* both names of each call are defined here */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* In front of what stood at `offset`; all of the machine's own byte order. */
struct record {
	uint64_t offset, file_size;
	uint32_t written, kept; /* kept: less where the file ended */
};

static ssize_t (*real_pwrite)(int fd, const void *bytes, size_t len, off_t offset);
static int (*real_fdatasync)(int fd);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static unsigned sync_us, dice;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TERN_FAULTS_JOURNAL"), *longest = getenv("TERN_FAULTS_SYNC_US");

	*(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
	*(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
	sync_us = longest ? (unsigned)atoi(longest) : 0;
	dice = (unsigned)getpid();
	if (path)
		journal = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool is_watched(int fd, struct stat *ret_stat)
{
	const char *path = getenv("TERN_FAULTS_FILE");
	struct stat wanted;

	return journal >= 0 && path && fstat(fd, ret_stat) == 0 && stat(path, &wanted) == 0 &&
		wanted.st_ino == ret_stat->st_ino && wanted.st_dev == ret_stat->st_dev;
}

/* Reads through a descriptor of its own: those of LMDB are for writing alone. */
static void remember(off_t offset, size_t len, uint64_t file_size)
{
	static int reading = -1;
	struct record record = { (uint64_t)offset, file_size, (uint32_t)len, 0 };
	char *bytes = malloc(sizeof record + len);
	ssize_t kept;

	if (reading < 0)
		reading = open(getenv("TERN_FAULTS_FILE"), O_RDONLY | O_CLOEXEC);
	if (!bytes)
		abort();
	kept = pread(reading, bytes + sizeof record, len, offset);
	if (kept < 0)
		abort();
	record.kept = (uint32_t)kept;
	memcpy(bytes, &record, sizeof record);
	if (write(journal, bytes, sizeof record + record.kept) < 0)
		abort();
	free(bytes);
}

/* LMDB writes the page that makes a commit valid through a descriptor that syncs by itself, after
 * it has synced all others. */
static ssize_t write_at(int fd, const void *bytes, size_t len, off_t offset)
{
	struct stat state, before;
	ssize_t result;

	if (!is_watched(fd, &state))
		return real_pwrite(fd, bytes, len, offset);
	pthread_mutex_lock(&lock);
	if (fstat(journal, &before) < 0)
		abort();
	remember(offset, len, (uint64_t)state.st_size);
	result = real_pwrite(fd, bytes, len, offset);
	if ((fcntl(fd, F_GETFL) & O_DSYNC) && ftruncate(journal, before.st_size) < 0)
		abort();
	pthread_mutex_unlock(&lock);
	return result;
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	return write_at(fd, bytes, len, offset);
}

EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
	return write_at(fd, bytes, len, offset);
}

/* Where the descriptor stands, from one write to the next. */
EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
	static ssize_t (*real_writev)(int fd, const struct iovec *parts, int count);
	struct stat state;
	ssize_t done = 0;

	if (!real_writev)
		*(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
	if (!is_watched(fd, &state))
		return real_writev(fd, parts, count);
	for (int i = 0; i < count; i++) {
		off_t at = lseek(fd, 0, SEEK_CUR);
		ssize_t result = write_at(fd, parts[i].iov_base, parts[i].iov_len, at);

		if (result < 0)
			return done ? done : -1;
		lseek(fd, at + result, SEEK_SET);
		done += result;
		if ((size_t)result < parts[i].iov_len)
			break;
	}
	return done;
}

static int sync_now(int fd)
{
	struct stat state;

	if (!is_watched(fd, &state))
		return real_fdatasync(fd);
	pthread_mutex_lock(&lock);
	if (sync_us)
		usleep((useconds_t)rand_r(&dice) % sync_us);
	if (ftruncate(journal, 0) < 0)
		abort();
	pthread_mutex_unlock(&lock);
	return 0;
}

EXPORT int fdatasync(int fd)
{
	return sync_now(fd);
}

EXPORT int fsync(int fd)
{
	return sync_now(fd);
}
