/* kept.h - stanzas that wait for a client, the latest of each kind, in order
 * SPDX-License-Identifier: MIT */
#ifndef KEPT_H
#define KEPT_H

#include <stddef.h>
#include <stdint.h>

struct kept_entry {
	struct kept_entry *next;
	uint32_t hash;
	size_t key_len, len;
	char bytes[]; /* the key, and the stanza behind it */
};

/* Zeroed memory is empty. */
struct kept {
	struct kept_entry *first, *last;
	size_t count, bytes;
};

/* At the end; the older one of that key is forgotten. */
void kept_put(struct kept *kept, const char *key, const char *stanza, size_t len);

/* The oldest, to be freed by the caller; NULL when there is none. */
struct kept_entry *kept_take(struct kept *kept);
const char *kept_stanza(const struct kept_entry *entry); /* entry->len bytes */

/* All of them, as they are saved over a restart; and what of it can be read, put in. */
struct buffer;
void kept_save(const struct kept *kept, struct buffer *out);
void kept_restore(struct kept *kept, const char *bytes, size_t len);

void kept_finish(void *kept);

#endif
