/* loader.c - brings modules into a host: claims checked, handles given, code called
 * SPDX-License-Identifier: MIT */

#include "loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "handles.h"
#include "heap.h"
#include "host.h"
#include "log.h"
#include "options.h"
#include "registry.h"
#include "server.h"
#include "tables.h"

static const char *refuse_iq(struct arena *arena, const struct tern_module *a,
	const struct tern_iq *iq, const struct tern_module *b)
{
	for (const struct tern_iq *other = b->iqs; other && other->ns; other++) {
		if ((a != b || other != iq) && other->type == iq->type && (other->at & iq->at) &&
		    strcmp(other->ns, iq->ns) == 0 && strcmp(other->name, iq->name) == 0)
			return arena_printf(arena,
				"modules `%s` and `%s` both claim the iq %s {%s}%s", a->name, b->name,
				tern_type_name(iq->type), iq->ns, iq->name);
	}
	return NULL;
}

static const char *refuse_answers(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
#define X(name, preset) #name,
	static const char *const names[] = { TERN_QUESTIONS(X) };
#undef X

	for (const struct tern_answer_claim *one = a->answers; one && one->answer; one++) {
		for (const struct tern_answer_claim *two = b->answers; two && two->answer; two++) {
			if ((a != b || one != two) && one->question == two->question)
				return arena_printf(arena,
					"modules `%s` and `%s` both answer the question %s", a->name, b->name,
					names[one->question]);
		}
	}
	if (a != b && a->contacts && b->contacts)
		return arena_printf(arena, "modules `%s` and `%s` both keep contacts", a->name, b->name);
	return NULL;
}

static const char *refuse_nonzas(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	for (const struct tern_nonza *one = a->nonzas; one && one->run; one++) {
		for (const struct tern_nonza *two = b->nonzas; two && two->run; two++) {
			if ((a != b || one != two) && strcmp(one->ns, two->ns) == 0 &&
			    strcmp(one->name, two->name) == 0)
				return arena_printf(arena, "modules `%s` and `%s` both claim the element {%s}%s",
					a->name, b->name, one->ns, one->name);
		}
	}
	if (a != b && a->filter && b->filter)
		return arena_printf(arena, "modules `%s` and `%s` both filter what goes to sessions",
			a->name, b->name);
	if (a != b && a->taken && b->taken)
		return arena_printf(arena, "modules `%s` and `%s` both are told what was taken",
			a->name, b->name);
	if (a != b && a->pending && b->pending)
		return arena_printf(arena, "modules `%s` and `%s` both have a pending log",
			a->name, b->name);
	return NULL;
}

static const char *refuse_strangers(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	const struct tern_stranger_iq *one = a->stranger_iqs, *two;

	for (; one && one->run; one++) {
		for (two = b->stranger_iqs; two && two->run; two++) {
			if ((a != b || one != two) && one->type == two->type &&
			    strcmp(one->ns, two->ns) == 0 && strcmp(one->name, two->name) == 0)
				return arena_printf(arena, "modules `%s` and `%s` both claim the "
					"iq {%s}%s of strangers", a->name, b->name, one->ns,
					one->name);
		}
	}
	return NULL;
}

static const char *refuse_commands(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	for (const struct tern_command_claim *one = a->commands; one && one->words; one++) {
		const struct tern_command_claim *other = a == b ? one + 1 : b->commands;

		for (; other && other->words; other++) {
			if (strcmp(one->words, other->words) == 0)
				return arena_printf(arena, "modules `%s` and `%s` both claim the command `%s`",
					a->name, b->name, one->words);
		}
	}
	return NULL;
}

/* A module may quarrel with itself too. */
static const char *refuse_pair(struct arena *arena, const struct tern_module *a,
	const struct tern_module *b)
{
	const char *why;

	for (const struct tern_iq *iq = a->iqs; iq && iq->ns; iq++) {
		why = refuse_iq(arena, a, iq, b);
		if (why)
			return why;
	}
	why = refuse_answers(arena, a, b);
	if (!why)
		why = refuse_strangers(arena, a, b);
	if (!why)
		why = refuse_commands(arena, a, b);
	return why ? why : refuse_nonzas(arena, a, b);
}

const char *loader_refuse(struct arena *arena, const struct tern_module *const *modules,
	size_t count)
{
	for (size_t j = 0; j < count; j++) {
		for (size_t i = 0; i <= j; i++) {
			const char *why;

			if (i < j && modules[i] == modules[j])
				return arena_printf(arena, "module `%s` is listed twice", modules[i]->name);
			why = refuse_pair(arena, modules[i], modules[j]);
			if (why)
				return why;
		}
	}
	return NULL;
}

/* All but what running its code could tell. */
static const char *refuse(struct arena *arena, const struct tern_host *host,
	const struct tern_module *module, const struct option_setting *options)
{
	const struct tern_module **modules =
		arena_alloc(arena, (host->loaded_count + 1) * sizeof *modules);
	const char *why = registry_refuse(arena, module);

	for (; !why && options && options->name; options++)
		why = options_refuse(arena, module, options);
	if (why)
		return why;
	for (size_t i = 0; i < host->loaded_count; i++)
		modules[i] = host->loaded[i].module;
	modules[host->loaded_count] = module;
	return loader_refuse(arena, modules, host->loaded_count + 1);
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

static int call_load(struct tern_host *host, struct loaded *loaded)
{
	int result = 0;

	host->loading = loaded;
	if (loaded->module->load)
		result = loaded->module->load(host, &loaded->settings);
	host->loading = NULL;
	return result;
}

int loader_add(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const struct option_setting *options, const char **ret_why)
{
	struct loaded loaded = { .module = module };
	const char *why = refuse(arena, host, module, options);
	int result;

	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	registry_add(module);
	intern_claims(module);
	result = handles_enter(module, host->server ? host->server->storage : NULL);
	if (result < 0) {
		*ret_why = arena_printf(arena, "the stores of module `%s` cannot be opened: %s",
			module->name, strerror(-result));
		return result;
	}
	loaded.options = options_create(module, options);
	result = call_load(host, &loaded);
	if (result < 0) {
		options_destroy(loaded.options);
		*ret_why = arena_printf(arena, "module `%s` does not load: %s", module->name,
			strerror(-result));
		return result;
	}
	host->loaded = heap_resize(host->loaded, (host->loaded_count + 1) * sizeof *host->loaded);
	host->loaded[host->loaded_count++] = loaded;
	tables_make(host);
	log_debug("host", host->domain, "module %s loaded", module->name);
	return 0;
}

int loader_renew(struct arena *arena, struct tern_host *host, const struct tern_module *module,
	const struct option_setting *options, const char **ret_why)
{
	struct loaded fresh = { .module = module, .options = options_create(module, options) };
	size_t at = 0;
	int result = call_load(host, &fresh);

	if (result < 0) {
		options_destroy(fresh.options);
		*ret_why = arena_printf(arena, "module `%s` does not load: %s", module->name,
			strerror(-result));
		return result;
	}
	while (host->loaded[at].module != module)
		at++;
	host->retired = heap_resize(host->retired,
		(host->retired_count + 1) * sizeof *host->retired);
	host->retired[host->retired_count++] = host->loaded[at];
	host->loaded[at] = fresh;
	tables_make(host);
	return 0;
}

static void unload_list(struct tern_host *host, struct loaded **list, size_t *count)
{
	while (*count) {
		struct loaded *last = &(*list)[--*count];

		if (last->module->unload)
			last->module->unload(host, last->settings);
		options_destroy(last->options);
	}
	free(*list);
	*list = NULL;
}

void loader_unload(struct tern_host *host)
{
	tables_finish(host);
	unload_list(host, &host->loaded, &host->loaded_count);
	unload_list(host, &host->retired, &host->retired_count);
	tables_make(host);
}
