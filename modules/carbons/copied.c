/* copied.c - a ring of marks, a number for each message
 * SPDX-License-Identifier: MIT */

#include "copied.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "jid.h"

/* FNV-1a, with the end of each text in it. */
static uint64_t mix(uint64_t hash, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return hash * UINT64_C(0x100000001b3);
}

static uint64_t mark_of(const struct jid *from, const struct jid *to, const char *id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = mix(hash, jid_text(from), jid_bare_len(from));
	hash = mix(hash, jid_text(to), jid_bare_len(to));
	return mix(hash, id, strlen(id));
}

void copied_add(struct copied *copied, const struct jid *from, const struct jid *to,
	const char *id)
{
	if (!copied->marks)
		copied->marks = heap_zalloc(COPIED_MOST * sizeof *copied->marks);
	copied->marks[copied->count++ % COPIED_MOST] = mark_of(from, to, id);
}

bool copied_has(const struct copied *copied, const struct jid *from, const struct jid *to,
	const char *id)
{
	unsigned count = copied->count < COPIED_MOST ? copied->count : COPIED_MOST;
	uint64_t mark = mark_of(from, to, id);

	for (unsigned i = 0; i < count; i++)
		if (copied->marks[i] == mark)
			return true;
	return false;
}

void copied_finish(void *state)
{
	struct copied *copied = state;

	free(copied->marks);
	*copied = (struct copied){ 0 };
}
