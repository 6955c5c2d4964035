/* event.h - one stanza under way, as a handler sees it
 * SPDX-License-Identifier: MIT
 *
 * All calls are made on the shard where the handler runs, during its run. */
#ifndef TERN_EVENT_H
#define TERN_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "stanza.h"

#pragma GCC visibility push(default) /* ternd exports it to modules */

struct arena;
struct element;
struct tern_entity;
struct tern_host;
struct tern_session;

/* What a handler says:
 *   PASS    not mine, or noted: go on
 *   DONE    I dealt with it: no later handler and no later phase sees it
 *   REJECT  refuse it with the condition set by tern_reject (to the sender, unless the
 *           stanza is itself an error or a result: then it ends silently)
 *   HOLD    it cannot be decided yet: tern_hold was called
 *   LATER   an iq whose answer comes later: tern_answer_later was called
 * An iq that asks (get, set) is answered exactly once.  DONE with one that has neither been answered nor
 * delivered to a session, HOLD or LATER without their calls, and REJECT without tern_reject are
 * errors of the module: it is named in the log, and the sender gets internal-server-error.  Of
 * several answers the first is sent, and the log has an error for each other. */
enum tern_verdict { TERN_PASS, TERN_DONE, TERN_REJECT, TERN_HOLD, TERN_LATER };

struct tern_event {
	struct tern_host *host;       /* of the entity */
	struct tern_entity *entity;   /* at whose home we are; NULL for an iq to a host */
	struct tern_session *session; /* whose stanza this is, in the OUT phases and for iqs of an
	                               * own session, also to the host (it may be another host's
	                               * then); NULL otherwise, and for what was held until its
	                               * session had ended (no presence goes on then) */
	struct arena *arena;          /* ends with the event */
	struct tern_stanza stanza;
	bool is_acked;                /* its sender will be told when it is safe (XEP-0198) */
	bool probes;                  /* a broadcast presence that is also a probe (RFC 6121 4.3) */
	uint64_t mark;                /* of a message that may be sent once more: an archive's
	                               * entry of it carries it (module.h); 0: none */
	uint64_t kept_id;             /* its id in the entity's archive; 0: none holds it (yet) */
	bool awaits_ack;              /* in IN_MISSED: a device has been given it and does not
	                               * acknowledge it, but may still. The pending log or the archive
	                               * has it. It is missed again, without this, when the device is
	                               * gone for good. Refusing it means nothing */
};

typedef enum tern_verdict tern_handler(struct tern_event *event, const void *settings);

/* True when the stanza comes from the entity's own account (any resource). */
bool tern_event_is_own(const struct tern_event *event);

/* Answers an iq with a result; `payload` of the event's arena, may be NULL. TERN_DONE.  Of what asks
 * nothing (no iq, or an answer) it is an error of the module, and refuses the stanza: TERN_REJECT. */
enum tern_verdict tern_reply(struct tern_event *event, struct element *payload);

/* For a handler to return: refuses the stanza.  `text` (may be NULL) goes into the error. */
enum tern_verdict tern_reject(struct tern_event *event, enum tern_condition condition,
	const char *text);
/* The same with an application condition beside it (of the event's arena). */
enum tern_verdict tern_reject_with(struct tern_event *event, enum tern_condition condition,
	struct element *application);
/* ... and where a XEP names another error type than the condition's own ("cancel"). Of both: a text
 * that tern_reject has set before stays. */
enum tern_verdict tern_reject_as(struct tern_event *event, enum tern_condition condition,
	const char *type, struct element *application);

/* Adds a child to the copy that this recipient gets (delay stamps, stanza ids); of the
 * event's arena.  In the OUT phases: to the copies for the sender's own sessions. */
void tern_event_add(struct tern_event *event, struct element *child);

/* The stanza's tree may stand in other queues too.  This is a copy of the event's own, to be
 * changed before the handler returns; it is what later handlers see, the recipient gets and an
 * error answers. */
struct element *tern_event_edit(struct tern_event *event);

/* The stanza as its recipient gets it: its addresses set, with what was added; a copy of the
 * event's arena. */
struct element *tern_event_copy(struct tern_event *event);

/* The stanza in bytes, for a store (stored.h): its addresses set, without what was added. What has
 * been written once is not written again. */
struct buffer;
void tern_event_write(struct tern_event *event, struct buffer *out);

/* The iq stays open; answer it with the ticket, once, from anywhere on this shard (also before
 * the handler returns; `entity` as in the event), within the engine's time limit (then:
 * remote-server-timeout, and what is said of the ticket later is ignored).  Returns TERN_LATER.  The payload is copied or used up: its arena may
 * end afterwards; NULL is an empty result. */
typedef uint64_t tern_ticket;
enum tern_verdict tern_answer_later(struct tern_event *event, tern_ticket *ret_ticket);
void tern_answer(struct tern_entity *entity, tern_ticket ticket, struct element *payload);
void tern_answer_error(struct tern_entity *entity, tern_ticket ticket,
	enum tern_condition condition, const char *text);

/* The event waits, and behind it what the same sender sends to the same addressee, until
 * tern_release names its verdict, or the engine does after its time limit (`verdict`).  Where that may
 * be TERN_REJECT, tern_reject is called before: with its condition it is refused. */
enum tern_verdict tern_hold(struct tern_event *event, enum tern_verdict verdict,
	tern_ticket *ret_ticket);
void tern_release(struct tern_entity *entity, tern_ticket ticket, enum tern_verdict verdict);

/* Delivers the stanza, as it is with what was added, to one of this entity's sessions.
 * A bare `to` stays as it is.  What has reached a session is not missed: when the hooks of
 * IN_DELIVER have passed, it has ended. */
void tern_deliver(struct tern_event *event, struct tern_session *session);

/* Gives a session a message that carries the event's (XEP-0297), from the entity's bare JID:
 * whoever acknowledges it has taken the event's message as well.  It reaches nobody else. */
void tern_deliver_copy(struct tern_event *event, struct tern_session *session,
	const struct element *copy);

/* Its entry in the entity's pending log (module.h); 0: none. What is missed after it had been
 * delivered, since no device took it over, has one already. */
uint64_t tern_event_pending_id(const struct tern_event *event);

/* Whether the stanza has been delivered to that session. */
bool tern_event_reached(const struct tern_event *event, const struct tern_session *session);

#pragma GCC visibility pop

#endif
