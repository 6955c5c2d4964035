/* waiting.c - a sorted list of ids, and a stretch before it
 * SPDX-License-Identifier: MIT */

#include "waiting.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "sorted.h"

void waiting_finish(struct waiting *waiting)
{
	free(waiting->ids);
}

void waiting_note_new(struct waiting *waiting, uint64_t id)
{
	if (!waiting->old_until)
		waiting->old_until = id;
}

static void make_room(struct waiting *waiting)
{
	if (waiting->first > waiting->room / 2) {
		memmove(waiting->ids, waiting->ids + waiting->first,
			(waiting->end - waiting->first) * sizeof *waiting->ids);
		waiting->end -= waiting->first;
		waiting->first = 0;
	} else if (waiting->end == waiting->room) {
		waiting->room = waiting->room ? waiting->room * 2 : 8;
		waiting->ids = heap_resize(waiting->ids, waiting->room * sizeof *waiting->ids);
	}
}

static int order_at(const void *list, size_t place, const void *wanted)
{
	const struct waiting *waiting = list;
	uint64_t there = waiting->ids[waiting->first + place], id = *(const uint64_t *)wanted;

	return (id > there) - (id < there);
}

/* Where it is listed, or belongs. */
static size_t place_of(const struct waiting *waiting, uint64_t id, bool *ret_listed)
{
	return waiting->first + sorted_place(waiting, waiting_count(waiting), order_at, &id,
		ret_listed);
}

bool waiting_is_listed(const struct waiting *waiting, uint64_t id)
{
	bool is_listed;

	place_of(waiting, id, &is_listed);
	return is_listed;
}

void waiting_add(struct waiting *waiting, uint64_t id)
{
	bool is_listed;
	size_t place = place_of(waiting, id, &is_listed), behind = place - waiting->first;

	if (is_listed)
		return;
	make_room(waiting);
	place = waiting->first + behind;
	memmove(waiting->ids + place + 1, waiting->ids + place,
		(waiting->end - place) * sizeof *waiting->ids);
	waiting->ids[place] = id;
	waiting->end++;
}

void waiting_remove(struct waiting *waiting, uint64_t id)
{
	bool is_listed;
	size_t place = place_of(waiting, id, &is_listed);

	if (!is_listed)
		return;
	if (place == waiting->first) {
		waiting->first++;
	} else {
		memmove(waiting->ids + place, waiting->ids + place + 1,
			(waiting->end - place - 1) * sizeof *waiting->ids);
		waiting->end--;
	}
	if (waiting->first == waiting->end)
		waiting->first = waiting->end = 0;
}

size_t waiting_count(const struct waiting *waiting)
{
	return waiting->end - waiting->first;
}

bool waiting_is_old(const struct waiting *waiting, uint64_t id)
{
	return waiting->old_from && id >= waiting->old_from &&
		(!waiting->old_until || id < waiting->old_until);
}

bool waiting_has(const struct waiting *waiting, uint64_t id)
{
	return waiting_is_old(waiting, id) || waiting_is_listed(waiting, id);
}

uint64_t waiting_last(const struct waiting *waiting)
{
	return waiting_count(waiting) ? waiting->ids[waiting->end - 1] : 0;
}

uint64_t waiting_first(const struct waiting *waiting)
{
	uint64_t listed = waiting_count(waiting) ? waiting->ids[waiting->first] : 0;

	if (!waiting->old_from)
		return listed;
	return listed && listed < waiting->old_from ? listed : waiting->old_from;
}

void waiting_pass_old(struct waiting *waiting, uint64_t id)
{
	if (!waiting_is_old(waiting, id))
		return;
	waiting->old_from = id + 1;
	if (waiting->old_until && waiting->old_from >= waiting->old_until)
		waiting->old_from = 0;
}

void waiting_fold(struct waiting *waiting, uint64_t before_id)
{
	bool is_listed;
	size_t place = place_of(waiting, before_id, &is_listed);
	uint64_t until;

	if (place == waiting->first)
		return;
	until = waiting->ids[place - 1] + 1;
	if (!waiting->old_from || (waiting->old_until && waiting->old_until < until))
		waiting->old_until = until; /* an open end stays open */
	if (!waiting->old_from || waiting->old_from > waiting->ids[waiting->first])
		waiting->old_from = waiting->ids[waiting->first];
	waiting->first = place;
	if (waiting->first == waiting->end)
		waiting->first = waiting->end = 0;
}
