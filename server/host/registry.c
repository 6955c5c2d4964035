/* registry.c - opens modules and judges whether their tables make sense
 * SPDX-License-Identifier: MIT */

#include "registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "heap.h"
#include "module.h"
#include "nearest.h"
#include "options.h"

#define NAMES_MOST 128 /* that a misspelt one is compared with */

static const struct tern_module **known;
static size_t known_count;

void registry_add(const struct tern_module *module)
{
	if (registry_find(module->name) == module)
		return;
	known = heap_resize(known, (known_count + 1) * sizeof *known);
	known[known_count++] = module;
}

const struct tern_module *registry_find(const char *name)
{
	for (size_t i = 0; i < known_count; i++) {
		if (strcmp(known[i]->name, name) == 0)
			return known[i];
	}
	return NULL;
}

/* A name becomes a file's name: nothing in it may lead elsewhere. */
static bool is_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(name);
}

/* The names of the modules in a folder, behind those that are there: how many there are now. */
static size_t add_names(struct arena *arena, const char *folder, const char **names, size_t count)
{
	DIR *dir = opendir(folder);

	for (struct dirent *entry; dir && count < NAMES_MOST && (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);

		if (len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0)
			names[count++] = arena_strndup(arena, entry->d_name, len - 3);
	}
	if (dir)
		closedir(dir);
	return count;
}

static const char *refuse_missing(struct arena *arena, const char *const *folders,
	const char *name)
{
	const char *names[NAMES_MOST], *all = "";
	size_t count = 0;

	for (size_t i = 0; folders[i]; i++) {
		all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", folders[i]);
		count = add_names(arena, folders[i], names, count);
	}
	return arena_printf(arena, "there is no module `%s` in %s%s", name, all,
		nearest_hint(arena, name, names, count));
}

/* The first of the files that are there, or NULL. */
static const char *find_file(struct arena *arena, const char *const *folders, const char *name)
{
	for (; is_name(name) && *folders; folders++) {
		const char *path = arena_printf(arena, "%s/%s.so", *folders, name);

		if (access(path, F_OK) == 0)
			return path;
	}
	return NULL;
}

static const char *refuse_option(struct arena *arena, const struct tern_module *module,
	const struct tern_option *option)
{
	const struct option_setting preset = { option->name, &option->preset, 1 };
	const char *why;

	if (!option->preset)
		return option->type == TERN_STRING || option->type == TERN_LIST ? NULL
			: arena_printf(arena, "option `%s` has no preset", option->name);
	why = options_refuse(arena, module, &preset);
	return why ? arena_printf(arena, "the preset of an option is wrong: %s", why) : NULL;
}

/* "roster" and "roster/version" are the module roster's. */
static bool is_named_for(const char *name, const struct tern_module *module)
{
	size_t len = strlen(module->name);

	return strncmp(name, module->name, len) == 0 && (!name[len] || name[len] == '/');
}

static const char *refuse_stores(struct arena *arena, const struct tern_module *module)
{
	for (const struct tern_store_claim *store = module->stores; store && store->name; store++) {
		if (!is_named_for(store->name, module))
			return arena_printf(arena, "store `%s` does not begin with the module's name",
				store->name);
		if (!store->handle || (store->layout == TERN_RESIDENT && !store->read))
			return arena_printf(arena, "store `%s` lacks its handle or `read`", store->name);
	}
	return NULL;
}

static const char *refuse_states(struct arena *arena, const struct tern_module *module)
{
	for (const struct tern_state_claim *state = module->states; state && state->size; state++) {
		bool has_both = state->save && state->restore;

		if (!state->handle)
			return arena_strdup(arena, "a state has no handle");
		if (state->name && !is_named_for(state->name, module))
			return arena_printf(arena, "state `%s` does not begin with the module's name",
				state->name);
		if (state->name ? state->scope != TERN_PER_SESSION || state->is_plain == has_both :
		    state->is_plain || state->save || state->restore)
			return arena_printf(arena, "the state `%s` does not say how it is saved",
				state->name ? state->name : "");
	}
	return NULL;
}

static const char *refuse_iqs(struct arena *arena, const struct tern_module *module)
{
	for (const struct tern_iq *iq = module->iqs; iq && iq->ns; iq++) {
		if ((iq->type != TERN_GET && iq->type != TERN_SET) || !iq->at || !iq->name || !iq->run)
			return arena_printf(arena, "the claim of iq {%s}%s is incomplete", iq->ns,
				iq->name ? iq->name : "");
	}
	return NULL;
}

static const char *refuse_hooks(struct arena *arena, const struct tern_module *module)
{
	for (const struct tern_hook *hook = module->hooks; hook && hook->run; hook++) {
		if ((unsigned)hook->phase >= TERN_PHASE_COUNT || !hook->kinds)
			return arena_strdup(arena, "a hook names no phase or no kind of stanza");
	}
	for (const struct tern_watch *watch = module->watches; watch && watch->run; watch++) {
		if ((unsigned)watch->what >= TERN_HAPPENING_COUNT)
			return arena_strdup(arena, "a watch names no happening");
	}
	for (const struct tern_answer_claim *claim = module->answers; claim && claim->answer; claim++) {
		if ((unsigned)claim->question >= TERN_QUESTION_COUNT)
			return arena_strdup(arena, "an answer names no question");
	}
	return NULL;
}

static const char *refuse_metrics(struct arena *arena, const struct tern_module *module)
{
	size_t len = strlen(module->name);

	for (const struct tern_metric_claim *metric = module->metrics; metric && metric->name;
	     metric++) {
		if (strncmp(metric->name, module->name, len) != 0 || metric->name[len] != '_')
			return arena_printf(arena, "metric `%s` does not begin with the module's name",
				metric->name);
		if (!metric->handle == !metric->read)
			return arena_printf(arena, "metric `%s` wants either a handle or `read`",
				metric->name);
	}
	return NULL;
}

static const char *refuse_fields(struct arena *arena, const struct tern_command_claim *command)
{
	for (const struct tern_command_field *field = command->fields; field && field->name;
	     field++) {
		if (!field->about || !strstr(command->arguments, field->name))
			return arena_printf(arena, "command `%s`: the field `%s` is not among its "
				"arguments, or has no label", command->words, field->name);
	}
	return NULL;
}

static const char *refuse_commands(struct arena *arena, const struct tern_module *module)
{
	const char *why;

	for (const struct tern_command_claim *command = module->commands;
	     command && command->words; command++) {
		if (!command->arguments || !command->about || !command->columns || !command->run)
			return arena_printf(arena, "the claim of command `%s` is incomplete",
				command->words);
		why = refuse_fields(arena, command);
		if (why)
			return why;
	}
	return NULL;
}

static bool is_blank(const void *entry, size_t size)
{
	const char *at = entry;

	while (size > 0 && at[size - 1] == 0)
		size--;
	return size == 0;
}

/* Tables, and what an entry must have to be one. */
#define TABLES(X) \
	X(iqs, ns) X(hooks, run) X(watches, run) X(states, size) X(stores, name) X(options, name) \
	X(stream_features, ns) X(stranger_features, ns) X(stranger_iqs, run) X(answers, answer) \
	X(nonzas, run) X(commands, words) X(metrics, name) X(importers, run) X(rounds, run)

/* What stands where a table ends is all zero: else an entry lacks that, and would count for nothing
 * with all that follow it. */
static const char *refuse_ends(struct arena *arena, const struct tern_module *module)
{
#define X(table, field) { \
		size_t i = 0; \
		while (module->table && module->table[i].field) \
			i++; \
		if (module->table && !is_blank(&module->table[i], sizeof module->table[i])) \
			return arena_printf(arena, "entry %zu of `" #table "` has no `" #field "`", i + 1); \
	}
	TABLES(X)
#undef X
	return NULL;
}

const char *registry_refuse(struct arena *arena, const struct tern_module *module)
{
	const char *why;

	if (module->abi != TERN_MODULE_ABI)
		return arena_printf(arena, "it was built for module ABI %u, this server has %u",
			module->abi, TERN_MODULE_ABI);
	if (!module->name || !is_name(module->name))
		return arena_strdup(arena, "its name is not one (a-z, 0-9, `-` and `_`)");
	for (const struct tern_option *option = module->options; option && option->name; option++) {
		why = refuse_option(arena, module, option);
		if (why)
			return why;
	}
	if ((why = refuse_ends(arena, module)) || (why = refuse_states(arena, module)) ||
	    (why = refuse_stores(arena, module)) || (why = refuse_iqs(arena, module)) ||
	    (why = refuse_metrics(arena, module)) || (why = refuse_commands(arena, module)))
		return why;
	return refuse_hooks(arena, module);
}

/* The linker's words, without the path that it begins with, and clearer for those who do not know
 * them. */
static const char *refuse_file(struct arena *arena, const char *path)
{
	const char *said = dlerror();
	size_t len = strlen(path);

	if (strncmp(said, path, len) == 0 && strncmp(said + len, ": ", 2) == 0)
		said += len + 2;
	if (strncmp(said, "undefined symbol", 16) == 0)
		return arena_printf(arena, "%s: this server has nothing of that name", said);
	if (strstr(said, "ELF") || strcmp(said, "file too short") == 0)
		return arena_printf(arena, "it is no shared object for this machine (%s)", said);
	return arena_strdup(arena, said);
}

static const char *refuse_object(struct arena *arena, const struct tern_module *module,
	const char *name)
{
	const char *why;

	if (!module)
		return "it exports no `tern_module`";
	why = registry_refuse(arena, module);
	if (!why && strcmp(module->name, name) != 0)
		why = arena_printf(arena, "it calls itself `%s`", module->name);
	return why;
}

/* What is refused goes again, so that it can be mended and tried while the process runs. */
static const char *open_file(struct arena *arena, const char *path, const char *name,
	const struct tern_module **ret_module)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct tern_module *module;
	const char *why;

	if (!object)
		return refuse_file(arena, path);
	module = dlsym(object, "tern_module");
	why = refuse_object(arena, module, name);
	if (why)
		dlclose(object);
	else
		*ret_module = module;
	return why;
}

int registry_open(struct arena *arena, const char *const *folders, const char *name,
	const struct tern_module **ret_module, const char **ret_why)
{
	const struct tern_module *module = registry_find(name);
	const char *path, *why;

	if (module) {
		*ret_module = module;
		return 0;
	}
	path = find_file(arena, folders, name);
	if (!path) {
		*ret_why = refuse_missing(arena, folders, name);
		return -ENOENT;
	}
	why = open_file(arena, path, name, &module);
	if (why) {
		*ret_why = arena_printf(arena, "module `%s` (%s) cannot be used: %s", name, path, why);
		return -EINVAL;
	}
	registry_add(module);
	*ret_module = module;
	return 0;
}
