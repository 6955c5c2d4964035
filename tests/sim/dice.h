/* dice.h - chance that a seed repeats
 * SPDX-License-Identifier: MIT */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice { uint64_t state; };

static inline uint64_t dice_roll(struct dice *dice)
{
	uint64_t x = (dice->state += UINT64_C(0x9E3779B97F4A7C15));

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static inline unsigned dice_below(struct dice *dice, unsigned limit)
{
	return (unsigned)(dice_roll(dice) % limit);
}

static inline bool dice_one_in(struct dice *dice, unsigned times)
{
	return dice_below(dice, times) == 0;
}

#endif
