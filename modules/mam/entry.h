/* entry.h - a message as it lies in an archive
 * SPDX-License-Identifier: MIT
 *
 * A byte of the format, a byte of flags, the peer's resource with a NUL, the stanza as XML.  So
 * a page can be sifted without a parser. */
#ifndef ENTRY_H
#define ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "entity.h"

struct buffer;
struct tern_stanza;

enum entry_flags {
	ENTRY_SENT = 1,   /* by the archive's owner */
	ENTRY_DIRECT = 2, /* for a resource that was there to get it */
};

struct entry {
	unsigned flags;
	const char *resource; /* of the peer; "" when it had none */
	const char *xml;
	size_t xml_len;
};

/* `peer` is the sender, or the addressee of what was sent. */
void entry_write(struct buffer *out, const struct tern_stanza *stanza, const struct jid *peer,
	unsigned flags);

/* Borrowed from the log's entry; false when that is damaged. */
bool entry_read(const struct tern_entry *stored, struct entry *ret_entry);

#endif
