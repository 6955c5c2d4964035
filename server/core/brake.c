/* brake.c - keeps shares of senders' windows while a peer does not read */
/* SPDX-License-Identifier: MIT */

#include "brake.h"

#include <stdlib.h>

#include "entity_internal.h"
#include "heap.h"
#include "receipt.h"
#include "session_internal.h"
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

void brake_look(struct tern_session *session)
{
	if (!session->is_slow && is_slow(session)) {
		session->is_slow = true;
		stream_want_drained(session->stream, true);
	}
}

void brake_hold(struct tern_session *session, struct receipt *receipt)
{
	struct brake *brake;

	if (!session->is_slow || !receipt)
		return;
	brake = heap_alloc(sizeof *brake);
	*brake = (struct brake){ session->brakes, receipt_share(receipt) };
	session->brakes = brake;
}

void brake_release(struct tern_session *session)
{
	session->is_slow = false;
	if (session->stream)
		stream_want_drained(session->stream, false);
	while (session->brakes) {
		struct brake *brake = session->brakes;

		session->brakes = brake->next;
		receipt_release(brake->share);
		free(brake);
	}
}
