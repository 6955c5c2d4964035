/* sorted.h - lists in an order
 * SPDX-License-Identifier: MIT */
#ifndef SORTED_H
#define SORTED_H

#include <stdbool.h>
#include <stddef.h>

/* Below 0 when what is wanted stands before what the list has at that place, above 0 when behind. */
typedef int sorted_order(const void *list, size_t place, const void *wanted);

/* Where it is in a list without equals, or where it belongs. */
size_t sorted_place(const void *list, size_t count, sorted_order *order, const void *wanted,
	bool *ret_found);

#endif
