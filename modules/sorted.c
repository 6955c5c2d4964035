/* sorted.c - finds places by halving
 * SPDX-License-Identifier: MIT */

#include "sorted.h"

size_t sorted_place(const void *list, size_t count, sorted_order *order, const void *wanted,
	bool *ret_found)
{
	size_t low = 0, high = count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int side = order(list, middle, wanted);

		if (side == 0) {
			*ret_found = true;
			return middle;
		}
		if (side < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
