/* lineup.h - which modules a host has, changed while the server runs
 * SPDX-License-Identifier: MIT
 *
 * How sessions and accounts that are open come along: core/turnover.h.  What is loaded or unloaded by
 * hand lasts until the server starts anew, or until the next reload, which brings what the
 * configuration says.  Main thread. */
#ifndef LINEUP_H
#define LINEUP_H

#include "loader.h"

struct arena;
struct server;
struct shard;
struct tern_host;

/* One host's part of a change of several. */
struct lineup {
	struct tern_host *host;
	const struct wanted_module *wanted;
	size_t count;
	int result;          /* 0 or -errno: then the host is as it was, */
	const char *why;     /* for this reason, of the arena */
	struct turnover turnover;
};

/* While all shards stand still; then on each shard; then when all are through. */
void lineup_change(struct lineup *lineup, struct arena *arena);
void lineup_settle(const struct lineup *lineup, struct shard *shard);
void lineup_finish(struct lineup *lineup);

/* The module of that name, known or opened, in the host from now on, behind the others, with the
 * options that the configuration in force has for it, or its presets; or not any more.  0, or -errno
 * and nothing has changed: then *ret_why is of the arena. */
int lineup_load(struct arena *arena, struct tern_host *host, const char *name,
	const char **ret_why);
int lineup_unload(struct arena *arena, struct tern_host *host, const char *name,
	const char **ret_why);

#endif
