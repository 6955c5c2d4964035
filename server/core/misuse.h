/* misuse.h - calls of modules that cannot be meant: a line in the log names the module
 * SPDX-License-Identifier: MIT
 *
 * The mistakes are those that are easily made where no compiler sees them: no entity where a host
 * was asked, a handle that no claim filled in, or one of another kind.  Each answers true, and has
 * written the line, where the call cannot be carried out.  Any thread. */
#ifndef MISUSE_H
#define MISUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "module.h"

/* `thing` is NULL: there is no entity at a host (nor in `load`), and no session of somebody else. */
bool misuse_of_nothing(const void *thing, const char *call);

/* Not the handle of a store. */
bool misuse_of_handle(tern_store store, const char *call);

/* Nor that, or, as `wants_log` has it, of none with such a layout. */
bool misuse_of_store(tern_store store, bool wants_log, const char *call);

/* A call has not found the state of that handle. */
void misuse_of_state(const char *call);

/* A number that is none of the list's. */
bool misuse_of_number(uint64_t number, uint64_t count, const char *call);

#endif
