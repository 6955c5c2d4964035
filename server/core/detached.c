/* detached.c - lets sessions stay without a stream, and gives them another */
/* SPDX-License-Identifier: MIT */

#include "detached.h"

#include <stdlib.h>
#include <string.h>

#include "acks_internal.h"
#include "brake.h"
#include "entity_internal.h"
#include "heap.h"
#include "hex.h"
#include "log.h"
#include "jid.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stream.h"
#include "written.h"

/* --- ids -------------------------------------------------------------------------------------- */

/* Unpredictable: whoever knows it and is the account's owner gets the session. */
static void choose_id(struct tern_session *session, char id[static ACKS_ID_BYTES])
{
	unsigned char bytes[16];

	shard_random(session->entity->shard, bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, id);
}

void detached_allow(struct tern_session *session, const char *max)
{
	long most = session->entity->shard->server->limits.resume_s;
	uint32_t asked;

	choose_id(session, session->acks->id);
	session->acks->max_s = (unsigned)most;
	if (acks_read_number(max, &asked) && asked > 0 && asked < (unsigned long)most)
		session->acks->max_s = asked;
}

bool session_is_resumable(const struct tern_session *session)
{
	return session->acks && *session->acks->id && !session->is_ending;
}

struct tern_session *detached_find(struct tern_entity *entity, const char *id)
{
	struct tern_session *session = entity->sessions;

	while (session && (!session_is_resumable(session) || strcmp(session->acks->id, id) != 0))
		session = session->next;
	return session;
}

/* --- what is left of those that ended ------------------------------------------------------------ */

void detached_remember(struct tern_session *session)
{
	struct sessions *sessions = &session->entity->shard->sessions;
	struct gone *gone;

	if (!*session->acks->id)
		return;
	gone = &sessions->gone[sessions->gone_next++ % SESSIONS_REMEMBERED];
	memcpy(gone->id, session->acks->id, sizeof gone->id);
	gone->h = (uint32_t)acks_h(session->acks);
}

bool detached_recall(struct shard *shard, const char *id, uint32_t *ret_h)
{
	for (size_t i = 0; i < SESSIONS_REMEMBERED; i++) {
		const struct gone *gone = &shard->sessions.gone[i];

		if (*gone->id && strcmp(gone->id, id) == 0) {
			*ret_h = gone->h;
			return true;
		}
	}
	return false;
}

/* --- without a stream ------------------------------------------------------------------------------ */

static void expire(struct shard *shard, struct timer *timer)
{
	struct acks *acks = (struct acks *)((char *)timer - offsetof(struct acks, expiry));

	(void)shard;
	log_debug("session", jid_text(acks->session->jid), "nobody has come back");
	session_end(acks->session);
}

static bool is_detached(const struct tern_session *session)
{
	return session_is_resumable(session) && !session->stream;
}

static unsigned count(const struct tern_entity *entity)
{
	unsigned found = 0;

	for (const struct tern_session *session = entity->sessions; session; session = session->next)
		found += is_detached(session);
	return found;
}

bool detached_end_oldest(struct tern_entity *entity)
{
	struct tern_session *oldest = NULL;

	for (struct tern_session *session = entity->sessions; session; session = session->next) {
		if (is_detached(session) &&
		    (!oldest || session->acks->detached_ms < oldest->acks->detached_ms))
			oldest = session;
	}
	if (oldest)
		session_end(oldest);
	return oldest;
}

void detached_wait(struct tern_session *session, uint64_t left_ms)
{
	struct acks *acks = session->acks;
	struct shard *shard = session->entity->shard;

	acks->detached_ms = shard->ticks_ms;
	acks->expiry.run = expire;
	timer_start(shard, &acks->expiry, left_ms);
}

uint64_t detached_left_ms(const struct tern_session *session)
{
	const struct timer *expiry = &session->acks->expiry;
	uint64_t now_ms = session->entity->shard->ticks_ms;

	if (!timer_is_running(expiry))
		return (uint64_t)session->acks->max_s * 1000;
	return expiry->seat.due_ms > now_ms ? expiry->seat.due_ms - now_ms : 0;
}

/* The stream is gone, and the session stays. */
static void detach(struct tern_session *session)
{
	struct acks *acks = session->acks;

	brake_release(session);
	acks->is_asked = acks->is_resuming = false;
	acks->owed = 0;
	timer_stop(session->entity->shard, &acks->patience);
	detached_wait(session, (uint64_t)acks->max_s * 1000);
	log_debug("session", jid_text(session->jid), "its stream is gone; it waits for %u s",
		acks->max_s);
	entity_run_watches(session->entity, TERN_ON_SESSION_DETACHED, session, NULL);
	written_cancel_unqueued(session);
}

bool detached_begin(struct tern_session *session)
{
	struct tern_entity *entity = session->entity;
	struct shard *shard = entity->shard;

	if (!session_is_resumable(session) || session->acks->is_overfull || shard->is_ended)
		return false;
	detach(session);
	while (count(entity) > (unsigned)shard->server->limits.detached_sessions)
		detached_end_oldest(entity);
	return true;
}

/* --- the server stops ------------------------------------------------------------------------------ */

bool detached_all_is_handled(const struct shard *shard)
{
	const struct idmap *map = &shard->sessions.by_id;

	for (size_t i = 0; map->count && i < map->capacity; i++) {
		const struct tern_session *session = map->slots[i].thing;

		if (map->slots[i].id && session_is_resumable(session) && session->acks->first_open)
			return false;
	}
	return true;
}

/* One that is being resumed has been told nothing yet, and will not be.  They may be more than
 * limits.detached_sessions: nobody has vanished. */
static void part(struct tern_session *session)
{
	struct stream *stream = session->stream;

	if (!session->acks->is_resuming)
		acks_say_h(session->acks);
	session->stream = NULL;
	stream_close(stream, STREAM_ERROR_SYSTEM_SHUTDOWN, NULL);
	detach(session);
}

void detached_part_all(struct shard *shard)
{
	const struct idmap *map = &shard->sessions.by_id;
	struct tern_session **found = heap_zalloc((map->count + 1) * sizeof *found);
	size_t left = 0;

	for (size_t i = 0; map->count && i < map->capacity; i++) {
		struct tern_session *session = map->slots[i].thing;

		if (map->slots[i].id && session_is_resumable(session) && session->stream)
			found[left++] = session;
	}
	while (left) { /* their memory stays until the turn's end, should one of them end */
		struct tern_session *session = found[--left];

		if (session_is_resumable(session) && session->stream)
			part(session);
	}
	free(found);
}

/* --- with another one --------------------------------------------------------------------------------- */

void detached_answer(struct tern_session *session)
{
	struct acks *acks = session->acks;

	acks->is_resuming = false;
	acks->told = acks_h(acks);
	log_debug("session", jid_text(session->jid), "resumed; %llu stanzas are sent again",
		(unsigned long long)(acks->sent - acks->acked));
	counter_add(&session->entity->shard->counters, COUNT_SESSIONS_RESUMED, 1);
	acks_say(session, "<resumed xmlns='" NS_ACKS "' previd='%s' h='%u'/>", acks->id,
		(unsigned)(uint32_t)acks_h(acks));
	for (struct unacked *unacked = acks->first; unacked; unacked = unacked->next)
		stream_write(session->stream, unacked->bytes, unacked->len);
	acks_ask_now(acks); /* a stream that has just been moved may be dead again */
	stream_resume(session->stream);
	session->asked_bytes += acks->bytes; /* it has asked for its queue */
	brake_look(session);
	entity_run_watches(session->entity, TERN_ON_SESSION_RESUMED, session, NULL);
}

/* The reasons not to read from it are the session's. */
static void pause_as_before(struct tern_session *session)
{
	if (session->is_window_full)
		stream_pause(session->stream);
	if (session->is_held_back)
		stream_pause(session->stream);
}

static void attach(struct tern_session *session, struct stream *stream)
{
	struct stream *old = session->stream;

	session->stream = NULL;
	if (old) {
		stream_close(old, STREAM_ERROR_CONFLICT, "Resumed by a new connection");
		brake_release(session);
	}
	session->stream = stream;
	session->heard_ms = session->entity->shard->ticks_ms;
	pause_as_before(session);
}

void session_resume(struct tern_session *session, struct stream *stream, uint32_t h)
{
	struct tern_entity *entity = session->entity;
	struct acks *acks = session->acks;

	entity->pins++;
	timer_stop(entity->shard, &acks->expiry);
	timer_stop(entity->shard, &acks->patience);
	attach(session, stream);
	acks->is_asked = false;
	acks->owed = 0;
	if (acks_take(session, h)) {
		acks->is_resuming = true;
		stream_pause(stream);
		if (!acks->first_open)
			detached_answer(session);
	}
	entity->pins--;
	entity_may_rest(entity);
}
