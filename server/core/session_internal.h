/* session_internal.h - a session's rooms, for the files of this floor
 * SPDX-License-Identifier: MIT */
#ifndef SESSION_INTERNAL_H
#define SESSION_INTERNAL_H

#include "entity.h"
#include "session.h"
#include "states.h"

struct acks;
struct handover;
struct parcel;
struct stream;

struct tern_session {
	struct tern_session *next; /* of the entity, oldest first */
	struct tern_entity *entity;
	struct stream *stream;     /* NULL while detached */
	struct acks *acks;         /* NULL: stream management is not enabled */
	struct jid *jid;
	uint64_t id;
	uint64_t heard_ms;         /* ticks */
	struct parcel *presence;   /* the last broadcast one; NULL: not available */
	signed char priority;
	bool is_filtered, is_in_filter; /* filter.c */
	bool is_ending, is_slow, is_overfull;
	bool has_left;             /* its client has closed the stream */
	bool is_window_full, is_held_back; /* each has one pause of the stream */
	unsigned under_way;        /* stanzas whose receipts are open */
	size_t under_way_bytes;
	size_t asked_bytes;        /* of what is unwritten, answers to its own stanzas: brake.c */
	struct tern_session *ended_next; /* until the turn's end */
	struct tern_session *held_back_next; /* pressure.c */
	struct waiter *waiters;    /* for the end of its output: written.c */
	struct brake *brakes;      /* senders that wait until this peer reads: brake.c */
	struct states states;
};

/* Made by login_bind; entity open, the resource free. */
struct tern_session *session_create(struct tern_entity *entity, const struct jid *jid,
	struct stream *stream);

/* One of the process before, detached: modules have not heard of it yet. */
struct tern_session *session_create_again(struct tern_entity *entity, const struct jid *jid);

/* Its last broadcast presence, as it was kept; taken. */
void session_take_presence(struct tern_session *session, struct parcel *take_presence);

/* Ends it in the entity: unavailable, gone; the stream has been dealt with.  Its memory stays
 * until the turn's end, for handlers on the stack that hold it. */
void session_end(struct tern_session *session);

/* A stanza's bytes to the stream, past the outbox; with the share of a message that is handed
 * over, or NULL. */
void session_write(struct tern_session *session, const char *bytes, size_t len,
	struct handover *take_handover);

/* An element, whole, through the entity's outbox. */
struct element;
void session_say(struct tern_session *session, const struct element *stanza);
/* The same past the filter, with a share of a message that is handed over, or NULL. */
void session_say_message(struct tern_session *session, const struct element *stanza,
	struct handover *take_handover);
/* The same of the bytes of a stanza, which leave the buffer. */
struct buffer;
void session_say_buffer(struct tern_session *session, struct buffer *stanza,
	struct handover *take_handover);
/* Whether the session's filter has taken the stanza: then it is not said now. */
bool session_keeps_back(struct tern_session *session, const struct element *stanza);

/* A broadcast presence of the session; the event stays the caller's. */
struct event;
void session_note_presence(struct tern_session *session, struct event *event);

#endif
