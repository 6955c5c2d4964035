/* claims.c - judges whether the tables of a module make sense
 * SPDX-License-Identifier: MIT */

#include "claims.h"

#include <string.h>

#include "arena.h"
#include "module.h"
#include "options.h"

#define METRIC_BYTES "abcdefghijklmnopqrstuvwxyz0123456789_"
#define NAME_BYTES METRIC_BYTES "-"
#define NAME_BYTES_TOLD "a-z, 0-9, `-` and `_`"

typedef const char *refusal(struct arena *arena, const struct tern_module *module);

/* What the engine and ternctl have themselves: a module's would never be found, or be another's. */
static const char *const own_stores[] = { "credentials", "intents", "saved", "seen", "server",
	NULL };
static const char *const own_words[] = { "announce", "backup", "config", "db", "doctor", "help",
	"host", "log", "module", "restore", "session", "stats", "status", "stop", "user", NULL };

static bool is_among(const char *text, const char *const *list)
{
	while (*list && strcmp(*list, text) != 0)
		list++;
	return *list;
}

bool claims_is_name(const char *name)
{
	return *name && strspn(name, NAME_BYTES) == strlen(name);
}

static const char *const *texts_of(const void *entry)
{
	const char *const *texts = entry;

	return texts && *texts ? texts : NULL;
}

static bool is_listed(const char *const *texts, size_t count, const char *list, size_t size)
{
	const char *const *other;

	for (; (other = texts_of(list)); list += size) {
		size_t same = 0;

		while (same < count && strcmp(texts[same], other[same]) == 0)
			same++;
		if (same == count)
			return true;
	}
	return false;
}

const char *const *claims_common(const void *a, const void *b, size_t size, size_t texts)
{
	for (const char *entry = a; texts_of(entry); entry += size) {
		if (is_listed(texts_of(entry), texts, b, size))
			return texts_of(entry);
	}
	return NULL;
}

const char *const *claims_repeated(const void *table, size_t size, size_t texts)
{
	for (const char *entry = table; texts_of(entry); entry += size) {
		if (is_listed(texts_of(entry), texts, entry + size, size))
			return texts_of(entry);
	}
	return NULL;
}

static const char *refuse_option(struct arena *arena, const struct tern_module *module,
	const struct tern_option *option)
{
	const struct option_setting preset = { option->name, &option->preset, 1 };
	const char *why;

	if (!claims_is_name(option->name))
		return arena_printf(arena, "the name of option `%s` is not one (" NAME_BYTES_TOLD ")",
			option->name);
	if (!option->preset)
		return option->type == TERN_STRING || option->type == TERN_LIST ? NULL
			: arena_printf(arena, "option `%s` has no preset", option->name);
	why = options_refuse(arena, module, &preset);
	return why ? arena_printf(arena, "the preset of an option is wrong: %s", why) : NULL;
}

static const char *refuse_options(struct arena *arena, const struct tern_module *module)
{
	const char *why = NULL;

	for (const struct tern_option *option = module->options; !why && option && option->name;
	     option++)
		why = refuse_option(arena, module, option);
	return why;
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
		if (is_among(store->name, own_stores))
			return arena_printf(arena, "store `%s` is the server's own", store->name);
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
		if (!state->name && (state->is_plain || state->save || state->restore))
			return arena_strdup(arena, "a state that is to be saved has no name");
		if (state->name && state->scope != TERN_PER_SESSION)
			return arena_printf(arena, "state `%s` has a name, and only those of sessions are "
				"saved", state->name);
		if (state->name && state->is_plain == has_both)
			return arena_printf(arena, "state `%s` does not say how it is saved: either "
				"`is_plain`, or `save` and `restore`", state->name);
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
	for (const struct tern_stranger_iq *iq = module->stranger_iqs; iq && iq->run; iq++) {
		if (iq->type != TERN_GET && iq->type != TERN_SET)
			return arena_printf(arena, "the claim of iq {%s}%s of strangers is incomplete",
				iq->ns, iq->name);
	}
	return NULL;
}

/* What is found by two texts has both. */
static const char *refuse_names(struct arena *arena, const struct tern_module *module)
{
#define X(table, end, second) \
	for (size_t i = 0; module->table && module->table[i].end; i++) { \
		if (!module->table[i].second) \
			return arena_printf(arena, "entry %zu of `" #table "` has no `" #second "`", i + 1); \
	}
	X(identities, category, type)
	X(account_identities, category, type)
	X(stream_features, ns, name)
	X(stranger_features, ns, name)
	X(stranger_iqs, run, ns)
	X(stranger_iqs, run, name)
	X(nonzas, run, ns)
	X(nonzas, run, name)
	X(importers, run, ns)
	X(importers, run, name)
	X(rounds, run, store)
#undef X
	return NULL;
}

static bool has_store(const struct tern_module *module, const tern_store *handle)
{
	const struct tern_store_claim *store = module->stores;

	while (store && store->name && store->handle != handle)
		store++;
	return store && store->name;
}

static const char *refuse_rounds(struct arena *arena, const struct tern_module *module)
{
	for (const struct tern_round *round = module->rounds; round && round->run; round++) {
		if (!has_store(module, round->store))
			return arena_strdup(arena, "a round goes by a store that `stores` does not claim");
	}
	return NULL;
}

static const char *refuse_switch(struct arena *arena, const struct tern_module *module,
	const struct tern_stream_feature *feature)
{
	const struct tern_option *option;

	for (; feature && feature->ns; feature++) {
		option = feature->option ? options_claim(module, feature->option) : NULL;
		if (feature->option && (!option || option->type != TERN_BOOL))
			return arena_printf(arena, "stream feature {%s}%s: `%s` is no option of the module "
				"that is yes or no", feature->ns, feature->name, feature->option);
	}
	return NULL;
}

static const char *refuse_stream_features(struct arena *arena, const struct tern_module *module)
{
	const char *why = refuse_switch(arena, module, module->stream_features);

	return why ? why : refuse_switch(arena, module, module->stranger_features);
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

/* OpenMetrics has no `-`. */
static bool is_counted_for(const char *name, const char *module)
{
	for (; *module; name++, module++) {
		if (*name != (*module == '-' ? '_' : *module))
			return false;
	}
	return *name == '_' && strspn(name, METRIC_BYTES) == strlen(name);
}

static const char *refuse_metrics(struct arena *arena, const struct tern_module *module)
{
	for (const struct tern_metric_claim *metric = module->metrics; metric && metric->name;
	     metric++) {
		if (!is_counted_for(metric->name, module->name))
			return arena_printf(arena, "metric `%s` does not begin with the module's name and "
				"`_`, or has other bytes than a-z, 0-9 and `_`", metric->name);
		if (!metric->handle == !metric->read)
			return arena_printf(arena, "metric `%s` wants either a handle or `read`",
				metric->name);
		if (!metric->about)
			return arena_printf(arena, "metric `%s` lacks its line of explanation",
				metric->name);
	}
	return NULL;
}

/* "door show": words of a-z, 0-9 and `-`, with a blank between them. */
static bool are_words(const char *text)
{
	size_t len = strlen(text);

	return *text && *text != ' ' && text[len - 1] != ' ' && !strstr(text, "  ") &&
		strspn(text, NAME_BYTES " ") == len;
}

static const char *refuse_words(struct arena *arena, const char *words)
{
	const char *first = arena_strndup(arena, words, strcspn(words, " "));

	if (!are_words(words))
		return arena_printf(arena, "command `%s`: it is not words (" NAME_BYTES_TOLD ") with a "
			"blank between them", words);
	return is_among(first, own_words) ? arena_printf(arena, "command `%s`: those that begin with "
		"`%s` are the server's own", words, first) : NULL;
}

static const char *refuse_fields(struct arena *arena, const struct tern_command_claim *command)
{
	const char *const *repeated;

	for (const struct tern_command_field *field = command->fields; field && field->name;
	     field++) {
		if (!field->about || !strstr(command->arguments, field->name))
			return arena_printf(arena, "command `%s`: the field `%s` is not among its "
				"arguments, or has no label", command->words, field->name);
	}
	repeated = claims_repeated(command->fields, sizeof *command->fields, 1);
	return repeated ? arena_printf(arena, "command `%s`: there are two fields `%s`",
		command->words, *repeated) : NULL;
}

static const char *refuse_commands(struct arena *arena, const struct tern_module *module)
{
	const char *why;

	for (const struct tern_command_claim *command = module->commands;
	     command && command->words; command++) {
		if (!command->arguments || !command->about || !command->columns || !command->run)
			return arena_printf(arena, "the claim of command `%s` is incomplete",
				command->words);
		if ((why = refuse_words(arena, command->words)) || (why = refuse_fields(arena, command)))
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
	X(nonzas, run) X(commands, words) X(metrics, name) X(importers, run) X(rounds, run) \
	X(identities, category) X(account_identities, category)

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

/* Whose entries begin with the texts that name them. */
static const char *refuse_repeated(struct arena *arena, const struct tern_module *module)
{
	const char *const *name;

#define X(table, what) { \
		name = claims_repeated(module->table, sizeof *module->table, 1); \
		if (name) \
			return arena_printf(arena, "it claims the " what " `%s` twice", *name); \
	}
	X(features, "feature")
	X(account_features, "feature of accounts")
	X(stores, "store")
	X(options, "option")
	X(commands, "command")
	X(metrics, "metric")
#undef X
	return NULL;
}

/* Each has a number of its own. */
static const char *refuse_shared_handles(struct arena *arena, const struct tern_module *module)
{
#define X(table, field) \
	for (size_t i = 0; module->table && module->table[i].field; i++) { \
		for (size_t k = 0; k < i; k++) { \
			if (module->table[i].handle && \
			    module->table[i].handle == module->table[k].handle) \
				return arena_printf(arena, "entries %zu and %zu of `" #table "` have one " \
					"handle", k + 1, i + 1); \
		} \
	}
	X(states, size)
	X(stores, name)
	X(metrics, name)
#undef X
	return NULL;
}

const char *claims_refuse(struct arena *arena, const struct tern_module *module)
{
	static refusal *const refusals[] = { refuse_ends, refuse_options, refuse_names, refuse_states,
		refuse_stores, refuse_rounds, refuse_iqs, refuse_stream_features, refuse_metrics,
		refuse_commands, refuse_hooks, refuse_repeated, refuse_shared_handles };
	const char *why = NULL;

	if (module->abi != TERN_MODULE_ABI)
		return arena_printf(arena, "it was built for module ABI %u, this server has %u",
			module->abi, TERN_MODULE_ABI);
	if (!module->name || !claims_is_name(module->name))
		return arena_strdup(arena, "its name is not one (" NAME_BYTES_TOLD ")");
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals && !why; i++)
		why = refusals[i](arena, module);
	return why;
}
