/* brake.h - senders wait for a reader who is slow
 * SPDX-License-Identifier: MIT
 *
 * What a session has been told and its peer has not read is bounded: while more than a mark is
 * unwritten, those who send to it keep their places in their own windows, so that they are
 * not read from.  A receipt does not wait for a peer; a window does.  The peer itself is not
 * read from either, so that it gets no more answers than it asked for before.
 *
 * Beyond limits.unwritten_bytes the session is closed.  What the peer asked for itself does not
 * count there: a roster may be larger, and whoever reads it must be able to log in. */
#ifndef BRAKE_H
#define BRAKE_H

#include <stddef.h>
#include <stdint.h>

struct receipt;
struct shard;
struct tern_session;

/* After something was written to the session: from the mark on it wants to hear of draining. */
void brake_look(struct tern_session *session);

/* Before so many bytes are said to the session. */
void brake_note_said(struct tern_session *session, size_t len);

/* The session whose stanza is handled, or whose page is told; 0: none. */
uint64_t brake_asker(const struct shard *shard);

/* The sender's window stays used (by one share) until the session's output is drained. */
void brake_hold(struct tern_session *session, struct receipt *receipt);

/* Drained, or ended. */
void brake_release(struct tern_session *session);

#endif
