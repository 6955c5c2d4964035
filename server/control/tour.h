/* tour.h - asks each shard, and brings to the main thread what they say
 * SPDX-License-Identifier: MIT */
#ifndef TOUR_H
#define TOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "desk.h"
#include "shard.h"

struct server;
struct tour;

/* One shard's part; embedded at the start of what the shard fills in, which begins zeroed. */
struct part {
	struct post there;
	struct task back;
	struct tour *tour;
};

/* Embedded; stays until `end`. */
struct tour {
	struct server *server;
	size_t part_size;
	/* On each shard.  False: it is called again, behind what else waits there. */
	bool (*look)(struct shard *shard, struct part *part);
	/* On the main thread: for each part, which is freed behind it, and when all have come. */
	void (*gather)(struct part *part);
	void (*end)(struct tour *tour);
	size_t left;
};

/* Main thread.  A server without shards has come to its end: `end` is called at once. */
void tour_begin(struct tour *tour);

#endif
