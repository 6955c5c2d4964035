/* json.h - writes the little JSON that the control socket speaks
 * SPDX-License-Identifier: MIT */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

struct buffer;

/* A quoted, escaped string; what is not UTF-8 becomes U+FFFD. */
void json_put_text(struct buffer *out, const char *text);

/* ["a","b"] of so many texts. */
void json_put_array(struct buffer *out, const char *const *texts, size_t count);

#endif
