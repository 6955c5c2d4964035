/* reread.h - stanzas that the server wrote once, as trees again
 * SPDX-License-Identifier: MIT */
#ifndef REREAD_H
#define REREAD_H

#include <stddef.h>

struct arena;
struct element;
struct parser_pool;

struct reread { struct arena *arena; struct element *element; };

/* The one stanza that these bytes are, in its arena, the caller's; both NULL when they are
 * damaged. The pool's thread. */
struct reread reread(struct parser_pool *pool, const char *bytes, size_t len);

#endif
