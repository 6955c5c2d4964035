/* import.c - takes archived messages over from a file (XEP-0227 4.9)
 * SPDX-License-Identifier: MIT */

#include "import.h"

#include <errno.h>

#include "buffer.h"
#include "datetime.h"
#include "entry.h"

#define NS_FORWARD "urn:xmpp:forward:0"

/* A message as it goes into the log. */
struct arrival {
	struct tern_stanza stanza;
	uint64_t us, id, drawn;
};

/* Whose address is missing is the archive's owner: some write his down only where they must. */
static const struct jid *address(struct arena *arena, const struct element *message,
	const char *name, struct tern_entity *entity)
{
	const char *text = element_get(message, name);

	return text ? jid_new(arena, text) : tern_entity_jid(entity);
}

/* An id that is a time stays what it was, here's or ejabberd's: clients go on behind it. */
static uint64_t drawn_for(struct tern_entity *entity, const char *id_text, uint64_t us)
{
	struct archive_id id = { 0 };

	if (!id_text || !archive_id_read(id_text, &id) || id.place != us)
		tern_random(entity, &id.drawn, sizeof id.drawn);
	return id.drawn;
}

/* False for what is no archived message. */
static bool read_result(struct tern_entity *entity, struct arena *arena,
	const struct element *result, struct arrival *ret_arrival)
{
	struct element *forwarded = element_is(result, NS_MAM, "result") ?
		element_find(result, NS_FORWARD, "forwarded") : NULL;
	struct element *delay = forwarded ? element_find(forwarded, NS_DELAY, "delay") : NULL;
	struct element *message = forwarded ? element_find(forwarded, NS_CLIENT, "message") : NULL;
	const char *stamp = delay ? element_get(delay, "stamp") : NULL;

	if (!message || !stamp || !datetime_read(stamp, &ret_arrival->us))
		return false;
	element_remove_if(message, stanza_id_is_false, tern_entity_jid(entity));
	ret_arrival->drawn = drawn_for(entity, element_get(result, "id"), ret_arrival->us);
	ret_arrival->stanza = (struct tern_stanza){ .kind = TERN_MESSAGE, .element = message,
		.from = address(arena, message, "from", entity),
		.to = address(arena, message, "to", entity) };
	return ret_arrival->stanza.from && ret_arrival->stanza.to;
}

static int append(struct tern_entity *entity, struct arrival *arrival)
{
	const struct tern_stanza *stanza = &arrival->stanza;
	bool is_sent = jid_bare_equal(stanza->from, tern_entity_jid(entity));
	struct entry_head head = { .drawn = arrival->drawn, .peer = is_sent ? stanza->to : stanza->from,
		.flags = is_sent ? ENTRY_SENT : 0 };
	struct buffer entry = { 0 };
	int result;

	entry_start(&entry, &head);
	entry_add_stanza(&entry, stanza);
	result = tern_append_as_of(entity, mam_log, arrival->us, jid_bare_text(head.peer),
		buffer_at(&entry), entry.len, &arrival->id);
	buffer_finish(&entry);
	return result;
}

/* All of them or none. */
static int append_all(struct tern_entity *entity, struct arrival *arrivals, size_t count)
{
	int result = 0;
	size_t done = 0;

	while (done < count && result == 0)
		result = append(entity, &arrivals[done++]);
	if (result == 0)
		return 0;
	for (size_t i = 0; i + 1 < done; i++)
		tern_log_delete(entity, mam_log, arrivals[i].id);
	return result;
}

int import_archive(struct tern_entity *entity, const struct element *archive, const void *settings)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct arrival *arrivals =
		arena_zalloc(arena, (element_count(archive) + 1) * sizeof *arrivals);
	int result = 0;
	size_t count = 0;

	for (const struct element *xml = element_first(archive); xml && result == 0;
	     xml = element_next(xml))
		result = read_result(entity, arena, xml, &arrivals[count++]) ? 0 : -EBADMSG;
	if (result == 0)
		result = append_all(entity, arrivals, count);
	arena_destroy(arena);
	if (result == 0) {
		retention_count_anew(archive_of(entity));
		retain_all(entity, settings);
	}
	return result;
}
