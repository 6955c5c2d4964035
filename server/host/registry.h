/* registry.h - the modules that the process knows
 * SPDX-License-Identifier: MIT
 *
 * A module is opened once and stays mapped until the process ends, so that its constant
 * tables can be pointed to from anywhere.  Main thread only. */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stddef.h>

struct arena;
struct tern_module;

/* Makes a module known that is linked in: tests and simulations. */
void registry_add(const struct tern_module *module);

/* The module if it is known, or NULL. */
const struct tern_module *registry_find(const char *name);

/* The module of that name: known, or opened from name.so in the first of the folders (ends with
 * NULL) that has it.  0; or -ENOENT (none has), -EINVAL (not a module, another ABI, senseless
 * tables), with *ret_why of the arena. */
int registry_open(struct arena *arena, const char *const *folders, const char *name,
	const struct tern_module **ret_module, const char **ret_why);

/* NULL while the file that the module was opened from is still that file; else that it is another,
 * whose code only a restart brings, of the arena. */
const char *registry_refuse_changed(struct arena *arena, const struct tern_module *module);

#endif
