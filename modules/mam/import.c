/* import.c - takes archived messages over from a file (XEP-0227 4.9)
 * SPDX-License-Identifier: MIT */

#include "import.h"

#include <errno.h>

#include "buffer.h"
#include "datetime.h"
#include "entry.h"

#define NS_FORWARD "urn:xmpp:forward:0"

/* False for what is no archived message. */
static bool read_result(struct arena *arena, const struct element *result,
	struct tern_stanza *ret_stanza, uint64_t *ret_us)
{
	struct element *forwarded = element_find(result, NS_FORWARD, "forwarded");
	struct element *delay = forwarded ? element_find(forwarded, NS_DELAY, "delay") : NULL;
	struct element *message = forwarded ? element_find(forwarded, NS_CLIENT, "message") : NULL;
	const char *from = message ? element_get(message, "from") : NULL;
	const char *to = message ? element_get(message, "to") : NULL;
	const char *stamp = delay ? element_get(delay, "stamp") : NULL;

	if (!from || !to || !stamp || !datetime_read(stamp, ret_us))
		return false;
	*ret_stanza = (struct tern_stanza){ .kind = TERN_MESSAGE, .element = message,
		.from = jid_new(arena, from), .to = jid_new(arena, to) };
	return ret_stanza->from && ret_stanza->to;
}

static int import_one(struct tern_entity *entity, const struct element *result)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct tern_stanza stanza;
	struct buffer entry = { 0 };
	uint64_t us, id;
	int written = -EBADMSG;

	if (read_result(arena, result, &stanza, &us)) {
		bool is_sent = jid_bare_equal(stanza.from, tern_entity_jid(entity));
		const struct jid *peer = is_sent ? stanza.to : stanza.from;

		entry_write(&entry, &(struct tern_event){ .stanza = stanza }, peer,
			is_sent ? ENTRY_SENT : 0);
		written = tern_append_as_of(entity, mam_log, us, jid_bare_text(peer),
			buffer_at(&entry), entry.len, &id);
		buffer_finish(&entry);
	}
	arena_destroy(arena);
	return written;
}

int import_archive(struct tern_entity *entity, const struct element *archive, const void *settings)
{
	const struct element *result = element_find(archive, NS_MAM, "result");
	int written = 0;

	for (; result && written == 0; result = element_find_next(result, NS_MAM, "result"))
		written = import_one(entity, result);
	return written;
}
