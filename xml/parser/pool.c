/* parser/pool.c - the parsers of a shard that stand between two stanzas
 * SPDX-License-Identifier: MIT */

#include "parser.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "parser/parser_internal.h"

struct parser_pool {
	unsigned keep;
	unsigned count;
	struct parser *idle[]; /* the newest last */
};

struct parser_pool *parser_pool_create(unsigned keep)
{
	struct parser_pool *pool = heap_zalloc(sizeof *pool + keep * sizeof *pool->idle);

	pool->keep = keep;
	return pool;
}

void parser_pool_destroy(struct parser_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->count; i++)
		parser_destroy(pool->idle[i]);
	free(pool);
}

static struct parser *take_at(struct parser_pool *pool, unsigned at)
{
	struct parser *parser = pool->idle[at];

	pool->count--;
	memmove(&pool->idle[at], &pool->idle[at + 1], (pool->count - at) * sizeof *pool->idle);
	return parser;
}

static struct parser *take_fresh(struct parser_pool *pool)
{
	struct parser *parser;

	/* A parser that waits for its connections to speak again is worth more than the
	 * little that a reset saves; only a full pool gives up its oldest. */
	if (pool->count == 0 || pool->count < pool->keep)
		return parser_create();
	parser = take_at(pool, 0);
	parser_reset(parser);
	return parser;
}

struct parser *parser_pool_take(struct parser_pool *pool, const char *header)
{
	struct parser *parser;

	if (!header)
		return take_fresh(pool);
	for (unsigned i = pool->count; i-- > 0;)
		if (strcmp(parser_header(pool->idle[i]), header) == 0)
			return take_at(pool, i);
	parser = take_fresh(pool);
	parser_adopt_header(parser, header);
	return parser;
}

void parser_pool_give(struct parser_pool *pool, struct parser *parser)
{
	if (!parser)
		return;
	if (pool->keep == 0 || !parser_can_serve_again(parser)) {
		parser_destroy(parser);
		return;
	}
	if (pool->count == pool->keep)
		parser_destroy(take_at(pool, 0));
	pool->idle[pool->count++] = parser;
}
