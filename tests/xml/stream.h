/* stream.h - a stream in a test: what comes out of a parser, written down as text
 * SPDX-License-Identifier: MIT */
#ifndef STREAM_H
#define STREAM_H

#include <string.h>

#include "names.h"
#include "parser.h"
#include "writer.h"

#define HEADER "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "'>"

/* Everything seen, one item behind the other: "H<name>" "S<stanza/>" "F". */
struct stream {
	struct parser_pool *pool;
	struct parser *parser;
	struct buffer seen;
	const char *pause_at; /* pauses in the sink of what has this name */
};

static inline void stream_note(struct stream *stream, const char *kind, const struct element *what)
{
	buffer_add_text(&stream->seen, kind);
	if (what)
		writer_element(&stream->seen, what, NS_CLIENT);
	if (what && stream->pause_at && strcmp(element_name(what), stream->pause_at) == 0)
		parser_pause(stream->parser);
}

static inline void stream_header(void *context, const struct element *header)
{
	stream_note(context, "H", header);
}

static inline void stream_stanza(void *context, struct arena *take_arena, struct element *stanza)
{
	stream_note(context, "S", stanza);
	arena_destroy(take_arena);
}

static inline void stream_footer(void *context)
{
	stream_note(context, "F", NULL);
}

static inline enum parser_fault stream_feed(struct stream *stream, const char *bytes, size_t len,
	size_t *ret_used)
{
	static const struct parser_sink sink = { stream_header, stream_stanza, stream_footer };

	return parser_feed(stream->parser, &sink, stream, bytes, len, ret_used);
}

static inline enum parser_fault stream_read(struct stream *stream, const char *text)
{
	size_t used;

	return stream_feed(stream, text, strlen(text), &used);
}

/* In pieces of that many bytes; stops at the first verdict. */
static inline enum parser_fault stream_read_pieces(struct stream *stream, const char *text,
	size_t piece)
{
	size_t len = strlen(text), used;
	enum parser_fault fault = PARSER_NONE;

	for (size_t at = 0; at < len && fault == PARSER_NONE; at += piece)
		fault = stream_feed(stream, text + at, len - at < piece ? len - at : piece, &used);
	return fault;
}

static inline const char *stream_seen(struct stream *stream)
{
	buffer_add(&stream->seen, "", 1);
	stream->seen.len--;
	return buffer_at(&stream->seen);
}

static inline void stream_begin(struct stream *stream)
{
	*stream = (struct stream){ .pool = parser_pool_create(4) };
	stream->parser = parser_pool_take(stream->pool, NULL);
}

static inline void stream_end(struct stream *stream)
{
	parser_pool_give(stream->pool, stream->parser);
	parser_pool_destroy(stream->pool);
	buffer_finish(&stream->seen);
}

#endif
