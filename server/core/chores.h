/* chores.h - a queue of what is to be done once
 * SPDX-License-Identifier: MIT */
#ifndef CHORES_H
#define CHORES_H

#include "shard.h"

struct chores {
	struct chore *first, **last;
};

static inline void chores_init(struct chores *chores)
{
	chores->first = NULL;
	chores->last = &chores->first;
}

/* At the end; nothing where it stands in a queue already. */
static inline void chores_add(struct chores *chores, struct chore *chore)
{
	if (chore->is_queued)
		return;
	chore->is_queued = true;
	chore->next = NULL;
	*chores->last = chore;
	chores->last = &chore->next;
}

/* Nothing where it does not stand in this one. */
static inline void chores_remove(struct chores *chores, struct chore *chore)
{
	struct chore **at = &chores->first;

	while (*at && *at != chore)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = chore->next;
	if (!*at)
		chores->last = at;
	chore->is_queued = false;
}

/* False when there is none. */
static inline bool chores_run_first(struct chores *chores, struct shard *shard)
{
	struct chore *chore = chores->first;

	if (!chore)
		return false;
	chores_remove(chores, chore);
	chore->run(shard, chore);
	return true;
}

#endif
