/* options.c - checks the options of modules against their claims and keeps the values
 * SPDX-License-Identifier: MIT */

#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "module.h"
#include "nearest.h"

union value {
	bool yes;
	long number;
	const char *string;
	const char *const *list;
};

struct options {
	struct arena *arena;
	const struct tern_module *module;
	union value *values; /* in the order of the claims */
	const char *fault;
};

static size_t claim_count(const struct tern_module *module)
{
	size_t count = 0;

	while (module->options && module->options[count].name)
		count++;
	return count;
}

const struct tern_option *options_claim(const struct tern_module *module, const char *name)
{
	for (const struct tern_option *claim = module->options; claim && claim->name; claim++) {
		if (strcmp(claim->name, name) == 0)
			return claim;
	}
	return NULL;
}

bool options_read_bool(const char *text, bool *ret_value)
{
	static const struct { const char *text; bool value; } words[] = {
		{ "yes", true }, { "no", false }, { "true", true }, { "false", false },
		{ "on", true }, { "off", false },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i].text) == 0) {
			*ret_value = words[i].value;
			return true;
		}
	}
	return false;
}

bool options_read_number(const char *text, long *ret_value)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end)
		return false;
	*ret_value = value;
	return true;
}

static const char *hint_at_option(struct arena *arena, const struct tern_module *module,
	const char *name)
{
	size_t count = claim_count(module);
	const char **names = arena_alloc(arena, (count + 1) * sizeof *names);

	for (size_t i = 0; i < count; i++)
		names[i] = module->options[i].name;
	return nearest_hint(arena, name, names, count);
}

static const char *refuse_unknown(struct arena *arena, const struct tern_module *module,
	const char *name)
{
	return arena_printf(arena, "module `%s` has no option `%s`%s", module->name, name,
		hint_at_option(arena, module, name));
}

static const char *refuse_number(struct arena *arena, const struct tern_option *claim,
	const char *text)
{
	bool has_range = claim->least || claim->most;
	long value;

	if (!options_read_number(text, &value))
		return arena_printf(arena, "`%s` is a number, not `%s`", claim->name, text);
	if (has_range && (value < claim->least || value > claim->most))
		return arena_printf(arena, "`%s` is from %ld to %ld, not %ld", claim->name,
			claim->least, claim->most, value);
	return NULL;
}

static const char *refuse_values(struct arena *arena, const struct tern_option *claim,
	const struct option_setting *setting)
{
	for (size_t i = 0; claim->refuse && i < setting->count; i++) {
		const char *why = claim->refuse(arena, setting->values[i]);

		if (why)
			return arena_printf(arena, "`%s`: %s", claim->name, why);
	}
	return NULL;
}

const char *options_refuse(struct arena *arena, const struct tern_module *module,
	const struct option_setting *setting)
{
	const struct tern_option *claim = options_claim(module, setting->name);
	bool yes;

	if (!claim)
		return refuse_unknown(arena, module, setting->name);
	if (claim->type == TERN_LIST)
		return refuse_values(arena, claim, setting);
	if (setting->count != 1)
		return arena_printf(arena, "`%s` has one value, not a list", claim->name);
	switch (claim->type) {
	case TERN_BOOL:
		if (!options_read_bool(setting->values[0], &yes))
			return arena_printf(arena, "`%s` is yes or no, not `%s`", claim->name,
				setting->values[0]);
		return NULL;
	case TERN_NUMBER:
		return refuse_number(arena, claim, setting->values[0]);
	case TERN_STRING:
	case TERN_LIST:
		return refuse_values(arena, claim, setting);
	}
	return NULL;
}

/* "a, b" of a preset. */
static const char *const *split_list(struct arena *arena, const char *text)
{
	const char **list = arena_alloc(arena, (strlen(text) + 2) * sizeof *list);
	size_t count = 0;

	for (const char *at = text; *at;) {
		size_t len;

		at += strspn(at, ", ");
		len = strcspn(at, ", ");
		if (len)
			list[count++] = arena_strndup(arena, at, len);
		at += len;
	}
	list[count] = NULL;
	return list;
}

static const char *const *copy_list(struct arena *arena, const struct option_setting *setting)
{
	const char **list = arena_alloc(arena, (setting->count + 1) * sizeof *list);

	for (size_t i = 0; i < setting->count; i++)
		list[i] = arena_strdup(arena, setting->values[i]);
	list[setting->count] = NULL;
	return list;
}

static union value read_value(struct arena *arena, const struct tern_option *claim,
	const struct option_setting *setting)
{
	const char *text = setting && setting->count ? setting->values[0]
		: claim->preset ? claim->preset : "";
	union value value = { 0 };

	switch (claim->type) {
	case TERN_BOOL:
		options_read_bool(text, &value.yes);
		break;
	case TERN_NUMBER:
		options_read_number(text, &value.number);
		break;
	case TERN_STRING:
		value.string = arena_strdup(arena, text);
		break;
	case TERN_LIST:
		value.list = setting ? copy_list(arena, setting) : split_list(arena, text);
		break;
	}
	return value;
}

static const struct option_setting *find_setting(const struct option_setting *settings,
	const char *name)
{
	for (; settings && settings->name; settings++) {
		if (strcmp(settings->name, name) == 0)
			return settings;
	}
	return NULL;
}

static bool texts_equal(const char *const *a, size_t count_a, const char *const *b, size_t count_b)
{
	if (count_a != count_b)
		return false;
	for (size_t i = 0; i < count_a; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

static const struct option_setting no_options = { 0 };

bool options_equal(const struct option_setting *a, const struct option_setting *b)
{
	a = a ? a : &no_options;
	b = b ? b : &no_options;
	for (; a->name && b->name; a++, b++) {
		if (strcmp(a->name, b->name) != 0 ||
		    !texts_equal(a->values, a->count, b->values, b->count))
			return false;
	}
	return !a->name && !b->name;
}

struct options *options_create(const struct tern_module *module,
	const struct option_setting *settings)
{
	struct arena *arena = arena_create(512);
	struct options *options = arena_zalloc(arena, sizeof *options);
	size_t count = claim_count(module);

	options->arena = arena;
	options->module = module;
	options->values = arena_zalloc(arena, (count + 1) * sizeof *options->values);
	for (size_t i = 0; i < count; i++)
		options->values[i] = read_value(arena, &module->options[i],
			find_setting(settings, module->options[i].name));
	return options;
}

void options_destroy(struct options *options)
{
	if (options)
		arena_destroy(options->arena);
}

static const char *refuse_asked(const struct options *options, const char *name,
	const struct tern_option *claim, enum tern_value type)
{
	static const char *const types[] = {
		[TERN_BOOL] = "yes or no", [TERN_NUMBER] = "number", [TERN_STRING] = "text",
		[TERN_LIST] = "list",
	};
	const char *module = options->module->name;

	if (claim)
		return arena_printf(options->arena, "module `%s` asked for option `%s` as `%s`, and "
			"claims it as `%s`", module, name, types[type], types[claim->type]);
	return arena_printf(options->arena, "module `%s` asked for option `%s`, which it does not "
		"claim%s", module, name, hint_at_option(options->arena, options->module, name));
}

static const union value *find_value(struct options *options, const char *name,
	enum tern_value type)
{
	static const char *const no_list[] = { NULL };
	static const union value nothing[] = {
		[TERN_STRING] = { .string = "" }, [TERN_LIST] = { .list = no_list },
	};
	const struct tern_option *claim = options_claim(options->module, name);

	if (claim && claim->type == type)
		return &options->values[claim - options->module->options];
	if (!options->fault)
		options->fault = refuse_asked(options, name, claim, type);
	return &nothing[type];
}

const char *options_fault(const struct options *options)
{
	return options->fault;
}

bool options_bool(struct options *options, const char *name)
{
	return find_value(options, name, TERN_BOOL)->yes;
}

long options_number(struct options *options, const char *name)
{
	return find_value(options, name, TERN_NUMBER)->number;
}

const char *options_string(struct options *options, const char *name)
{
	return find_value(options, name, TERN_STRING)->string;
}

const char *const *options_list(struct options *options, const char *name)
{
	return find_value(options, name, TERN_LIST)->list;
}
