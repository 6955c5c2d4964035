/* stored.c - stanzas to bytes and back, by the writer and the parser of xml/
 * SPDX-License-Identifier: MIT */

#include "stored.h"

#include <stdlib.h>

#include "buffer.h"
#include "heap.h"
#include "names.h"
#include "parser.h"
#include "writer.h"

/* What was accepted once is accepted again: the limits are far beyond those of streams. */
static const struct parser_limits limits = {
	.stanza_bytes = 64 * 1024 * 1024, .depth = 2000, .attributes = 2000,
	.name_bytes = 128 * 1024,
};

struct stored_reader {
	struct parser_pool *pool;
	struct parser *parser;
	struct arena *arena; /* of the element that was read last */
	struct element *element;
};

void stored_write(struct buffer *out, const struct element *stanza)
{
	writer_element(out, stanza, NS_CLIENT);
}

static void skip_header(void *context, const struct element *header)
{
}

static void skip_footer(void *context)
{
}

static void take_stanza(void *context, struct arena *take_arena, struct element *stanza)
{
	struct stored_reader *reader = context;

	arena_destroy(reader->arena);
	reader->arena = take_arena;
	reader->element = stanza;
}

static const struct parser_sink sink = {
	.header = skip_header, .stanza = take_stanza, .footer = skip_footer,
};

struct stored_reader *stored_reader_create(void)
{
	struct stored_reader *reader = heap_zalloc(sizeof *reader);

	reader->pool = parser_pool_create(1);
	return reader;
}

void stored_reader_destroy(struct stored_reader *reader)
{
	if (!reader)
		return;
	parser_pool_give(reader->pool, reader->parser);
	parser_pool_destroy(reader->pool);
	arena_destroy(reader->arena);
	free(reader);
}

static struct parser *fresh_parser(struct stored_reader *reader)
{
	static const char header[] = "<stored xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>";
	struct parser *parser = parser_pool_take(reader->pool, NULL);
	size_t used;

	parser_set_limits(parser, &limits);
	parser_feed(parser, &sink, reader, header, sizeof header - 1, &used);
	return parser;
}

struct element *stored_read(struct stored_reader *reader, const char *xml, size_t len)
{
	size_t used;

	if (!reader->parser)
		reader->parser = fresh_parser(reader);
	reader->element = NULL;
	if (parser_feed(reader->parser, &sink, reader, xml, len, &used) == PARSER_NONE &&
	    parser_is_idle(reader->parser))
		return reader->element;
	parser_pool_give(reader->pool, reader->parser);
	reader->parser = NULL;
	return NULL;
}
