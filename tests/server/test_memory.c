/* When idle memory goes back to the system. */
/* SPDX-License-Identifier: MIT */

#include "memory.h"

#include <criterion/criterion.h>

#define MB ((size_t)1024 * 1024)

Test(memory, leaves_a_quarter_of_a_megabyte_or_a_part_of_32_alone)
{
	static const struct { size_t idle, used, residue; bool is_worth; } cases[] = {
		{ 0, 0, 0, false },
		{ MB / 4, MB, 0, false },
		{ MB / 4 + 1, MB, 0, true },
		{ 2 * MB, 64 * MB, 0, false },
		{ 2 * MB + 1, 64 * MB, 0, true },
		{ MB, MB, MB, false }, /* it could not be given back the last time either */
		{ MB + MB / 4 + 1, MB, MB, true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(memory_is_worth_trimming(cases[i].idle, cases[i].used,
			cases[i].residue), cases[i].is_worth, "case %zu", i);
}
