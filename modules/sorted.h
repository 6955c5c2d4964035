/* sorted.h - lists in the order of their texts
 * SPDX-License-Identifier: MIT */
#ifndef SORTED_H
#define SORTED_H

#include <stdbool.h>
#include <stdint.h>

/* Where the text is among `count` texts, of which each comes behind the one before it (strcmp), or
 * where it belongs. */
uint32_t sorted_place(const void *list, uint32_t count,
	const char *(*text_at)(const void *list, uint32_t place), const char *text, bool *ret_found);

#endif
