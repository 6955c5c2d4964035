/* stored.h - stanzas as bytes that wait in a store
 * SPDX-License-Identifier: MIT */
#ifndef STORED_H
#define STORED_H

#include <stddef.h>

#include "element.h"

struct buffer;

/* The element as XML, to be read by stored_read. */
void stored_write(struct buffer *out, const struct element *stanza);

/* Of bytes that look like a message that was written whole, without being read: how many stand before
 * its end tag.  0: they are something else, or it has no content. */
size_t stored_message_inside(const char *xml, size_t len);

/* Reads stanzas back, one call each; what has been damaged is NULL. */
struct stored_reader;
struct stored_reader *stored_reader_create(void);
void stored_reader_destroy(struct stored_reader *reader); /* takes NULL */

/* The element lives until the next call. */
struct element *stored_read(struct stored_reader *reader, const char *xml, size_t len);

#endif
