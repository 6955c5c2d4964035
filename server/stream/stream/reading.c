/* stream/reading.c - a stream's bytes to its elements, with a parser only while it needs one
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "heap.h"
#include "parser.h"
#include "server_limits.h"

/* What nearly every client declares: such streams need no copy of their own. */
static const char usual_header[] =
	"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

static enum stream_error error_of(enum parser_fault fault)
{
	switch (fault) {
	case PARSER_NONE:
	case PARSER_PAUSED:
		return STREAM_ERROR_NONE;
	case PARSER_NOT_WELL_FORMED:
	case PARSER_BAD_NAMESPACE_PREFIX: /* RFC 6120 4.9.3.13 counts the rules of namespaces in */
		return STREAM_ERROR_NOT_WELL_FORMED;
	case PARSER_RESTRICTED_XML:
		return STREAM_ERROR_RESTRICTED_XML;
	case PARSER_UNSUPPORTED_ENCODING:
		return STREAM_ERROR_UNSUPPORTED_ENCODING;
	case PARSER_TOO_LARGE:
		return STREAM_ERROR_POLICY_VIOLATION;
	}
	return STREAM_ERROR_INTERNAL_SERVER_ERROR;
}

static void on_header(void *context, const struct element *header)
{
	struct stream *stream = context;

	stream->awaits_header = false;
	header_receive(stream, header);
	if (stream->state == STREAM_ENDED)
		parser_pause(stream->parser);
}

static void on_stanza(void *context, struct arena *take_arena, struct element *stanza)
{
	struct stream *stream = context;

	if (stream->state == STREAM_ENDED)
		arena_destroy(take_arena);
	else
		element_receive(stream, take_arena, stanza);
	rate_note_element(stream);
	if (stream->state == STREAM_ENDED || stream->pauses > 0 || stream->restarts)
		parser_pause(stream->parser);
}

static void on_footer(void *context)
{
	stream_finish_by_peer(context);
}

static const struct parser_sink sink = { on_header, on_stanza, on_footer };

void stream_set_limits(struct stream *stream)
{
	const struct limits *limits = stream_limits(stream);
	bool is_in = stream->state == STREAM_AUTHENTICATED || stream->state == STREAM_BOUND;

	if (stream->parser)
		parser_set_limits(stream->parser, &(struct parser_limits){
			.stanza_bytes = (size_t)(is_in ? limits->stanza_bytes
						       : limits->stanza_bytes_before_login),
			.depth = (unsigned)limits->depth,
			.attributes = (unsigned)limits->attributes,
			.name_bytes = (size_t)limits->name_bytes });
}

static void need_parser(struct stream *stream)
{
	if (stream->parser)
		return;
	assert(stream->awaits_header || stream->header);
	stream->parser = parser_pool_take(shard_parsers(stream->shard),
		stream->awaits_header ? NULL : stream->header);
	stream_set_limits(stream);
}

void stream_drop_parser(struct stream *stream)
{
	assert(!stream->is_feeding);
	parser_pool_give(shard_parsers(stream->shard), stream->parser);
	stream->parser = NULL;
}

void stream_forget_header(struct stream *stream)
{
	if (stream->header != usual_header)
		free((char *)stream->header);
	stream->header = NULL;
}

void stream_keep_header(struct stream *stream)
{
	const char *header;
	size_t bytes;

	if (stream->header || !stream->parser || stream->awaits_header)
		return;
	header = parser_header(stream->parser);
	bytes = strlen(header) + 1;
	if (strcmp(header, usual_header) == 0)
		stream->header = usual_header;
	else
		stream->header = memcpy(heap_alloc(bytes), header, bytes);
}

static void start_over(struct stream *stream)
{
	stream->restarts = false;
	stream->awaits_header = true;
	stream->has_opened = false;
	stream_drop_parser(stream);
	stream_forget_header(stream);
}

void stream_restart(struct stream *stream)
{
	stream->restarts = true;
	if (!stream->is_feeding)
		start_over(stream);
}

/* A line break behind the last element of the old stream must not stand in front of the new
 * one's XML declaration. */
static size_t skip_space(const struct stream *stream, const char *bytes, size_t len)
{
	size_t skipped = 0;

	if (!stream->awaits_header || stream->parser)
		return 0;
	while (skipped < len && bytes[skipped] && strchr(" \t\r\n", bytes[skipped]))
		skipped++;
	return skipped;
}

static size_t feed(struct stream *stream, const char *bytes, size_t len)
{
	size_t skipped = skip_space(stream, bytes, len), used = 0;
	enum parser_fault fault;

	if (skipped == len)
		return len;
	need_parser(stream);
	stream->is_feeding = true;
	fault = parser_feed(stream->parser, &sink, stream, bytes + skipped, len - skipped, &used);
	stream->is_feeding = false;
	if (stream->state != STREAM_ENDED && error_of(fault))
		stream_fail(stream, error_of(fault), NULL);
	if (stream->restarts)
		start_over(stream);
	return skipped + used;
}

static void rest(struct stream *stream)
{
	if (!stream->parser || stream->awaits_header || !parser_is_idle(stream->parser))
		return;
	stream_keep_header(stream);
	stream_drop_parser(stream);
}

size_t stream_read(struct stream *stream, const char *bytes, size_t len)
{
	size_t used = 0;

	while (used < len && stream->state != STREAM_ENDED && stream->pauses == 0 &&
	       !stream->starts_tls)
		used += feed(stream, bytes + used, len - used);
	if (stream->state == STREAM_ENDED)
		return len;
	rate_note_bytes(stream, used);
	/* RFC 6120 5.4.3.3: what came in the clear behind <starttls/> is thrown away. */
	if (stream->starts_tls) {
		stream->starts_tls = false;
		link_prefer_host(stream->link, stream->host);
		link_start_tls(stream->link);
		return len;
	}
	if (stream->pauses == 0)
		rest(stream);
	return used;
}
