/* seen_marks.c - a ring of marks, with chains of those that share a bucket */
/* SPDX-License-Identifier: MIT */

#include "seen_marks.h"

#include <stdlib.h>

#include "hash.h"
#include "heap.h"

enum { FIRST = 16, NONE = UINT16_MAX };

struct slot { struct mark mark; uint16_t next; };

struct marks {
	struct slot *slots; /* `count` of them, a ring once there are MARKS_MOST */
	uint16_t *heads;    /* as many buckets as there is room for slots */
	unsigned count, room, oldest;
};

struct marks *marks_create(void)
{
	return heap_zalloc(sizeof(struct marks));
}

void marks_destroy(struct marks *marks)
{
	free(marks->slots);
	free(marks->heads);
	free(marks);
}

static uint16_t *bucket(const struct marks *marks, uint64_t mark)
{
	return &marks->heads[(hash_mix(mark & ~MARK_SESSION) >> 32) & (marks->room - 1)];
}

/* The newest stands first. */
static void link_in(struct marks *marks, unsigned index)
{
	uint16_t *head = bucket(marks, marks->slots[index].mark.mark);

	marks->slots[index].next = *head;
	*head = (uint16_t)index;
}

static void unlink_from(struct marks *marks, unsigned index)
{
	uint16_t *at = bucket(marks, marks->slots[index].mark.mark);

	while (*at != index)
		at = &marks->slots[*at].next;
	*at = marks->slots[index].next;
}

static void grow(struct marks *marks)
{
	marks->room = marks->room ? marks->room * 2 : FIRST;
	marks->slots = heap_resize(marks->slots, marks->room * sizeof *marks->slots);
	marks->heads = heap_resize(marks->heads, marks->room * sizeof *marks->heads);
	for (unsigned i = 0; i < marks->room; i++)
		marks->heads[i] = NONE;
	for (unsigned i = 0; i < marks->count; i++)
		link_in(marks, i);
}

void marks_add(struct marks *marks, const struct mark *mark)
{
	unsigned index = marks->count;

	if (marks->count == MARKS_MOST) {
		index = marks->oldest;
		marks->oldest = (marks->oldest + 1) % MARKS_MOST;
		unlink_from(marks, index);
	} else {
		if (marks->count == marks->room)
			grow(marks);
		marks->count++;
	}
	marks->slots[index].mark = *mark;
	link_in(marks, index);
}

static const struct mark *find(const struct marks *marks, uint64_t mark, uint64_t bits)
{
	uint16_t at = marks->room ? *bucket(marks, mark) : NONE;

	while (at != NONE && (marks->slots[at].mark.mark ^ mark) & bits)
		at = marks->slots[at].next;
	return at == NONE ? NULL : &marks->slots[at].mark;
}

const struct mark *marks_find(const struct marks *marks, uint64_t mark)
{
	return find(marks, mark, UINT64_MAX);
}

const struct mark *marks_find_message(const struct marks *marks, uint64_t mark)
{
	return find(marks, mark, ~MARK_SESSION);
}

bool marks_has(const struct marks *marks, uint64_t mark, uint64_t bits)
{
	for (unsigned i = 0; i < marks->count; i++) {
		if (!((marks->slots[i].mark.mark ^ mark) & bits))
			return true;
	}
	return false;
}
