/* stream.h - feeds a connection's bytes to a parser that it has only while it needs one */
/* SPDX-License-Identifier: MIT */
/*
 * A parser that stands between two stanzas and has read all that it was given holds nothing of
 * its connection, so any connection may use it next.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "tree.h"

#include <stdbool.h>

struct parser;

struct stream_calls {
	void (*opened)(void *owner);				/* the stream's own tag */
	void (*stanza)(void *owner, struct tree *tree, struct node *stanza);
	void (*ended)(void *owner);
};

/* Zeroed memory is a stream whose header was not read yet. */
struct stream {
	struct parser *parser;
	bool is_open;
	bool restarts;		/* the rest of what was fed is thrown away */
};

/* Returns false when the bytes are not well-formed. */
bool stream_feed(struct stream *stream, const struct stream_calls *calls, void *owner,
		const char *bytes, size_t size);

/* May be called from a handler: what follows is a new stream. */
void stream_restart(struct stream *stream);
void stream_finish(struct stream *stream);

#endif
