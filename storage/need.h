/* need.h - memory that is there, or the process ends with a line
 * SPDX-License-Identifier: MIT
 *
 * For memory within bounds that were checked before; never for sizes a peer chooses. */
#ifndef STORAGE_NEED_H
#define STORAGE_NEED_H

#include <stddef.h>

void *need_zeroed(size_t size);
void *need_resized(void *old, size_t size);
void *need_copy(const void *bytes, size_t len); /* one NUL behind it */

#endif
