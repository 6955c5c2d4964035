/* stream.c - the life of a client's stream between its link and its session
 * SPDX-License-Identifier: MIT */

#include "stream.h"

#include <assert.h>
#include <stdlib.h>

#include "heap.h"
#include "server.h"
#include "server_limits.h"
#include "session.h"
#include "stream/internal.h"

const struct limits *stream_limits(const struct stream *stream)
{
	return &shard_server(stream->shard)->limits;
}

/* --- what the link says ------------------------------------------------------------------- */

static size_t take_bytes(void *owner, const char *bytes, size_t len)
{
	struct stream *stream = owner;
	size_t used;

	stream_enter(stream);
	used = stream_read(stream, bytes, len);
	stream_leave(stream);
	return used;
}

/* The peer's next header finds the link secure; nothing else changes. */
static void take_secured(void *owner)
{
	(void)owner;
}

static void take_drained(void *owner)
{
	struct stream *stream = owner;

	if (stream->session)
		session_drained(stream->session);
}

static void take_end(void *owner, enum link_end how)
{
	struct stream *stream = owner;

	(void)how;
	stream_enter(stream);
	link_destroy(stream->link);
	stream->link = NULL;
	stream_break(stream);
	stream_leave(stream);
}

static const struct link_owner calls = { take_bytes, take_secured, take_drained, take_end };

/* --- life --------------------------------------------------------------------------------- */

void stream_accept(struct shard *shard, const struct listener *listener, int take_fd)
{
	struct stream *stream = heap_zalloc(sizeof *stream);

	stream->shard = shard;
	stream->state = STREAM_PLAINTEXT;
	stream->awaits_header = true;
	stream->negotiation = negotiation_create(stream);
	stream_list_add(stream);
	stream->link = link_create(shard, take_fd, listener, &calls, stream);
	if (stream->link)
		return;
	stream_enter(stream);
	stream_break(stream);
	stream_leave(stream);
}

static void finish(struct stream *stream)
{
	assert(!stream->session);
	stream_list_remove(stream);
	rate_stop(stream);
	negotiation_destroy(stream->negotiation);
	stream_drop_parser(stream);
	stream_forget_header(stream);
	lang_forget(stream);
	if (stream->link)
		link_close(stream->link);
	free(stream);
}

static void moved(void *owner, struct shard *to)
{
	struct stream *stream = owner;

	stream->shard = to;
	stream_list_add(stream);
	stream_enter(stream);
	negotiation_time(stream->negotiation);
	rate_go_on(stream);
	if (stream_list_closes_with(to))
		stream_fail(stream, stream_list_closes_with(to), NULL);
	else
		auth_moved(stream);
	stream_leave(stream);
}

/* Nothing of the stream stays behind on this shard; from link_move on it is another's. */
static void move(struct stream *stream)
{
	struct shard *to = stream->move_to;

	stream->move_to = NULL;
	stream_keep_header(stream);
	stream_drop_parser(stream);
	stream_list_remove(stream);
	timer_stop(stream->shard, &stream->negotiation->deadline);
	rate_stop(stream);
	stream->link_is_paused = false;
	link_move(stream->link, to, moved);
}

static void settle_reading(struct stream *stream)
{
	bool wants_pause = stream->pauses > 0;

	if (wants_pause == stream->link_is_paused)
		return;
	stream->link_is_paused = wants_pause;
	if (wants_pause)
		link_pause(stream->link);
	else
		link_resume(stream->link);
}

void stream_enter(struct stream *stream)
{
	stream->depth++;
}

void stream_leave(struct stream *stream)
{
	if (--stream->depth > 0)
		return;
	if (stream->state == STREAM_ENDED)
		finish(stream);
	else if (stream->move_to)
		move(stream);
	else
		settle_reading(stream);
}

void stream_hold(struct stream *stream)
{
	stream->pauses++;
}

void stream_release(struct stream *stream)
{
	assert(stream->pauses > 0);
	stream->pauses--;
}

void stream_move(struct stream *stream, struct shard *to)
{
	assert(stream->depth > 0 && stream->pauses > 0 && !stream->link_is_paused);
	stream->move_to = to;
}

/* --- what the session says ---------------------------------------------------------------- */

void stream_write(struct stream *stream, const char *bytes, size_t len)
{
	if (stream->link && stream->state != STREAM_ENDED)
		link_write(stream->link, bytes, len);
}

void stream_send(struct stream *stream, struct buffer *take_out)
{
	stream_write(stream, buffer_at(take_out), take_out->len);
	buffer_finish(take_out);
}

size_t stream_unwritten(const struct stream *stream)
{
	return stream->link ? link_unwritten(stream->link) : 0;
}

void stream_pause(struct stream *stream)
{
	stream_enter(stream);
	stream_hold(stream);
	stream_leave(stream);
}

void stream_resume(struct stream *stream)
{
	stream_enter(stream);
	stream_release(stream);
	stream_leave(stream);
}

void stream_want_drained(struct stream *stream, bool wanted)
{
	if (stream->link)
		link_want_drained(stream->link, wanted);
}

const char *stream_peer(const struct stream *stream)
{
	return stream->link ? link_peer(stream->link) : "";
}

const char *stream_security(const struct stream *stream)
{
	return stream->link ? link_describe(stream->link) : "";
}

struct shard *stream_shard(const struct stream *stream)
{
	return stream->shard;
}
