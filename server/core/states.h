/* states.h - the memory that modules have for an entity or a session
 * SPDX-License-Identifier: MIT
 *
 * One slot for each claim that the process knows (loader_state), filled for the modules of the
 * host.  Claims may have been added since it was made: slots that it lacks are empty. */
#ifndef STATES_H
#define STATES_H

#include "module.h"

struct tern_host;

struct states {
	void **slots;
	unsigned count;
};

void states_init(struct states *states, enum tern_scope scope, const struct tern_host *host);
void states_finish(struct states *states, enum tern_scope scope);

/* The host has the module from now on: zeroed memory for its claims; and no more: freed. */
void states_add(struct states *states, enum tern_scope scope, const struct tern_module *module);
void states_remove(struct states *states, enum tern_scope scope, const struct tern_module *module);

#endif
