/* buffer.h - bytes on their way somewhere: appended at the end, consumed from the front */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BUFFER_H
#define BENCH_BUFFER_H

#include <stddef.h>

/* Zeroed memory is an empty buffer. */
struct buffer {
	char *bytes;
	size_t start, end, capacity;
};

void buffer_finish(struct buffer *buffer);
void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_number(struct buffer *buffer, unsigned long long number);

/* Takes size bytes from the front; one that becomes empty starts again at its beginning. */
void buffer_consume(struct buffer *buffer, size_t size);

static inline size_t buffer_size(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

static inline const char *buffer_front(const struct buffer *buffer)
{
	return buffer->bytes + buffer->start;
}

#endif
