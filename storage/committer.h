/* committer.h - turns submitted batches into commits, in order
 * SPDX-License-Identifier: MIT
 *
 * All calls but committer_wake belong to one thread: the one that committer_start
 * makes, or the caller of storage_step. */
#ifndef STORAGE_COMMITTER_H
#define STORAGE_COMMITTER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct storage;

/* That much later, by CLOCK_MONOTONIC. */
struct timespec clock_in_ms(uint64_t ms);

/* 0 or -errno. */
int committer_start(struct storage *storage);

/* Commits what was submitted (what does not fit on the disk is tried once), ends the
 * thread. */
void committer_stop(struct storage *storage);

/* From any thread, after a batch was put into an empty queue. */
void committer_wake(struct storage *storage);

/* Commits up to `most` batches (0: as many as suit one transaction).  0 and their
 * number, or -errno. */
int committer_commit(struct storage *storage, size_t most, size_t *ret_count);

/* Frees what was never committed. */
void committer_drop(struct storage *storage);

#endif
