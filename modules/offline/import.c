/* import.c - what waits, read from files of this server and of others (XEP-0227 4.5)
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "archive_id.h"
#include "arena.h"
#include "buffer.h"
#include "datetime.h"
#include "offline.h"
#include "stored.h"

/* A message on its way into the log. */
struct arrival {
	struct element *message;
	const struct jid *from;
	uint64_t since, id;
	size_t place; /* in the file */
};

/* XEP-0160 3: the last delay that the host itself gives.  It leaves the message, for it is given
 * again. */
static uint64_t take_since(struct tern_entity *entity, struct element *message)
{
	const struct tern_host *host = tern_entity_host(entity);
	uint64_t since = tern_now_us(entity);
	struct element *last = NULL;

	for (struct element *delay = element_find(message, NS_DELAY, "delay"); delay;
	     delay = element_find_next(delay, NS_DELAY, "delay")) {
		const char *stamp = element_get(delay, "stamp");
		bool is_of_host = !element_get(delay, "from") || tern_is_delay_of(delay, host);

		if (stamp && is_of_host && datetime_read(stamp, &since))
			last = delay;
	}
	if (last)
		element_remove(message, last);
	return since;
}

/* An archive gives its messages other ids when they come from another server, but where those are
 * such as it could have given (mam/import.c). */
static bool is_false_id(const struct element *element, const void *own)
{
	const char *by = element_get(element, "by"), *text = element_get(element, "id");
	struct archive_id id;

	return element_is(element, NS_SID, "stanza-id") && by && strcmp(by, own) == 0 &&
		(!text || !archive_id_read(text, &id));
}

/* False for what is no message. */
static bool read_arrival(struct tern_entity *entity, struct arena *arena, const struct element *xml,
	struct arrival *ret_arrival)
{
	const char *from = element_get(xml, "from");

	ret_arrival->from = from ? jid_new(arena, from) : NULL;
	if (!ret_arrival->from || !element_is(xml, NS_CLIENT, "message"))
		return false;
	ret_arrival->message = element_copy(arena, xml);
	element_set(ret_arrival->message, "from", jid_text(ret_arrival->from));
	if (!element_get(xml, "to"))
		element_set(ret_arrival->message, "to", jid_text(tern_entity_jid(entity)));
	element_remove_if(ret_arrival->message, is_false_id, jid_text(tern_entity_jid(entity)));
	ret_arrival->since = take_since(entity, ret_arrival->message);
	return true;
}

static int compare_arrivals(const void *a, const void *b)
{
	const struct arrival *left = a, *right = b;

	if (left->since != right->since)
		return left->since < right->since ? -1 : 1;
	return left->place < right->place ? -1 : left->place > right->place;
}

static int append_arrival(struct tern_entity *entity, struct arrival *arrival)
{
	struct buffer xml = { 0 };
	int result;

	stored_write(&xml, arrival->message);
	result = tern_append_as_of(entity, offline_log, arrival->since,
		jid_bare_text(arrival->from), buffer_at(&xml), xml.len, &arrival->id);
	buffer_finish(&xml);
	return result;
}

/* All of them or none. */
static int append_arrivals(struct tern_entity *entity, struct arrival *arrivals, size_t count)
{
	size_t done = 0;
	int result = 0;

	while (done < count && result == 0)
		result = append_arrival(entity, &arrivals[done++]);
	for (size_t i = 0; result < 0 && i + 1 < done; i++)
		tern_log_delete(entity, offline_log, arrivals[i].id);
	if (result < 0)
		return result;
	backlog_grow(backlog_of(entity), count);
	return 0;
}

/* What another server has promised to keep is kept, however much it is. */
int import_kept(struct tern_entity *entity, const struct element *messages,
	const void *settings)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct arrival *arrivals =
		arena_zalloc(arena, (element_count(messages) + 1) * sizeof *arrivals);
	size_t count = 0;
	int result = 0;

	for (const struct element *xml = element_first(messages); xml && result == 0;
	     xml = element_next(xml)) {
		arrivals[count].place = count;
		result = read_arrival(entity, arena, xml, &arrivals[count++]) ? 0 : -EBADMSG;
	}
	if (result == 0) {
		qsort(arrivals, count, sizeof *arrivals, compare_arrivals);
		result = append_arrivals(entity, arrivals, count);
	}
	arena_destroy(arena);
	return result;
}
