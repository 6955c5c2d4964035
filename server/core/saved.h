/* saved.h - resumable sessions outlive a graceful restart
 * SPDX-License-Identifier: MIT
 *
 * The last thing that a process which stops does is to write down each session that can be
 * resumed, attached or not until then: its counters, its queue, its presence, what modules keep
 * of it.  The next one makes them again, detached, before it lets anybody in; what it has read it
 * erases in the same commit, so that after a crash nobody finds a session twice or too late.
 *
 * They never left for their contacts.  Their time goes on while no process runs; one whose time is
 * up then ends when the shards run, in order: contacts hear of it, its queue is routed again.
 * A record that cannot be read, be it of a newer version, is erased with a line in the log: what
 * was kept stands in the pending log or the archive. */
#ifndef SAVED_H
#define SAVED_H

#include <stddef.h>

struct server;
struct storage_batch;

/* Both are called on the main thread while no shard runs, and leave the commit of the batch to the
 * caller.  *ret_count: how many sessions. */

/* 0, or -errno when some could not be written (-ENOSPC); the rest is in the batch. */
int saved_write(struct server *server, struct storage_batch *batch, size_t *ret_count);

/* 0, or -errno when the records could not be read. */
int saved_restore(struct server *server, struct storage_batch *batch, size_t *ret_count);

#endif
