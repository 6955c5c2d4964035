/* directory.c - makes the data directory and locks it for one process
 * SPDX-License-Identifier: MIT */
#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int directory_make(const char *path)
{
	struct stat status;
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &status) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

static long read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int write_pid(int fd)
{
	if (ftruncate(fd, 0) < 0)
		return -errno;
	return dprintf(fd, "%ld\n", (long)getpid()) < 0 ? -EIO : 0;
}

int directory_lock(const char *path, long *ret_pid)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int error = errno;
	close(dir);
	if (fd < 0)
		return -error;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		error = errno == EWOULDBLOCK ? EBUSY : errno;
		if (error == EBUSY)
			*ret_pid = read_pid(fd);
		close(fd);
		return -error;
	}
	/* The lock is the descriptor's; the number only helps the administrator, so a full
	 * disk does not keep the server from starting. */
	(void)write_pid(fd);
	return fd;
}

const char *directory_reason(int result)
{
	if (result == -EACCES)
		return "Permission denied: it, and what is in it, has to belong to whom the server runs as";
	return strerror(-result);
}

int directory_check_empty(const char *path)
{
	DIR *dir = opendir(path);
	if (!dir)
		return -errno;
	int r = 0;
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = -ENOTEMPTY;
	}
	closedir(dir);
	return r;
}

static int sync_at(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

int directory_sync(const char *path, const char *file)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	int r = sync_at(dir, file, O_RDONLY);
	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	close(dir);
	return r;
}
