/* backlog.c - how much waits for an account
 * SPDX-License-Identifier: MIT */

#include "offline.h"

enum { NEXT_PAGE_MS = 1 };

bool backlog_is_full(const struct backlog *backlog, long limit)
{
	return backlog->count >= (unsigned long)limit;
}

static void count_page(struct tern_entity *entity, const struct offline *offline);

static void count_on(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	if (!cancelled)
		count_page(entity, context);
}

static void note_counted(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	const struct offline *offline = context;
	struct backlog *backlog = backlog_of(entity);

	backlog->is_being_counted = !cancelled;
	if (cancelled)
		return;
	for (size_t i = 0; i < count; i++)
		backlog->count += !tern_is_handed_out(entity, offline_log, entries[i].id);
	backlog->is_being_counted = !complete && count > 0 && !backlog_is_full(backlog, offline->limit);
	if (!backlog->is_being_counted)
		return;
	backlog->counted_to = entries[count - 1].id;
	tern_timer_start(entity, NULL, NEXT_PAGE_MS, count_on, context);
}

/* From the new end: what comes meanwhile is counted as it comes. */
static void count_page(struct tern_entity *entity, const struct offline *offline)
{
	const struct backlog *backlog = backlog_of(entity);

	tern_log_page(entity, offline_log, &(struct tern_page){
		.before_id = backlog->counted_to, .backwards = true }, note_counted, (void *)offline);
}

/* Also when a session is there again, to which some of what was counted is under way. */
void count_backlog(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct backlog *backlog = backlog_of(entity);

	if (backlog->is_being_counted)
		return;
	backlog->is_being_counted = true;
	backlog->count = 0;
	backlog->counted_to = 0;
	for (session = tern_session_first(entity); session; session = tern_session_next(session)) {
		if (served_of(session)->given)
			served_of(session)->given->counted = 0;
	}
	count_page(entity, settings);
}

void backlog_grow(struct backlog *backlog, size_t count)
{
	backlog->count += (uint32_t)count;
	backlog->is_missed_again = true;
	backlog->is_empty = false;
}

/* A count that is under way, from the new end, has not come to it and finds it in the log. */
static bool will_be_counted(const struct backlog *backlog, uint64_t id)
{
	return backlog->is_being_counted && (!backlog->counted_to || id < backlog->counted_to);
}

void backlog_note_returned(struct backlog *backlog, uint64_t id)
{
	backlog_grow(backlog, !will_be_counted(backlog, id));
}
