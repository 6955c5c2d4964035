/* sasl/plain.c - the check of a password, on the worker pool
 * SPDX-License-Identifier: MIT */

#include "sasl.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "credentials.h"
#include "heap.h"
#include "host.h"
#include "password.h"
#include "sasl/hashes.h"
#include "shard.h"

struct plain_check {
	struct job job; /* first: the pool's way back */
	char *credentials;
	char *password;
	char *complete; /* the credentials with what they lacked, or NULL */
	unsigned iterations;
	bool matches;
	void (*done)(void *context, bool matches, const char *checked,
		const char *complete); /* NULL: nobody waits any more */
	void *context;
};

static void compare(struct job *job)
{
	struct plain_check *check = (struct plain_check *)job;

	check->matches = credentials_match(check->credentials, check->password);
	if (check->matches)
		check->complete = credentials_complete(check->credentials, check->password,
			check->iterations);
}

static void tell(struct shard *shard, struct job *job)
{
	struct plain_check *check = (struct plain_check *)job;

	password_wipe(check->password);
	if (check->done)
		check->done(check->context, check->matches, check->credentials, check->complete);
	free(check->complete);
	free(check->credentials);
	free(check);
}

/* An account that does not exist costs as much as any. */
static char *record_for(const struct sasl_attempt *attempt, const struct sasl_claim *claim,
	const char *credentials)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	const char *decoy = sasl_decoy(arena, attempt->host, claim->bare,
		&scram_hashes[SCRAM_HASH_OF_PLAIN]);
	char *record = heap_strdup(credentials ? credentials : decoy);

	arena_destroy(arena);
	return record;
}

struct plain_check *plain_check_start(const struct sasl_attempt *attempt,
	const struct sasl_claim *claim, const char *credentials,
	void (*done)(void *context, bool matches, const char *checked, const char *complete),
	void *context)
{
	struct plain_check *check = heap_zalloc(sizeof *check);

	check->job.work = compare;
	check->job.done = tell;
	check->credentials = record_for(attempt, claim, credentials);
	check->password = heap_strdup(claim->password);
	check->iterations = attempt->host->sasl.iterations;
	check->done = done;
	check->context = context;
	shard_work(attempt->shard, &check->job);
	return check;
}

void plain_check_forget(struct plain_check *check)
{
	if (check)
		check->done = NULL;
}
