/* metadata.c - tells where an archive begins and ends (XEP-0313 4)
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "entry.h"
#include "heap.h"
#include "mam.h"

struct inquiry {
	tern_ticket ticket;
	struct archive_id first;
};

static void add_end(struct element *metadata, const char *name, struct archive_id id)
{
	struct arena *arena = element_arena(metadata);
	struct element *end = element_add(metadata, NULL, name);

	element_set(end, "id", archive_id_text(arena, id));
	element_set(end, "timestamp", tern_datetime(arena, id.place));
}

static void tell(struct tern_entity *entity, const struct inquiry *inquiry,
	struct archive_id last)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *metadata = element_new(arena, NS_MAM, "metadata");

	if (inquiry->first.place && last.place) {
		add_end(metadata, "start", inquiry->first);
		add_end(metadata, "end", last);
	}
	tern_answer(entity, inquiry->ticket, metadata);
	arena_destroy(arena);
}

static void note_last(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct inquiry *inquiry = context;

	if (cancelled)
		tern_answer_error(entity, inquiry->ticket, TERN_INTERNAL_SERVER_ERROR, NULL);
	else
		tell(entity, inquiry, count > 0 ? entry_id(&entries[0]) : (struct archive_id){ 0 });
	free(inquiry);
}

static void note_first(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	if (count > 0)
		((struct inquiry *)context)->first = entry_id(&entries[0]);
}

/* Storage answers in the order in which it was asked. */
enum tern_verdict answer_metadata(struct tern_event *event, const void *settings)
{
	struct inquiry *inquiry = heap_zalloc(sizeof *inquiry);
	enum tern_verdict verdict = tern_answer_later(event, &inquiry->ticket);

	tern_log_page(event->entity, mam_log, &(struct tern_page){ .most = 1 }, note_first,
		inquiry);
	tern_log_page(event->entity, mam_log,
		&(struct tern_page){ .most = 1, .backwards = true }, note_last, inquiry);
	return verdict;
}
