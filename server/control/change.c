/* change.c - takes changes of accounts to their homes and back
 * SPDX-License-Identifier: MIT */

#include "change.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "account.h"
#include "desk.h"
#include "hashing.h"
#include "heap.h"
#include "server.h"
#include "shard.h"

/* A change under way. */
struct trip {
	struct post there;
	struct task back;
	struct change change;
	int result;
};

#define trip_of(pointer, member) \
	((struct trip *)((char *)(pointer) - offsetof(struct trip, member)))

static void arrive_back(struct task *task)
{
	struct trip *trip = trip_of(task, back);

	trip->change.changed(trip->change.context, trip->result);
	free(trip);
}

static void go_back(void *context, int result)
{
	struct trip *trip = context;

	trip->result = result;
	trip->back.run = arrive_back;
	desk_post(trip->change.server->desk, &trip->back);
}

static void apply(void *context, const char *credentials)
{
	struct trip *trip = context;
	const struct change *change = &trip->change;

	if (!credentials)
		go_back(trip, -EINVAL);
	else if (change->what == CHANGE_ADD)
		account_create(change->server, change->host, change->bare, credentials, go_back,
			trip);
	else
		account_set_credentials(change->server, change->host, change->bare, credentials,
			go_back, trip);
}

static void arrive_there(struct shard *shard, struct post *post)
{
	struct trip *trip = trip_of(post, there);
	const struct change *change = &trip->change;

	if (change->what == CHANGE_DELETE)
		account_delete(change->server, change->host, change->bare, go_back, trip);
	else if (change->what == CHANGE_DISABLE || change->what == CHANGE_ENABLE)
		account_disable(change->server, change->host, change->bare,
			change->what == CHANGE_DISABLE, go_back, trip);
	else if (change->credentials)
		apply(trip, change->credentials);
	else
		hash_password(shard, change->password, change->host->sasl.iterations, apply, trip);
}

void change_start(const struct change *change)
{
	struct trip *trip = heap_zalloc(sizeof *trip);

	trip->change = *change;
	trip->there.run = arrive_there;
	shard_post(account_home(change->server, change->bare), &trip->there);
}
