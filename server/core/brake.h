/* brake.h - senders wait for a reader who is slow
 * SPDX-License-Identifier: MIT
 *
 * What a session has been told and its peer has not read is bounded: while more than a mark is
 * unwritten, those who send to it keep their places in their own windows, so that they are
 * not read from.  A receipt does not wait for a peer; a window does. */
#ifndef BRAKE_H
#define BRAKE_H

struct receipt;
struct tern_session;

/* After something was written to the session: from the mark on it wants to hear of draining. */
void brake_look(struct tern_session *session);

/* The sender's window stays used (by one share) until the session's output is drained. */
void brake_hold(struct tern_session *session, struct receipt *receipt);

/* Drained, or ended. */
void brake_release(struct tern_session *session);

#endif
