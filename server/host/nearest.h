/* nearest.h - the known word that a misspelt one probably means
 * SPDX-License-Identifier: MIT */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

struct arena;

/* The nearest of the words, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

/* " (did you mean `stanza-bytes`?)", or "" when nothing is near; of the arena. */
const char *nearest_hint(struct arena *arena, const char *word, const char *const *words,
	size_t count);

#endif
