/* workers.c - a pool of threads for what may block or takes long */
/* SPDX-License-Identifier: MIT */

#include "workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "heap.h"
#include "shard.h"

enum { NICENESS = 10 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct job *first, **last;
	pthread_t *threads;
	unsigned count;
	bool stopping;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.some = PTHREAD_COND_INITIALIZER,
	.last = &pool.first,
};

static struct job *take(bool wait)
{
	struct job *job;

	pthread_mutex_lock(&pool.lock);
	while (wait && !pool.first && !pool.stopping)
		pthread_cond_wait(&pool.some, &pool.lock);
	job = pool.first;
	if (job) {
		pool.first = job->next;
		if (!pool.first)
			pool.last = &pool.first;
	}
	pthread_mutex_unlock(&pool.lock);
	return job;
}

static void come_back(struct shard *shard, struct post *post)
{
	struct job *job = (struct job *)((char *)post - offsetof(struct job, post));

	job->done(shard, job);
}

static void do_job(struct job *job)
{
	job->work(job);
	job->post.run = come_back;
	shard_post(job->shard, &job->post);
}

/* Shards come first: whoever logs in again and again, with passwords that have to be hashed, takes the
 * time that nobody else wants.  Linux has these of a thread; where it refuses, all are equal. */
static void step_back(void)
{
	sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
}

static void *work(void *context)
{
	struct job *job;
	sigset_t all;

	(void)context;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	step_back();
	while ((job = take(true)))
		do_job(job);
	return NULL;
}

int workers_start(unsigned count)
{
	pool.stopping = false;
	pool.threads = heap_zalloc(count * sizeof *pool.threads);
	for (pool.count = 0; pool.count < count; pool.count++) {
		int result = pthread_create(&pool.threads[pool.count], NULL, work, NULL);

		if (result)
			return -result;
	}
	return 0;
}

void workers_stop(void)
{
	pthread_mutex_lock(&pool.lock);
	pool.stopping = true;
	pthread_cond_broadcast(&pool.some);
	pthread_mutex_unlock(&pool.lock);
	for (unsigned i = 0; i < pool.count; i++)
		pthread_join(pool.threads[i], NULL);
	free(pool.threads);
	pool.threads = NULL;
	pool.count = 0;
}

bool workers_step(void)
{
	struct job *job = take(false);

	if (job)
		do_job(job);
	return job != NULL;
}

void shard_work(struct shard *shard, struct job *job)
{
	job->shard = shard;
	job->next = NULL;
	pthread_mutex_lock(&pool.lock);
	*pool.last = job;
	pool.last = &job->next;
	pthread_cond_signal(&pool.some);
	pthread_mutex_unlock(&pool.lock);
}
