/* fake_shard.c - shards without threads, whose clock a test turns
 * SPDX-License-Identifier: MIT */

#include "fake_shard.h"

#include <assert.h>
#include <stdlib.h>

#include "parser.h"
#include "server.h"

#define TIMERS_MAX 64

struct shard {
	struct server *server;
	unsigned index;
	struct parser_pool *parsers;
	struct post *posts, **posts_end;
	struct chore *chores;
	struct job *jobs;
	struct timer *timers[TIMERS_MAX];
	uint64_t random;
};

static uint64_t now_ms = 1000;
static bool jobs_are_held;
static struct shard *running;

struct shard *fake_shard_create(struct server *server, unsigned index)
{
	struct shard *shard = calloc(1, sizeof *shard);

	shard->server = server;
	shard->index = index;
	shard->parsers = parser_pool_create(4);
	shard->posts_end = &shard->posts;
	shard->random = 0x9E3779B97F4A7C15u + index;
	return shard;
}

void fake_shard_destroy(struct shard *shard)
{
	parser_pool_destroy(shard->parsers);
	free(shard);
}

void fake_shard_hold_jobs(bool held) { jobs_are_held = held; }
unsigned shard_index(const struct shard *shard) { return shard->index; }
struct server *shard_server(const struct shard *shard) { return shard->server; }
struct parser_pool *shard_parsers(const struct shard *shard) { return shard->parsers; }
struct shard *shard_self(void) { return running; }
uint64_t shard_now_us(const struct shard *shard) { return now_ms * 1000; }
uint64_t shard_ticks_ms(const struct shard *shard) { return now_ms; }

void shard_random(struct shard *shard, void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		shard->random = shard->random * 6364136223846793005u + 1442695040888963407u;
		((unsigned char *)bytes)[i] = (unsigned char)(shard->random >> 56);
	}
}

void shard_post(struct shard *shard, struct post *post)
{
	post->next = NULL;
	*shard->posts_end = post;
	shard->posts_end = &post->next;
}

void shard_at_turn_end(struct shard *shard, struct chore *chore)
{
	if (chore->is_queued)
		return;
	chore->is_queued = true;
	chore->next = shard->chores;
	shard->chores = chore;
}

void shard_wait_in_line(struct shard *shard, struct chore *chore)
{
	shard_at_turn_end(shard, chore);
}

void shard_forget_chore(struct shard *shard, struct chore *chore)
{
	for (struct chore **at = &shard->chores; *at; at = &(*at)->next)
		if (*at == chore) {
			*at = chore->next;
			break;
		}
	chore->is_queued = false;
}

void shard_work(struct shard *shard, struct job *job)
{
	job->shard = shard;
	job->next = shard->jobs;
	shard->jobs = job;
}

static bool run_posts(struct shard *shard)
{
	struct post *post = shard->posts;

	if (!post)
		return false;
	shard->posts = post->next;
	if (!shard->posts)
		shard->posts_end = &shard->posts;
	post->run(shard, post);
	return true;
}

static bool run_jobs(struct shard *shard)
{
	struct job *job = shard->jobs;

	if (!job || jobs_are_held)
		return false;
	shard->jobs = job->next;
	job->work(job);
	job->done(shard, job);
	return true;
}

static bool run_chores(struct shard *shard)
{
	struct chore *chore = shard->chores;

	if (!chore)
		return false;
	shard->chores = chore->next;
	chore->is_queued = false;
	chore->run(shard, chore);
	return true;
}

bool fake_shard_run(struct shard *shard)
{
	bool ran = false;

	running = shard;
	while (run_posts(shard) || run_jobs(shard) || run_chores(shard))
		ran = true;
	running = NULL;
	return ran;
}

/* A timer's place is its index and one. */
void timer_start(struct shard *shard, struct timer *timer, uint64_t delay_ms)
{
	timer_stop(shard, timer);
	for (size_t i = 0; i < TIMERS_MAX; i++)
		if (!shard->timers[i]) {
			shard->timers[i] = timer;
			timer->seat = (struct timer_seat){ now_ms + delay_ms, i + 1 };
			return;
		}
	abort();
}

void timer_stop(struct shard *shard, struct timer *timer)
{
	if (timer->seat.place == 0)
		return;
	assert(shard->timers[timer->seat.place - 1] == timer);
	shard->timers[timer->seat.place - 1] = NULL;
	timer->seat.place = 0;
}

bool timer_is_running(const struct timer *timer)
{
	return timer->seat.place > 0;
}

size_t fake_shard_timers(const struct shard *shard)
{
	size_t count = 0;

	for (size_t i = 0; i < TIMERS_MAX; i++)
		count += shard->timers[i] != NULL;
	return count;
}

static void run_timers(struct shard *shard)
{
	for (size_t i = 0; i < TIMERS_MAX; i++) {
		struct timer *timer = shard->timers[i];

		if (!timer || timer->seat.due_ms > now_ms)
			continue;
		timer_stop(shard, timer);
		timer->run(shard, timer);
	}
}

/* When something happens next, at the latest at `until_ms`. */
static uint64_t next_moment(const struct server *server, uint64_t until_ms)
{
	for (size_t i = 0; i < server->shard_count; i++)
		for (size_t k = 0; k < TIMERS_MAX; k++) {
			const struct timer *timer = server->shards[i]->timers[k];

			if (timer && timer->seat.due_ms < until_ms)
				until_ms = timer->seat.due_ms;
		}
	return until_ms;
}

void fake_shards_pass(struct server *server, uint64_t ms)
{
	uint64_t until_ms = now_ms + ms;

	while (now_ms < until_ms) {
		uint64_t next_ms = next_moment(server, until_ms);

		now_ms = next_ms > now_ms ? next_ms : now_ms + 1;
		for (size_t i = 0; i < server->shard_count; i++)
			run_timers(server->shards[i]);
	}
}
