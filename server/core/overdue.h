/* overdue.h - messages that a device was given and does not acknowledge
 * SPDX-License-Identifier: MIT
 *
 * One that waits in a session's queue for limits.missed_s goes through IN_MISSED, once, though the
 * device may still take it: the user is told by other ways.  From then on it stands in the pending
 * log (or the archive), whoever sent it; the first ack takes it out again as ever. */
#ifndef OVERDUE_H
#define OVERDUE_H

struct acks;

/* A message has been put into the queue. */
void overdue_watch(struct acks *acks);

/* The session ends. */
void overdue_forget(struct acks *acks);

#endif
