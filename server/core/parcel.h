/* parcel.h - a stanza that stands in one or more queues, and is not changed any more
 * SPDX-License-Identifier: MIT
 *
 * A parcel lives in its own arena, beside the tree. Whoever queues it holds a share; the last
 * to finish frees the arena, on any thread.  It may also hold the stanza as bytes, written once:
 * the start tag without `to` and `from`, and the rest. */
#ifndef PARCEL_H
#define PARCEL_H

#include <stdatomic.h>
#include <stddef.h>

#include "stanza.h"

struct arena;
struct buffer;

struct parcel {
	atomic_uint shares;
	struct arena *arena;
	struct tern_stanza stanza;
	const char *start, *content; /* NULL until parcel_serialise */
	size_t start_len, content_len;
};

/* In the arena, which it takes; one share, the caller's. */
struct parcel *parcel_new(struct arena *take_arena, const struct tern_stanza *stanza);
struct parcel *parcel_share(struct parcel *parcel);
void parcel_release(struct parcel *parcel); /* takes NULL */

/* For who writes it more than once; before the parcel is shared. */
void parcel_serialise(struct parcel *parcel);

/* The same, where nobody else can see it: else it is written anew each time. */
void parcel_serialise_own(struct parcel *parcel);

/* A child that one recipient gets beside the payload. */
struct extra {
	const struct element *element;
	struct extra *next;
};

/* The stanza for one recipient, for a client's stream; `to` may be NULL. */
void parcel_write(const struct parcel *parcel, struct buffer *out, const struct jid *to,
	const struct jid *from, const struct extra *extras);

#endif
