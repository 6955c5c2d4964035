/* reread.c - puts kept bytes through the parser of streams
 * SPDX-License-Identifier: MIT */

#include "reread.h"

#include "arena.h"
#include "names.h"
#include "parser.h"

static void take_stanza(void *context, struct arena *take_arena, struct element *element)
{
	struct reread *reread = context;

	arena_destroy(reread->arena);
	*reread = (struct reread){ take_arena, element };
}

static void skip_footer(void *context)
{
}

struct reread reread(struct parser_pool *pool, const char *bytes, size_t len)
{
	static const struct parser_sink sink = { .stanza = take_stanza, .footer = skip_footer };
	static const char header[] =
		"<stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>";
	struct parser *parser = parser_pool_take(pool, header);
	struct reread reread = { NULL, NULL };
	bool is_whole;
	size_t used;

	/* What the server wrote itself is not bound by the limits of clients. */
	parser_set_limits(parser, &(struct parser_limits){ .stanza_bytes = 64 * 1024 * 1024,
		.depth = 2000, .attributes = 2000, .name_bytes = 128 * 1024 });
	is_whole = parser_feed(parser, &sink, &reread, bytes, len, &used) == PARSER_NONE &&
		parser_is_idle(parser);
	parser_pool_give(pool, parser);
	if (is_whole)
		return reread;
	arena_destroy(reread.arena);
	return (struct reread){ NULL, NULL };
}
