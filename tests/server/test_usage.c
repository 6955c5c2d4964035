/* Arguments that a command's line does not name are found, and no others.
 * SPDX-License-Identifier: MIT */

#include "usage.h"

#include <criterion/criterion.h>

#define WORDS(...) { __VA_ARGS__, NULL }

struct usage {
	const char *line, *arguments[8], *stranger;
};

static void check(const struct usage *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct usage *one = &cases[i];
		const char *found;
		size_t words = 0;

		while (one->arguments[words])
			words++;
		found = usage_find_stranger(one->line, one->arguments, words);
		if (one->stranger)
			cr_expect_str_eq(found ? found : "nobody", one->stranger, "case %zu", i);
		else
			cr_expect_null(found, "case %zu: %s", i, found);
	}
}

#define CHECK(...) \
	static const struct usage cases[] = { __VA_ARGS__ }; \
	check(cases, sizeof cases / sizeof *cases)

Test(usage, knows_what_the_line_names)
{
	CHECK({ "", { NULL }, NULL }, { "JID", WORDS("a"), NULL }, { "HOST NAME", WORDS("a", "b"), NULL },
		{ "HOST [--disabled]", WORDS("a", "--disabled"), NULL },
		{ "HOST [--disabled]", WORDS("--disabled", "a"), NULL },
		{ "DIR [--rate MIB]", WORDS("a", "--rate", "7"), NULL },
		{ "JID[/RESOURCE]", WORDS("a/b"), NULL }, { "[HOST | JID]", WORDS("a"), NULL },
		{ "[error | warning | info]", WORDS("info"), NULL },
		{ "JID [--days N|host] [--bytes N|host]", WORDS("a", "--bytes", "host", "--days", "1"), NULL },
		{ "JID --all | JID --before DATE", WORDS("a", "--all"), NULL },
		{ "JID --all | JID --before DATE", WORDS("a", "--before", "x"), NULL },
		{ "JID --scram LINES | --lines \"JID PASSWORD ...\"", WORDS("--lines", "a b"), NULL });
}

Test(usage, finds_words_beyond_the_longest_alternative)
{
	CHECK({ "", WORDS("now"), "now" }, { "JID", WORDS("a", "b"), "b" },
		{ "JID[/RESOURCE]", WORDS("a", "b"), "b" },
		{ "[HOST | JID]", WORDS("a", "b"), "b" },
		{ "[error | warning | info]", WORDS("info", "error"), "error" },
		{ "JID --all | JID NAME", WORDS("a", "b", "c"), "c" },
		{ "--lines \"JID PASSWORD ...\"", WORDS("a"), "a" }, { "\"JID PASS", WORDS("a", "b"), "b" },
		{ "JID [--days N|host] [--bytes N|host]", WORDS("a", "--days", "1", "2"), "2" });
}

Test(usage, finds_options_that_have_other_names)
{
	CHECK({ "", WORDS("--help"), "--help" }, { "HOST [--disabled]", WORDS("--disable"), "--disable" },
		{ "HOST [--disabled]", WORDS("--disabled-too"), "--disabled-too" },
		{ "JID --all | JID --before DATE", WORDS("a", "--before-all"), "--before-all" });
}

Test(usage, takes_any_value_and_leaves_a_missing_one_to_the_command)
{
	CHECK({ "JID --password PASSWORD", WORDS("a", "--password", "--all"), NULL },
		{ "JID --password PASSWORD", WORDS("a", "--password"), NULL },
		{ "HOST [--disabled]", WORDS("--disabled", "--x"), "--x" });
}
