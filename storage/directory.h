/* directory.h - the data directory: made, and locked for one process
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_DIRECTORY_H
#define STORAGE_DIRECTORY_H

/* Makes the directory (mode 0700) unless it exists. 0 or -errno. */
int directory_make(const char *path);

/* A descriptor that holds the lock until it is closed or the process ends; -EBUSY
 * when another holds it (*ret_pid: who, or 0 when it has not said), or -errno. */
int directory_lock(const char *path, long *ret_pid);

/* Why one cannot be used, for administrators; of a -errno. */
const char *directory_reason(int result);

/* 0, -ENOTEMPTY, or -errno. */
int directory_check_empty(const char *path);

/* The data file, and its name while a copy of it is not whole. */
#define DATA_FILE "data.mdb"
#define DATA_FILE_PART "data.mdb.part"

/* Makes names in it, and the file of that name in it, durable. 0 or -errno. */
int directory_sync(const char *path, const char *file);

#endif
