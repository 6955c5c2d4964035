/* copied.h - which messages an account's devices lately got copies of
 * SPDX-License-Identifier: MIT
 *
 * An error is copied when what it answers was; it need not quote it, so the account knows the
 * last ones again by their addresses and ids. */
#ifndef COPIED_H
#define COPIED_H

#include <stdbool.h>
#include <stdint.h>

struct jid;

#define COPIED_MOST 64

/* Zeroed memory is an empty list. */
struct copied {
	uint64_t *marks; /* a ring, or NULL */
	unsigned count;  /* ever */
};

/* Resources aside: the answer may come from the account or from one of its devices. */
void copied_add(struct copied *copied, const struct jid *from, const struct jid *to,
	const char *id);
bool copied_has(const struct copied *copied, const struct jid *from, const struct jid *to,
	const char *id);
void copied_finish(void *copied);

#endif
