/* handover.h - a message between this server and the devices that it was delivered to
 * SPDX-License-Identifier: MIT
 *
 * A message's journey ends when a device has taken it over: by an ack, or on a stream without
 * acks by the write to it.  Until then each place where a copy waits (an outbox, a session's
 * unacknowledged queue, the event that delivers) holds a share.  The first device that takes it
 * settles it: its entry in the account's pending log goes.  When the last share comes back and
 * nobody has taken it, whoever held it routes it once more (reroute.h).
 *
 * All on the home shard of the entity. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "entity.h"

struct event;
struct handover;
struct saved_handover;
struct tern_entity;
struct tern_session;

/* Before an event's stanza goes to the session: false when the message must be in the pending log
 * first and the log refuses; then nothing is delivered, and event->refused_by says why.  Makes
 * event->handover where the message needs one. */
bool handover_prepare(struct event *event, struct tern_session *session);

/* Of a message that the archive holds, and a session is given now; the share is the caller's. */
struct handover *handover_of_kept(struct tern_entity *entity, uint64_t kept_id);

/* The same of an entry of a pending log. */
struct handover *handover_of_pending(struct tern_entity *entity, tern_store log, uint64_t id);

struct handover *handover_share(struct handover *handover); /* NULL stays NULL */

/* A device has it; the share comes back.  Takes NULL. */
void handover_take(struct tern_entity *entity, struct handover *handover);

/* The session has it when all that has been said to it up to now is written: without acks. */
void handover_take_when_written(struct tern_session *session, struct handover *take_handover);

/* Somebody has taken over what the archive holds: a device, or another module. */
void handover_tell_taken(struct tern_entity *entity, uint64_t kept_id);

/* What was taken while the archive's module was not there: it hears of it now. */
void handovers_tell_untold(struct tern_entity *entity);

/* The share comes back.  Takes NULL. */
void handover_drop(struct handover *handover);

/* Nobody has taken it for some time: it is put into the pending log where it stands nowhere yet, and
 * the event (at its entity) is told where. */
void handover_secure(struct handover *handover, struct event *event);

/* The share is the last, and nobody has taken the message. */
bool handover_is_lost(const struct handover *handover);

/* Nobody has taken it, and no device has let it wait too long yet (overdue.h).  Takes NULL. */
bool handover_is_watched(const struct handover *handover);
void handover_note_overdue(struct handover *handover);

/* What an event that delivers it again has to know. */
uint64_t handover_kept_id(const struct handover *handover);    /* tern_event.kept_id */

/* --- saved sessions (saved.h): all that share one name it by its number ------------------------ */

/* Gives it a number, the next one, where it has none. NULL: there is none. */
void handover_describe(struct handover *handover, uint64_t *last_number,
	struct saved_handover *ret_saved);

/* With one share, the caller's. */
struct handover *handover_restore(struct tern_entity *entity, const struct saved_handover *saved);

/* The entity closes while shares are still out: the process ends. */
void handovers_forget(struct tern_entity *entity);

#endif
