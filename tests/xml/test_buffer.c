/* test_buffer.c - bytes go in at the end and come out at the front, promised to links
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "buffer.h"

static struct buffer buffer;

static void finish(void) { buffer_finish(&buffer); }

TestSuite(buffer, .fini = finish);

static void expect(const char *text)
{
	cr_assert_eq(buffer.len, strlen(text));
	cr_assert_eq(memcmp(buffer_at(&buffer), text, buffer.len), 0);
}

Test(buffer, holds_no_memory_when_empty)
{
	buffer_add(&buffer, "", 0);
	cr_assert_null(buffer.bytes);
}

Test(buffer, appends_and_consumes)
{
	buffer_add_text(&buffer, "wherefore art ");
	buffer_printf(&buffer, "%s %d", "thou", 1);
	buffer_consume(&buffer, 10);
	expect("art thou 1");
}

Test(buffer, prints_what_is_longer_than_its_room)
{
	buffer_printf(&buffer, "%700d", 1);
	cr_assert_eq(buffer.len, 700);
	buffer_printf(&buffer, "%s", "");
	cr_assert_eq(buffer.len, 700);
}

Test(buffer, lets_write_into_reserved_room)
{
	memcpy(buffer_reserve(&buffer, 1000), "abc", 3);
	buffer_grown(&buffer, 3);
	expect("abc");
}

Test(buffer, consumes_at_most_its_content)
{
	buffer_add_text(&buffer, "abc");
	buffer_consume(&buffer, 1000);
	expect("");
}

Test(buffer, gives_large_memory_back_when_emptied)
{
	buffer_reserve(&buffer, 2 * BUFFER_KEEP);
	buffer_grown(&buffer, 2 * BUFFER_KEEP);
	buffer_consume(&buffer, 2 * BUFFER_KEEP);
	cr_assert_null(buffer.bytes);
}

Test(buffer, keeps_small_memory_until_trimmed)
{
	buffer_add_text(&buffer, "abc");
	buffer_trim(&buffer);
	expect("abc");
	buffer_consume(&buffer, 3);
	cr_assert_not_null(buffer.bytes);
	buffer_trim(&buffer);
	cr_assert_null(buffer.bytes);
}

Test(buffer, reuses_the_front_in_a_long_flow)
{
	for (int i = 0; i < 100000; i++) {
		buffer_add_text(&buffer, "0123456789");
		if (i > 20)
			buffer_consume(&buffer, 10);
		cr_assert_eq(buffer_at(&buffer)[0], '0');
	}
	cr_assert_leq(buffer.capacity, 2048);
}
