/* fuzz_parser.c - any bytes in any pieces, on a parser and on two that share a stream
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash; the same bytes give the same stanzas however they are cut, also when
 * the sink pauses; what was accepted and written is accepted again. */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "parser.h"
#include "writer.h"

#define HEADER "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "'>"

struct reading {
	struct parser *parser;
	struct buffer seen;
	unsigned pause_every; /* 0: never */
	unsigned items;
};

static void note_header(void *context, const struct element *header)
{
	struct reading *reading = context;

	writer_element(&reading->seen, header, NS_CLIENT);
}

static void note_stanza(void *context, struct arena *take_arena, struct element *stanza)
{
	struct reading *reading = context;

	writer_element(&reading->seen, stanza, NS_CLIENT);
	if (reading->pause_every > 0 && ++reading->items % reading->pause_every == 0)
		parser_pause(reading->parser);
	arena_destroy(take_arena);
}

static void note_footer(void *context)
{
	struct reading *reading = context;

	buffer_add_text(&reading->seen, "</>");
}

static const struct parser_sink sink = { note_header, note_stanza, note_footer };
static const struct parser_limits limits = { 2000, 10, 10, 100 };

static enum parser_fault read_all(struct parser_pool *pool, struct reading *reading,
	const char *bytes, size_t len, size_t piece)
{
	enum parser_fault fault = PARSER_NONE;
	size_t used;

	for (size_t at = 0; at < len; at += used) {
		char *copy;
		size_t part = len - at < piece ? len - at : piece;

		if (parser_is_idle(reading->parser)) {
			char *header = strdup(parser_header(reading->parser));

			parser_pool_give(pool, reading->parser);
			reading->parser = parser_pool_take(pool, header);
			parser_set_limits(reading->parser, &limits);
			free(header);
		}
		/* A copy of its own, so that reading behind it is seen. */
		copy = malloc(part);
		memcpy(copy, bytes + at, part);
		fault = parser_feed(reading->parser, &sink, reading, copy, part, &used);
		free(copy);
		assert(used <= part);
		if (fault != PARSER_NONE && fault != PARSER_PAUSED)
			return fault;
	}
	return PARSER_NONE;
}

static enum parser_fault run(struct reading *reading, const char *bytes, size_t len, size_t piece)
{
	struct parser_pool *pool = parser_pool_create(2);
	enum parser_fault fault;

	reading->parser = parser_pool_take(pool, NULL);
	parser_set_limits(reading->parser, &limits);
	fault = read_all(pool, reading, bytes, len, piece);
	parser_pool_give(pool, reading->parser);
	parser_pool_destroy(pool);
	return fault;
}

/* What we write, others must be able to read. */
static void check_written(const struct reading *reading)
{
	static const struct parser_limits none = { SIZE_MAX, UINT32_MAX, UINT32_MAX, SIZE_MAX };
	struct parser_pool *pool = parser_pool_create(0);
	struct reading again = { .parser = parser_pool_take(pool, HEADER) };
	size_t used;

	parser_set_limits(again.parser, &none);
	if (reading->seen.len > 0)
		assert(parser_feed(again.parser, &sink, &again, buffer_at(&reading->seen),
			reading->seen.len, &used) == PARSER_NONE);
	assert(again.seen.len == reading->seen.len);
	assert(memcmp(buffer_at(&again.seen), buffer_at(&reading->seen), again.seen.len) == 0);
	parser_pool_give(pool, again.parser);
	parser_pool_destroy(pool);
	buffer_finish(&again.seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reading whole = { 0 };
	struct reading pieces = { 0 };
	enum parser_fault fault_whole, fault_pieces;
	const char *bytes = (const char *)data + 1;
	size_t piece;
	bool ended;

	if (size < 2)
		return 0;
	piece = data[0] % 16 + 1u;
	pieces.pause_every = data[0] / 16 % 4;
	fault_whole = run(&whole, bytes, size - 1, size);
	fault_pieces = run(&pieces, bytes, size - 1, piece);
	ended = whole.seen.len > 0 && memmem(buffer_at(&whole.seen), whole.seen.len, "</>", 3);
	/* Behind the end an unfinished character may still hide what is wrong. */
	assert(ended || (fault_whole == PARSER_NONE) == (fault_pieces == PARSER_NONE));
	assert(whole.seen.len == pieces.seen.len);
	if (whole.seen.len > 0)
		assert(memcmp(buffer_at(&whole.seen), buffer_at(&pieces.seen), whole.seen.len) == 0);
	if (!ended && fault_whole == PARSER_NONE)
		check_written(&whole);
	buffer_finish(&whole.seen);
	buffer_finish(&pieces.seen);
	assert(arena_count_alive() == 0);
	return 0;
}
