/* buffer.c - bytes that grow at the end and are taken from the front
 * SPDX-License-Identifier: MIT */

#include "buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define FIRST_BYTES 256

void buffer_finish(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}

static void enlarge(struct buffer *buffer, size_t need)
{
	size_t capacity = buffer->capacity ? buffer->capacity : FIRST_BYTES;

	if (need > SIZE_MAX / 4)
		heap_exhausted();
	while (capacity < need)
		capacity *= 2;
	buffer->bytes = heap_resize(buffer->bytes, capacity);
	buffer->capacity = capacity;
}

char *buffer_reserve(struct buffer *buffer, size_t len)
{
	size_t free_bytes = buffer->capacity - buffer->start - buffer->len;

	if (len > free_bytes) {
		/* Moving is worth it only when it moves less than it wins; otherwise taking a
		 * little and adding a little would copy the whole content each time. */
		if (buffer->start > 0 && buffer->start >= buffer->len) {
			memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->len);
			buffer->start = 0;
		}
		if (len > buffer->capacity - buffer->start - buffer->len)
			enlarge(buffer, buffer->start + buffer->len + len);
	}
	return buffer->bytes + buffer->start + buffer->len;
}

void buffer_grown(struct buffer *buffer, size_t len)
{
	assert(len <= buffer->capacity - buffer->start - buffer->len);
	buffer->len += len;
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t len)
{
	if (len == 0)
		return;
	memcpy(buffer_reserve(buffer, len), bytes, len);
	buffer->len += len;
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	size_t room = buffer->capacity - buffer->start - buffer->len;
	char *at = room > 0 ? buffer->bytes + buffer->start + buffer->len : NULL;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(at, room, format, arguments);
	va_end(arguments);
	assert(len >= 0);
	if ((size_t)len >= room) {
		at = buffer_reserve(buffer, (size_t)len + 1);
		va_start(arguments, format);
		vsnprintf(at, (size_t)len + 1, format, arguments);
		va_end(arguments);
	}
	buffer->len += (size_t)len;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
	if (len < buffer->len) {
		buffer->start += len;
		buffer->len -= len;
		return;
	}
	buffer->start = 0;
	buffer->len = 0;
	if (buffer->capacity > BUFFER_KEEP)
		buffer_finish(buffer);
}

void buffer_trim(struct buffer *buffer)
{
	if (buffer->len == 0)
		buffer_finish(buffer);
}
