/* timers.h - a shard's timers: a heap by the time when they are due
 * SPDX-License-Identifier: MIT */
#ifndef TIMERS_H
#define TIMERS_H

#include "shard.h"

struct timers {
	struct timer **heap; /* from 1 */
	size_t count, capacity;
};

void timers_finish(struct timers *timers);
void timers_add(struct timers *timers, struct timer *timer, uint64_t due_ms); /* moves it when it runs */
void timers_remove(struct timers *timers, struct timer *timer);

/* The timer that is due first, or NULL. */
struct timer *timers_first(const struct timers *timers);

#endif
