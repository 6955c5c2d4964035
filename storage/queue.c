/* queue.c - a stack that is turned round when it is taken as a whole
 * SPDX-License-Identifier: MIT */
#include "queue.h"

#include <stddef.h>

#include "batch.h"

bool queue_push(struct queue *queue, struct storage_batch *batch)
{
	struct storage_batch *newest = atomic_load_explicit(&queue->newest, memory_order_relaxed);
	do
		batch->next = newest;
	while (!atomic_compare_exchange_weak(&queue->newest, &newest, batch));
	return newest == NULL;
}

bool queue_is_empty(const struct queue *queue)
{
	return atomic_load(&queue->newest) == NULL;
}

struct storage_batch *queue_take(struct queue *queue, struct storage_batch **ret_last)
{
	struct storage_batch *batch = atomic_exchange(&queue->newest, NULL);
	struct storage_batch *first = NULL;
	*ret_last = batch;
	while (batch) {
		struct storage_batch *older = batch->next;
		batch->next = first;
		first = batch;
		batch = older;
	}
	return first;
}
