/* descriptors.c - counts connections against RLIMIT_NOFILE */
/* SPDX-License-Identifier: MIT */

#include "descriptors.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>

/* A twentieth of all, within these. */
#define KEPT_LEAST 32
#define KEPT_MOST 256

static atomic_long in_use;
static long most_connections = INT32_MAX;

static long kept_free(long all)
{
	long kept = all / 20;

	if (kept > KEPT_MOST)
		kept = KEPT_MOST;
	if (kept < KEPT_LEAST)
		kept = KEPT_LEAST;
	return kept < all / 2 ? kept : all / 2;
}

long descriptors_setup(void)
{
	struct rlimit limit;
	long all = 1024;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		if (limit.rlim_cur < limit.rlim_max) {
			limit.rlim_cur = limit.rlim_max;
			if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
				getrlimit(RLIMIT_NOFILE, &limit);
		}
		all = limit.rlim_cur > (rlim_t)INT32_MAX ? INT32_MAX : (long)limit.rlim_cur;
	}
	most_connections = all - kept_free(all);
	return all;
}

bool descriptors_left(void)
{
	return atomic_load_explicit(&in_use, memory_order_relaxed) < most_connections;
}

void descriptors_note(int difference)
{
	atomic_fetch_add_explicit(&in_use, difference, memory_order_relaxed);
}

long descriptors_in_use(void)
{
	return atomic_load_explicit(&in_use, memory_order_relaxed);
}
