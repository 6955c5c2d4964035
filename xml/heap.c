/* heap.c - malloc for those who cannot go on without memory
 * SPDX-License-Identifier: MIT */

#include "heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void heap_exhausted(void)
{
	fputs("out of memory\n", stderr);
	abort();
}

void *heap_alloc(size_t bytes)
{
	void *memory = malloc(bytes ? bytes : 1);

	if (!memory)
		heap_exhausted();
	return memory;
}

void *heap_zalloc(size_t bytes)
{
	void *memory = calloc(1, bytes ? bytes : 1);

	if (!memory)
		heap_exhausted();
	return memory;
}

void *heap_resize(void *memory, size_t bytes)
{
	void *resized = realloc(memory, bytes ? bytes : 1);

	if (!resized)
		heap_exhausted();
	return resized;
}

char *heap_strdup(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		heap_exhausted();
	return copy;
}

void *heap_copy(const void *bytes, size_t len)
{
	char *copy = heap_alloc(len + 1);

	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}
