/* fuzz_jid.c - any bytes as an address
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash; a normalised address stays as it is; its parts are its parts. */

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jid.h"

static void check(struct arena *arena, const struct jid *jid)
{
	const struct jid *again = jid_parse(arena, jid_text(jid), jid_len(jid));
	const struct jid *joined =
		jid_join(arena, jid_local(jid), jid_domain(jid), jid_resource(jid));

	assert(again && jid_equal(again, jid));
	assert(joined && jid_equal(joined, jid));
	assert(strlen(jid_text(jid)) == jid_len(jid) && jid_len(jid) <= JID_TEXT_MAX);
	assert(strlen(jid_bare_text(jid)) == jid_bare_len(jid));
	assert(jid_equal(jid_bare(arena, again), jid_bare(arena, jid)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(1024);
	char *text = malloc(size ? size : 1);
	const struct jid *jid;

	memcpy(text, data, size);
	jid = jid_parse(arena, text, size);
	free(text);
	if (jid)
		check(arena, jid);
	arena_destroy(arena);
	return 0;
}
