/* loop_shard.c - shards with a real loop, for tests of sockets
 * SPDX-License-Identifier: MIT */

#include "loop_shard.h"

#include <ev.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "chores.h"
#include "server.h"

struct shard {
	struct server *server;
	unsigned index;
	struct ev_loop *loop;
	ev_async wake;
	pthread_t thread;
	atomic_bool stopping;
	pthread_mutex_t lock;
	struct post *posts, **posts_last;
	struct chores chores, line;
	struct timer **timers; /* a timer's place is its index and one */
	size_t timer_count;
	uint64_t ticks_ms;
	char read_buffer[SHARD_READ_BYTES];
};

static _Thread_local struct shard *self;

static void on_wake(struct ev_loop *loop, ev_async *wake, int revents)
{
}

struct shard *loop_shard_create(struct server *server, unsigned index)
{
	struct shard *shard = calloc(1, sizeof *shard);

	shard->server = server;
	shard->index = index;
	shard->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	shard->posts_last = &shard->posts;
	chores_init(&shard->chores);
	chores_init(&shard->line);
	shard->ticks_ms = 100000;
	pthread_mutex_init(&shard->lock, NULL);
	ev_async_init(&shard->wake, on_wake);
	ev_async_start(shard->loop, &shard->wake);
	return shard;
}

void loop_shard_destroy(struct shard *shard)
{
	ev_async_stop(shard->loop, &shard->wake);
	ev_loop_destroy(shard->loop);
	pthread_mutex_destroy(&shard->lock);
	free(shard->timers);
	free(shard);
}

struct shard *shard_self(void) { return self; }
unsigned shard_index(const struct shard *shard) { return shard->index; }
struct server *shard_server(const struct shard *shard) { return shard->server; }
struct ev_loop *shard_loop(const struct shard *shard) { return shard->loop; }
uint64_t shard_now_us(const struct shard *shard) { return shard->ticks_ms * 1000; }
uint64_t shard_ticks_ms(const struct shard *shard) { return shard->ticks_ms; }
char *shard_read_buffer(struct shard *shard) { return shard->read_buffer; }

void shard_random(struct shard *shard, void *bytes, size_t len)
{
	(void)!getrandom(bytes, len, 0);
}

void shard_post(struct shard *shard, struct post *post)
{
	pthread_mutex_lock(&shard->lock);
	post->next = NULL;
	*shard->posts_last = post;
	shard->posts_last = &post->next;
	pthread_mutex_unlock(&shard->lock);
	ev_async_send(shard->loop, &shard->wake);
}

static struct post *next_post(struct shard *shard)
{
	struct post *post;

	pthread_mutex_lock(&shard->lock);
	post = shard->posts;
	if (post && !(shard->posts = post->next))
		shard->posts_last = &shard->posts;
	pthread_mutex_unlock(&shard->lock);
	return post;
}

void shard_at_turn_end(struct shard *shard, struct chore *chore)
{
	chores_add(&shard->chores, chore);
}

void shard_wait_in_line(struct shard *shard, struct chore *chore)
{
	chores_add(&shard->line, chore);
}

void shard_forget_chore(struct shard *shard, struct chore *chore)
{
	chores_remove(&shard->chores, chore);
	chores_remove(&shard->line, chore);
}

static void end_turn(struct shard *shard)
{
	struct post *post;

	do {
		while ((post = next_post(shard)))
			post->run(shard, post);
	} while (chores_run_first(&shard->chores, shard));
}

bool loop_shard_step(struct shard *shard)
{
	self = shard;
	end_turn(shard);
	ev_run(shard->loop, EVRUN_NOWAIT);
	end_turn(shard);
	chores_run_first(&shard->line, shard);
	self = NULL;
	return shard->line.first;
}

static void *run(void *context)
{
	struct shard *shard = context;

	self = shard;
	while (!atomic_load(&shard->stopping)) {
		ev_run(shard->loop, EVRUN_ONCE);
		end_turn(shard);
		if (chores_run_first(&shard->line, shard))
			ev_async_send(shard->loop, &shard->wake); /* for what it left to do */
	}
	self = NULL;
	return NULL;
}

void loop_shard_start(struct shard *shard)
{
	pthread_create(&shard->thread, NULL, run, shard);
}

void loop_shard_stop(struct shard *shard)
{
	atomic_store(&shard->stopping, true);
	ev_async_send(shard->loop, &shard->wake);
	pthread_join(shard->thread, NULL);
	atomic_store(&shard->stopping, false);
}

/* --- timers ----------------------------------------------------------------------------- */

void timer_start(struct shard *shard, struct timer *timer, uint64_t delay_ms)
{
	timer_stop(shard, timer);
	shard->timers = realloc(shard->timers, (shard->timer_count + 1) * sizeof *shard->timers);
	shard->timers[shard->timer_count++] = timer;
	timer->seat = (struct timer_seat){ shard->ticks_ms + delay_ms, shard->timer_count };
}

void timer_stop(struct shard *shard, struct timer *timer)
{
	size_t place = timer->seat.place;

	if (place == 0)
		return;
	shard->timers[place - 1] = shard->timers[--shard->timer_count];
	shard->timers[place - 1]->seat.place = place;
	timer->seat.place = 0;
}

bool timer_is_running(const struct timer *timer)
{
	return timer->seat.place > 0;
}

size_t loop_shard_timers(const struct shard *shard)
{
	return shard->timer_count;
}

static struct timer *due(struct shard *shard)
{
	for (size_t i = 0; i < shard->timer_count; i++)
		if (shard->timers[i]->seat.due_ms <= shard->ticks_ms)
			return shard->timers[i];
	return NULL;
}

void loop_shard_pass(struct shard *shard, uint64_t ms)
{
	struct timer *timer;

	shard->ticks_ms += ms;
	self = shard;
	while ((timer = due(shard))) {
		timer_stop(shard, timer);
		timer->run(shard, timer);
	}
	end_turn(shard);
	self = NULL;
}
