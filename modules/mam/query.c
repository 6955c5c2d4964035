/* query.c - answers queries of an archive page by page (XEP-0313 3)
 * SPDX-License-Identifier: MIT
 *
 * A query reads the messages whose ids it was told, to know that they exist, and one page; or
 * the messages that `ids` lists.  Storage answers at once or later, in the order in which it was
 * asked; what came last concludes.  A resource in `with` is sifted here, slice by slice. */

#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "filter.h"
#include "heap.h"
#include "mam.h"
#include "rsm.h"
#include "stored.h"

#define NS_FORWARD "urn:xmpp:forward:0"

#define PAGE_BYTES (1024 * 1024) /* a page ends behind the message that exceeds it */
#define NEXT_SLICE_MS 1
#define NAMED_MOST 4
#define QUERYID_MOST 1023         /* bytes, for every result repeats it */

struct found {
	struct archive_id id;
	const char *xml;
	size_t xml_len;
};

struct query {
	struct arena *arena;
	tern_ticket ticket;
	uint64_t session_id;
	const char *queryid; /* or NULL */
	struct filter filter;
	struct rsm_request page;
	bool is_flipped;
	size_t max;
	unsigned pending;    /* answers of storage */
	struct archive_id named[NAMED_MOST]; /* must exist; storage answers in this order */
	size_t named_count, named_heard, listed_heard;
	bool is_missing, has_failed, is_complete;
	struct found *found; /* in the order of paging; of ids, in theirs */
	size_t count, bytes;
};

/* --- the answer ---------------------------------------------------------------------------- */

static void send_result(struct tern_session *session, const struct query *query,
	const struct found *found)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *message = element_new(arena, NS_CLIENT, "message"), *result, *forwarded;

	element_set(message, "from", jid_bare_text(tern_session_jid(session)));
	element_set(message, "to", jid_text(tern_session_jid(session)));
	result = element_add(message, NS_MAM, "result");
	if (query->queryid)
		element_set(result, "queryid", query->queryid);
	element_set(result, "id", archive_id_text(arena, found->id));
	forwarded = element_add(result, NS_FORWARD, "forwarded");
	element_set(element_add(forwarded, NS_DELAY, "delay"), "stamp",
		tern_datetime(arena, found->id.place));
	if (stored_message_inside(found->xml, found->xml_len)) /* one that is gone leaves its place (1.2) */
		element_add_written(forwarded, found->xml, found->xml_len);
	tern_session_send(session, message);
	arena_destroy(arena);
}

static const struct found *in_order(const struct query *query, size_t place)
{
	return &query->found[query->page.backwards ? query->count - 1 - place : place];
}

static void send_results(struct tern_session *session, const struct query *query)
{
	for (size_t i = 0; i < query->count; i++)
		send_result(session, query, in_order(query,
			query->is_flipped ? query->count - 1 - i : i));
}

/* Where the page begins the whole set, that much is known of it without a scan. */
static struct element *conclusion(const struct query *query)
{
	struct element *fin = element_new(query->arena, NS_MAM, "fin");
	bool is_whole = query->is_complete && !query->page.after && !query->page.before;
	bool is_start = is_whole || (!query->page.backwards && !query->page.after);
	struct rsm_page page = { .index = is_start ? 0 : -1,
		.count = is_whole ? (long)query->count : -1 };

	if (query->is_complete)
		element_set(fin, "complete", "true");
	if (query->count > 0) {
		page.first = archive_id_text(query->arena, in_order(query, 0)->id);
		page.last = archive_id_text(query->arena, in_order(query, query->count - 1)->id);
	}
	rsm_add(fin, &page);
	return fin;
}

/* Which part of the archive the page was, with nothing left out; what comes later is behind it. */
static void note_read(struct tern_entity *entity, struct reader *reader, const struct query *query)
{
	const struct filter *filter = &query->filter;
	uint64_t from, to;

	if (filter->with || filter->has_ids || query->count == 0)
		return;
	from = query->page.backwards && !query->is_complete ? in_order(query, 0)->id.place :
		filter->after + 1;
	to = in_order(query, query->count - 1)->id.place;
	if (query->page.backwards && filter->before && filter->before <= tern_now_us(entity))
		to = filter->before - 1;
	if (reader->read_to && from <= reader->read_to + 1 && to + 1 >= reader->read_from) {
		from = from < reader->read_from ? from : reader->read_from;
		to = to > reader->read_to ? to : reader->read_to;
	} else if (to < reader->read_to) {
		return; /* the newer part counts */
	}
	reader->read_from = from;
	reader->read_to = to;
}

static void conclude(struct tern_entity *entity, struct query *query)
{
	struct tern_session *session = tern_session_by_id(entity, query->session_id);

	if (query->has_failed) {
		tern_answer_error(entity, query->ticket, TERN_INTERNAL_SERVER_ERROR, NULL);
	} else if (query->is_missing) {
		tern_answer_error(entity, query->ticket, TERN_ITEM_NOT_FOUND, NULL);
	} else if (session) {
		send_results(session, query);
		note_read(entity, reader_of(session), query);
		tern_answer(entity, query->ticket, conclusion(query));
	}
	arena_destroy(query->arena);
	free(query);
}

static void one_is_in(struct tern_entity *entity, struct query *query)
{
	if (--query->pending == 0)
		conclude(entity, query);
}

/* --- messages named by id ------------------------------------------------------------------- */

static bool matches(const struct query *query, const struct tern_entry *stored,
	const struct entry *entry)
{
	const struct filter *filter = &query->filter;

	if (stored->id <= filter->after || (filter->before && stored->id >= filter->before))
		return false;
	if (!filter->with)
		return true;
	if (!stored->with || strcmp(stored->with, jid_bare_text(filter->with)) != 0)
		return false;
	return jid_is_bare(filter->with) ||
		strcmp(entry->resource, jid_resource(filter->with)) == 0;
}

/* Copied, for the entry is borrowed; a damaged one is as good as empty. False when it matches and the
 * page is full: there is more. */
static bool take(struct query *query, const struct tern_entry *stored)
{
	struct entry entry;

	entry_read(stored, &entry);
	if (!matches(query, stored, &entry))
		return true;
	if (query->count == query->max || query->bytes > PAGE_BYTES)
		return false;
	query->bytes += entry.xml_len;
	query->found[query->count++] = (struct found){ .id = entry.id, .xml_len = entry.xml_len,
		.xml = arena_strndup(query->arena, entry.xml, entry.xml_len) };
	return true;
}

static void note_named(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct query *query = context;
	struct archive_id named = query->named[query->named_heard++];

	query->has_failed |= cancelled;
	query->is_missing |= count == 0 || !entry_is(&entries[0], named);
	one_is_in(entity, query);
}

static struct archive_id listed_at(const struct query *query, size_t place)
{
	const struct filter *filter = &query->filter;

	return filter->ids[query->page.backwards ? filter->id_count - 1 - place : place];
}

static void note_listed(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct query *query = context;
	struct archive_id listed = listed_at(query, query->listed_heard++);

	query->has_failed |= cancelled;
	if (count > 0 && entry_is(&entries[0], listed))
		query->is_complete &= take(query, &entries[0]);
	else
		query->is_missing = true;
	one_is_in(entity, query);
}

static void ask_for_one(struct tern_entity *entity, struct query *query, struct archive_id id,
	void (*note)(struct tern_entity *entity, void *context, const struct tern_entry *entries,
		size_t count, bool complete, bool cancelled))
{
	uint64_t place = id.place;

	query->pending++;
	tern_log_page(entity, mam_log, &(struct tern_page){ .after_id = place - 1,
		.before_id = place < UINT64_MAX ? place + 1 : 0, .most = 1 }, note, query);
}

static void ask_for_named(struct tern_entity *entity, struct query *query)
{
	for (size_t i = 0; i < query->named_count; i++)
		ask_for_one(entity, query, query->named[i], note_named);
}

static void ask_for_listed(struct tern_entity *entity, struct query *query)
{
	size_t count = query->filter.id_count;

	query->found = arena_alloc(query->arena, (count + 1) * sizeof *query->found);
	query->is_complete = true;
	for (size_t i = 0; i < count; i++)
		ask_for_one(entity, query, listed_at(query, i), note_listed);
}

/* --- a page --------------------------------------------------------------------------------- */

static bool is_sifted(const struct query *query)
{
	return query->filter.with && !jid_is_bare(query->filter.with);
}

static void ask_for_page(struct tern_entity *entity, struct query *query);

static void ask_for_more(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct query *query = context;

	query->has_failed |= cancelled;
	if (!cancelled)
		ask_for_page(entity, query);
	one_is_in(entity, query);
}

/* One slice a millisecond, so that a long search stops nobody. */
static void go_on_behind(struct tern_entity *entity, struct query *query, uint64_t id)
{
	struct filter *filter = &query->filter;

	if (query->page.backwards)
		filter_narrow(filter, 0, id);
	else
		filter_narrow(filter, id, 0);
	query->pending++;
	tern_timer_start(entity, NULL, NEXT_SLICE_MS, ask_for_more, query);
}

static void note_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct query *query = context;
	size_t taken = 0;

	query->has_failed |= cancelled;
	while (taken < count && take(query, &entries[taken]))
		taken++;
	query->is_complete = complete && taken == count;
	if (!complete && !cancelled && taken == count && is_sifted(query) && count > 0)
		go_on_behind(entity, query, entries[count - 1].id);
	one_is_in(entity, query);
}

static void ask_for_page(struct tern_entity *entity, struct query *query)
{
	const struct filter *filter = &query->filter;
	struct tern_page page = {
		.after_id = filter->after, .before_id = filter->before,
		.with = filter->with ? jid_bare_text(filter->with) : NULL,
		.backwards = query->page.backwards, .most = query->max ? query->max : 1,
	};

	if (is_sifted(query))
		page.most = 0;
	query->pending++;
	tern_log_page(entity, mam_log, &page, note_page, query);
}

/* --- the request ---------------------------------------------------------------------------- */

static void name(struct query *query, struct archive_id id)
{
	if (id.place)
		query->named[query->named_count++] = id;
}

/* Bounds of RSM are ids of messages, as those of the form (3.3.2). */
static enum tern_condition read_bounds(struct query *query)
{
	const struct rsm_request *page = &query->page;
	struct archive_id after = { 0 }, before = { 0 };

	if ((page->after && !archive_id_read(page->after, &after)) ||
	    (page->before && !archive_id_read(page->before, &before)))
		return TERN_ITEM_NOT_FOUND;
	name(query, after);
	name(query, before);
	name(query, query->filter.after_id);
	name(query, query->filter.before_id);
	filter_narrow(&query->filter, after.place, before.place);
	return TERN_NO_CONDITION;
}

static enum tern_condition read_query(struct query *query, const struct element *xml,
	const struct mam *mam)
{
	const char *queryid = element_get(xml, "queryid");
	enum tern_condition fault = filter_read(query->arena, xml, &query->filter);

	if (!fault)
		fault = rsm_read(xml, &query->page);
	if (!fault && element_get(xml, "node")) /* XEP-0442: archives of nodes */
		fault = TERN_FEATURE_NOT_IMPLEMENTED;
	if (!fault && queryid && strlen(queryid) > QUERYID_MOST)
		fault = TERN_NOT_ACCEPTABLE;
	query->queryid = arena_strdup(query->arena, queryid);
	query->is_flipped = element_find(xml, NS_MAM, "flip-page");
	query->max = query->page.has_max ? query->page.max : mam->page;
	if (query->max > mam->page_most)
		query->max = mam->page_most;
	return fault;
}

static void ask_storage(struct tern_entity *entity, struct query *query)
{
	query->pending = 1; /* until all is asked for */
	ask_for_named(entity, query);
	if (query->filter.has_ids) {
		ask_for_listed(entity, query);
	} else {
		query->found = arena_alloc(query->arena, (query->max + 1) * sizeof *query->found);
		ask_for_page(entity, query);
	}
	one_is_in(entity, query);
}

enum tern_verdict answer_query(struct tern_event *event, const void *settings)
{
	struct query *query;
	enum tern_condition fault;
	enum tern_verdict verdict;

	if (!event->session)
		return tern_reject(event, TERN_FORBIDDEN, NULL);
	query = heap_zalloc(sizeof *query);
	query->arena = arena_create(ARENA_SMALL);
	fault = read_query(query, element_find(event->stanza.element, NS_MAM, "query"), settings);
	if (!fault)
		fault = read_bounds(query);
	if (fault) {
		arena_destroy(query->arena);
		free(query);
		return tern_reject(event, fault, NULL);
	}
	query->session_id = tern_session_id(event->session);
	verdict = tern_answer_later(event, &query->ticket);
	ask_storage(event->entity, query);
	return verdict;
}

enum tern_verdict answer_form(struct tern_event *event, const void *settings)
{
	struct element *query = element_new(event->arena, NS_MAM, "query");

	element_append(query, filter_form(event->arena));
	return tern_reply(event, query);
}
