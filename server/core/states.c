/* states.c - makes and frees what modules claimed to have for each entity or session */
/* SPDX-License-Identifier: MIT */

#include "states.h"

#include <stdlib.h>

#include "heap.h"
#include "host.h"

static void fill(struct states *states, enum tern_scope scope, unsigned slot)
{
	if (!states->slots[slot])
		states->slots[slot] = heap_zalloc(loader_state(scope, slot)->claim->size);
}

static void empty(struct states *states, enum tern_scope scope, unsigned slot)
{
	const struct tern_state_claim *claim = loader_state(scope, slot)->claim;

	if (states->slots[slot] && claim->finish)
		claim->finish(states->slots[slot]);
	free(states->slots[slot]);
	states->slots[slot] = NULL;
}

static void grow(struct states *states, enum tern_scope scope)
{
	unsigned count = (unsigned)loader_state_count(scope);

	if (count > states->count)
		states->slots = heap_resize(states->slots, count * sizeof *states->slots);
	while (states->count < count)
		states->slots[states->count++] = NULL;
}

void states_init(struct states *states, enum tern_scope scope, const struct tern_host *host)
{
	*states = (struct states){ NULL, 0 };
	grow(states, scope);
	for (unsigned i = 0; i < states->count; i++) {
		if (host_has_module(host, loader_state(scope, i)->module))
			fill(states, scope, i);
	}
}

void states_finish(struct states *states, enum tern_scope scope)
{
	for (unsigned i = 0; i < states->count; i++)
		empty(states, scope, i);
	free(states->slots);
	*states = (struct states){ NULL, 0 };
}

void states_add(struct states *states, enum tern_scope scope, const struct tern_module *module)
{
	grow(states, scope);
	for (unsigned i = 0; i < states->count; i++) {
		if (loader_state(scope, i)->module == module)
			fill(states, scope, i);
	}
}

void states_remove(struct states *states, enum tern_scope scope, const struct tern_module *module)
{
	for (unsigned i = 0; i < states->count; i++) {
		if (loader_state(scope, i)->module == module)
			empty(states, scope, i);
	}
}
