/* queue.h - batches on their way to the committer
 * SPDX-License-Identifier: MIT
 *
 * Any number of threads push, one takes.  No locks: a push is one exchange. */
#ifndef STORAGE_QUEUE_H
#define STORAGE_QUEUE_H

#include <stdbool.h>

struct storage_batch;

struct queue {
	_Atomic(struct storage_batch *) newest;
};

/* True when the queue was empty, so the one who takes may have to be woken. */
bool queue_push(struct queue *queue, struct storage_batch *take_batch);
bool queue_is_empty(const struct queue *queue);

/* Everything in it, oldest first, chained by `next`; NULL when it is empty. */
struct storage_batch *queue_take(struct queue *queue, struct storage_batch **ret_last);

#endif
