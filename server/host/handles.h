/* handles.h - gives states and stores of modules their process-wide numbers
 * SPDX-License-Identifier: MIT
 *
 * The tables only grow; a claim keeps its number when its module leaves and comes back, or
 * is loaded into a second host.  They are read through loader_state and loader_store
 * (host.h). */
#ifndef HANDLES_H
#define HANDLES_H

struct storage;
struct tern_module;

/* Enters the module's claims and fills in its handles; declares its stores in the storage
 * (NULL in tests without one).  0, -EOVERFLOW (too many metrics), or -errno of the storage. */
int handles_enter(const struct tern_module *module, struct storage *storage);

#endif
