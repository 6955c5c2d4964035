/* missed.c - gives those who do not use the archive what came while they were away
 * SPDX-License-Identifier: MIT
 *
 * What is archived needs no second copy: a record says which messages may not have been taken over
 * by a device.  It is written before a message is delivered whose sender will be told that it is
 * safe, and where one is missed; what devices take moves it on a little later.  A session that
 * wants messages gets those that wait from the archive, but for those that it has read there before
 * (XEP-0313 5.1.1). */

#include <endian.h>
#include <string.h>

#include "arena.h"
#include "entry.h"
#include "mam.h"
#include "stored.h"

#define KEY "waiting"

enum {
	SETTLE_MS = 10,      /* that the record may lag behind what has been taken */
	LISTED_MOST = 512,
	PAGE = 100,
	UNWRITTEN_MOST = 1000, /* messages that are given before their devices acknowledge any */
	UNWRITTEN_BYTES = 1024 * 1024,
};

/* --- the record --------------------------------------------------------------------------------
 * Numbers of eight bytes: whatever came behind the first one waits, and so do the ids that follow
 * it.  No record: nothing waits. */

#define LISTED_IN_RECORD 64

int read_missed(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	struct archive *archive = archive_of(entity);
	const char *bytes = value;

	for (size_t at = 0; at + sizeof(uint64_t) <= value_len; at += sizeof(uint64_t)) {
		uint64_t number;

		memcpy(&number, bytes + at, sizeof number);
		number = be64toh(number);
		if (at > 0)
			waiting_add(&archive->waiting, number);
		else
			archive->horizon = number;
	}
	archive->is_recorded = value_len >= sizeof(uint64_t);
	if (archive->is_recorded)
		archive->waiting.old_from = archive->horizon + 1;
	return 0;
}

/* Up to which id all that waits is listed.  Until something is received in this life, the archive
 * ends before now: what is newer than what waits has been taken, and must not seem to wait. */
static uint64_t horizon_of(const struct tern_entity *entity, const struct archive *archive)
{
	const struct waiting *waiting = &archive->waiting;
	uint64_t end = archive->newest ? archive->newest : tern_now_us(entity);
	uint64_t known = end > archive->horizon ? end : archive->horizon;

	if (waiting_count(waiting) > LISTED_IN_RECORD)
		return waiting_first(waiting) - 1;
	return waiting->old_from ? waiting->old_from - 1 : known;
}

static int put_record(struct tern_entity *entity, uint64_t horizon)
{
	const struct waiting *waiting = &archive_of(entity)->waiting;
	uint64_t numbers[1 + LISTED_IN_RECORD] = { htobe64(horizon) };
	size_t count = 1;

	for (size_t i = waiting->first; i < waiting->end && waiting->ids[i] <= horizon; i++)
		numbers[count++] = htobe64(waiting->ids[i]);
	return tern_put(entity, mam_missed, KEY, sizeof KEY - 1, numbers,
		count * sizeof *numbers);
}

static int record(struct tern_entity *entity)
{
	struct archive *archive = archive_of(entity);
	uint64_t horizon = horizon_of(entity, archive);
	bool waits = waiting_first(&archive->waiting);
	int result = 0;

	if (waits)
		result = put_record(entity, horizon);
	else if (archive->is_recorded)
		result = tern_delete(entity, mam_missed, KEY, sizeof KEY - 1);
	if (result < 0)
		return result;
	archive->is_recorded = waits;
	archive->horizon = horizon;
	archive->has_changed = false;
	return 0;
}

/* A write that is refused leaves a record that tells of too many, and loses none. */
static void settle(struct tern_entity *entity)
{
	if (archive_of(entity)->has_changed)
		record(entity);
}

static void settle_now(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	archive_of(entity)->is_settling = false;
	if (!cancelled)
		settle(entity);
}

static void settle_soon(struct tern_entity *entity)
{
	struct archive *archive = archive_of(entity);

	if (archive->is_settling || !archive->has_changed)
		return;
	archive->is_settling = true;
	tern_timer_start(entity, NULL, SETTLE_MS, settle_now, NULL);
}

/* --- what waits --------------------------------------------------------------------------- */

/* A long list of what nobody was there to get is remembered by its ends. */
static void fold(struct tern_entity *entity, struct waiting *waiting)
{
	size_t i = waiting->first;

	if (waiting_count(waiting) <= LISTED_MOST)
		return;
	while (i < waiting->end && !tern_is_under_way(entity, waiting->ids[i]))
		i++;
	waiting_fold(waiting, i < waiting->end ? waiting->ids[i] : UINT64_MAX);
}

/* It waits, also where that cannot be recorded. */
static int wait_for(struct tern_entity *entity, uint64_t id)
{
	struct archive *archive = archive_of(entity);
	bool is_told = archive->is_recorded && id > archive->horizon;

	fold(entity, &archive->waiting);
	waiting_add(&archive->waiting, id);
	archive->has_changed = true;
	return is_told ? 0 : record(entity);
}

/* What somebody will be told is safe waits from the moment when it is archived. */
int note_received(struct tern_event *event)
{
	bool is_handed_over = event->stanza.type == TERN_CHAT || event->stanza.type == TERN_NORMAL;
	struct archive *archive = archive_of(event->entity);
	int result;

	archive->newest = event->kept_id;
	waiting_note_new(&archive->waiting, event->kept_id);
	result = event->is_acked && is_handed_over ? wait_for(event->entity, event->kept_id) : 0;
	if (result < 0)
		waiting_remove(&archive->waiting, event->kept_id);
	return result;
}

/* What stands in the archive is never refused: while it cannot be recorded that it waits, that is
 * known as long as the account is open, and recorded with what changes next. */
enum tern_verdict note_missed(struct tern_event *event, const void *settings)
{
	if (!event->kept_id)
		return TERN_PASS;
	if (!waiting_has(&archive_of(event->entity)->waiting, event->kept_id))
		wait_for(event->entity, event->kept_id);
	/* A device may still take it: others tell the user. */
	return event->awaits_ack ? TERN_PASS : TERN_DONE;
}

/* What was given is settled at once, so that it is not given again after a crash; what was
 * delivered is a moment later, with what follows it. */
void note_taken(struct tern_entity *entity, uint64_t id, const void *settings)
{
	struct archive *archive = archive_of(entity);

	if (!waiting_is_listed(&archive->waiting, id))
		return;
	waiting_remove(&archive->waiting, id);
	archive->has_changed = true;
	if (id <= archive->given_to && !waiting_first(&archive->waiting))
		settle(entity);
	else
		settle_soon(entity);
}

static void list_old(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct waiting *waiting;
	struct entry entry;

	if (cancelled)
		return;
	waiting = &archive_of(entity)->waiting;
	for (size_t i = 0; i < count && waiting_is_old(waiting, entries[i].id); i++) {
		if (entry_read(&entries[i], &entry) && !(entry.flags & ENTRY_SENT))
			waiting_add(waiting, entries[i].id);
		waiting_pass_old(waiting, entries[i].id);
	}
	if (complete)
		waiting->old_from = 0;
	archive_of(entity)->has_changed = true;
	settle_soon(entity);
}

/* What the record does not list is looked up: as a rule there is nothing behind its horizon. */
void note_opened(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct waiting *waiting = &archive_of(entity)->waiting;

	if (waiting->old_from)
		tern_log_page(entity, mam_log, &(struct tern_page){
			.after_id = waiting->old_from - 1, .most = LISTED_MOST }, list_old, NULL);
}

/* --- giving -------------------------------------------------------------------------------- */

/* XEP-0191 3.3: nothing of them is delivered; what they said before the block stays in the archive. */
static bool is_blocked(struct tern_entity *entity, const struct entry *entry,
	struct stored_reader *reader)
{
	const struct element *message;

	if (!tern_question(entity, TERN_ASK_BLOCKED, NULL))
		return false;
	message = stored_read(reader, entry->xml, entry->xml_len);
	return message && tern_question(entity, TERN_ASK_BLOCKED,
		jid_new(element_arena(message), element_get(message, "from")));
}

static int hand_over(struct tern_session *session, const struct entry *entry)
{
	struct tern_entity *entity = tern_session_entity(session);
	struct arena *arena = arena_create(ARENA_SMALL);
	struct tern_written written = { entry->xml, entry->xml_len, {
		tern_delay_new(arena, tern_entity_host(entity), entry->id.place),
		stanza_id_new(arena, entity, entry->id) } };
	int result = tern_session_hand_over_written(session, &written, entry->id.place);

	arena_destroy(arena);
	return result;
}

/* How many bytes it was; 0: it was not for the session. */
static size_t give(struct tern_session *session, const struct tern_entry *stored,
	struct stored_reader *reader)
{
	struct tern_entity *entity = tern_session_entity(session);
	struct waiting *waiting = &archive_of(entity)->waiting;
	struct entry entry;

	if (!entry_read(stored, &entry) || (entry.flags & ENTRY_SENT) ||
	    !waiting_has(waiting, stored->id))
		return 0;
	waiting_add(waiting, stored->id);
	if (tern_is_under_way(entity, stored->id))
		return 0;
	if (!is_blocked(entity, &entry, reader)) {
		if (hand_over(session, &entry) == 0)
			return entry.xml_len;
		tern_log(entity, TERN_SAY_ERROR, "an archived message is damaged");
	}
	note_taken(entity, stored->id, NULL);
	return 0;
}

static void give_all(struct tern_session *session, const struct tern_entry *entries, size_t count)
{
	struct archive *archive = archive_of(tern_session_entity(session));
	struct stored_reader *reader = stored_reader_create();

	for (size_t i = 0; i < count; i++) {
		size_t bytes = give(session, &entries[i], reader);

		archive->has_changed = true;
		waiting_pass_old(&archive->waiting, entries[i].id);
		archive->unwritten += bytes > 0;
		archive->unwritten_bytes += bytes;
	}
	stored_reader_destroy(reader);
}

static void ask_after(struct tern_entity *entity, struct tern_session *session, uint64_t id);

/* The session, while it wants messages, or another one that does. */
static struct tern_session *find_taker(struct tern_entity *entity, struct tern_session *session)
{
	if (session && reader_of(session)->is_served)
		return session;
	session = tern_session_first(entity);
	while (session && !reader_of(session)->is_served)
		session = tern_session_next(session);
	return session;
}

/* The session may have gone while a page was read or written: then another gets the rest, or the
 * record stays. */
static void go_on_with(struct tern_entity *entity, struct tern_session *session)
{
	struct archive *archive = archive_of(entity);

	session = find_taker(entity, session);
	if (session)
		ask_after(entity, session, archive->given_to);
	else
		archive->is_giving = false;
}

static void note_written(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct archive *archive = archive_of(entity);

	archive->unwritten = archive->unwritten_bytes = 0;
	go_on_with(entity, cancelled ? NULL : session);
}

/* What came meanwhile has been delivered; what is missed meanwhile waits for the next. */
static void end_giving(struct tern_entity *entity)
{
	struct archive *archive = archive_of(entity);

	archive->is_giving = false;
	archive->waiting.old_from = 0;
	archive->has_changed = true;
	settle_soon(entity);
}

/* What comes behind is the user's own, or has been taken. */
static bool is_all_given(const struct archive *archive)
{
	return !archive->waiting.old_from && waiting_last(&archive->waiting) <= archive->given_to;
}

static void give_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct archive *archive = archive_of(entity);
	struct tern_session *session = cancelled ? NULL :
		find_taker(entity, tern_session_by_id(entity, (uintptr_t)context));

	if (!session) { /* or the disk failed: whoever comes next gets it */
		archive->is_giving = false;
		return;
	}
	if (count > 0)
		archive->given_to = entries[count - 1].id;
	give_all(session, entries, count);
	if (complete || count == 0 || is_all_given(archive)) {
		end_giving(entity);
		return;
	}
	if (archive->unwritten < UNWRITTEN_MOST && archive->unwritten_bytes < UNWRITTEN_BYTES)
		ask_after(entity, session, archive->given_to);
	else
		tern_session_when_written(session, note_written, NULL);
}

static void ask_after(struct tern_entity *entity, struct tern_session *session, uint64_t id)
{
	tern_log_page(entity, mam_log, &(struct tern_page){ .after_id = id, .most = PAGE },
		give_page, (void *)(uintptr_t)tern_session_id(session));
}

static void begin_giving(struct tern_entity *entity, struct tern_session *session)
{
	struct archive *archive = archive_of(entity);
	uint64_t first = waiting_first(&archive->waiting);

	if (!first || archive->is_giving)
		return;
	archive->is_giving = true;
	archive->unwritten = archive->unwritten_bytes = 0;
	ask_after(entity, session, first - 1);
}

/* What it has read in the archive it does not miss; what is under way to others stays theirs. */
static void forget_read(struct tern_entity *entity, const struct reader *reader)
{
	struct waiting *waiting = &archive_of(entity)->waiting;

	if (waiting->old_from >= reader->read_from) {
		if (waiting->old_until && waiting->old_until <= reader->read_to)
			waiting->old_from = 0;
		else
			waiting_pass_old(waiting, reader->read_to);
	}
	for (size_t i = waiting->end; i-- > waiting->first;) {
		uint64_t id = waiting->ids[i];

		if (id >= reader->read_from && id <= reader->read_to && !tern_is_under_way(entity, id))
			waiting_remove(waiting, id);
	}
	archive_of(entity)->has_changed = true;
	settle(entity);
}

/* RFC 6121 4.7.2.3: a negative priority wants no messages. */
void note_presence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct reader *reader = reader_of(session);
	bool was_served = reader->is_served;

	reader->is_served = tern_session_is_available(session) &&
		tern_session_priority(session) >= 0;
	if (was_served || !reader->is_served)
		return;
	if (reader->read_to && waiting_first(&archive_of(entity)->waiting))
		forget_read(entity, reader);
	begin_giving(entity, session);
}

/* The process may be about to end. */
void note_absence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	reader_of(session)->is_served = false;
	settle(entity);
}

/* A graceful stop takes the streams first, and keeps the sessions; so does the module's end. */
void note_detached(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	settle(entity);
}

/* What it was being given when the process before ended goes on. */
void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	if (reader_of(session)->is_served)
		begin_giving(entity, session);
}
