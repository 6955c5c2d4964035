/* When idle memory goes back to the system. */
/* SPDX-License-Identifier: MIT */

#include "memory.h"

#include <criterion/criterion.h>

#define MB ((size_t)1024 * 1024)

Test(memory, leaves_a_megabyte_and_an_eighth_alone)
{
	static const struct { size_t resident, used; bool is_worth; } cases[] = {
		{ 0, 0, false },
		{ MB, 0, false },
		{ MB + 1, 0, true },
		{ 9 * MB, 8 * MB, false },
		{ 10 * MB, 8 * MB, false },
		{ 10 * MB + 1, 8 * MB, true },
		{ 4 * MB, 8 * MB, false }, /* in use, and not touched yet */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(memory_is_worth_trimming(cases[i].resident, cases[i].used),
			cases[i].is_worth, "case %zu", i);
}
