/* need.c - memory that is there, or the process ends with a line
 * SPDX-License-Identifier: MIT */
#include "need.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_end(void *memory, size_t size)
{
	if (!memory) {
		fprintf(stderr, "storage: out of memory (%zu bytes)\n", size);
		abort();
	}
	return memory;
}

void *need_zeroed(size_t size)
{
	return or_end(calloc(1, size), size);
}

void *need_resized(void *old, size_t size)
{
	return or_end(realloc(old, size), size);
}

void *need_copy(const void *bytes, size_t len)
{
	char *copy = or_end(malloc(len + 1), len + 1);
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}
