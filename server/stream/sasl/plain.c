/* sasl/plain.c - the check of a password, on the worker pool
 * SPDX-License-Identifier: MIT */

#include "sasl.h"

#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "heap.h"
#include "password.h"
#include "shard.h"

struct plain_check {
	struct job job; /* first: the pool's way back */
	char *credentials;
	char *password;
	bool matches;
	void (*done)(void *context, bool matches); /* NULL: nobody waits any more */
	void *context;
};

static void compare(struct job *job)
{
	struct plain_check *check = (struct plain_check *)job;

	check->matches = credentials_match(check->credentials, check->password);
}

static void tell(struct shard *shard, struct job *job)
{
	struct plain_check *check = (struct plain_check *)job;
	struct plain_check told = *check;

	password_wipe(check->password);
	free(check->credentials);
	free(check);
	if (told.done)
		told.done(told.context, told.matches);
}

static char *copy(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(heap_alloc(bytes), text, bytes);
}

struct plain_check *plain_check_start(struct shard *shard, const char *credentials,
	const char *password, void (*done)(void *context, bool matches), void *context)
{
	struct plain_check *check = heap_zalloc(sizeof *check);

	check->job.work = compare;
	check->job.done = tell;
	check->credentials = copy(credentials);
	check->password = copy(password);
	check->done = done;
	check->context = context;
	shard_work(shard, &check->job);
	return check;
}

void plain_check_forget(struct plain_check *check)
{
	if (check)
		check->done = NULL;
}
