/* stream/internal.h - one client stream, for the acts of its negotiation
 * SPDX-License-Identifier: MIT
 *
 * Whatever enters a stream from outside (bytes, an opened account, a timer, a job) does so
 * between stream_enter and stream_leave.  In between an act changes what the stream *shall*
 * be: held, moved, ended; stream_leave carries that out when the last act is done, so that no
 * act finds its stream freed or on another thread. */
#ifndef STREAM_INTERNAL_H
#define STREAM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "link.h"
#include "sasl.h"
#include "session.h"
#include "shard.h"
#include "stream.h"

struct arena;
struct element;
struct login;
struct parser;
struct tern_host;

/* Bits, so that a table can say in which of them a thing is allowed. */
enum stream_state {
	STREAM_PLAINTEXT = 1,       /* TLS must come first */
	STREAM_UNAUTHENTICATED = 2, /* mechanisms are offered */
	STREAM_AUTHENTICATING = 4,  /* a SASL exchange is under way */
	STREAM_AUTHENTICATED = 8,   /* a resource must be bound */
	STREAM_BOUND = 16,
	STREAM_ENDED = 32,
};

/* What a stream needs until it is bound, and gives back then. */
struct negotiation {
	struct stream *stream;
	struct timer deadline;   /* limits.negotiation_s */
	uint64_t deadline_ms;    /* of shard_ticks_ms */
	struct timer delay;      /* before an answer is told */
	void (*tell)(struct negotiation *negotiation); /* what is told then */
	unsigned guesses, faults; /* attempts that tried a password, and others */
	char *peer;              /* `from` of the header: a bare JID, or NULL */

	/* The attempt under way; of its arena. */
	struct arena *arena;
	struct sasl_attempt attempt;
	struct sasl_claim claim;
	bool awaits_first;       /* there was no initial response */
	bool is_opening;         /* login_open has not called back yet */
	bool is_holding;
	bool has_registered;     /* an account; not another one */
	struct tern_stranger *stranger; /* whose iq has not been answered yet, or NULL */
	enum sasl_failure failure; /* will be told when the delay is over */
	struct login *login;     /* also afterwards, until a resource is bound */
	struct scram *scram;
	const char *last_words;  /* its, of a success that will be told when the delay is over */
	size_t last_words_len;
	struct plain_check *check;
};

/* How fast the peer has been: rate.c. */
struct rate {
	struct rate_debt debt;
	uint64_t due_ms;
	struct timer again;
	bool is_exceeded;        /* reading waits for the timer */
};

struct stream {
	struct link *link;
	struct shard *shard;
	struct tern_host *host;       /* NULL until a header names one */
	struct tern_session *session; /* while bound */
	struct negotiation *negotiation; /* NULL when bound */
	struct parser *parser;   /* NULL between stanzas */
	const char *header;      /* what makes another parser go on; NULL: the parser has it */
	const char *lang;        /* xml:lang of the header, or NULL */
	struct shard *move_to;
	struct stream *next, *previous; /* of the shard */
	struct rate rate;
	unsigned pauses;         /* reasons not to read */
	uint8_t state;
	uint8_t depth;           /* of stream_enter */
	bool awaits_header : 1;
	bool has_opened : 1;     /* our own header is sent */
	bool is_feeding : 1;     /* the parser is at work */
	bool restarts : 1;       /* the parser and its buffer are to be thrown away */
	bool starts_tls : 1;
	bool has_footer : 1;     /* the peer has closed its side */
	bool link_is_paused : 1;
};

/* --- stream.c: life ----------------------------------------------------------------------- */
void stream_enter(struct stream *stream);
void stream_leave(struct stream *stream);

/* Reading stops, at once: what stands behind the present element waits in the link. */
void stream_hold(struct stream *stream);
void stream_release(struct stream *stream);

/* To another shard, once the present acts are done; stream_moved follows there. */
void stream_move(struct stream *stream, struct shard *to);

void stream_send(struct stream *stream, struct buffer *take_out);
const struct limits *stream_limits(const struct stream *stream);

/* --- list.c: the streams of a shard ------------------------------------------------------- */
void stream_list_add(struct stream *stream);
void stream_list_remove(struct stream *stream);

/* STREAM_ERROR_NONE until stream_close_all was called for the shard. */
enum stream_error stream_list_closes_with(const struct shard *shard);

/* --- reading.c: bytes to elements --------------------------------------------------------- */
size_t stream_read(struct stream *stream, const char *bytes, size_t len);
void stream_restart(struct stream *stream);    /* RFC 6120 4.3.3 */
void stream_drop_parser(struct stream *stream); /* to its shard's pool */
void stream_forget_header(struct stream *stream);
void stream_keep_header(struct stream *stream); /* before a move */
void stream_set_limits(struct stream *stream);

/* --- lang.c: RFC 6120 4.7.4, 8.1.5 ---------------------------------------------------------- */
void lang_keep(struct stream *stream, const char *lang); /* NULL: none */
void lang_forget(struct stream *stream);
void lang_stamp(const struct stream *stream, struct element *stanza);

/* --- end.c -------------------------------------------------------------------------------- */
/* Parts with the session, if there is one, and ends; `is_orderly`: the peer said so. */
void stream_fail(struct stream *stream, enum stream_error error, const char *text);
void stream_finish_by_peer(struct stream *stream);
void stream_end(struct stream *stream, enum stream_error error, const char *text);
void stream_break(struct stream *stream); /* nothing more can be said */

/* --- acts --------------------------------------------------------------------------------- */
void header_receive(struct stream *stream, const struct element *header);
void header_send(struct stream *stream);
void features_send(struct stream *stream);
void element_receive(struct stream *stream, struct arena *take_arena, struct element *element);

typedef void stream_act(struct stream *stream, const struct element *element);
stream_act starttls_receive, auth_receive, response_receive, abort_receive, bind_receive;
stream_act resume_receive, acks_refuse, stranger_receive;

/* The stream ends: an answer that is still being made is nobody's. */
void stranger_forget(struct negotiation *negotiation);

/* The negotiation is over; the stream is the session's. */
void stream_become_bound(struct stream *stream, struct tern_session *session);

/* An iq of a bound stream that the stream itself answers: a second bind, the session request
 * of RFC 3921. */
bool bind_answers(struct stream *stream, const struct element *element);

void auth_moved(struct stream *stream);
void auth_forget(struct stream *stream); /* the attempt, its login and all */

/* --- rate.c: limits.stanzas-per-second and its kin ------------------------------------------ */
void rate_note_element(struct stream *stream);
void rate_note_bytes(struct stream *stream, size_t count);
void rate_take_over(struct stream *stream); /* what the session's account still owes */
void rate_hand_back(struct stream *stream); /* before the session is parted with */
void rate_stop(struct stream *stream);  /* before the stream leaves the shard, or ends */
void rate_go_on(struct stream *stream); /* on the shard where it is now */

/* --- negotiation.c ------------------------------------------------------------------------- */
struct negotiation *negotiation_create(struct stream *stream);
void negotiation_destroy(struct negotiation *negotiation); /* takes NULL */
void negotiation_time(struct negotiation *negotiation);    /* starts the clock, also after a move */

#endif
