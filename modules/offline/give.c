/* give.c - what waited is given to a session that wants messages (XEP-0160 2)
 * SPDX-License-Identifier: MIT */

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "datetime.h"
#include "heap.h"
#include "offline.h"
#include "stored.h"

/* A page ends behind the message that exceeds its bytes: less than limits.unwritten-bytes.  What comes
 * while a device has not taken a page yet goes in front of the next one: so as a rule there is one. */
enum { PAGE = 500, PAGE_BYTES = 1024 * 1024 };

/* XEP-0191 3.3: nothing of them is delivered; what waited before the block waits for its end. */
static bool is_blocked(struct tern_entity *entity, const struct element *message)
{
	return tern_question(entity, TERN_ASK_BLOCKED,
		jid_new(element_arena(message), element_get(message, "from")));
}

static void lose_damaged(struct tern_entity *entity, uint64_t id)
{
	tern_log(entity, TERN_SAY_ERROR, "an offline message was damaged and is lost");
	tern_log_delete(entity, offline_log, id);
}

static bool is_withheld(struct tern_entity *entity, struct stored_reader *reader,
	const struct tern_entry *entry)
{
	const struct element *message = stored_read(reader, entry->bytes, entry->len);

	return message && is_blocked(entity, message);
}

static int hand_out(struct tern_session *session, const struct tern_entry *entry,
	struct arena *arena)
{
	const struct tern_host *host = tern_entity_host(tern_session_entity(session));
	struct tern_written written = { entry->bytes, entry->len,
		{ tern_delay_new(arena, host, entry->id) } };

	return tern_session_hand_out_written(session, &written, offline_log, entry->id);
}

/* How many of the entries the page has; an id is the time since when its message waits. */
static size_t give(struct tern_entity *entity, struct tern_session *session,
	const struct tern_entry *entries, size_t count, struct given *given)
{
	struct backlog *backlog = backlog_of(entity);
	struct stored_reader *reader = stored_reader_create();
	struct arena *arena = arena_create(ARENA_SMALL);
	bool blocks = tern_question(entity, TERN_ASK_BLOCKED, NULL);
	size_t bytes = 0, i;

	for (i = 0; i < count && bytes < PAGE_BYTES; i++) {
		bytes += entries[i].len;
		if (tern_is_handed_out(entity, offline_log, entries[i].id)) {
			backlog->may_return = true;
			continue;
		}
		if (blocks && is_withheld(entity, reader, &entries[i])) {
			backlog->has_withheld = true;
			continue;
		}
		given->counted++;
		if (hand_out(session, &entries[i], arena) < 0)
			lose_damaged(entity, entries[i].id);
	}
	arena_destroy(arena);
	stored_reader_destroy(reader);
	tern_count(entity, offline_given, given->counted);
	return i;
}

static void give_from(struct tern_entity *entity, struct tern_session *session, uint64_t after);

static bool wants_more(struct tern_session *session)
{
	return served_of(session)->is_served;
}

/* One session at a time is given what waits. */
static void serve(struct tern_entity *entity, struct tern_session *session)
{
	struct backlog *backlog = backlog_of(entity);

	if (backlog->is_being_given || backlog->is_empty)
		return;
	backlog->is_being_given = true;
	backlog->is_missed_again = backlog->has_withheld = false;
	give_from(entity, session, 0);
}

/* To whoever is there, and not the session of that id. */
static void serve_another(struct tern_entity *entity, uint64_t but)
{
	struct tern_session *session = tern_session_first(entity);

	while (session && (tern_session_id(session) == but || !wants_more(session)))
		session = tern_session_next(session);
	if (session)
		serve(entity, session);
}

/* What was missed meanwhile, while a session did not want messages for a moment, may stand before
 * the page that was read last. */
static void end_giving(struct tern_entity *entity)
{
	struct backlog *backlog = backlog_of(entity);

	backlog->is_being_given = false;
	backlog->is_empty = !backlog->is_missed_again;
	if (backlog->is_missed_again)
		serve_another(entity, 0);
}

/* The session wants no more: another that is there gets the rest, or whoever comes next. */
static void give_up(struct tern_entity *entity, uint64_t session_id)
{
	struct backlog *backlog = backlog_of(entity);

	backlog->is_being_given = false;
	serve_another(entity, session_id);
}

static void note_written(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct backlog *backlog = backlog_of(entity);
	struct given *given = context;

	if (session)
		served_of(session)->given = NULL;
	if (!cancelled)
		backlog->count -= given->counted < backlog->count ? given->counted : backlog->count;
	if (cancelled) { /* note_end or note_resumed looks for what is left */
		backlog->is_being_given = false;
		backlog->may_return = true;
	} else if (!given->is_last && !wants_more(session))
		give_up(entity, given->session_id);
	else if (!given->is_last)
		give_from(entity, session, given->last_id);
	else
		end_giving(entity);
	free(given);
}

static void await_written(struct tern_session *session, struct given *given)
{
	served_of(session)->given = given;
	tern_session_when_written(session, note_written, given);
}

static void give_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct tern_session *session;
	struct given *given;
	size_t taken;

	if (cancelled) { /* the disk, perhaps: whoever comes next asks it again */
		backlog_of(entity)->is_being_given = false;
		return;
	}
	if (count == 0) {
		end_giving(entity);
		return;
	}
	session = tern_session_by_id(entity, (uintptr_t)context);
	if (!session) {
		give_up(entity, (uintptr_t)context);
		return;
	}
	given = heap_alloc(sizeof *given);
	*given = (struct given){ .session_id = tern_session_id(session) };
	taken = give(entity, session, entries, count, given);
	given->last_id = entries[taken - 1].id;
	given->is_last = complete && taken == count;
	await_written(session, given);
}

static void give_from(struct tern_entity *entity, struct tern_session *session, uint64_t after)
{
	tern_log_page(entity, offline_log,
		&(struct tern_page){ .after_id = after, .most = PAGE }, give_page,
		(void *)(uintptr_t)tern_session_id(session));
}

/* XEP-0160 2: when a resource says that it wants messages, by its first presence or by a
 * priority that is no longer negative. */
void note_presence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct served *served = served_of(session);
	bool was_served = served->is_served;

	served->is_served = tern_session_is_available(session) &&
		tern_session_priority(session) >= 0;
	if (!was_served && served->is_served)
		serve(entity, session);
}

/* What it had not taken when its stream broke is in the log, where it was in no queue. */
void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	if (wants_more(session))
		serve(entity, session);
}

void note_absence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	served_of(session)->is_served = false;
}

/* What was withheld before a restart, or came back when it was, is not known as such: but it is there. */
void note_unblocked(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct backlog *backlog = backlog_of(entity);

	if (!backlog->has_withheld && backlog->is_empty)
		return;
	backlog->is_empty = false;
	backlog->is_missed_again = true; /* for what is being given now */
	serve_another(entity, 0);
}

/* --- what comes back ----------------------------------------------------------------------- */

/* What was handed out to a session without acks is not missed when it ends: it is looked for when
 * all has been said about the session. */
static void look_again(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct backlog *backlog = backlog_of(entity);

	if (cancelled)
		return;
	backlog->may_return = backlog->is_empty = false;
	backlog->is_missed_again = true; /* where it is being given */
	count_backlog(entity, NULL, NULL, context);
	serve_another(entity, 0);
}

void note_end(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct backlog *backlog = backlog_of(entity);

	if (backlog->may_return || served_of(session)->given)
		tern_timer_start(entity, NULL, 0, look_again, (void *)settings);
}

/* --- over a restart -------------------------------------------------------------------------- */

/* What is in the session's queue is handed out, as before; the rest of the log follows it. */
void save_served(struct tern_session *session, struct buffer *out)
{
	const struct served *served = served_of(session);
	const struct given *given = served->given;
	uint64_t numbers[3] = { htobe64(served->is_served) };
	size_t count = 1;

	if (given) {
		numbers[count++] = htobe64(given->last_id);
		numbers[count++] = htobe64(given->is_last);
	}
	buffer_add(out, (const char *)numbers, count * sizeof *numbers);
}

void restore_served(struct tern_session *session, const char *bytes, size_t len)
{
	struct backlog *backlog =
		tern_entity_state(tern_session_entity(session), offline_backlog);
	uint64_t numbers[3];
	size_t count = len / sizeof *numbers;
	struct given *given;

	if (len > sizeof numbers || len % sizeof *numbers || count == 0)
		return;
	memcpy(numbers, bytes, len);
	served_of(session)->is_served = be64toh(numbers[0]);
	if (count < 3 || backlog->is_being_given)
		return;
	given = heap_alloc(sizeof *given);
	*given = (struct given){ tern_session_id(session), be64toh(numbers[1]),
		be64toh(numbers[2]) };
	backlog->is_being_given = backlog->is_missed_again = true; /* for all that is known */
	await_written(session, given);
}
