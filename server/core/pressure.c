/* pressure.c - raises a shard's flag, and holds sessions back while flags are up */
/* SPDX-License-Identifier: MIT */

#include "pressure.h"

#include "entity_internal.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stream.h"

#define LOOK_AGAIN_MS 2

static bool is_above(struct shard *shard, unsigned divisor)
{
	const struct limits *limits = &shard->server->limits;

	return atomic_load_explicit(&shard->mailbox_count, memory_order_relaxed) >
			(size_t)limits->mailbox_posts / divisor ||
		gate_uncommitted(&shard->gate) > (size_t)limits->batch_bytes / divisor;
}

static bool is_raised(const struct shard *shard)
{
	return atomic_load_explicit(&shard->pressure.is_raised, memory_order_relaxed);
}

static bool any_is_raised(const struct shard *shard)
{
	for (size_t i = 0; i < shard->server->shard_count; i++) {
		if (is_raised(shard->server->shards[i]))
			return true;
	}
	return false;
}

void pressure_look(struct shard *shard)
{
	bool raised = is_raised(shard);

	if (!raised && is_above(shard, 1))
		atomic_store(&shard->pressure.is_raised, true);
	else if (raised && !is_above(shard, 2))
		atomic_store(&shard->pressure.is_raised, false);
}

static void look_again(struct shard *shard, struct timer *timer)
{
	if (any_is_raised(shard)) {
		timer_start(shard, timer, LOOK_AGAIN_MS);
		return;
	}
	while (shard->pressure.held_back) {
		struct tern_session *session = shard->pressure.held_back;

		shard->pressure.held_back = session->held_back_next;
		session->is_held_back = false;
		if (session->stream)
			stream_resume(session->stream);
	}
}

void pressure_touch(struct tern_session *session, const struct shard *to)
{
	struct shard *shard = session->entity->shard;

	if (!is_raised(to) || session->is_held_back || !session->stream)
		return;
	session->is_held_back = true;
	session->held_back_next = shard->pressure.held_back;
	shard->pressure.held_back = session;
	stream_pause(session->stream);
	shard->pressure.look_again.run = look_again;
	if (!timer_is_running(&shard->pressure.look_again))
		timer_start(shard, &shard->pressure.look_again, LOOK_AGAIN_MS);
}

void pressure_forget(struct tern_session *session)
{
	struct tern_session **place = &session->entity->shard->pressure.held_back;

	if (!session->is_held_back)
		return;
	while (*place != session)
		place = &(*place)->held_back_next;
	*place = session->held_back_next;
	session->is_held_back = false;
}
