/* bench.c - puts a second and CPU a put, for commits of several sizes
 * SPDX-License-Identifier: MIT
 *
 * storage_bench [OWNERS] [relaxed]: one shard appends entries of 400 bytes for so many
 * owners (1000), and puts records; GROUP x SIZE are the batches submitted at a time and
 * the writes in each. */
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bed.h"

enum { LOG = 1, STORE = 2 };

static unsigned owners = 1000;

static double clock_of(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void post(void *context, uint64_t tag)
{
	if (context)
		sem_post(context);
}

static const char payload[400];

static void write_one(struct storage_batch *batch, bool is_log, uint64_t id)
{
	owner_id owner = 2 + (owner_id)(id * 7919 % owners);
	if (is_log) {
		char with[32];
		snprintf(with, sizeof(with), "user%u@example.org", (unsigned)(id % 17));
		batch_append(batch, owner, LOG, &(struct log_entry){ id, with, payload,
			sizeof(payload) });
	} else {
		batch_put(batch, owner, STORE, &id, sizeof(id), payload, sizeof(payload));
	}
}

/* `group` batches of `size` writes are submitted, then all are waited for. */
static void measure(struct storage *storage, bool is_log, unsigned group, unsigned size)
{
	static uint64_t id = 1;
	struct storage_stats before, after;
	sem_t done;
	uint64_t puts = 0;
	sem_init(&done, 0, 0);
	storage_stats(storage, &before);
	double start = clock_of(CLOCK_MONOTONIC), shard = clock_of(CLOCK_THREAD_CPUTIME_ID);
	double cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	while (clock_of(CLOCK_MONOTONIC) - start < 1.0) {
		for (unsigned i = 0; i < group; i++) {
			struct storage_batch *batch = storage_batch_create(storage);
			for (unsigned k = 0; k < size; k++)
				write_one(batch, is_log, id++);
			storage_submit(storage, batch, post, i + 1 == group ? &done : NULL, 0);
		}
		sem_wait(&done);
		puts += group * size;
	}
	double seconds = clock_of(CLOCK_MONOTONIC) - start;
	cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	shard = clock_of(CLOCK_THREAD_CPUTIME_ID) - shard;
	storage_stats(storage, &after);
	uint64_t commits = after.commits - before.commits;
	printf("%-8s %5u x %-4u %9.0f puts/s %6.1f puts/commit %7.2f us CPU/put (shard %.2f)\n",
		is_log ? "append" : "put", group, size, (double)puts / seconds,
		(double)puts / (double)commits, cpu / (double)puts * 1e6,
		shard / (double)puts * 1e6);
	sem_destroy(&done);
}

static bool count_entry(void *context, const struct log_entry *entry)
{
	++*(unsigned *)context;
	return true;
}

static void measure_pages(struct storage *storage, bool backwards)
{
	struct log_page page = { .backwards = backwards, .most = 50 };
	unsigned seen = 0, pages = 20000;
	double cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < pages; i++)
		storage_log_read(storage, 2 + i % owners, LOG, &page, count_entry, &seen, NULL);
	cpu = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
	printf("%s page of 50: %.2f us CPU a page, %.2f an entry\n", backwards ? "last" : "first",
		cpu / pages * 1e6, cpu / seen * 1e6);
}

static void measure_get(struct storage *storage)
{
	unsigned count = 100000;
	void *value;
	size_t len;
	owner_id owner;
	double cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < count; i++) {
		if (storage_get(storage, 2, STORE, "none", 4, &value, &len) == 0)
			free(value);
		storage_owner_find(storage, "nobody@example.org", &owner);
	}
	cpu = clock_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
	printf("get and owner_find: %.2f us CPU together\n", cpu / count * 1e6);
}

int main(int argc, char **argv)
{
	char made[64];
	struct storage_options options = { .directory = made };
	struct storage *storage;
	char *why = NULL;
	bed_directory(made);
	if (argc > 1)
		owners = (unsigned)strtoul(argv[1], NULL, 10);
	options.relaxed = argc > 2 && strcmp(argv[2], "relaxed") == 0;
	if (storage_open(&options, &storage, &why) < 0) {
		fprintf(stderr, "%s\n", why);
		return EXIT_FAILURE;
	}
	for (unsigned group = 1; group <= 1000; group *= 10)
		measure(storage, true, group, 1);
	measure(storage, true, 50, 20);
	measure(storage, true, 1, 1000);
	for (unsigned group = 1; group <= 1000; group *= 10)
		measure(storage, false, group, 1);
	measure_pages(storage, false);
	measure_pages(storage, true);
	measure_get(storage);
	storage_close(storage);
	bed_remove(made);
	return EXIT_SUCCESS;
}
