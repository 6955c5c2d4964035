/* entry.h - a message as it lies in an archive
 * SPDX-License-Identifier: MIT
 *
 * A byte of the format, a byte of flags, the mark (module.h) where there is one, what was drawn
 * for its id, the peer's resource with a NUL, the stanza as XML.  So a page can be sifted without a parser. */
#ifndef ENTRY_H
#define ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive_id.h"
#include "entity.h"

struct buffer;

enum entry_flags {
	ENTRY_SENT = 1,   /* by the archive's owner */
	/* 2 stands in entries of old, and says nothing. */
	ENTRY_MARKED = 4, /* entry_start says so, and of the next */
	ENTRY_DRAWN = 8,  /* all but those of old */
};

struct entry {
	unsigned flags;
	struct archive_id id;
	const char *resource; /* of the peer; "" when it had none */
	const char *xml;
	size_t xml_len;
};

/* What stands before the XML. */
struct entry_head {
	uint64_t mark;          /* or 0 */
	uint64_t drawn;         /* at random: what makes its id hard to guess */
	const struct jid *peer; /* the sender, or the addressee of what was sent */
	unsigned flags;
};

/* The stanza's own follows (tern_event_write, or entry_add_stanza). */
void entry_start(struct buffer *out, const struct entry_head *head);

/* Of a message that is no event's. */
void entry_add_stanza(struct buffer *out, const struct tern_stanza *stanza);

/* Borrowed from the log's entry; false when that is damaged, but for the id. */
uint64_t entry_mark(const void *bytes, size_t len); /* 0: it has none */
bool entry_read(const struct tern_entry *stored, struct entry *ret_entry);
struct archive_id entry_id(const struct tern_entry *stored); /* also of a damaged one */
bool entry_is(const struct tern_entry *stored, struct archive_id id);

#endif
