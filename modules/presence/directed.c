/* directed.c - a short list of addresses, bounded
 * SPDX-License-Identifier: MIT */

#include "directed.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "heap.h"
#include "jid.h"

static uint32_t place_of(const struct directed *directed, const struct jid *to)
{
	uint32_t place = 0;

	while (place < directed->count && !jid_equal(directed->to[place], to))
		place++;
	return place;
}

bool directed_has(const struct directed *directed, const struct jid *to)
{
	return place_of(directed, to) < directed->count;
}

bool directed_add(struct directed *directed, const struct jid *to, size_t most)
{
	if (directed_has(directed, to))
		return true;
	if (directed->count >= most)
		return false;
	if (directed->count == directed->capacity) {
		directed->capacity += directed->capacity / 2 + 2;
		directed->to = heap_resize(directed->to,
			directed->capacity * sizeof *directed->to);
	}
	directed->to[directed->count++] = jid_create(to);
	return true;
}

void directed_remove(struct directed *directed, const struct jid *to)
{
	uint32_t place = place_of(directed, to);

	if (place == directed->count)
		return;
	jid_destroy(directed->to[place]);
	directed->to[place] = directed->to[--directed->count];
}

void directed_finish(void *state)
{
	struct directed *directed = state;

	for (uint32_t i = 0; i < directed->count; i++)
		jid_destroy(directed->to[i]);
	free(directed->to);
	*directed = (struct directed){ 0 };
}

/* --- over a restart: addresses, each with a NUL behind it -------------------------------------- */

void directed_save(const struct directed *directed, struct buffer *out)
{
	for (uint32_t i = 0; i < directed->count; i++) {
		const char *to = jid_text(directed->to[i]);

		buffer_add(out, to, strlen(to) + 1);
	}
}

void directed_restore(struct directed *directed, const char *bytes, size_t len)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	const char *end = bytes + len, *to_end;

	for (; bytes < end && (to_end = memchr(bytes, '\0', (size_t)(end - bytes)));
	     bytes = to_end + 1) {
		const struct jid *to = jid_parse(arena, bytes, (size_t)(to_end - bytes));

		if (to)
			directed_add(directed, to, SIZE_MAX);
	}
	arena_destroy(arena);
}
