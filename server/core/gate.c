/* gate.c - numbers batches, hears of commits, and opens the outboxes that waited */
/* SPDX-License-Identifier: MIT */

#include "gate.h"

#include <assert.h>
#include <stddef.h>

#include "entity_internal.h"
#include "outbox.h"
#include "shard_internal.h"
#include "storage.h"

static void hear(struct shard *shard, struct post *post)
{
	struct gate *gate = &shard->gate;
	struct tern_entity *entity = gate->first;

	(void)post;
	if (shard->is_ended)
		return;
	atomic_store(&gate->notice_is_queued, false);
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

int gate_wrote(struct tern_entity *entity, int result)
{
	if (result < 0)
		return result;
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
