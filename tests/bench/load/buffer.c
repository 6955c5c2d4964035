/* buffer.c - bytes on their way somewhere: appended at the end, consumed from the front */
/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 512, CAPACITY_KEPT = 256 * 1024 };

void buffer_finish(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}

static void make_room(struct buffer *buffer, size_t size)
{
	size_t used = buffer_size(buffer);
	size_t capacity = buffer->capacity ? buffer->capacity : CAPACITY_FIRST;

	if (buffer->start > 0) {
		memmove(buffer->bytes, buffer_front(buffer), used);
		buffer->start = 0;
		buffer->end = used;
	}
	while (capacity < used + size)
		capacity *= 2;
	if (capacity == buffer->capacity)
		return;
	buffer->bytes = realloc(buffer->bytes, capacity);
	if (!buffer->bytes) {
		fputs("out of memory\n", stderr);
		abort();
	}
	buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	if (buffer->capacity - buffer->end < size)
		make_room(buffer, size);
	memcpy(buffer->bytes + buffer->end, bytes, size);
	buffer->end += size;
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_append_number(struct buffer *buffer, unsigned long long number)
{
	char digits[24];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	buffer_append(buffer, digits + at, sizeof digits - at);
}

void buffer_consume(struct buffer *buffer, size_t size)
{
	buffer->start += size;
	if (buffer->start < buffer->end)
		return;
	buffer->start = buffer->end = 0;
	if (buffer->capacity > CAPACITY_KEPT)
		buffer_finish(buffer);
}
