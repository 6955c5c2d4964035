/* heap.h - memory from the heap, or an end with a clear line
 * SPDX-License-Identifier: MIT
 *
 * For what outlives arenas.  None of these fails: what a peer can make the
 * process allocate is bounded where it enters, and beyond that a process without
 * memory ends.  The results go to free(). */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

void *heap_alloc(size_t bytes);
void *heap_zalloc(size_t bytes);
void *heap_resize(void *memory, size_t bytes);
char *heap_strdup(const char *text); /* of NULL: NULL */
void *heap_copy(const void *bytes, size_t len); /* a NUL follows them */

/* Ends the process with the line that the others print. */
_Noreturn void heap_exhausted(void);

#endif
