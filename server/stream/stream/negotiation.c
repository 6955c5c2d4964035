/* stream/negotiation.c - what a stream needs until it is bound, and the time that it has
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <stdlib.h>

#include "heap.h"
#include "server_limits.h"

static void run_deadline(struct shard *shard, struct timer *timer)
{
	struct negotiation *negotiation = (struct negotiation *)((char *)timer -
		offsetof(struct negotiation, deadline));
	struct stream *stream = negotiation->stream;

	stream_enter(stream);
	stream_fail(stream, STREAM_ERROR_CONNECTION_TIMEOUT, "the login took too long");
	stream_leave(stream);
}

void negotiation_time(struct negotiation *negotiation)
{
	struct shard *shard = negotiation->stream->shard;
	uint64_t now_ms = shard_ticks_ms(shard);
	uint64_t due_ms = negotiation->deadline_ms;

	timer_start(shard, &negotiation->deadline, due_ms > now_ms ? due_ms - now_ms : 0);
}

struct negotiation *negotiation_create(struct stream *stream)
{
	struct negotiation *negotiation = heap_zalloc(sizeof *negotiation);

	negotiation->stream = stream;
	negotiation->deadline.run = run_deadline;
	negotiation->deadline_ms = shard_ticks_ms(stream->shard) +
		(uint64_t)stream_limits(stream)->negotiation_s * 1000;
	negotiation_time(negotiation);
	return negotiation;
}

void negotiation_destroy(struct negotiation *negotiation)
{
	if (!negotiation)
		return;
	auth_forget(negotiation->stream);
	stranger_forget(negotiation);
	timer_stop(negotiation->stream->shard, &negotiation->deadline);
	free(negotiation->peer);
	free(negotiation);
}
