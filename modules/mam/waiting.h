/* waiting.h - ids of archived messages that no device has taken over yet
 * SPDX-License-Identifier: MIT
 *
 * Those that came since the account was opened are listed one by one; of those before it is known
 * only from which on they wait. Zeroed memory is an empty one. */
#ifndef WAITING_H
#define WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waiting {
	uint64_t old_from;  /* what waits of an earlier life stands from here on; 0: nothing */
	uint64_t old_until; /* ... and before here; 0: to the end */
	uint64_t *ids;      /* rising */
	size_t first, end, room;
};

void waiting_finish(struct waiting *waiting);

/* An id of this life: what is old ends before it. */
void waiting_note_new(struct waiting *waiting, uint64_t id);

void waiting_add(struct waiting *waiting, uint64_t id);
void waiting_remove(struct waiting *waiting, uint64_t id); /* nothing where it is not listed */
bool waiting_is_listed(const struct waiting *waiting, uint64_t id);
size_t waiting_count(const struct waiting *waiting); /* of those that are listed */

bool waiting_is_old(const struct waiting *waiting, uint64_t id);
bool waiting_has(const struct waiting *waiting, uint64_t id);  /* listed or old */
uint64_t waiting_last(const struct waiting *waiting);          /* of the listed; 0: none */
uint64_t waiting_first(const struct waiting *waiting);         /* the oldest; 0: none */

/* Old ones up to this id are listed from now on, where they still wait. */
void waiting_pass_old(struct waiting *waiting, uint64_t id);

/* Listed ones before this id are old from now on: with whatever lies between them. */
void waiting_fold(struct waiting *waiting, uint64_t before_id);

#endif
