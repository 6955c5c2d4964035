/* hashing.c - a job with a copy of the password */
/* SPDX-License-Identifier: MIT */

#include "hashing.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "heap.h"
#include "shard.h"

struct hashing {
	struct job job;
	unsigned iterations;
	char *credentials;
	void (*made)(void *context, const char *credentials);
	void *context;
	char password[];
};

static struct hashing *of(struct job *job)
{
	return (struct hashing *)((char *)job - offsetof(struct hashing, job));
}

static void make(struct job *job)
{
	struct hashing *hashing = of(job);

	hashing->credentials = credentials_make(hashing->password, hashing->iterations);
	explicit_bzero(hashing->password, strlen(hashing->password));
}

static void hand_over(struct shard *shard, struct job *job)
{
	struct hashing *hashing = of(job);

	hashing->made(hashing->context, hashing->credentials);
	free(hashing->credentials);
	free(hashing);
}

void hash_password(struct shard *shard, const char *password, unsigned iterations,
		void (*made)(void *context, const char *credentials), void *context)
{
	size_t bytes = strlen(password) + 1;
	struct hashing *hashing = heap_zalloc(sizeof *hashing + bytes);

	hashing->job.work = make;
	hashing->job.done = hand_over;
	hashing->iterations = iterations;
	hashing->made = made;
	hashing->context = context;
	memcpy(hashing->password, password, bytes);
	shard_work(shard, &hashing->job);
}
