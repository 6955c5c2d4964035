/* stream.h - a client's XML stream: from the first byte to a bound session, and after
 * SPDX-License-Identifier: MIT
 *
 * A stream owns a link and talks RFC 6120 over it: header, features, STARTTLS, SASL,
 * bind.  As soon as the peer names the account that it wants, the stream moves with its
 * link to that account's home shard (account_home) and goes on there: the login opens
 * the account's entity, SASL runs beside the credentials, bind makes a session.  From then
 * on the stream is the session's mouth and ear: each stanza goes to session_receive, and
 * what the session has to say comes through stream_write. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "stream_error.h"

struct tern_host;
struct link;
struct listener;
struct tern_session;
struct shard;
struct stream;

/* A stream over a new connection on this shard; the socket is taken. */
void stream_accept(struct shard *shard, const struct listener *listener, int take_fd);

/* Bytes of whole stanzas, ready to be sent; leave at the turn's end. */
void stream_write(struct stream *stream, const char *bytes, size_t len);

/* Bytes that the peer has not taken yet. */
size_t stream_unwritten(const struct stream *stream);

/* So many of the bytes that are written are what the peer has asked for: who asks for more than
 * limits.answer_rate is not read from for a while. */
void stream_note_answered(struct stream *stream, size_t len);

/* Reading stops until as many resumes: back-pressure of the session and of shards. */
void stream_pause(struct stream *stream);
void stream_resume(struct stream *stream);

/* Sends the error (STREAM_ERROR_NONE: just the end tag), ends the stream and frees it; the
 * session has been parted from it.  `text` may be NULL. */
void stream_close(struct stream *stream, enum stream_error error, const char *text);

/* `drained` of the session is called when everything written so far is in the kernel's
 * hands (session_drained); see link_want_drained. */
void stream_want_drained(struct stream *stream, bool wanted);

/* For the session list: peer address, TLS description; borrowed while the stream lives. */
const char *stream_peer(const struct stream *stream);
const char *stream_security(const struct stream *stream);
struct shard *stream_shard(const struct stream *stream);

/* All streams of the shard, negotiating or bound: the server stops.  Those whose sessions can be
 * resumed are only read no further (detached_part_all). */
void stream_close_all(struct shard *shard, enum stream_error error);
size_t stream_count(const struct shard *shard);

#endif
