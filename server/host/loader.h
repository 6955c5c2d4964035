/* loader.h - puts modules into hosts and takes them out again
 * SPDX-License-Identifier: MIT
 *
 * All of it runs on the main thread while no shard runs.  A module's claims are checked
 * against those of the modules already there before any of its code runs; then its names are
 * interned, its handles filled in, its stores declared, and load() is called; at last the
 * host's tables (host.h) are made anew. */
#ifndef LOADER_H
#define LOADER_H

#include <stddef.h>

struct arena;
struct option_setting;
struct tern_host;
struct tern_module;

/* NULL when these modules can live in one host; else the first two that cannot, and why, of
 * the arena. */
const char *loader_refuse(struct arena *arena, const struct tern_module *const *modules,
	size_t count);

/* Loads the module, known or constant; `options` as options.h has them, may be NULL.  0 or
 * -errno, with *ret_why of the arena and the host as it was. */
int loader_add(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const struct option_setting *options, const char **ret_why);

/* The same module with other options: what `load` returns takes the place of its settings, which
 * stay until the host goes, because something under way may know them. While shards stand still;
 * 0 or as loader_add. */
int loader_renew(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const struct option_setting *options, const char **ret_why);

/* Unloads all modules of the host, the last one first. */
void loader_unload(struct tern_host *host);

#endif
