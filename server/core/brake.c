/* brake.c - keeps shares of senders' windows while a peer does not read, and ends the worst */
/* SPDX-License-Identifier: MIT */

#include "brake.h"

#include <stdlib.h>

#include "acks.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "receipt.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stream.h"

#define MARK_BYTES (64 * 1024)

struct brake {
	struct brake *next;
	struct receipt *share;
};

static bool is_slow(const struct tern_session *session)
{
	return session->stream && stream_unwritten(session->stream) > MARK_BYTES;
}

static void close_when_overfull(struct tern_session *session)
{
	long limit = session->entity->shard->server->limits.unwritten_bytes;

	if (session->is_overfull ||
	    stream_unwritten(session->stream) <= (size_t)limit + session->asked_bytes)
		return;
	session->is_overfull = true;
	session_close_soon(session, STREAM_ERROR_RESOURCE_CONSTRAINT, "Too much is unread");
}

void brake_look(struct tern_session *session)
{
	close_when_overfull(session);
	if (session->is_slow || !is_slow(session))
		return;
	session->is_slow = true;
	stream_want_drained(session->stream, true);
	/* Who does not read answers is not asked for more questions. */
	stream_pause(session->stream);
}

uint64_t brake_asker(const struct shard *shard)
{
	const struct event *running = (const struct event *)shard->running;

	return running ? running->session_id : shard->pager;
}

/* What waits in the outbox is not written yet, and is asked for all the same. */
void brake_note_said(struct tern_session *session, size_t len)
{
	if (!session->stream || (stream_unwritten(session->stream) == 0 &&
			outbox_is_open(session->entity)))
		session->asked_bytes = 0;
	if (brake_asker(session->entity->shard) != session->id)
		return;
	session->asked_bytes += len;
	if (session->stream)
		stream_note_answered(session->stream, len);
}

void brake_hold(struct tern_session *session, struct receipt *receipt)
{
	struct brake *brake;

	if (!receipt || !receipt->place || !(session->is_slow || acks_are_heavy(session)))
		return;
	brake = heap_alloc(sizeof *brake);
	*brake = (struct brake){ session->brakes, receipt_share(receipt->place) };
	session->brakes = brake;
}

void brake_release(struct tern_session *session)
{
	if (session->stream && session->is_slow) {
		stream_want_drained(session->stream, false);
		stream_resume(session->stream);
	}
	session->is_slow = false;
	session->asked_bytes = 0;
	while (session->brakes) {
		struct brake *brake = session->brakes;

		session->brakes = brake->next;
		receipt_release(brake->share);
		free(brake);
	}
}
