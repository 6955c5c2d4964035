/* memory.c - settings of malloc, and its free pages given back
 * SPDX-License-Identifier: MIT */

#include "memory.h"

#include <ev.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_EVERY_S 10.0
#define IDLE_BYTES (256 * 1024) /* may always lie idle */
#define IDLE_PART 32            /* or this part of what is in use */
#define PATIENCE 6              /* looks after which a trim may be tried in vain again */

static ev_timer look;
static size_t residue; /* what the last trim did not give back: pieces of pages, not the heap's */
static unsigned looks_since;

/* A login makes some 50 kB for a moment, and each step of the preset 128 kB is a call of the
 * kernel with page faults behind it.  Only the first heap gives back what lies at its end when
 * asked, hence few of them. */
void memory_set_up(size_t heaps)
{
	mallopt(M_ARENA_MAX, heaps > 0 ? (int)heaps : 1);
	mallopt(M_TOP_PAD, 256 * 1024);
	mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
	mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
}

bool memory_is_worth_trimming(size_t idle_bytes, size_t used_bytes, size_t residue_bytes)
{
	size_t part = used_bytes / IDLE_PART;

	return idle_bytes > residue_bytes + (part > IDLE_BYTES ? part : IDLE_BYTES);
}

/* Resident and no file's: 0 where /proc is not to be read. */
static size_t resident_bytes(void)
{
	unsigned long size, resident, shared;
	FILE *file = fopen("/proc/self/statm", "re");
	int found = file ? fscanf(file, "%lu %lu %lu", &size, &resident, &shared) : 0;

	if (file)
		fclose(file);
	return found == 3 && resident > shared ?
		(resident - shared) * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static size_t idle_bytes(size_t used_bytes)
{
	size_t resident = resident_bytes();

	return resident > used_bytes ? resident - used_bytes : 0;
}

static void trim_if_worthwhile(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct mallinfo2 heap = mallinfo2();
	size_t used = heap.uordblks + heap.hblkhd;

	if (++looks_since >= PATIENCE)
		residue = 0; /* its pieces may have become whole pages */
	if (!memory_is_worth_trimming(idle_bytes(used), used, residue))
		return;
	malloc_trim(0);
	residue = idle_bytes(used);
	looks_since = 0;
}

void memory_watch_start(struct ev_loop *loop)
{
	ev_timer_init(&look, trim_if_worthwhile, LOOK_EVERY_S, LOOK_EVERY_S);
	ev_timer_start(loop, &look);
}

void memory_watch_stop(struct ev_loop *loop)
{
	ev_timer_stop(loop, &look);
}
