/* test_pool.c - idle connections share a few parsers, promised to those who count memory
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "stream.h"

static struct stream stream;

static void begin(void) { stream_begin(&stream); }
static void end(void) { stream_end(&stream); }

TestSuite(pool, .init = begin, .fini = end, .timeout = 10);

#define expect(text) cr_assert_str_eq(stream_seen(&stream), text)

Test(pool, hands_one_parser_to_connections_with_the_same_header)
{
	struct parser *first = stream.parser;

	stream_read(&stream, "<stream:stream xmlns:stream='" NS_STREAM "' to='a' xmlns='jabber:client'>"
		"<a/>");
	parser_pool_give(stream.pool, stream.parser);
	stream.parser = parser_pool_take(stream.pool, HEADER);
	cr_assert_eq(stream.parser, first);
	stream_read(&stream, "<message/></stream:stream>");
	expect("H<stream:stream to='a'/>S<a/>S<message/>F");
}

Test(pool, makes_a_parser_stand_behind_a_header)
{
	struct parser *other = parser_pool_take(stream.pool, HEADER);

	parser_pool_give(stream.pool, stream.parser);
	stream.parser = other;
	cr_assert(parser_is_idle(other));
	cr_assert_str_eq(parser_header(other), HEADER);
	cr_assert_str_eq(parser_default_ns(other), NS_CLIENT);
	cr_assert_eq(stream_read(&stream, "<message><body>hi</body></message>"), PARSER_NONE);
	expect("S<message><body>hi</body></message>");
}

Test(pool, keeps_other_namespaces_apart)
{
	stream_read(&stream, HEADER);
	parser_pool_give(stream.pool, stream.parser);
	stream.parser = parser_pool_take(stream.pool,
		"<stream:stream xmlns='jabber:server' xmlns:stream='" NS_STREAM "' xmlns:db='d'>");
	stream_read(&stream, "<db:x/><y xmlns='z'/>");
	cr_assert_str_eq(parser_default_ns(stream.parser), NS_SERVER);
	expect("H<stream:stream/>S<x xmlns='d'/>S<y xmlns='z'/>");
}

Test(pool, does_not_keep_what_is_under_way_or_over)
{
	static const char *const texts[] = { HEADER "<a", HEADER "<a>", HEADER "<!-- -->",
		HEADER "</stream:stream>", HEADER "&", "" };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		stream_read(&stream, texts[i]);
		parser_pool_give(stream.pool, stream.parser);
		stream.parser = parser_pool_take(stream.pool, HEADER);
		cr_assert_eq(stream_read(&stream, "<b/>"), PARSER_NONE, "%s", texts[i]);
		parser_pool_give(stream.pool, stream.parser);
		stream.parser = parser_pool_take(stream.pool, NULL);
	}
}

Test(pool, gives_a_fresh_parser_also_when_it_is_full)
{
	for (int i = 0; i < 5; i++)
		parser_pool_give(stream.pool, parser_pool_take(stream.pool, i % 2 ? HEADER : "<a>"));
	for (int i = 0; i < 20; i++) {
		struct parser *one = parser_pool_take(stream.pool, "<a>");
		struct parser *two = parser_pool_take(stream.pool, HEADER);

		parser_pool_give(stream.pool, one);
		parser_pool_give(stream.pool, two);
		parser_pool_give(stream.pool, stream.parser);
		stream.parser = parser_pool_take(stream.pool, NULL);
		cr_assert_null(parser_header(stream.parser));
		cr_assert_eq(stream_read(&stream, HEADER "<a/>"), PARSER_NONE);
	}
}

Test(pool, forgets_the_limits_of_the_last_connection_with_a_header_of_its_own)
{
	static const struct parser_limits tiny = { 4, 1, 1, 4 };

	parser_set_limits(stream.parser, &tiny);
	cr_assert_eq(stream_read(&stream, HEADER), PARSER_TOO_LARGE);
	parser_pool_give(stream.pool, stream.parser);
	stream.parser = parser_pool_take(stream.pool, NULL);
	cr_assert_eq(stream_read(&stream, HEADER), PARSER_NONE);
}

Test(pool, serves_every_split_of_every_stanza_on_changing_parsers)
{
	const char *text = "<a b='\xC3\xA4'>\xE2\x82\xAC</a> <c/>";
	size_t len = strlen(text), used;

	stream_read(&stream, HEADER);
	buffer_consume(&stream.seen, stream.seen.len);
	for (size_t cut = 0; cut < len; cut++) {
		stream_feed(&stream, text, cut, &used);
		if (parser_is_idle(stream.parser)) {
			parser_pool_give(stream.pool, stream.parser);
			stream.parser = parser_pool_take(stream.pool, HEADER);
		}
		cr_assert_eq(stream_feed(&stream, text + cut, len - cut, &used), PARSER_NONE);
		expect("S<a b='\xC3\xA4'>\xE2\x82\xAC</a>S<c/>");
		buffer_consume(&stream.seen, stream.seen.len);
	}
}

Test(pool, keeps_nothing_when_told_so)
{
	struct parser_pool *none = parser_pool_create(0);

	parser_pool_give(none, parser_pool_take(none, HEADER));
	parser_pool_give(none, NULL);
	parser_pool_destroy(none);
	parser_pool_destroy(NULL);
}
