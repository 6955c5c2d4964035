/* no_streams.c - for tests of links whose listeners accept nobody
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "stream.h"

void stream_accept(struct shard *shard, const struct listener *listener, int fd)
{
	abort();
}
