/* database.c - checks data directories, and brings backups back
 * SPDX-License-Identifier: MIT
 *
 * A damaged page can end the process that reads it (LMDB maps the file and believes it): the
 * walk is made by a child, whose death is a finding. */

#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "digest.h"
#include "directory.h"
#include "say.h"
#include "storage.h"

#define LINES_MOST 100 /* of faults that are printed */

enum { COPY_PIECE = 1 << 30 };
enum { EXIT_OLDER = 3 }; /* the child's: of an older schema, and not looked at */
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 };

/* --- the check ------------------------------------------------------------------------- */

static void print_fault(void *context, const char *line)
{
	size_t *count = context;

	if (++*count <= LINES_MOST)
		printf("%s\n", line);
}

static const char *reason(int result)
{
	switch (-result) {
	case EPROTO: return "it was written by a newer server";
	case ESTALE: return "it was written by an older server; ternd brings it up when it starts, "
		"and then it can be checked";
	case EBADMSG: return "it is damaged, or of another program";
	case ENOTEMPTY: return "it is not empty";
	default: return strerror(-result);
	}
}

static void path_in(char ret_path[PATH_MAX], const char *directory, const char *name)
{
	if (snprintf(ret_path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
		fail("%s: the path is too long", directory);
}

/* The child's; its exit status. */
static int check(const char *directory)
{
	struct storage_findings findings = { 0 };
	size_t count = 0;
	char path[PATH_MAX];
	int result;

	path_in(path, directory, DATA_FILE);
	if (access(directory, F_OK) == 0 && access(path, F_OK) < 0 && errno == ENOENT) {
		fprintf(stderr, "ternctl: %s: there is no %s in it\n", directory, DATA_FILE);
		return EXIT_FAILURE;
	}
	result = storage_verify(directory, print_fault, &count, &findings);

	if (count > LINES_MOST)
		printf("... and %zu more\n", count - LINES_MOST);
	if (result < 0) {
		fprintf(stderr, "ternctl: %s: %s\n", directory, reason(result));
		return result == -ESTALE ? EXIT_OLDER : EXIT_FAILURE;
	}
	printf("%s: %" PRIu64 " owners, %" PRIu64 " records, %" PRIu64 " log entries, %" PRIu64
		" faults\n", directory, findings.owners, findings.records, findings.entries,
		findings.faults);
	return findings.faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check_in_child(const char *directory)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		status = check(directory);
		fflush(stdout);
		_exit(status);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		fail("%s", strerror(errno));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "ternctl: %s: its pages are damaged (the check ended with `%s`)\n", directory,
		strsignal(WTERMSIG(status)));
	return EXIT_FAILURE;
}

int database_check(const char *directory)
{
	return check_in_child(directory) == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- a backup -------------------------------------------------------------------------- */

int database_finish_backup(const char *directory)
{
	char path[PATH_MAX], digest[DIGEST_TEXT_SIZE];
	int result;

	/* Who chats on this machine comes first. */
	setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
	if (database_check(directory) != EXIT_SUCCESS)
		fail("%s: the backup cannot be used", directory);
	path_in(path, directory, DATA_FILE);
	result = digest_of_file(path, digest);
	if (result == 0)
		result = digest_write(directory, digest);
	if (result < 0)
		fail("%s: %s", directory, strerror(-result));
	return EXIT_SUCCESS;
}

/* --- back ------------------------------------------------------------------------------ */

/* A backup made by hand may have no digest. */
static void compare(const char *directory, const char *wanted)
{
	char path[PATH_MAX], digest[DIGEST_TEXT_SIZE];
	int result;

	path_in(path, directory, DATA_FILE);
	result = digest_of_file(path, digest);
	if (result < 0)
		fail("%s: %s", path, strerror(-result));
	if (strcmp(digest, wanted) != 0)
		fail("%s: this is not what was backed up: its digest is another one", path);
}

static int copy_bytes(int from, int to)
{
	ssize_t got;

	do {
		got = copy_file_range(from, NULL, to, NULL, COPY_PIECE, 0);
		if (got < 0 && errno == EINTR)
			got = 1;
	} while (got > 0);
	return got < 0 ? -errno : 0;
}

/* A short write is no error yet: the next one says why. */
static int write_all(int file, const char *bytes, size_t len)
{
	while (len) {
		ssize_t written = write(file, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -ENOSPC;
		bytes += written;
		len -= (size_t)written;
	}
	return 0;
}

/* Read and write, where the kernel cannot copy between the two file systems. */
static int copy_by_hand(int from, int to)
{
	static char piece[1 << 16];
	ssize_t got;
	int result = 0;

	if (lseek(from, 0, SEEK_SET) < 0 || lseek(to, 0, SEEK_SET) < 0)
		return -errno;
	while (result == 0 && (got = read(from, piece, sizeof piece)) != 0) {
		if (got > 0)
			result = write_all(to, piece, (size_t)got);
		else if (errno != EINTR)
			result = -errno;
	}
	return result;
}

/* Under another name until it is whole; the file belongs to whom the directory belongs. */
static int copy_file(const char *source, const char *directory)
{
	int from = open(source, O_RDONLY | O_CLOEXEC), dir, to, result = 0;
	struct stat status;

	if (from < 0)
		return -errno;
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &status) < 0)
		return -errno;
	to = openat(dir, DATA_FILE_PART, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	result = copy_bytes(from, to);
	if (result < 0)
		result = copy_by_hand(from, to);
	if (result == 0 && fchown(to, status.st_uid, status.st_gid) < 0 && geteuid() == 0)
		result = -errno;
	if (result == 0 && fsync(to) < 0)
		result = -errno;
	if (result == 0 && renameat(dir, DATA_FILE_PART, dir, DATA_FILE) < 0)
		result = -errno;
	if (result < 0)
		unlinkat(dir, DATA_FILE_PART, 0);
	close(to);
	close(dir);
	close(from);
	return result < 0 ? result : directory_sync(directory, DATA_FILE);
}

/* A server that serves the directory would be told apart by its lock, but where it is there is
 * something in the directory already. */
static void make_empty(const char *directory)
{
	int result = directory_make(directory);

	if (result == 0)
		result = directory_check_empty(directory);
	if (result < 0)
		fail("%s: %s; a backup is restored into an empty directory", directory,
			reason(result));
}

int database_restore(const char *backup, const char *directory)
{
	char path[PATH_MAX], digest[DIGEST_TEXT_SIZE];
	int has_digest = digest_read(backup, digest), result, checked;

	if (has_digest < 0 && has_digest != -ENOENT)
		fail("%s: its digest cannot be read: %s", backup, reason(has_digest));
	path_in(path, backup, DATA_FILE);
	if (access(path, R_OK) < 0)
		fail("%s is no backup: %s: %s", backup, DATA_FILE, strerror(errno));
	if (has_digest == 0)
		compare(backup, digest);
	checked = check_in_child(backup);
	if (checked != EXIT_SUCCESS && checked != EXIT_OLDER)
		fail("%s: the backup cannot be used", backup);
	make_empty(directory);
	result = copy_file(path, directory);
	if (result < 0)
		fail("%s: %s", directory, strerror(-result));
	if (has_digest == 0)
		compare(directory, digest);
	printf("restored into %s\n", directory);
	return EXIT_SUCCESS;
}
