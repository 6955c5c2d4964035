/* directed.h - whom a session has sent its presence directly (RFC 6121 4.6)
 * SPDX-License-Identifier: MIT */
#ifndef DIRECTED_H
#define DIRECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jid;

/* Zeroed memory is an empty list. */
struct directed {
	struct jid **to;
	uint32_t count, capacity;
};

/* False where the list is full; adding twice is adding once. */
bool directed_add(struct directed *directed, const struct jid *to, size_t most);
void directed_remove(struct directed *directed, const struct jid *to);
bool directed_has(const struct directed *directed, const struct jid *to);
void directed_finish(void *directed);

/* All of them, as they are saved over a restart; and what of it can be read, added. */
struct buffer;
void directed_save(const struct directed *directed, struct buffer *out);
void directed_restore(struct directed *directed, const char *bytes, size_t len);

#endif
