/* session.c - a resource: its stanzas in, its words out, its end */
/* SPDX-License-Identifier: MIT */

#include "session_internal.h"

#include <stdlib.h>
#include <string.h>

#include "acks.h"
#include "arena.h"
#include "brake.h"
#include "detached.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "filter.h"
#include "handover.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "module.h"
#include "pressure.h"
#include "seen.h"
#include "shard_internal.h"
#include "stanzas.h"
#include "stream.h"
#include "writer.h"
#include "written.h"

/* --- what is under way ------------------------------------------------------------------ */

/* One stanza that a session sent: its receipt, and its place in the window, which its addressees'
 * brakes may keep for longer. */
struct sent {
	struct receipt receipt, place;
	struct open_receipt open;
	struct counted counted;
	uint64_t session;
	size_t bytes;
};

static bool is_over_window(const struct tern_session *session)
{
	const struct limits *limits = &session->entity->shard->server->limits;

	return session->under_way >= (unsigned)limits->window_stanzas ||
		session->under_way_bytes >= (size_t)limits->window_bytes;
}

static void note_finished(struct shard *shard, struct receipt *receipt)
{
	struct sent *sent = (struct sent *)receipt;
	struct tern_session *session = idmap_get(&shard->sessions.by_id, sent->session);

	receipts_remove(shard, &sent->open);
	if (session)
		acks_note_finished(session, &sent->counted);
	receipt_release_here(&sent->place);
}

static void give_place(struct shard *shard, struct receipt *place)
{
	struct sent *sent = (struct sent *)((char *)place - offsetof(struct sent, place));
	struct tern_session *session = idmap_get(&shard->sessions.by_id, sent->session);

	if (session) {
		session->under_way--;
		session->under_way_bytes -= sent->bytes;
		if (session->is_window_full && !is_over_window(session)) {
			session->is_window_full = false;
			if (session->stream)
				stream_resume(session->stream);
		}
	}
	free(sent);
}

static struct receipt *begin(struct tern_session *session, size_t bytes)
{
	struct sent *sent = heap_alloc(sizeof *sent);

	receipt_init(&sent->receipt, session->entity->shard, note_finished);
	receipt_init(&sent->place, session->entity->shard, give_place);
	sent->receipt.place = &sent->place;
	receipts_add(session->entity->shard, &sent->open, session->id);
	acks_count(session, &sent->counted);
	sent->session = session->id;
	sent->bytes = bytes;
	session->under_way++;
	session->under_way_bytes += bytes;
	if (!session->is_window_full && is_over_window(session)) {
		session->is_window_full = true;
		stream_pause(session->stream);
	}
	return &sent->receipt;
}

/* --- in ----------------------------------------------------------------------------------- */

/* RFC 6120 8.1.2.1: `from`, if it is there, is the session's full or bare JID. */
static bool from_is_own(const struct tern_session *session, const struct tern_stanza *stanza)
{
	const struct jid *from = stanza->from;

	if (!from)
		return !element_get(stanza->element, "from");
	return jid_equal(from, session->jid) || jid_equal(from, session->entity->jid);
}

/* RFC 6121 3.1.2: subscriptions come from the account, everything else from the resource. */
static const struct jid *stamp(const struct tern_session *session, const struct tern_stanza *stanza)
{
	bool of_account = stanza->kind == TERN_PRESENCE && stanza->type >= TERN_SUBSCRIBE &&
		stanza->type <= TERN_UNSUBSCRIBED;

	return of_account ? session->entity->jid : session->jid;
}

static void enter(struct tern_session *session, struct arena *arena, struct element *element,
		enum tern_kind kind)
{
	struct tern_stanza stanza;
	enum tern_condition fault = stanza_read(arena, element, kind, &stanza);
	struct counters *counters = &session->entity->shard->counters;
	struct event *event;

	counter_add(counters, COUNT_STANZAS_RECEIVED, 1);
	if (kind == TERN_MESSAGE)
		counter_add(counters, COUNT_MESSAGES_RECEIVED, 1);
	if (!from_is_own(session, &stanza)) {
		arena_destroy(arena);
		session_close(session, STREAM_ERROR_INVALID_FROM, NULL);
		return;
	}
	stanza.from = jid_copy(arena, stamp(session, &stanza));
	event = event_new(parcel_new(arena, &stanza), begin(session, arena_bytes(arena)));
	event->at = session->entity;
	event->pub.session = session;
	event->session_id = session->id;
	event->sent_by = session->id;
	event->pub.is_acked = session->acks;
	event->pub.entity = session->entity;
	event->pub.host = session->entity->host;
	if (event->pub.is_acked || event->pub.host->archives_marks)
		event->pub.mark = seen_mark(event);
	pressure_touch(session, session->entity->shard);
	if (fault != TERN_NO_CONDITION) {
		event->pub.stanza.from = jid_copy(arena, session->jid);
		event_refuse(event, fault, NULL);
		return;
	}
	if (!session->entity->held || !held_takes(session->entity, event))
		event_run(event);
}

static void run_claim(struct tern_session *session, const struct element *element,
		const struct nonza_claim *claim)
{
	struct shard *shard = session->entity->shard;
	struct loaded *outer = shard_enter(shard, claim->owner);

	claim->run(session, element, claim->settings);
	shard->guest = outer;
}

static void take_other(struct tern_session *session, struct arena *arena, struct element *element)
{
	const struct nonza_claim *claim = host_find_nonza(session->entity->host, element);

	if (acks_receive(session, element))
		;
	else if (claim)
		run_claim(session, element, claim);
	else if (!host_knew_nonza(session->entity->host, element))
		session_close(session, STREAM_ERROR_UNSUPPORTED_STANZA_TYPE, NULL);
	arena_destroy(arena);
}

void session_receive(struct tern_session *session, struct arena *arena, struct element *element)
{
	struct tern_entity *entity = session->entity;
	enum tern_kind kind;

	session->heard_ms = entity->shard->ticks_ms;
	if (entity->is_being_deleted) { /* it ends as soon as that is on disk */
		arena_destroy(arena);
		return;
	}
	entity->pins++; /* the session may end on the way */
	if (stanza_is_one(element, &kind))
		enter(session, arena, element, kind);
	else
		take_other(session, arena, element);
	entity->pins--;
	entity_may_rest(entity);
}

/* --- out ------------------------------------------------------------------------------------ */

void session_write(struct tern_session *session, const char *bytes, size_t len,
		struct handover *handover)
{
	bool is_silent = session->acks && acks_are_silent(session);

	counter_add(&session->entity->shard->counters, COUNT_STANZAS_SENT, 1);
	if (session->acks)
		acks_queue(session, bytes, len, handover);
	else
		handover_take(session->entity, handover);
	if (!session->stream || is_silent)
		return;
	stream_write(session->stream, bytes, len);
	brake_look(session);
}

void session_answered(struct tern_session *session, const char *bytes, size_t len)
{
	session->heard_ms = session->entity->shard->ticks_ms;
	receipt_release(begin(session, 0));
	session_write(session, bytes, len, NULL);
}

void session_say_buffer(struct tern_session *session, struct buffer *stanza,
	struct handover *take_handover)
{
	brake_note_said(session, stanza->len);
	outbox_say_message(session->entity, session, buffer_at(stanza), stanza->len,
		take_handover);
	buffer_consume(stanza, stanza->len);
}

void session_say_message(struct tern_session *session, const struct element *stanza,
	struct handover *take_handover)
{
	struct buffer *out = session->entity->shard->scratch;

	writer_element(out, stanza, NS_CLIENT);
	session_say_buffer(session, out, take_handover);
}

bool session_keeps_back(struct tern_session *session, const struct element *stanza)
{
	return session->is_filtered && filter_keeps(session, stanza);
}

void session_say(struct tern_session *session, const struct element *stanza)
{
	if (!session_keeps_back(session, stanza))
		session_say_message(session, stanza, NULL);
}

void session_drained(struct tern_session *session)
{
	brake_release(session);
	if (session->waiters)
		written_note_drained(session);
}

/* --- presence ---------------------------------------------------------------------------------- */

static int read_priority(const struct element *presence)
{
	const char *text = element_find_text(presence, NS_CLIENT, "priority");
	long priority = text ? strtol(text, NULL, 10) : 0;

	return priority < -128 ? -128 : priority > 127 ? 127 : (int)priority;
}

static void become_unavailable(struct tern_session *session, struct tern_event *event)
{
	struct parcel *last = session->presence;

	if (!last)
		return;
	session->presence = NULL;
	session->priority = 0;
	entity_run_watches(session->entity, TERN_ON_UNAVAILABLE, session, event);
	parcel_release(last);
}

static struct parcel *copy_into(struct arena *arena, const struct event *event)
{
	struct tern_stanza stanza = event->pub.stanza;

	stanza.element = element_copy(arena, stanza.element);
	stanza.from = jid_copy(arena, stanza.from);
	stanza.id = NULL;
	return parcel_new(arena, &stanza);
}

/* In an arena of its size: it is kept for as long as the session is available. */
static struct parcel *keep(const struct event *event)
{
	struct parcel *rough = copy_into(arena_create(ARENA_SMALL), event), *exact;
	size_t size = arena_used(rough->arena);

	if (!size)
		return rough;
	exact = copy_into(arena_create_exact(size), event);
	parcel_release(rough);
	return exact;
}

void session_take_presence(struct tern_session *session, struct parcel *presence)
{
	session->presence = presence;
	session->priority = (signed char)read_priority(presence->stanza.element);
}

void session_note_presence(struct tern_session *session, struct event *event)
{
	struct parcel *before;

	if (!session || session->is_ending)
		return;
	if (event->pub.stanza.type == TERN_UNAVAILABLE) {
		become_unavailable(session, &event->pub);
		return;
	}
	if (event->pub.stanza.type != TERN_AVAILABLE)
		return; /* subscriptions and probes name somebody */
	before = session->presence;
	session_take_presence(session, keep(event));
	entity_run_watches(session->entity, before ? TERN_ON_PRESENCE_CHANGED : TERN_ON_AVAILABLE,
		session, &event->pub);
	parcel_release(before);
}

/* --- life ------------------------------------------------------------------------------------------ */

struct tern_session *session_create_again(struct tern_entity *entity, const struct jid *jid)
{
	struct tern_session *session = heap_zalloc(sizeof *session);
	struct tern_session **last = &entity->sessions;

	session->entity = entity;
	session->jid = jid_create(jid);
	session->id = shard_new_id(entity->shard);
	session->heard_ms = entity->shard->ticks_ms;
	states_init(&session->states, TERN_PER_SESSION, entity->host);
	while (*last)
		last = &(*last)->next;
	*last = session;
	entity->session_count++;
	entity_stir(entity);
	idmap_put(&entity->shard->sessions.by_id, session->id, session);
	return session;
}

struct tern_session *session_create(struct tern_entity *entity, const struct jid *jid,
		struct stream *stream)
{
	struct tern_session *session = session_create_again(entity, jid);

	session->stream = stream;
	counter_add(&entity->shard->counters, COUNT_SESSIONS_BOUND, 1);
	log_debug("session", jid_text(jid), "bound");
	entity_run_watches(entity, TERN_ON_SESSION_BOUND, session, NULL);
	return session;
}

static void destroy(struct tern_session *session)
{
	states_finish(&session->states, TERN_PER_SESSION);
	jid_destroy(session->jid);
	acks_destroy(session);
	free(session);
}

void session_end(struct tern_session *session)
{
	struct tern_entity *entity = session->entity;
	struct tern_session **place = &entity->sessions;

	if (session->is_ending)
		return;
	session->is_ending = true;
	session->stream = NULL;
	log_debug("session", jid_text(session->jid), "ended");
	entity->pins++;
	brake_release(session);
	pressure_forget(session);
	idmap_remove(&entity->shard->sessions.by_id, session->id);
	if (session->has_left && acks_told_all(session))
		seen_part(entity, session->id);
	become_unavailable(session, NULL);
	entity_run_watches(entity, TERN_ON_SESSION_GONE, session, NULL);
	written_cancel(session);
	entity_cancel_timers(entity, session);
	while (*place != session)
		place = &(*place)->next;
	*place = session->next;
	entity->session_count--;
	acks_end(session);
	if (entity->is_anonymous && !entity->session_count)
		entity->exists = false;
	session->ended_next = entity->shard->sessions.ended;
	entity->shard->sessions.ended = session;
	entity->pins--;
	entity_may_rest(entity);
}

void session_stream_ended(struct tern_session *session, bool orderly)
{
	session->stream = NULL;
	if (orderly || !detached_begin(session))
		session_end(session);
}

struct leaving {
	struct item item;
	uint64_t session;
};

static void leave_now(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct leaving *leaving = (struct leaving *)item;
	struct tern_session *session = cancelled ? NULL :
		tern_session_by_id(entity, leaving->session);

	if (session)
		session_close(session, STREAM_ERROR_NONE, NULL);
	free(leaving);
}

bool session_leave(struct tern_session *session)
{
	struct leaving *leaving;

	session->has_left = true;
	if (outbox_is_open(session->entity))
		return false;
	leaving = heap_alloc(sizeof *leaving);
	*leaving = (struct leaving){ .item.go = leave_now, .session = session->id };
	outbox_say(session->entity, &leaving->item);
	return true;
}

static void close_stream(struct tern_session *session, enum stream_error error, const char *text)
{
	struct stream *stream = session->stream;

	session->stream = NULL;
	if (stream)
		stream_close(stream, error, text);
}

void session_close(struct tern_session *session, enum stream_error error, const char *text)
{
	if (error == STREAM_ERROR_CONNECTION_TIMEOUT) { /* as if the link had broken */
		session_part(session, error, text);
		return;
	}
	if (session->is_ending)
		return;
	close_stream(session, error, text);
	session_end(session);
}

struct closing {
	struct post post;
	uint64_t session;
	enum stream_error error;
	const char *text;
};

static void close_now(struct shard *shard, struct post *post)
{
	struct closing *closing = (struct closing *)post;
	struct tern_session *session = idmap_get(&shard->sessions.by_id, closing->session);

	if (session)
		session_close(session, closing->error, closing->text);
	free(closing);
}

void session_close_soon(struct tern_session *session, enum stream_error error, const char *text)
{
	struct closing *closing = heap_alloc(sizeof *closing);

	*closing = (struct closing){ { .run = close_now }, session->id, error, text };
	shard_post(session->entity->shard, &closing->post);
}

void session_part(struct tern_session *session, enum stream_error error, const char *text)
{
	bool had_stream = session->stream;

	if (session->is_ending)
		return;
	close_stream(session, error, text);
	if (session_is_resumable(session) && (!had_stream || detached_begin(session)))
		return;
	session_end(session);
}

void sessions_init(struct sessions *sessions)
{
	*sessions = (struct sessions){
		.gone = heap_zalloc(SESSIONS_REMEMBERED * sizeof *sessions->gone) };
}

void sessions_bury(struct sessions *sessions)
{
	while (sessions->ended) {
		struct tern_session *session = sessions->ended;

		sessions->ended = session->ended_next;
		destroy(session);
	}
}

void sessions_finish(struct sessions *sessions)
{
	struct tern_session *session;

	while ((session = idmap_any(&sessions->by_id)))
		session_close(session, STREAM_ERROR_SYSTEM_SHUTDOWN, NULL);
	sessions_bury(sessions);
	idmap_finish(&sessions->by_id);
	free(sessions->gone);
}

struct rate_debt *session_debt(const struct tern_session *session)
{
	return &session->entity->debt;
}

const struct jid *session_jid(const struct tern_session *session)
{
	return session->jid;
}

uint64_t session_id(const struct tern_session *session)
{
	return session->id;
}

/* --- for administrators --------------------------------------------------------------------- */

static void describe(const struct tern_session *session, struct session_facts *ret_facts)
{
	*ret_facts = (struct session_facts){
		.jid = session->jid,
		.id = session->id,
		.peer = session->stream ? stream_peer(session->stream) : "",
		.security = session->stream ? stream_security(session->stream) : "",
		.is_available = session->presence != NULL,
		.priority = session->priority,
		.under_way = session->under_way,
		.silence_ms = tern_session_silence_ms(session),
	};
}

void sessions_each(struct shard *shard,
		void (*each)(void *context, const struct session_facts *facts), void *context)
{
	const struct idmap *map = &shard->sessions.by_id;

	for (size_t i = 0; map->count && i < map->capacity; i++) {
		struct session_facts facts;

		if (!map->slots[i].id)
			continue;
		describe(map->slots[i].thing, &facts);
		each(context, &facts);
	}
}
