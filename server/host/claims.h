/* claims.h - judges the tables of a module, before any of its code runs
 * SPDX-License-Identifier: MIT
 *
 * What one module may not claim is refused here; what two may not claim in one host, by clashes.h.
 * Any thread. */
#ifndef CLAIMS_H
#define CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct tern_module;

/* NULL when they make sense; else what does not, of the arena. */
const char *claims_refuse(struct arena *arena, const struct tern_module *module);

/* A module's or an option's: it becomes a file's name, so nothing in it may lead elsewhere. */
bool claims_is_name(const char *name);

/* Of tables whose entries, of `size` bytes, begin with texts (a NULL one ends the table; NULL has
 * none): the texts of the first entry of `a` that `b` has too, or that stand twice; or NULL. */
const char *const *claims_common(const void *a, const void *b, size_t size, size_t texts);
const char *const *claims_repeated(const void *table, size_t size, size_t texts);

#endif
