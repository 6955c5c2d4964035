/* sorted.c - finds places by halving
 * SPDX-License-Identifier: MIT */

#include "sorted.h"

#include <string.h>

uint32_t sorted_place(const void *list, uint32_t count,
	const char *(*text_at)(const void *list, uint32_t place), const char *text, bool *ret_found)
{
	uint32_t low = 0, high = count;

	*ret_found = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(text, text_at(list, middle));

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
