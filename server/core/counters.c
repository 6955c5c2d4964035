/* counters.c - what all shards have counted together */
/* SPDX-License-Identifier: MIT */

#include "counters.h"

#include "server.h"
#include "shard_internal.h"

uint64_t counter_sum(const struct server *server, enum counter counter)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < server->shard_count; i++)
		sum += atomic_load_explicit(&server->shards[i]->counters.engine[counter],
			memory_order_relaxed);
	return sum;
}
