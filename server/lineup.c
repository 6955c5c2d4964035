/* lineup.c - loads and unloads modules of hosts while shards stand still
 * SPDX-License-Identifier: MIT */

#include "lineup.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "host.h"
#include "log.h"
#include "nearest.h"
#include "registry.h"
#include "server.h"
#include "turnover.h"

/* --- a change of one host, in three parts -------------------------------------------------- */

void lineup_change(struct lineup *lineup, struct arena *arena)
{
	lineup->result = turnover_begin(arena, lineup->host, lineup->wanted, lineup->count,
		&lineup->turnover, &lineup->why);
}

void lineup_settle(const struct lineup *lineup, struct shard *shard)
{
	if (lineup->result == 0)
		turnover_settle(shard, &lineup->turnover);
}

static void say(const struct lineup *lineup, struct loaded *const *list, size_t count,
	const char *what)
{
	for (size_t i = 0; i < count; i++)
		log_info("host", lineup->host->domain, "module %s was %s", list[i]->module->name,
			what);
}

void lineup_finish(struct lineup *lineup)
{
	const struct turnover *turnover = &lineup->turnover;

	if (lineup->result < 0)
		return;
	say(lineup, turnover->joining, turnover->joining_count, "loaded");
	say(lineup, turnover->leaving, turnover->leaving_count, "unloaded");
	loader_finish(&lineup->turnover);
}

/* --- one at once --------------------------------------------------------------------------- */

struct change { struct arena *arena; struct lineup lineup; };

static void change(void *context)
{
	struct change *now = context;

	lineup_change(&now->lineup, now->arena);
}

static void settle(struct shard *shard, void *context)
{
	lineup_settle(&((struct change *)context)->lineup, shard);
}

static int run(struct arena *arena, struct tern_host *host, const struct wanted_module *wanted,
	size_t count, const char **ret_why)
{
	struct change now = { arena, { .host = host, .wanted = wanted, .count = count } };

	server_stand_still(host->server, change, settle, &now);
	lineup_finish(&now.lineup);
	*ret_why = now.lineup.why;
	return now.lineup.result;
}

/* --- by hand -------------------------------------------------------------------------------- */

static const struct option_setting *find_options(const struct tern_host *host,
	const struct tern_module *module)
{
	const struct host_config *section = config_find_host(host->server->config, host->domain);

	for (size_t i = 0; section && i < section->module_count; i++) {
		if (section->modules[i].module == module)
			return section->modules[i].options;
	}
	return NULL;
}

int lineup_load(struct arena *arena, struct tern_host *host, const char *name,
	const char **ret_why)
{
	struct wanted_module *wanted =
		arena_alloc(arena, (host->loaded_count + 1) * sizeof *wanted);
	size_t count = loader_wanted(host, wanted);
	const struct tern_module *module;
	int result = registry_open(arena, host->server->config->modules_path, name, &module,
		ret_why);

	if (result < 0)
		return result;
	if (host_has_module(host, module)) {
		*ret_why = arena_printf(arena, "the host `%s` has the module `%s` already",
			host->domain, name);
		return -EEXIST;
	}
	*ret_why = registry_refuse_changed(arena, module);
	if (*ret_why)
		return -ESTALE;
	wanted[count] = (struct wanted_module){ module, find_options(host, module) };
	return run(arena, host, wanted, count + 1, ret_why);
}

static const char *refuse_unknown(struct arena *arena, const struct tern_host *host,
	const char *name)
{
	const char **names = arena_alloc(arena, (host->loaded_count + 1) * sizeof *names);

	for (size_t i = 0; i < host->loaded_count; i++)
		names[i] = host->loaded[i]->module->name;
	return arena_printf(arena, "the host `%s` does not have the module `%s`%s", host->domain,
		name, nearest_hint(arena, name, names, host->loaded_count));
}

int lineup_unload(struct arena *arena, struct tern_host *host, const char *name,
	const char **ret_why)
{
	struct wanted_module *wanted =
		arena_alloc(arena, (host->loaded_count + 1) * sizeof *wanted);
	size_t count = loader_wanted(host, wanted), at = 0;

	while (at < count && strcmp(wanted[at].module->name, name) != 0)
		at++;
	if (at == count) {
		*ret_why = refuse_unknown(arena, host, name);
		return -ENOENT;
	}
	memmove(wanted + at, wanted + at + 1, (count - at - 1) * sizeof *wanted);
	return run(arena, host, wanted, count - 1, ret_why);
}
