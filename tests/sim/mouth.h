/* mouth.h - streams of a simulation: what a session says goes to a listener at once
 * SPDX-License-Identifier: MIT
 *
 * Implements stream.h without sockets, TLS or SASL. */
#ifndef MOUTH_H
#define MOUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

struct server;
struct tern_host;

struct listening {
	void (*said)(void *listener, const char *bytes, size_t len);
	void (*bound)(void *listener, struct tern_session *session); /* NULL: refused */
	void (*closed)(void *listener, enum stream_error error); /* by the server; the stream is gone */
};

/* A stream that binds that resource of the account as soon as its home shard gets to it. */
struct stream *mouth_open(struct server *server, struct tern_host *host, const char *jid,
	const char *resource, const struct listening *calls, void *listener);

/* The same, but before it binds it tries to resume the session of that id. */
struct stream *mouth_resume(struct stream *opened, const char *id, uint32_t h);

/* What is no stanza, also while the server does not read. */
void mouth_say(struct stream *stream, const char *xml);

/* One stanza from the client, as text; false while the server does not read. */
bool mouth_send(struct stream *stream, const char *xml);

/* How often the server has paused it; 0: it reads. */
unsigned mouth_pauses(const struct stream *stream);

/* Bytes that the client has asked for, all in all. */
size_t mouth_answered(const struct stream *stream);

/* The client has not read so many bytes; 0: the last of them is gone. On the stream's shard, or
 * while no shard runs. */
void mouth_leave_unread(struct stream *stream, size_t bytes);

/* The client closes the stream; it is over when the server has closed it too (`closed`). */
void mouth_leave(struct stream *stream);

/* The client is gone without a word. */
void mouth_break(struct stream *stream);

/* As on each shard of a server that stops: streams whose sessions cannot be resumed are closed, and
 * all others when what they sent has been dealt with; in the turns that follow. */
void mouths_part_all(struct server *server);

void mouths_close_all(void);
/* From now on nobody hears anything: the process has been killed. */
void mouths_silence(void);

#endif
