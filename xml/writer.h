/* writer.h - element trees back to bytes
 * SPDX-License-Identifier: MIT
 *
 * Output is always UTF-8 with the five entities escaped.  An element whose
 * namespace differs from its context declares it with xmlns=''; attributes with
 * a foreign namespace get a prefix that is declared on the same element; the
 * stream namespace uses the prefix "stream", which every stream header declares. */
#ifndef WRITER_H
#define WRITER_H

#include <stddef.h>

#include "buffer.h"
#include "element.h"

/* The whole element; `context_ns` is the default namespace where it will stand
 * (NS_CLIENT in a client's stream), NULL for a document of its own.
 *
 * As an exception that RFC 6120 4.8.2 invites: an element in NS_CLIENT or
 * NS_SERVER written in the context of the other takes on the context's. */
void writer_element(struct buffer *out, const struct element *element, const char *context_ns);

/* A stanza in three parts, so that one payload serves many recipients: the start
 * tag without '>' and without the attributes `to` and `from`; then the content
 * and the end tag.  writer_start + " to='..'" + " from='..'" + ">" + writer_content
 * is what writer_element gives (an empty element is written <x></x> then). */
void writer_start(struct buffer *out, const struct element *element, const char *context_ns);
void writer_content(struct buffer *out, const struct element *element, const char *context_ns);

/* Escaped for character data or for an attribute in single quotes. */
void writer_escape(struct buffer *out, const char *text, size_t len);
void writer_attribute(struct buffer *out, const char *name, const char *value);

/* The element as text in its own arena, for logs and tests. */
const char *writer_text(struct arena *arena, const struct element *element);

#endif
