/* disk.c - commits at once, and fills a disk in memory
 * SPDX-License-Identifier: MIT */

#include "disk.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "memory/engine.h"
#include "server.h"
#include "storage.h"

static void note_committed(void *context, uint64_t tag)
{
	(void)context;
	(void)tag;
}

void disk_commit(struct storage *storage, struct storage_batch *batch)
{
	storage_submit(storage, batch, note_committed, NULL, 0);
	while (storage_step(storage, 0))
		;
}

void disk_fill(struct memory_disk *disk, struct server *server, bool full)
{
	struct storage_batch *batch = storage_batch_create(server->storage);

	memory_disk_set_free(disk, full ? 0 : UINT64_MAX / 2);
	if (full)
		memory_disk_fail_next(disk, -ENOSPC);
	batch_delete(batch, OWNER_SERVER, server->saved_store, "", 0);
	disk_commit(server->storage, batch); /* refused where the disk is full */
	disk_commit(server->storage, storage_batch_create(server->storage));
	assert(storage_is_full(server->storage) == full);
}
