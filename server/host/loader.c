/* loader.c - brings modules into a host: claims checked, handles given, code called
 * SPDX-License-Identifier: MIT */

#include "loader.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "claims.h"
#include "clashes.h"
#include "handles.h"
#include "heap.h"
#include "host.h"
#include "log.h"
#include "options.h"
#include "registry.h"
#include "server.h"
#include "shard.h"
#include "tables.h"

/* All but what running its code could tell. */
static const char *refuse_one(struct arena *arena, const struct wanted_module *wanted)
{
	const struct option_setting *options = wanted->options;
	const char *why = claims_refuse(arena, wanted->module);

	for (; !why && options && options->name; options++)
		why = options_refuse(arena, wanted->module, options);
	return why;
}

static const char *refuse(struct arena *arena, const struct wanted_module *wanted, size_t count)
{
	const char *why = NULL;
	size_t at;

	for (size_t i = 0; i < count && !why; i++)
		why = refuse_one(arena, &wanted[i]);
	return why ? why : clashes_refuse(arena, wanted, count, &at);
}

static void intern_claims(const struct tern_module *module)
{
	for (const struct tern_iq *iq = module->iqs; iq && iq->ns; iq++) {
		name_intern(iq->ns);
		name_intern(iq->name);
	}
	for (const struct tern_stream_feature *feature = module->stream_features;
	     feature && feature->ns; feature++) {
		name_intern(feature->ns);
		name_intern(feature->name);
	}
	for (const struct tern_stranger_iq *iq = module->stranger_iqs; iq && iq->ns; iq++) {
		name_intern(iq->ns);
		name_intern(iq->name);
	}
	for (const char *const *feature = module->features; feature && *feature; feature++)
		name_intern(*feature);
	for (const char *const *feature = module->account_features; feature && *feature; feature++)
		name_intern(*feature);
}

/* --- loading ---------------------------------------------------------------------------- */

static void unmake(struct tern_host *host, const struct tern_module *module, struct made *made)
{
	const struct tern_module *before = shard_visit(module);

	while (made) {
		struct made *earlier = made->earlier;

		if (module->unload)
			module->unload(host, made->settings);
		options_destroy(made->options);
		free(made);
		made = earlier;
	}
	shard_visit(before);
}

/* What its code tells of itself while it runs, which claims cannot. */
static const char *refuse_load(struct arena *arena, const struct tern_module *module,
	const struct made *made, int result)
{
	const char *fault = options_fault(made->options);

	if (fault)
		return arena_strdup(arena, fault);
	if (result > 0)
		return arena_printf(arena, "module `%s` does not load: its `load` answers %d, which is "
			"neither 0 nor -errno", module->name, result);
	return result == 0 ? NULL : arena_printf(arena, "module `%s` does not load: %s",
		module->name, strerror(-result));
}

static int call_load(struct arena *arena, struct tern_host *host,
	const struct wanted_module *wanted, struct made **ret_made, const char **ret_why)
{
	struct made *made = heap_zalloc(sizeof *made);
	const struct tern_module *before;
	int result = 0;

	made->options = options_create(wanted->module, wanted->options);
	host->loading = made->options;
	before = shard_visit(wanted->module);
	if (wanted->module->load)
		result = wanted->module->load(host, &made->settings);
	shard_visit(before);
	host->loading = NULL;
	*ret_why = refuse_load(arena, wanted->module, made, result);
	if (!*ret_why) {
		*ret_made = made;
		return 0;
	}
	if (result == 0) {
		unmake(host, wanted->module, made);
		return -EINVAL;
	}
	options_destroy(made->options);
	free(made);
	return result < 0 ? result : -EINVAL;
}

static int prepare(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const char **ret_why)
{
	int result;

	registry_add(module);
	intern_claims(module);
	result = handles_enter(module, host->server ? host->server->storage : NULL);
	if (result < 0)
		*ret_why = arena_printf(arena, "the stores of module `%s` cannot be opened: %s",
			module->name, result == -EOVERFLOW ? "the metrics of all modules are too many" :
			strerror(-result));
	return result;
}

/* NULL in *ret_made where the host has it as it is wanted. */
static int make(struct arena *arena, struct tern_host *host, const struct wanted_module *wanted,
	struct made **ret_made, const char **ret_why)
{
	const struct loaded *loaded = host_find_loaded(host, wanted->module);
	int result = 0;

	*ret_made = NULL;
	if (loaded && options_equal(loaded->written, wanted->options))
		return 0;
	if (!loaded)
		result = prepare(arena, host, wanted->module, ret_why);
	return result < 0 ? result : call_load(arena, host, wanted, ret_made, ret_why);
}

static struct loaded *settle_in(struct tern_host *host, const struct wanted_module *wanted,
	struct made *made, struct turnover *turnover)
{
	struct loaded *loaded = host_find_loaded(host, wanted->module);

	if (!loaded) {
		loaded = heap_zalloc(sizeof *loaded);
		loaded->module = wanted->module;
		turnover->joining[turnover->joining_count++] = loaded;
		log_debug("host", host->domain, "module %s loaded", wanted->module->name);
	}
	if (made) {
		made->earlier = loaded->made;
		loaded->made = made;
		loaded->settings = made->settings;
	}
	loaded->written = wanted->options;
	return loaded;
}

static bool is_among(struct loaded *const *list, size_t count, const struct loaded *loaded)
{
	while (count > 0 && list[count - 1] != loaded)
		count--;
	return count > 0;
}

static void remember_nonzas(struct tern_host *host, const struct tern_nonza *table)
{
	size_t i = 0;

	while (i < host->left_nonza_count && host->left_nonzas[i] != table)
		i++;
	if (!table || i < host->left_nonza_count)
		return;
	host->left_nonzas = heap_resize(host->left_nonzas, (i + 1) * sizeof *host->left_nonzas);
	host->left_nonzas[host->left_nonza_count++] = table;
}

static void change_list(struct tern_host *host, const struct wanted_module *wanted, size_t count,
	struct made *const *made, struct turnover *turnover)
{
	struct loaded **list = heap_zalloc((count + 1) * sizeof *list);

	turnover->joining = heap_zalloc((count + 1) * sizeof *turnover->joining);
	turnover->leaving = heap_zalloc((host->loaded_count + 1) * sizeof *turnover->leaving);
	for (size_t i = 0; i < count; i++)
		list[i] = settle_in(host, &wanted[i], made[i], turnover);
	for (size_t i = 0; i < host->loaded_count; i++) {
		struct loaded *loaded = host->loaded[i];

		if (is_among(list, count, loaded))
			continue;
		loaded->is_leaving = true;
		host->taken_has_left |= loaded->module->taken != NULL;
		remember_nonzas(host, loaded->module->nonzas);
		turnover->leaving[turnover->leaving_count++] = loaded;
	}
	free(host->loaded);
	host->loaded = list;
	host->loaded_count = count;
}

int loader_change(struct arena *arena, struct tern_host *host, const struct wanted_module *wanted,
	size_t count, struct turnover *ret_turnover, const char **ret_why)
{
	struct made **made = arena_zalloc(arena, (count + 1) * sizeof *made);
	size_t done = 0;
	int result = 0;

	*ret_why = refuse(arena, wanted, count);
	if (*ret_why)
		return -EINVAL;
	while (done < count && result == 0) {
		result = make(arena, host, &wanted[done], &made[done], ret_why);
		done += result == 0;
	}
	if (result < 0) {
		while (done-- > 0)
			unmake(host, wanted[done].module, made[done]);
		return result;
	}
	*ret_turnover = (struct turnover){ .host = host };
	change_list(host, wanted, count, made, ret_turnover);
	tables_take_phases(host, ret_turnover->before);
	tables_make(host);
	return 0;
}

int loader_add(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const struct option_setting *options, const char **ret_why)
{
	struct wanted_module *wanted =
		arena_alloc(arena, (host->loaded_count + 1) * sizeof *wanted);
	struct turnover turnover;
	size_t count = loader_wanted(host, wanted);
	int result;

	wanted[count] = (struct wanted_module){ module, options };
	result = loader_change(arena, host, wanted, count + 1, &turnover, ret_why);
	if (result == 0)
		loader_finish(&turnover);
	return result;
}

size_t loader_wanted(const struct tern_host *host, struct wanted_module *ret_wanted)
{
	for (size_t i = 0; i < host->loaded_count; i++)
		ret_wanted[i] = (struct wanted_module){ host->loaded[i]->module,
			host->loaded[i]->written };
	return host->loaded_count;
}

/* --- unloading ---------------------------------------------------------------------------- */

static void unload(struct tern_host *host, struct loaded *loaded)
{
	unmake(host, loaded->module, loaded->made);
	log_debug("host", host->domain, "module %s unloaded", loaded->module->name);
	free(loaded);
}

static void leave(struct tern_host *host, struct loaded *loaded)
{
	if (atomic_load_explicit(&loaded->uses, memory_order_acquire) == 0) {
		unload(host, loaded);
		return;
	}
	host->left = heap_resize(host->left, (host->left_count + 1) * sizeof *host->left);
	host->left[host->left_count++] = loaded;
}

/* Those that nobody uses any more. */
static void unload_left(struct tern_host *host)
{
	size_t count = host->left_count;

	host->left_count = 0;
	for (size_t i = 0; i < count; i++)
		leave(host, host->left[i]);
}

void loader_finish(struct turnover *turnover)
{
	struct tern_host *host = turnover->host;

	unload_left(host);
	while (turnover->leaving_count)
		leave(host, turnover->leaving[--turnover->leaving_count]);
	for (size_t i = 0; i < TERN_PHASE_COUNT; i++)
		free(turnover->before[i]);
	free(turnover->leaving);
	free(turnover->joining);
}

void loader_unload(struct tern_host *host)
{
	tables_finish(host);
	while (host->loaded_count)
		unload(host, host->loaded[--host->loaded_count]);
	while (host->left_count)
		unload(host, host->left[--host->left_count]);
	free(host->loaded);
	free(host->left);
	host->loaded = host->left = NULL;
	tables_make(host);
}
