/* idmap.h - things by their id, for whatever comes back later
 * SPDX-License-Identifier: MIT
 *
 * Timers, answers, jobs and receipts name what they belong to by an id that is never used
 * again; what is gone is simply not found. One thread. */
#ifndef IDMAP_H
#define IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap_slot { uint64_t id; void *thing; };

struct idmap { /* { 0 } is empty */
	struct idmap_slot *slots;
	size_t capacity, count;
	size_t looked; /* where idmap_any goes on */
};

void idmap_finish(struct idmap *map);
void idmap_put(struct idmap *map, uint64_t id, void *thing); /* id not 0, not there yet */
void *idmap_get(const struct idmap *map, uint64_t id);       /* or NULL */
void *idmap_remove(struct idmap *map, uint64_t id);          /* what was there, or NULL */

/* Anything in it, or NULL when it is empty: for emptying it, in time that grows with its size. */
void *idmap_any(struct idmap *map);

#endif
