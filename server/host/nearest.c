/* nearest.c - finds the known word behind a misspelt one, for error messages
 * SPDX-License-Identifier: MIT */

#include "nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

#define WORD_MAX 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, changes and swaps of neighbours that make one of the other; in
 * three rows, because a swap looks two rows back. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];

			now[j] = least(before[j - 1] + (a[i - 1] != b[j - 1]),
				least(before[j], now[j - 1]) + 1);
			if (swapped)
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

/* A word that somebody stopped writing, or wrote too much of. */
static bool begins_alike(const char *a, const char *b)
{
	size_t len = least(strlen(a), strlen(b));

	return len >= 4 && strncmp(a, b, len) == 0;
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
	size_t best = strlen(word) / 3 + 2; /* at that distance it is another word */
	const char *found = NULL, *alike = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t far = distance(word, words[i]);

		if (far < best) {
			best = far;
			found = words[i];
		}
		if (!alike && begins_alike(word, words[i]))
			alike = words[i];
	}
	return found ? found : alike;
}

const char *nearest_hint(struct arena *arena, const char *word, const char *const *words,
	size_t count)
{
	const char *near = nearest_word(word, words, count);

	return near ? arena_printf(arena, " (did you mean `%s`?)", near) : "";
}
