/* unknown.h - keys of a configuration that nobody knows
 * SPDX-License-Identifier: MIT
 *
 * Both tell of each, with the nearest word that is known, and take it out of the text (outline.h).
 * What stands in a section that is none goes with it. */
#ifndef UNKNOWN_H
#define UNKNOWN_H

struct arena;
struct faults;

/* All but those in sections of modules. */
void unknown_keys(struct faults *faults, struct arena *arena, char *text);

/* Those in sections of modules, which have been opened (registry.h); of others nothing is known,
 * and nothing told. */
void unknown_options(struct faults *faults, struct arena *arena, char *text);

#endif
