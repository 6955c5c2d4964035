/* tour.c - a post to each shard, and a task from each
 * SPDX-License-Identifier: MIT */

#include "tour.h"

#include <stdlib.h>

#include "heap.h"
#include "server.h"

static void come_back(struct task *task)
{
	struct part *part = (struct part *)((char *)task - offsetof(struct part, back));
	struct tour *tour = part->tour;

	tour->gather(part);
	free(part);
	if (--tour->left == 0)
		tour->end(tour);
}

static void look(struct shard *shard, struct post *post)
{
	struct part *part = (struct part *)post;

	if (!part->tour->look(shard, part)) {
		shard_post(shard, &part->there);
		return;
	}
	part->back.run = come_back;
	desk_post(part->tour->server->desk, &part->back);
}

void tour_begin(struct tour *tour)
{
	struct server *server = tour->server;

	tour->left = server->shard_count;
	for (size_t i = 0; i < server->shard_count; i++) {
		struct part *part = heap_zalloc(tour->part_size);

		part->there.run = look;
		part->tour = tour;
		shard_post(server->shards[i], &part->there);
	}
	if (!tour->left)
		tour->end(tour);
}
