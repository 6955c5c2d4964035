/* loader.h - puts modules into hosts and takes them out again
 * SPDX-License-Identifier: MIT
 *
 * All of it runs on the main thread while no shard runs, or while all stand still.  A module's
 * claims are checked against those of the modules already there before any of its code runs; then
 * its names are interned, its handles filled in, its stores declared, and load() is called; at
 * last the host's tables (host.h) are made anew. */
#ifndef LOADER_H
#define LOADER_H

#include <stddef.h>

#include "module.h"

struct arena;
struct hook;
struct loaded;
struct option_setting;
struct tern_host;

/* What somebody wants of a host; `options` as options.h has them, or NULL: they live for as long as
 * the host's `written` points to them. */
struct wanted_module {
	const struct tern_module *module;
	const struct option_setting *options;
};

/* What has changed in a host whose tables are new: sessions and entities that are open do not know
 * it yet (turnover.h). */
struct turnover {
	struct tern_host *host;
	struct loaded **leaving, **joining;
	size_t leaving_count, joining_count;
	struct hook *before[TERN_PHASE_COUNT]; /* the phases as they were */
};

/* The host has these modules from now on, in this order: what is new is loaded; what has other
 * options is loaded again, and its old settings stay until it leaves, because something under way
 * may know them; what is not among them is in no table any more.  0 and the turnover, for
 * loader_finish; or -errno with *ret_why of the arena, and the host is as it was. */
int loader_change(struct arena *arena, struct tern_host *host, const struct wanted_module *wanted,
	size_t count, struct turnover *ret_turnover, const char **ret_why);

/* When nobody knows of what was before: unloads what has left, the last one first, unless it is in
 * use (loaded_use): that is looked at again the next time. */
void loader_finish(struct turnover *turnover);

/* What the host has now, room for host->loaded_count; how many. */
size_t loader_wanted(const struct tern_host *host, struct wanted_module *ret_wanted);

/* Loads one more module into a host where nobody is logged in yet. As loader_change. */
int loader_add(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const struct option_setting *options, const char **ret_why);

/* Unloads all modules of a host that nobody uses any more, the last one first. */
void loader_unload(struct tern_host *host);

#endif
