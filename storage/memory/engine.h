/* memory/engine.h - the data in memory, for simulations and tests
 * SPDX-License-Identifier: MIT
 *
 * The disk is what is committed.  It outlives the engines and storages over it, one at
 * a time: storage_abandon is the crash, a new engine over the same disk the next start. */
#ifndef STORAGE_MEMORY_ENGINE_H
#define STORAGE_MEMORY_ENGINE_H

#include "storage.h"

struct memory_disk;

struct memory_disk *memory_disk_create(void);
void memory_disk_destroy(struct memory_disk *disk); /* takes NULL */

/* What a crash at this moment would leave: the committed data, without the faults set. */
struct memory_disk *memory_disk_copy(struct memory_disk *disk);

/* The next commit fails with -ENOSPC or -EIO, and the disk stays as it was. */
void memory_disk_fail_next(struct memory_disk *disk, int error);

/* The next commit reaches the disk, but is reported as -EIO: what a crash between a
 * commit and its `done` leaves. */
void memory_disk_lose_next_answer(struct memory_disk *disk);

/* What statvfs would say; presets to plenty. */
void memory_disk_set_free(struct memory_disk *disk, uint64_t bytes);

/* The disk is borrowed until the engine is closed. */
struct storage_engine *memory_engine_create(struct memory_disk *disk);

#endif
