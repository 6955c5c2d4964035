/* written.h - who waits until a session's output has left (tern_session_when_written)
 * SPDX-License-Identifier: MIT */
#ifndef WRITTEN_H
#define WRITTEN_H

struct tern_session;

/* All that was written to the stream is in the kernel's hands. */
void written_note_drained(struct tern_session *session);

/* The peer of a session with acks has acknowledged more. */
void written_note_acked(struct tern_session *session);

/* The session has ended. */
void written_cancel(struct tern_session *session);

/* It stays without its stream: what was said before <enable/> is in no queue, and is lost. */
void written_cancel_unqueued(struct tern_session *session);

/* A module leaves (turnover.h): its waiters are told, those of one of its sessions and those in the
 * entity's outbox. */
struct loaded;
struct tern_entity;
void written_cancel_of(struct tern_entity *entity, const struct loaded *owner);

#endif
