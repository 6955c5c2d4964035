/* clock.h - time and chance, which a simulation replaces
 * SPDX-License-Identifier: MIT
 *
 * A process has one of each.  Any thread; replaced only before shards run. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock_source {
	uint64_t (*now_us)(void);             /* since 1970, UTC */
	uint64_t (*ticks_ms)(void);           /* only rises */
	void (*random)(void *bytes, size_t len);
};

extern struct clock_source clock_source; /* the system's, unless replaced */

#endif
