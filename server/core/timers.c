/* timers.c - a binary heap of timers that know their place in it */
/* SPDX-License-Identifier: MIT */

#include "timers.h"

#include <assert.h>
#include <stdlib.h>

#include "heap.h"

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->seat.place = place;
}

static void sift_up(struct timers *timers, size_t place)
{
	struct timer *timer = timers->heap[place];

	while (place > 1 && timers->heap[place / 2]->seat.due_ms > timer->seat.due_ms) {
		put(timers, place, timers->heap[place / 2]);
		place /= 2;
	}
	put(timers, place, timer);
}

static void sift_down(struct timers *timers, size_t place)
{
	struct timer *timer = timers->heap[place];

	for (;;) {
		size_t child = place * 2;

		if (child > timers->count)
			break;
		if (child < timers->count &&
		    timers->heap[child + 1]->seat.due_ms < timers->heap[child]->seat.due_ms)
			child++;
		if (timers->heap[child]->seat.due_ms >= timer->seat.due_ms)
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

void timers_finish(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

void timers_add(struct timers *timers, struct timer *timer, uint64_t due_ms)
{
	timers_remove(timers, timer);
	if (timers->count + 2 > timers->capacity) {
		timers->capacity = timers->capacity ? timers->capacity * 2 : 64;
		timers->heap = heap_resize(timers->heap, timers->capacity * sizeof *timers->heap);
	}
	timer->seat.due_ms = due_ms;
	put(timers, ++timers->count, timer);
	sift_up(timers, timers->count);
}

void timers_remove(struct timers *timers, struct timer *timer)
{
	size_t place = timer->seat.place;
	struct timer *last;

	if (!place)
		return;
	assert(place <= timers->count && timers->heap[place] == timer);
	last = timers->heap[timers->count--];
	timer->seat.place = 0;
	if (last == timer)
		return;
	put(timers, place, last);
	sift_up(timers, place);
	sift_down(timers, last->seat.place);
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[1] : NULL;
}
