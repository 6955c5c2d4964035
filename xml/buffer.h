/* buffer.h - bytes that grow at the end and are taken from the front
 * SPDX-License-Identifier: MIT
 *
 * Output of a link, input that waits for a parser, a line under construction. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>

/* Embedded by whoever owns it; { 0 } is an empty buffer that holds no memory. */
struct buffer {
	char *bytes;     /* the memory; content starts at bytes + start */
	size_t start;    /* consumed from the front */
	size_t len;      /* content */
	size_t capacity; /* of bytes */
};

void buffer_finish(struct buffer *buffer); /* frees, leaves { 0 } */

void buffer_add(struct buffer *buffer, const char *bytes, size_t len);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Room for at least `len` bytes behind the content; write there, then add them
 * with buffer_grown. */
char *buffer_reserve(struct buffer *buffer, size_t len);
void buffer_grown(struct buffer *buffer, size_t len);

/* The content, never NULL; borrowed until the next change.  Not NUL-terminated. */
static inline const char *buffer_at(const struct buffer *buffer)
{
	return buffer->bytes ? buffer->bytes + buffer->start : "";
}

/* Drops `len` bytes (at most the content) from the front.  An emptied buffer
 * gives its memory back when it is larger than BUFFER_KEEP. */
#define BUFFER_KEEP 4096
void buffer_consume(struct buffer *buffer, size_t len);

/* Frees the memory of an empty buffer: what an idle connection does. */
void buffer_trim(struct buffer *buffer);

#endif
