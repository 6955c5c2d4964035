/* desk.h - the main thread's loop, and what reaches it from shards
 * SPDX-License-Identifier: MIT
 *
 * Signals and the control socket live on a loop of the main thread, beside the shards. */
#ifndef DESK_H
#define DESK_H

struct desk;
struct ev_loop;

/* Something for the main thread; embedded in what it carries.  `run` is called once,
 * there, where it owns the task. */
struct task {
	struct task *next;
	void (*run)(struct task *task);
};

struct desk *desk_create(void);
void desk_destroy(struct desk *desk); /* no thread posts any more; takes NULL */

struct ev_loop *desk_loop(struct desk *desk);

/* Any thread.  Tasks of one thread keep their order. */
void desk_post(struct desk *desk, struct task *take_task);

/* Runs what has been posted, without waiting. */
void desk_run_tasks(struct desk *desk);

/* Runs the loop until desk_end; main thread. */
void desk_run(struct desk *desk);
void desk_end(struct desk *desk);

#endif
