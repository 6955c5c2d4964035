/* test_names.c - a known name is one pointer, promised to whoever compares them
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

Test(names, interns_equal_text_once)
{
	char copy[] = "wherefore";

	cr_assert_eq(name_intern("wherefore"), name_intern(copy));
	cr_assert_str_eq(name_intern(copy), "wherefore");
}

Test(names, finds_by_bytes_without_their_end)
{
	const char *name = name_intern("romeo");

	cr_assert_eq(name_find("romeo and juliet", 5), name);
	cr_assert_null(name_find("romeo and juliet", 6));
	cr_assert_null(name_find("romeo", 4));
}

Test(names, knows_the_core_from_the_start)
{
	static const char *const known[] = { NS_CLIENT, NS_STREAM, NS_XML, "message", "to", "" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		cr_assert_not_null(name_find(known[i], strlen(known[i])), "%s", known[i]);
}

Test(names, keeps_pointers_when_the_table_grows)
{
	const char *first = name_intern("name-0");
	char text[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof text, "name-%d", i);
		cr_assert_str_eq(name_intern(text), text);
	}
	cr_assert_eq(name_find("name-0", 6), first);
	cr_assert_str_eq(name_find("name-19999", 10), "name-19999");
}

Test(names, takes_names_larger_than_its_pool)
{
	size_t len = 1024 * 1024;
	char *text = calloc(1, len + 1);
	const char *name;

	memset(text, 'x', len);
	name = name_intern(text);
	cr_assert_eq(name_find(text, len), name);
	cr_assert_str_eq(name, text);
	free(text);
}

Test(names, tells_an_interned_pointer)
{
	char copy[] = "message";

	cr_assert(name_is_interned(name_intern("message")));
	cr_assert_not(name_is_interned(copy));
	cr_assert_not(name_is_interned(NULL));
}
