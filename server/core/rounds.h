/* rounds.h - modules look after accounts that stay closed (struct tern_round)
 * SPDX-License-Identifier: MIT
 *
 * Each shard walks all names of all hosts, a few at a time with a pause after them, and visits
 * those that are at home with it: so nobody waits for it, and no other shard is asked.  It rests
 * while the shard has too much to do. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include <stddef.h>

#include "shard.h"

struct rounds {
	struct timer timer;
	size_t host;
	char *after; /* the last name that was looked at, or NULL */
};

void rounds_init(struct rounds *rounds, struct shard *shard);
void rounds_finish(struct rounds *rounds);

#endif
