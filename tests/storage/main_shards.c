/* main_shards.c - shards that submit and read at once, and a committer
 * SPDX-License-Identifier: MIT
 *
 * Each shard submits small batches, keeps no more than a window of them open, and finds
 * what it was told of, in order, on any thread. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"

enum { SHARDS = 4, BATCHES = 3000, WINDOW = 100, LOG = 1, MARK = 2 };

struct shard {
	struct bed *bed;
	pthread_t thread;
	owner_id owner;
	pthread_mutex_t lock;
	pthread_cond_t told;
	uint64_t acknowledged;
};

static _Atomic int wrong;

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "wrong: %s\n", what);
	atomic_fetch_add(&wrong, 1);
}

static void tell(void *context, uint64_t tag)
{
	struct shard *shard = context;
	pthread_mutex_lock(&shard->lock);
	check(tag == shard->acknowledged + 1, "order of done");
	shard->acknowledged = tag;
	pthread_cond_signal(&shard->told);
	pthread_mutex_unlock(&shard->lock);
}

static void submit(struct shard *shard, uint64_t id)
{
	char text[32];
	size_t len = (size_t)snprintf(text, sizeof(text), "%" PRIu64, id);
	struct storage_batch *batch = storage_batch_create(shard->bed->storage);
	batch_append(batch, shard->owner, LOG, &(struct log_entry){ id, "x@y", text, len });
	batch_put(batch, shard->owner, MARK, "last", 4, text, len);
	storage_submit(shard->bed->storage, batch, tell, shard, id);
}

static void look(struct shard *shard, uint64_t acknowledged)
{
	uint64_t last = 0;
	char *mark = bed_get(shard->bed, shard->owner, MARK, "last");
	storage_log_last(shard->bed->storage, shard->owner, LOG, &last);
	check(last >= acknowledged, "log shows what was acknowledged");
	check(!acknowledged || (mark && strtoull(mark, NULL, 10) >= acknowledged), "record shows it");
	free(mark);
}

static uint64_t wait_for(struct shard *shard, uint64_t tag)
{
	pthread_mutex_lock(&shard->lock);
	while (shard->acknowledged < tag)
		pthread_cond_wait(&shard->told, &shard->lock);
	uint64_t acknowledged = shard->acknowledged;
	pthread_mutex_unlock(&shard->lock);
	return acknowledged;
}

static void *run(void *argument)
{
	struct shard *shard = argument;
	for (uint64_t id = 1; id <= BATCHES; id++) {
		submit(shard, id);
		if (id % 50 == 0)
			look(shard, wait_for(shard, id > WINDOW ? id - WINDOW : 0));
	}
	look(shard, wait_for(shard, BATCHES));
	return NULL;
}

static void run_all(struct bed *bed)
{
	struct shard shards[SHARDS];
	struct storage_stats stats;
	for (int i = 0; i < SHARDS; i++) {
		shards[i] = (struct shard){ .bed = bed, .owner = (owner_id)i + 2 };
		pthread_mutex_init(&shards[i].lock, NULL);
		pthread_cond_init(&shards[i].told, NULL);
		pthread_create(&shards[i].thread, NULL, run, &shards[i]);
	}
	for (int i = 0; i < SHARDS; i++)
		pthread_join(shards[i].thread, NULL);
	storage_stats(bed->storage, &stats);
	check(stats.writes == 2ull * SHARDS * BATCHES, "number of writes");
	printf("%" PRIu64 " writes in %" PRIu64 " commits\n", stats.writes, stats.commits);
}

int main(void)
{
	struct bed bed;
	bed_open_lmdb(&bed);
	run_all(&bed);
	bed.options.relaxed = true;
	bed_reopen(&bed);
	for (int i = 0; i < SHARDS; i++) {
		struct shard again = { .bed = &bed, .owner = (owner_id)i + 2 };
		look(&again, BATCHES);
	}
	bed_close(&bed);
	return atomic_load(&wrong) ? EXIT_FAILURE : EXIT_SUCCESS;
}
