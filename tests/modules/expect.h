/* expect.h - what module tests say about what was heard
 * SPDX-License-Identifier: MIT */
#ifndef EXPECT_H
#define EXPECT_H

#include <criterion/criterion.h>
#include <string.h>

#include "fake_host.h"

static inline void expect_line(const char *line, const char *expected)
{
	if (!expected)
		cr_expect_null(line, "expected silence, got %s", line);
	else
		cr_expect(line && strcmp(line, expected) == 0, "expected %s\n  got %s", expected,
			line ? line : "nothing");
}

static inline void expect_part(const char *line, const char *part)
{
	cr_expect(line && strstr(line, part), "expected %s\n  in %s", part, line ? line : "nothing");
}

/* The next line is exactly that; NULL: there is none. */
#define HEARS(session, expected) expect_line(fake_heard(session), expected)
#define LEAVES(expected) expect_line(fake_left(fake), expected)
/* The next line has that in it. */
#define HEARS_PART(session, part) expect_part(fake_heard(session), part)

/* What the fake engine draws at its first ten calls, as ids of archives end with it. */
#define DRAWN(call) "-5a5a5a5a5a5a5a" DRAWN_##call
#define DRAWN_0 "5a"
#define DRAWN_1 "5b"
#define DRAWN_2 "58"
#define DRAWN_3 "59"
#define DRAWN_4 "5e"
#define DRAWN_5 "5f"
#define DRAWN_6 "5c"
#define DRAWN_7 "5d"
#define DRAWN_8 "52"
#define DRAWN_9 "53"

#endif
