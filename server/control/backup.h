/* backup.h - a copy of the data while the server runs
 * SPDX-License-Identifier: MIT
 *
 * `ternctl backup` has the pages copied on a thread of its own, one copy at a time; the result
 * comes back to the desk.  ternctl itself verifies the copy: that would not be stopped by a
 * damaged page, and costs the server nothing. */
#ifndef BACKUP_H
#define BACKUP_H

struct server;

/* Stops the copy that is under way, if any, and waits for its thread; its request is answered
 * by a task on the desk.  Main thread, before the storage is closed. */
void backup_stop(struct server *server);

#endif
