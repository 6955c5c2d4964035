/* seen.c - marks of messages: made, read back, looked for */
/* SPDX-License-Identifier: MIT */

#include "seen.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "entity_internal.h"
#include "event_internal.h"
#include "handles.h"
#include "hash.h"
#include "heap.h"
#include "jid.h"
#include "module.h"
#include "seen_marks.h"
#include "shard_internal.h"
#include "writer.h"

enum {
	SENT = 1, /* bits of a mark: at its sender's; */
	BARE = 2, /* known by an id that may have been used before */
	BARE_S = 300,
	EXPIRE_EVERY = 256, /* entries */
	ROOM = 31,          /* for more marks of the same batch */
};

struct ticket { struct ticket *next; tern_ticket number; };

struct seen {
	struct marks *marks;
	struct ticket *waiting, **waiting_last;
	size_t store;          /* that is being read */
	unsigned written;
	uint64_t batch;        /* with the newest entry; */
	size_t place;          /* there, with room for more marks */
	bool is_read, is_being_read;
};

/* --- the engine's log ---------------------------------------------------------------------- */

static tern_store seen_log;

/* An entry has the marks of an account that went into one batch; those of an archive have one each. */
static uint64_t mark_in(const void *bytes, size_t len)
{
	uint64_t mark = 0;

	if (len >= sizeof mark)
		memcpy(&mark, bytes, sizeof mark);
	return le64toh(mark);
}

static const struct tern_store_claim stores[] = {
	{ "seen", TERN_LOG, &seen_log, NULL, mark_in }, { 0 },
};

int seen_prepare(struct storage *storage)
{
	static const struct tern_module engine = { .name = "seen", .stores = stores };

	return handles_enter(&engine, storage);
}

/* --- making ---------------------------------------------------------------------------------- */

static uint64_t join(uint64_t hash, const char *bytes, size_t len)
{
	return hash_mix(hash ^ hash_bytes(bytes, len));
}

/* A client may add a delay to what it sends again (XEP-0203). */
static uint64_t hash_without_delay(struct buffer *scratch, const struct element *message)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *copy = element_copy(arena, message);
	uint64_t hash;

	element_remove_all(copy, NS_DELAY, "delay");
	writer_content(scratch, copy, NS_CLIENT);
	hash = hash_bytes(buffer_at(scratch), scratch->len);
	buffer_consume(scratch, scratch->len);
	arena_destroy(arena);
	return hash;
}

static uint64_t hash_content(struct event *event)
{
	const struct element *message = event->pub.stanza.element;
	struct parcel *parcel = event->parcel;

	if (element_find(message, NS_DELAY, "delay"))
		return hash_without_delay(event->at->shard->scratch, message);
	parcel_serialise(parcel);
	return hash_bytes(parcel->content, parcel->content_len);
}

/* Never 0: that is nobody's message. */
static uint64_t of_message(uint64_t hash)
{
	uint64_t bits = hash & ~(MARK_SESSION | BARE | SENT);

	return bits ? bits : MARK_SESSION + BARE + SENT + 1;
}

/* A session of another life of the process has other bits. */
static uint64_t of_session(const struct tern_entity *entity, uint64_t session)
{
	return hash_mix(session ^ hash_mix((uint64_t)entity->shard->server->started_at)) &
		MARK_SESSION;
}

/* Of no message: that session has closed its stream in good order. */
static uint64_t farewell(uint64_t mark)
{
	return (mark & MARK_SESSION) | BARE;
}

/* Ids without origin-id are trusted where the client counts acks: such a client makes them anew
 * for each message, others may not. */
uint64_t seen_mark(struct event *event)
{
	const struct tern_stanza *message = &event->pub.stanza;
	const struct element *origin;
	const char *id, *to;
	uint64_t hash;

	if (!tern_is_kept(message))
		return 0;
	origin = element_find(message->element, NS_SID, "origin-id");
	id = origin ? element_get(origin, "id") : NULL;
	if (!id && (!event->pub.is_acked || !message->id))
		return 0;
	to = message->to ? jid_text(message->to) : "";
	hash = hash_bytes(jid_bare_text(message->from), strlen(jid_bare_text(message->from)));
	hash = join(hash, to, strlen(to));
	hash = id ? join(hash, id, strlen(id)) :
		hash_mix(join(hash, message->id, strlen(message->id)) ^
			hash_content(event));
	return of_session(event->at, event->sent_by) | of_message(hash) | (id ? 0 : BARE) | SENT;
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct seen *seen_of(struct tern_entity *entity)
{
	if (!entity->seen) {
		entity->seen = heap_zalloc(sizeof *entity->seen);
		entity->seen->marks = marks_create();
		entity->seen->waiting_last = &entity->seen->waiting;
	}
	return entity->seen;
}

static uint64_t window_begin(const struct tern_entity *entity)
{
	uint64_t now = shard_now_us(entity->shard);
	uint64_t window = (uint64_t)entity->shard->server->limits.resend_s * 1000000;

	return now > window ? now - window : 1;
}

static void let_go(struct tern_entity *entity, struct seen *seen)
{
	struct ticket *ticket = seen->waiting;

	seen->waiting = NULL;
	seen->waiting_last = &seen->waiting;
	entity->pins++;
	while (ticket) {
		struct ticket *next = ticket->next;

		tern_release(entity, ticket->number, TERN_PASS);
		free(ticket);
		ticket = next;
	}
	entity->pins--;
	entity_may_rest(entity);
}

static void read_next(struct tern_entity *entity);

static void take_marks(struct seen *seen, const struct tern_entry *entry)
{
	const struct tern_store_claim *claim = loader_store(seen->store)->claim;
	bool has_many = seen->store + 1 == (size_t)seen_log;
	const char *bytes = entry->bytes;
	size_t len = entry->len;

	do {
		uint64_t mark = claim->mark(bytes, len);

		if (mark)
			marks_add(seen->marks, &(struct mark){ mark, entry->id, 0 });
		bytes += sizeof mark;
		len = len > sizeof mark ? len - sizeof mark : 0;
	} while (has_many && len > 0);
}

/* The account may have been deleted, and made anew, while the page was read. */
static void take_page(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	struct seen *seen = entity->seen;

	if (!seen || seen != context)
		return;
	while (!cancelled && count-- > 0) /* the oldest stands last */
		take_marks(seen, &entries[count]);
	seen->store++;
	read_next(entity);
}

/* Also where the module has left: what it archived has been here all the same. */
static bool has_marks(const struct store_slot *slot)
{
	return slot->claim->mark != NULL;
}

static void read_next(struct tern_entity *entity)
{
	struct seen *seen = entity->seen;

	while (seen->store < loader_store_count() &&
	       !has_marks(loader_store(seen->store)))
		seen->store++;
	if (seen->store < loader_store_count()) {
		tern_log_page(entity, (tern_store)(seen->store + 1), &(struct tern_page){
			.after_id = window_begin(entity) - 1, .backwards = true,
			.most = MARKS_MOST / 2 }, take_page, seen);
		return;
	}
	seen->is_read = true;
	seen->is_being_read = false;
	let_go(entity, seen);
}

/* For as long as the disk stands still; too many that wait are refused. */
static enum seen_verdict wait_for_marks(struct event *event, struct seen *seen)
{
	struct tern_entity *entity = event->at;
	struct ticket *ticket = heap_zalloc(sizeof *ticket);

	event->waits_for_disk = true;
	event->condition = TERN_RESOURCE_CONSTRAINT;
	tern_hold(&event->pub, TERN_REJECT, &ticket->number);
	*seen->waiting_last = ticket;
	seen->waiting_last = &ticket->next;
	if (!seen->is_being_read) {
		seen->is_being_read = true;
		read_next(entity);
	}
	return SEEN_LATER;
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_leaving(const struct event *event)
{
	return event->phase < TERN_IN_CHECK;
}

static bool is_to_itself(const struct event *event)
{
	const struct jid *to = event->pub.stanza.to;

	return !to || jid_bare_equal(to, event->at->jid);
}

static bool has_parted(const struct seen *seen, const struct mark *mark)
{
	const struct mark *parted = marks_find(seen->marks, farewell(mark->mark));

	return parted && parted->at_us >= mark->at_us;
}

static bool is_young(const struct tern_entity *entity, const struct mark *mark)
{
	uint64_t now = shard_now_us(entity->shard);
	uint64_t age_us = now > mark->at_us ? now - mark->at_us : 0;

	return mark->at_us >= window_begin(entity) &&
		(!(mark->mark & BARE) || age_us < (uint64_t)BARE_S * 1000000);
}

/* The sender's home knows the message from whichever session it came; an addressee has that
 * session's, or lacks it. */
static const struct mark *find(const struct event *event, const struct seen *seen)
{
	bool is_senders = jid_bare_equal(event->pub.stanza.from, event->at->jid);
	const struct mark *found = is_senders ? marks_find_message(seen->marks, event->pub.mark)
		: marks_find(seen->marks, event->pub.mark);

	if (!found || !is_young(event->at, found))
		return NULL;
	return is_senders && (found->mark & BARE) && has_parted(seen, found) ? NULL : found;
}

/* What goes to the own account is known where it arrives. An addressee knows only what its
 * sender, whose writes come first, knows too. */
enum seen_verdict seen_judge(struct event *event)
{
	const struct mark *found;
	struct seen *seen;

	if (!event->pub.mark || !event->at->owner || event->at->is_anonymous)
		return SEEN_NEVER;
	if (is_leaving(event) && is_to_itself(event)) {
		event->is_resent = true;
		return SEEN_NEVER;
	}
	if (!is_leaving(event) && !event->is_resent)
		return SEEN_NEVER;
	seen = seen_of(event->at);
	if (!seen->is_read)
		return wait_for_marks(event, seen);
	event->waits_for_disk = false;
	found = find(event, seen);
	if (!found || found->session == event->sent_by)
		return SEEN_NEVER;
	event->pub.mark = found->mark;
	event->is_resent = true;
	return SEEN_BEFORE;
}

/* --- noting ------------------------------------------------------------------------------------ */

static int write_entry(struct tern_entity *entity, struct seen *seen, uint64_t bytes)
{
	int result = entity_append_roomy(entity, seen_log, &bytes, sizeof bytes,
		ROOM * sizeof bytes, &seen->place);

	if (result < 0)
		return result;
	seen->batch = entity->shard->gate.filling;
	/* Marks that nobody asks for any more go with every so many new ones. */
	if (++seen->written % EXPIRE_EVERY == 1)
		tern_log_expire(entity, seen_log, window_begin(entity));
	return 0;
}

static int write_mark(struct tern_entity *entity, uint64_t mark)
{
	struct seen *seen = seen_of(entity);
	struct gate *gate = &entity->shard->gate;
	uint64_t bytes = htole64(mark);
	int result = seen->batch == gate->filling ?
		batch_append_more(gate->batch, seen->place, &bytes, sizeof bytes) : -ENOBUFS;

	return result == -ENOBUFS ? write_entry(entity, seen, bytes) : gate_wrote(entity, result);
}

static void remember(struct tern_entity *entity, uint64_t mark, uint64_t session)
{
	if (entity->seen && (entity->seen->is_read || entity->seen->is_being_read))
		marks_add(entity->seen->marks, &(struct mark){ mark,
			shard_now_us(entity->shard), session });
}

int seen_note(struct event *event)
{
	struct tern_entity *entity = event->at;
	bool is_in_archive = event->pub.kept_id && entity->host->archives_marks;
	int result = 0;

	if (!event->pub.mark || event->is_noted || !entity->owner || entity->is_anonymous)
		return 0;
	if (!is_in_archive && event->pub.is_acked)
		result = write_mark(entity, event->pub.mark);
	if (result < 0)
		return result;
	event->is_noted = true;
	remember(entity, event->pub.mark, event->sent_by);
	return 0;
}

int seen_leave(struct event *event)
{
	int result = is_to_itself(event) ? 0 : seen_note(event);

	event->pub.mark &= ~(uint64_t)SENT; /* 0 stays 0; no hash of which nothing is left matters */
	event->is_noted = false;
	return result;
}

/* Where it cannot be written, its ids are known for some minutes more. */
void seen_part(struct tern_entity *entity, uint64_t session)
{
	uint64_t mark = farewell(of_session(entity, session));

	if (!entity->owner || entity->is_anonymous || !entity->seen ||
	    !marks_has(entity->seen->marks, mark, MARK_SESSION | BARE) ||
	    write_mark(entity, mark) < 0)
		return;
	remember(entity, mark, session);
}

void seen_destroy(struct seen *seen)
{
	if (!seen)
		return;
	while (seen->waiting) {
		struct ticket *ticket = seen->waiting;

		seen->waiting = ticket->next;
		free(ticket);
	}
	marks_destroy(seen->marks);
	free(seen);
}
