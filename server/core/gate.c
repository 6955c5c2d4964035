/* gate.c - numbers batches, hears of commits, and opens the outboxes that waited */
/* SPDX-License-Identifier: MIT */

#include "gate.h"

#include <stddef.h>

#include "entity_internal.h"
#include "event_internal.h"
#include "log.h"
#include "outbox.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "storage.h"

/* --- a disk that stands still ------------------------------------------------------------ */

static void part_with_sessions(struct tern_entity *entity)
{
	struct tern_session *session = entity->sessions;

	entity->pins++;
	while (session) {
		struct tern_session *next = session->next;

		if (session->stream)
			session_part(session, STREAM_ERROR_INTERNAL_SERVER_ERROR,
				"The disk does not answer");
		session = next;
	}
	entity->pins--;
}

/* Who begins to wait because others leave is not meant. */
static void part_with_all(struct gate *gate)
{
	struct tern_entity **end = gate->last;

	for (struct tern_entity *entity = gate->first; entity; entity = entity->outbox.next) {
		part_with_sessions(entity);
		if (&entity->outbox.next == end)
			break;
	}
}

static void lose_patience(struct shard *shard, struct timer *timer)
{
	struct gate *gate = &shard->gate;
	uint64_t limit_ms = (uint64_t)shard->server->limits.disk_s * 1000;
	uint64_t waited_ms = shard->ticks_ms - gate->waits_since_ms;

	if (gate->opened + 1 == gate->filling)
		return;
	if (waited_ms < limit_ms) {
		timer_start(shard, timer, limit_ms - waited_ms);
		return;
	}
	log_warn("storage", NULL, "the disk has not answered for %u s", (unsigned)(waited_ms / 1000));
	part_with_all(gate);
	timer_start(shard, timer, limit_ms);
}

static void begin_waiting(struct gate *gate)
{
	struct shard *shard = gate->shard;

	gate->waits_since_ms = shard->ticks_ms;
	if (timer_is_running(&gate->patience))
		return;
	gate->patience.run = lose_patience;
	timer_start(shard, &gate->patience, (uint64_t)shard->server->limits.disk_s * 1000);
}

/* --- batches ------------------------------------------------------------------------------- */

void gate_look(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct tern_entity *entity = gate->first;

	gate->opened = atomic_load(&gate->committed);
	gate->bytes_under_way = gate->bytes_submitted -
		gate->bytes_by_batch[gate->opened % GATE_REMEMBERS];

	/* Those that still wait for a later batch enter again, at the end. */
	gate->first = NULL;
	gate->last = &gate->first;
	while (entity) {
		struct tern_entity *next = entity->outbox.next;

		entity->outbox.is_listed = false;
		outbox_open(entity);
		entity = next;
	}
}

static void hear(struct shard *shard, struct post *post)
{
	(void)post;
	if (shard->is_ended)
		return;
	shard->gate.waits_since_ms = shard->ticks_ms;
	atomic_store(&shard->gate.notice_is_queued, false);
	gate_look(shard);
}

/* On the committer's thread: batches of one shard come in order. */
static void committed(void *context, uint64_t number)
{
	struct shard *shard = context;

	atomic_store(&shard->gate.committed, number);
	if (!atomic_exchange(&shard->gate.notice_is_queued, true))
		shard_post(shard, &shard->gate.notice);
}

void gate_init(struct gate *gate, struct shard *shard)
{
	*gate = (struct gate){ .shard = shard, .filling = 1, .notice.run = hear };
	gate->last = &gate->first;
}

void gate_finish(struct gate *gate)
{
	storage_batch_destroy(gate->batch);
	gate->batch = NULL;
}

struct storage_batch *gate_batch(struct shard *shard)
{
	struct gate *gate = &shard->gate;

	if (!gate->batch)
		gate->batch = storage_batch_create(shard->server->storage);
	return gate->batch;
}

/* Whoever has asked for what is handled now may have to ask again. */
static void note_refused(struct shard *shard)
{
	if (shard->running)
		receipt_note_refused(((struct event *)shard->running)->receipt);
}

int gate_wrote(struct tern_entity *entity, int result)
{
	if (result < 0) {
		note_refused(entity->shard);
		return result;
	}
	entity->outbox.last_write = entity->shard->gate.filling;
	outbox_expect(entity);
	return result;
}

bool gate_submit(struct shard *shard)
{
	struct gate *gate = &shard->gate;
	struct storage_batch *batch = gate->batch;

	/* While the disk is behind, the next batch grows instead of many more being made. */
	if (!batch || gate->filling - gate->opened >= GATE_REMEMBERS)
		return false;
	gate->batch = NULL;
	if (gate->opened + 1 == gate->filling)
		begin_waiting(gate);
	gate->bytes_submitted += storage_batch_bytes(batch);
	gate->bytes_under_way += storage_batch_bytes(batch);
	gate->bytes_by_batch[gate->filling % GATE_REMEMBERS] = gate->bytes_submitted;
	storage_submit(shard->server->storage, batch, committed, shard, gate->filling++);
	return true;
}

size_t gate_uncommitted(const struct gate *gate)
{
	return gate->bytes_under_way + (gate->batch ? storage_batch_bytes(gate->batch) : 0);
}
