/* missed.c - gives those who do not use the archive what came while they were away
 * SPDX-License-Identifier: MIT
 *
 * What is missed and archived needs no second copy: a mark says from which id on the archive
 * has not been taken.  The first session that wants messages gets them from there; one that has
 * queried the archive before reads them there (XEP-0313 5.1.1), and takes the mark away. */

#include <endian.h>
#include <string.h>

#include "entry.h"
#include "mam.h"
#include "stored.h"

#define KEY "from"

int read_missed(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	uint64_t from;

	if (value_len == sizeof from) {
		memcpy(&from, value, sizeof from);
		archive_of(entity)->missed_from = be64toh(from);
	}
	return 0;
}

/* 0: all has been taken. */
static int mark(struct tern_entity *entity, uint64_t from)
{
	uint64_t value = htobe64(from);
	int result = from ? tern_put(entity, mam_missed, KEY, sizeof KEY - 1, &value, sizeof value) :
		tern_delete(entity, mam_missed, KEY, sizeof KEY - 1);

	if (result == 0)
		archive_of(entity)->missed_from = from;
	return result;
}

enum tern_verdict note_missed(struct tern_event *event, const void *settings)
{
	struct archive *archive = archive_of(event->entity);
	int result;

	if (!event->kept_id || event->awaits_ack) /* there is nothing to give yet */
		return TERN_PASS;
	if (archive->is_giving && !archive->missed_again)
		archive->missed_again = event->kept_id;
	if (archive->missed_from)
		return TERN_DONE;
	result = mark(event->entity, event->kept_id);
	return result < 0 ? tern_reject(event, tern_condition_of(result), NULL) : TERN_DONE;
}

/* --- giving -------------------------------------------------------------------------------- */

static void give(struct tern_session *session, const struct tern_entry *stored,
	struct stored_reader *reader)
{
	struct tern_entity *entity = tern_session_entity(session);
	struct element *message, *delay;
	struct entry entry;

	if (!entry_read(stored, &entry) || (entry.flags & (ENTRY_SENT | ENTRY_DIRECT)))
		return;
	message = stored_read(reader, entry.xml, entry.xml_len);
	if (!message) {
		tern_log(entity, TERN_SAY_ERROR, "an archived message is damaged");
		return;
	}
	delay = element_add(message, NS_DELAY, "delay");
	element_set(delay, "from", tern_host_domain(tern_entity_host(entity)));
	element_set(delay, "stamp", tern_datetime(element_arena(message), stored->id));
	element_append(message, stanza_id_new(element_arena(message), entity, stored->id));
	tern_session_send(session, message);
}

static struct tern_session *find_taker(struct tern_entity *entity)
{
	struct tern_session *session = tern_session_first(entity);

	while (session && !reader_of(session)->is_served)
		session = tern_session_next(session);
	return session;
}

/* How many of the page were missed; what came since has been delivered, or is missed anew. */
static size_t count_missed(const struct archive *archive, const struct tern_entry *entries,
	size_t count)
{
	while (archive->give_until && count > 0 && entries[count - 1].id >= archive->give_until)
		count--;
	return count;
}

static void give_all(struct tern_session *session, const struct tern_entry *entries, size_t count)
{
	struct stored_reader *reader = stored_reader_create();

	for (size_t i = 0; i < count; i++)
		give(session, &entries[i], reader);
	stored_reader_destroy(reader);
}

static void end_giving(struct archive *archive)
{
	archive->is_giving = false;
	archive->give_until = archive->missed_again = 0;
}

static void ask_from(struct tern_entity *entity, struct tern_session *session, uint64_t from);

/* The session may have gone while the page was read: then another gets it, or the mark stays. */
static void give_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct archive *archive;
	struct tern_session *session;
	size_t missed;

	if (cancelled)
		return;
	archive = archive_of(entity);
	session = tern_session_by_id(entity, (uintptr_t)context);
	if (!session)
		session = find_taker(entity);
	if (!session) {
		end_giving(archive);
		return;
	}
	missed = count_missed(archive, entries, count);
	give_all(session, entries, missed);
	if (!complete && missed == count && count > 0) {
		mark(entity, entries[count - 1].id + 1);
		ask_from(entity, session, entries[count - 1].id + 1);
		return;
	}
	mark(entity, archive->missed_again);
	end_giving(archive);
}

static void ask_from(struct tern_entity *entity, struct tern_session *session, uint64_t from)
{
	tern_log_page(entity, mam_log, &(struct tern_page){ .after_id = from - 1 }, give_page,
		(void *)(uintptr_t)tern_session_id(session));
}

/* RFC 6121 4.7.2.3: a negative priority wants no messages. */
void note_presence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct archive *archive = archive_of(entity);
	struct reader *reader = reader_of(session);
	bool was_served = reader->is_served;

	reader->is_served = tern_session_is_available(session) &&
		tern_session_priority(session) >= 0;
	if (was_served || !reader->is_served || !archive->missed_from || archive->is_giving)
		return;
	if (reader->has_queried) {
		mark(entity, 0);
		return;
	}
	archive->is_giving = true;
	ask_from(entity, session, archive->missed_from);
}

void note_absence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	reader_of(session)->is_served = false;
}
