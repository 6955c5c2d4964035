/* stream/list.c - the streams of each shard
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <assert.h>

#include "detached.h"
#include "session.h"

#define SHARDS_MAX 256
#define CACHE_LINE 64

/* Each shard touches its own entry alone. */
static struct list {
	_Alignas(CACHE_LINE) struct stream *first;
	size_t count;
	enum stream_error closes_with; /* what still comes, from another shard */
} lists[SHARDS_MAX];

static struct list *list_of(const struct shard *shard)
{
	assert(shard_index(shard) < SHARDS_MAX);
	return &lists[shard_index(shard)];
}

void stream_list_add(struct stream *stream)
{
	struct list *list = list_of(stream->shard);

	stream->previous = NULL;
	stream->next = list->first;
	if (list->first)
		list->first->previous = stream;
	list->first = stream;
	list->count++;
}

void stream_list_remove(struct stream *stream)
{
	struct list *list = list_of(stream->shard);

	if (stream->previous)
		stream->previous->next = stream->next;
	else
		list->first = stream->next;
	if (stream->next)
		stream->next->previous = stream->previous;
	stream->next = stream->previous = NULL;
	list->count--;
}

enum stream_error stream_list_closes_with(const struct shard *shard)
{
	return list_of(shard)->closes_with;
}

size_t stream_count(const struct shard *shard)
{
	return list_of(shard)->count;
}

static void close_one(struct stream *stream, enum stream_error error)
{
	if (stream->session && session_is_resumable(stream->session))
		stream_pause(stream);
	else if (stream->session)
		session_close(stream->session, error, NULL);
	else
		stream_close(stream, error, NULL);
}

void stream_close_all(struct shard *shard, enum stream_error error)
{
	struct stream *next;

	list_of(shard)->closes_with = error;
	for (struct stream *each = list_of(shard)->first; each; each = next) {
		next = each->next;
		close_one(each, error);
	}
}
