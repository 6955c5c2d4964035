/* disk.h - commits in stepped storage, and a disk in memory that becomes full
 * SPDX-License-Identifier: MIT */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>

struct memory_disk;
struct server;
struct storage;
struct storage_batch;

/* As a server does that starts or ends: no shard runs before it is on disk. */
void disk_commit(struct storage *storage, struct storage_batch *take_batch);

/* Until it is not full, the server's storage refuses what is new. */
void disk_fill(struct memory_disk *disk, struct server *server, bool full);

#endif
