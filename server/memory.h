/* memory.h - how the process keeps its heap, and when it gives memory back
 * SPDX-License-Identifier: MIT
 *
 * The heap grows and shrinks in large steps, for speed.  What a storm of logins or a large
 * commit leaves free between things that stay is handed to the system every few seconds, so
 * that an hour of load needs no more than a minute of it. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;

/* Before the first thread: at most so many heaps, shards sharing theirs with other threads. */
void memory_set_up(size_t heaps);

/* Looks every ten seconds.  The loop's thread. */
void memory_watch_start(struct ev_loop *loop);
void memory_watch_stop(struct ev_loop *loop);

/* Whether so much lies idle, beside what is in use and what the last walk through the heap could
 * not give back, that another is worth it. */
bool memory_is_worth_trimming(size_t idle_bytes, size_t used_bytes, size_t residue_bytes);

#endif
