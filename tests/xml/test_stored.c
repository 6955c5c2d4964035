/* test_stored.c - what was written into a store is read as it was, and damage is seen
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "buffer.h"
#include "names.h"
#include "parser.h"
#include "reread.h"
#include "stored.h"

static struct arena *arena;
static struct stored_reader *reader;
static struct buffer out;

static void begin(void)
{
	arena = arena_create(1024);
	reader = stored_reader_create();
}

static void end(void)
{
	stored_reader_destroy(reader);
	buffer_finish(&out);
	arena_destroy(arena);
}

TestSuite(stored, .init = begin, .fini = end);

static const struct element *read_text(const char *text)
{
	return stored_read(reader, text, strlen(text));
}

static const char *written(const struct element *element)
{
	buffer_consume(&out, out.len);
	stored_write(&out, element);
	return arena_strndup(arena, buffer_at(&out), out.len);
}

Test(stored, is_read_as_it_was_written)
{
	static const char *const texts[] = {
		"<message to='a@b'><body>one &amp; two</body></message>",
		"<query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query>", "<presence/>",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_assert_str_eq(written(read_text(texts[i])), texts[i]);
}

Test(stored, may_be_deeper_and_larger_than_what_streams_bring)
{
	struct element *outer = element_new(arena, NS_CLIENT, "message"), *at = outer;
	char *text = arena_zalloc(arena, 300001);

	for (int i = 0; i < 1000; i++)
		at = element_add(at, NULL, "in");
	memset(text, 'x', 300000);
	element_append_text(at, text, 300000);
	text = arena_strdup(arena, written(outer));
	cr_assert_str_eq(written(read_text(text)), text);
	cr_assert_not_null(read_text("<presence/>"));
}

Test(stored, is_nothing_where_it_was_damaged_and_the_next_one_is_read)
{
	static const char *const damaged[] = {
		"", "text", "<message>", "<message", "<a></b>", "<a>&unknown;</a>", "</stream:stream>",
		"<a/></stream:stream>", "<a/><b", "<!-- -->", "<a:b/>",
	};

	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		cr_assert_null(read_text(damaged[i]), "%s", damaged[i]);
		cr_assert_not_null(read_text("<presence/>"), "%s", damaged[i]);
	}
}

Test(stored, outlives_its_reading_where_the_caller_takes_it)
{
	struct parser_pool *pool = parser_pool_create(1);
	struct reread one = reread(pool, "<a/>", 4), two = reread(pool, "<b/>", 4);
	struct reread none = reread(pool, "<c", 2);

	cr_assert(element_is(one.element, NS_CLIENT, "a") && element_is(two.element, NS_CLIENT, "b"));
	cr_assert(!none.element && !none.arena);
	parser_pool_destroy(pool);
	arena_destroy(one.arena);
	arena_destroy(two.arena);
}

Test(stored, knows_where_a_message_ends_without_reading_it)
{
	static const struct { const char *xml; size_t inside; } cases[] = {
		{ "<message></message>", 9 }, { "<message to='a'><body>x</body></message>", 30 },
		{ "<message/>", 0 }, { "", 0 }, { "<message", 0 }, { "</message>", 0 },
		{ "<presence></presence>", 0 }, { "<message></message> ", 0 }, { " <message></message>", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(stored_message_inside(cases[i].xml, strlen(cases[i].xml)), cases[i].inside,
			"%s", cases[i].xml);
}
