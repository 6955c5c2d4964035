/* What the control socket writes is JSON, whatever stands in a name. */
/* SPDX-License-Identifier: MIT */

#include "json.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "buffer.h"

/* The text as a reader of JSON gets it. */
static const char *read_back(const char *text)
{
	static char back[256];
	struct buffer out = { 0 };
	json_t *array;

	json_put_array(&out, (const char *const[]){ text }, 1);
	array = json_loadb(buffer_at(&out), out.len, 0, NULL);
	cr_assert_not_null(array);
	strcpy(back, json_string_value(json_array_get(array, 0)));
	json_decref(array);
	buffer_finish(&out);
	return back;
}

Test(json, gives_back_what_was_said)
{
	static const char *const texts[] = {
		"", "romeo@example.org", "a\"b\\c", "line\nbreak\ttab\x01\x7f", "j\xc3\xbcrgen",
		"\xf0\x9f\x90\xa6",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_assert_str_eq(read_back(texts[i]), texts[i]);
}

Test(json, replaces_what_is_not_utf8)
{
	cr_assert_str_eq(read_back("a\xff" "b"), "a\xef\xbf\xbd" "b");
}

Test(json, puts_commas_between)
{
	struct buffer out = { 0 };

	json_put_array(&out, (const char *const[]){ "a", "b", "c" }, 3);
	cr_assert_eq(out.len, strlen("[\"a\",\"b\",\"c\"]"));
	cr_assert_eq(memcmp(buffer_at(&out), "[\"a\",\"b\",\"c\"]", out.len), 0);
	buffer_finish(&out);
}
