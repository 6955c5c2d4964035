/* session.h - a resource that is logged in
 * SPDX-License-Identifier: MIT
 *
 * A session belongs to its account's entity and lives on its home shard.  It does not
 * know sockets: a stream brings its stanzas (session_receive) and carries what it says.
 * What a session has under way (stanzas received whose receipts are open) is bounded: at
 * the window's end the stream is paused. */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream_error.h"

struct arena;
struct element;
struct tern_entity;
struct jid;
struct shard;
struct tern_session;
struct stream;

/* --- from the stream ---------------------------------------------------------------- */

/* A child of the stream after bind; arena and element are taken.  Anything that is not
 * a stanza or a thing the session knows (later: stream management) is answered with
 * unsupported-stanza-type by the session itself. */
void session_receive(struct tern_session *session, struct arena *take_arena, struct element *element);

/* The stream has answered an iq by itself: with this stanza. */
void session_answered(struct tern_session *session, const char *bytes, size_t len);

/* The stream has ended or broken; it is freed by its own code after this call. */
void session_stream_ended(struct tern_session *session, bool orderly);

/* The peer has closed the stream: true when something waits to be said to it first; then the session
 * closes the stream behind that.  False: session_stream_ended can follow now. */
bool session_leave(struct tern_session *session);

/* See stream_want_drained. */
void session_drained(struct tern_session *session);

/* Until when what an account's sessions have sent and asked for is paid for (rate.c), by the shard's
 * ticks, in microseconds.  It outlives them: nobody gets a new burst by coming back. */
struct rate_debt { uint64_t elements_us, bytes_us, answers_us; };
struct rate_debt *session_debt(const struct tern_session *session); /* borrowed from the account */

const struct jid *session_jid(const struct tern_session *session);
uint64_t session_id(const struct tern_session *session);

/* --- from elsewhere on the home shard -------------------------------------------------- */

/* Ends the session: its stream with that error, unavailable presence to whom it concerns. */
void session_close(struct tern_session *session, enum stream_error error, const char *text);

/* The same when what runs now is through: it may be walking the account's sessions.  `text` is
 * constant. */
void session_close_soon(struct tern_session *session, enum stream_error error, const char *text);

/* As session_close, but a session that can be resumed stays, and waits for its client to come back. */
void session_part(struct tern_session *session, enum stream_error error, const char *text);

/* What an administrator sees of a session; borrowed for the call. */
struct session_facts {
	const struct jid *jid;
	uint64_t id;
	const char *peer, *security; /* of its stream; "" without one */
	bool is_available;
	int priority;
	unsigned under_way;
	uint64_t silence_ms;
};

/* All sessions of the calling shard. */
void sessions_each(struct shard *shard,
	void (*each)(void *context, const struct session_facts *facts), void *context);

#endif
