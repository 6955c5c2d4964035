/* bench.c - what a message costs on its way through xml/, in CPU time
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jid.h"
#include "names.h"
#include "parser.h"
#include "writer.h"

#define HEADER "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "' to='a' version='1.0'>"
#define MESSAGE                                                                                    \
	"<message to='juliet@example.org/balcony' id='b4vs9km4' type='chat'>"                      \
	"<body>It is the east, and Juliet is the sun; arise now, fair sun!!</body></message>"

static struct buffer out;
static size_t seen;

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void ignore_header(void *context, const struct element *header)
{
	(void)context, (void)header;
}

static void ignore_footer(void *context)
{
	(void)context;
}

static void drop(void *context, struct arena *take_arena, struct element *stanza)
{
	(void)context, (void)stanza;
	seen++;
	arena_destroy(take_arena);
}

static void relay(void *context, struct arena *take_arena, struct element *stanza)
{
	(void)context;
	seen++;
	element_set(stanza, "from", "romeo@example.org/orchard");
	writer_element(&out, stanza, NS_CLIENT);
	buffer_consume(&out, out.len);
	arena_destroy(take_arena);
}

static void address(void *context, struct arena *take_arena, struct element *stanza)
{
	(void)context;
	seen += jid_new(take_arena, element_get(stanza, "to")) != NULL;
	relay(context, take_arena, stanza);
}

static void bench_messages(const char *what,
	void (*stanza)(void *, struct arena *, struct element *), unsigned batch)
{
	struct parser_sink sink = { ignore_header, stanza, ignore_footer };
	struct parser_pool *pool = parser_pool_create(4);
	struct parser *parser = parser_pool_take(pool, NULL);
	size_t len = strlen(MESSAGE);
	char *bytes = malloc(batch * len + 1);
	unsigned rounds = 1000000 / batch;
	size_t used;
	double start;

	for (unsigned i = 0; i < batch; i++)
		memcpy(bytes + i * len, MESSAGE, len + 1);
	parser_feed(parser, &sink, NULL, HEADER, strlen(HEADER), &used);
	start = cpu_ns();
	for (unsigned i = 0; i < rounds; i++)
		if (parser_feed(parser, &sink, NULL, bytes, batch * len, &used) != PARSER_NONE)
			abort();
	printf("%-48s %8.1f ns a message of %zu bytes\n", what,
		(cpu_ns() - start) / rounds / batch, len);
	parser_pool_give(pool, parser);
	parser_pool_destroy(pool);
	free(bytes);
}

static void bench_jid(const char *text)
{
	size_t len = strlen(text);
	unsigned rounds = 2000000;
	double start = cpu_ns();

	for (unsigned i = 0; i < rounds / 10; i++) {
		struct arena *arena = arena_create(2048);

		for (int j = 0; j < 10; j++)
			seen += jid_parse(arena, text, len) != NULL;
		arena_destroy(arena);
	}
	printf("jid_parse %-38s %8.1f ns\n", text, (cpu_ns() - start) / rounds);
}

static void bench_pool(void)
{
	struct parser_pool *pool = parser_pool_create(4);
	unsigned rounds = 100000;
	double start;

	start = cpu_ns();
	for (unsigned i = 0; i < rounds; i++)
		parser_pool_give(pool, parser_pool_take(pool, HEADER));
	printf("%-48s %8.1f ns\n", "take and give a pooled parser", (cpu_ns() - start) / rounds);
	parser_pool_destroy(pool);
	pool = parser_pool_create(0);
	start = cpu_ns();
	for (unsigned i = 0; i < rounds; i++)
		parser_pool_give(pool, parser_pool_take(pool, HEADER));
	printf("%-48s %8.1f ns\n", "the same without a pool", (cpu_ns() - start) / rounds);
	parser_pool_destroy(pool);
}

static void bench_names(void)
{
	unsigned rounds = 10000000;
	double start = cpu_ns();

	for (unsigned i = 0; i < rounds; i++) {
		__asm__ volatile("" ::: "memory");
		seen += name_find("message", 7) != NULL;
	}
	printf("%-48s %8.1f ns\n", "name_find", (cpu_ns() - start) / rounds);
}

int main(void)
{
	bench_messages("parse, tree, drop; 1 a read", drop, 1);
	bench_messages("parse, tree, drop; 20 a read", drop, 20);
	bench_messages("parse, tree, change from, serialise; 1 a read", relay, 1);
	bench_messages("parse, tree, change from, serialise; 20 a read", relay, 20);
	bench_messages("the same with the address parsed", address, 20);
	bench_jid("juliet@example.org");
	bench_jid("juliet@example.org/balcony");
	bench_jid("fu\xC3\x9F" "ball@example.org/balcony");
	bench_jid("juliet@b\xC3\xBC" "cher.example/balcony");
	bench_pool();
	bench_names();
	buffer_finish(&out);
	return seen == 0;
}
