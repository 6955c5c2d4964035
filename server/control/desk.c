/* desk.c - a loop for the main thread, with a mailbox
 * SPDX-License-Identifier: MIT */

#include "desk.h"

#include <ev.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "heap.h"

struct desk {
	struct ev_loop *loop;
	ev_async wake;
	pthread_mutex_t lock;
	struct task *first, **last;
};

void desk_run_tasks(struct desk *desk)
{
	struct task *task;

	pthread_mutex_lock(&desk->lock);
	task = desk->first;
	desk->first = NULL;
	desk->last = &desk->first;
	pthread_mutex_unlock(&desk->lock);
	while (task) {
		struct task *next = task->next;

		task->run(task);
		task = next;
	}
}

static void on_wake(struct ev_loop *loop, ev_async *wake, int events)
{
	desk_run_tasks((struct desk *)((char *)wake - offsetof(struct desk, wake)));
}

struct desk *desk_create(void)
{
	struct desk *desk = heap_zalloc(sizeof *desk);

	desk->loop = ev_default_loop(EVFLAG_NOENV);
	if (!desk->loop)
		heap_exhausted();
	pthread_mutex_init(&desk->lock, NULL);
	desk->last = &desk->first;
	ev_async_init(&desk->wake, on_wake);
	ev_async_start(desk->loop, &desk->wake);
	return desk;
}

void desk_destroy(struct desk *desk)
{
	if (!desk)
		return;
	ev_async_stop(desk->loop, &desk->wake);
	desk_run_tasks(desk);
	ev_loop_destroy(desk->loop);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}

struct ev_loop *desk_loop(struct desk *desk)
{
	return desk->loop;
}

void desk_post(struct desk *desk, struct task *take_task)
{
	take_task->next = NULL;
	pthread_mutex_lock(&desk->lock);
	*desk->last = take_task;
	desk->last = &take_task->next;
	pthread_mutex_unlock(&desk->lock);
	ev_async_send(desk->loop, &desk->wake);
}

void desk_run(struct desk *desk)
{
	ev_run(desk->loop, 0);
}

void desk_end(struct desk *desk)
{
	ev_break(desk->loop, EVBREAK_ALL);
}
