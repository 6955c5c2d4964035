/* event_internal.h - one stanza under way, as the engine sees it
 * SPDX-License-Identifier: MIT
 *
 * An event is made where a stanza enters (a session, or `route`), visits the sender's home,
 * travels as a post to the recipient's home, and ends there.  It lives in its arena, which for
 * a stanza with one recipient is the parcel's own. */
#ifndef EVENT_INTERNAL_H
#define EVENT_INTERNAL_H

#include "event.h"
#include "outbox.h"
#include "parcel.h"
#include "receipt.h"
#include "shard.h"

struct handover;
struct hook;
struct loaded;
struct tern_entity;

struct reached {
	const struct reached *next;
	uint64_t session;
};

struct event {
	struct tern_event pub;   /* first: handlers get this */
	struct post post;        /* to the home of `to` */
	uint64_t origin;         /* the entity that it comes from, by id; 0: of none */
	struct item item;        /* in the outbox of the entity that it leaves */
	struct event *next;      /* in the list of those that wait */
	struct parcel *parcel;   /* a share */
	struct receipt *receipt; /* a share, or NULL */
	struct tern_entity *at;  /* the entity at whose home it is; NULL on the way */
	struct extra *extras, **extras_last;
	struct handover *handover; /* of a message that is being delivered; a share, or NULL */
	uint64_t pending_id;       /* without one: of a message that is overdue */
	const struct reached *reached; /* the sessions that it was delivered to */
	unsigned phase;
	const struct hook *hooks; /* the rest of the phase, in the host's list or one of its own
	                           * (held_turn_over); NULL: it begins */
	bool owns_arena;         /* the arena is this event's, not the parcel's */
	bool is_taken;           /* by a session without acks */
	int refused_by;          /* the pending log: -errno; nothing was delivered */
	bool is_resent;          /* its sender's home knows it; or may, where that is this one: seen.h */
	bool is_noted;           /* its mark has been, here */
	bool waits_for_disk;     /* held without a limit of time */
	uint64_t sent_by;        /* the session, which may have ended */
	bool only_open;          /* not worth opening a closed entity */
	bool is_reminder;        /* of an intent, on its way to who has said it: intents.h */
	enum tern_condition condition;
	const char *text;
	const char *error_type;  /* NULL: the condition's own */
	struct element *application;
	uint64_t session_id;     /* of pub.session, which may end while the event waits */
	uint64_t ticket;         /* held, or to be answered later; 0: neither */
	struct loaded *ticket_of;/* the module that took it; NULL: the engine */
	enum tern_verdict held_verdict;
	bool is_deciding;        /* the handler that took the ticket has not returned yet */
	bool is_released;        /* and its ticket has been used */
	bool is_dispatched;      /* an iq that its handler has seen */
	bool is_answered;        /* with a result or an error */
	struct event *behind, **behind_last; /* what waits for this held one, by arrival */
	uint64_t arrival;        /* of one that waits, or has waited, behind another */
	struct timer timer;      /* of a held or later one */
};

/* A stanza that enters; the event lives in the parcel's arena (take: the parcel's share and
 * the receipt's). */
struct event *event_new(struct parcel *take_parcel, struct receipt *take_receipt);

/* One recipient's event of a fan-out: in an arena of its own. */
struct event *event_new_copy(struct parcel *take_parcel, const struct jid *to,
	struct receipt *take_receipt);

/* Ends it: gives back what it holds, the receipt when the writes of `at` are on disk. */
void event_finish(struct event *event);

/* At an open entity: waits behind a held one, or runs. */
void event_arrive(struct tern_entity *entity, struct event *event);

/* The first hook of that phase, then on, to the end of the journey at this entity. */
void event_run(struct event *event);

/* Refuses it with the condition and ends it; silently where nothing may be answered. */
void event_refuse(struct event *event, enum tern_condition condition, const char *text);

/* Sends an answer to the event's sender: to the session itself in the OUT phases, by `route`
 * otherwise. The element is of the event's arena. Does not end the event. Only the first is sent. */
void event_answer(struct event *event, struct element *answer);

/* An iq that asks something, and has neither been answered nor reached a session. */
bool event_lacks_answer(const struct event *event);

/* An iq to a full JID: to its session, or refused. */
void event_pass_iq(struct event *event);

/* iq.c: an iq that has passed its phases, at its addressee: host, own or other account, or a
 * session's. */
void iq_dispatch(struct event *event, unsigned place);

/* Who claims that request of that place, or NULL. */
const struct iq_claim *iq_find_claim(const struct tern_host *host, const struct tern_stanza *iq,
	unsigned place);

/* held.c */

/* What a handler said, after it was called: HOLD and LATER stand only with their tickets, and
 * tickets only with them; DONE on an iq that asks only with an answer. What does not stand is an
 * error of its module, and the stanza is refused. */
enum tern_verdict held_check(struct event *event, enum tern_verdict verdict);

/* True when it waits behind a held one, or was refused because too many do. */
bool held_takes(struct tern_entity *entity, struct event *event);
void held_put(struct tern_entity *entity, struct event *event);
void later_put(struct tern_entity *entity, struct event *event);

void held_cancel(struct tern_entity *entity); /* the process ends */
void held_forget(struct tern_entity *entity); /* the account does not exist any more */

/* A module leaves (turnover.h): its held events get the verdict that it named, its iqs an error. */
void held_cancel_of(struct tern_entity *entity, const struct loaded *owner);

/* The host's phases are others: what waits in the middle of one goes on with those hooks that it has
 * not met, as they stand now, and with new ones whose turn has not passed. */
struct turnover;
void held_turn_over(struct tern_entity *entity, const struct turnover *turnover);

#endif
