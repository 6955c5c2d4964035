/* test_arena_threads.c - arenas that end on another thread than they began
 * SPDX-License-Identifier: MIT
 *
 * A plain program: run it under ThreadSanitizer. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"

#define ROUNDS 200
#define HANDED 64

struct hand {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct arena *arenas[HANDED];
	int full;
};

static void *consume(void *context)
{
	struct hand *hand = context;

	for (int round = 0; round < ROUNDS; round++) {
		pthread_mutex_lock(&hand->lock);
		while (!hand->full)
			pthread_cond_wait(&hand->changed, &hand->lock);
		for (int i = 0; i < HANDED; i++)
			arena_destroy(hand->arenas[i]);
		hand->full = 0;
		pthread_cond_signal(&hand->changed);
		pthread_mutex_unlock(&hand->lock);
	}
	return NULL;
}

static void produce(struct hand *hand)
{
	pthread_mutex_lock(&hand->lock);
	while (hand->full)
		pthread_cond_wait(&hand->changed, &hand->lock);
	for (int i = 0; i < HANDED; i++) {
		hand->arenas[i] = arena_create((size_t)i * 40);
		memset(arena_alloc(hand->arenas[i], 3000), i, 3000);
	}
	hand->full = 1;
	pthread_cond_signal(&hand->changed);
	pthread_mutex_unlock(&hand->lock);
}

int main(void)
{
	struct hand hand = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	pthread_t consumer;

	if (pthread_create(&consumer, NULL, consume, &hand) != 0)
		return 1;
	for (int round = 0; round < ROUNDS; round++)
		produce(&hand);
	pthread_join(consumer, NULL);
	if (arena_count_alive() != 0) {
		fprintf(stderr, "%zu arenas alive\n", arena_count_alive());
		return 1;
	}
	return 0;
}
