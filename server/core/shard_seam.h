/* shard_seam.h - the part of a timer that a simulation replaces
 * SPDX-License-Identifier: MIT
 *
 * Timers sit in the shard's own heap, so the same code runs under libev and under a
 * clock that a test turns by hand. */
#ifndef SHARD_SEAM_H
#define SHARD_SEAM_H

#include <stddef.h>
#include <stdint.h>

struct timer_seat {
	uint64_t due_ms;
	size_t place; /* in the heap, from 1; 0: not running */
};

#endif
