/* unknown.c - tells of keys that are in no table
 * SPDX-License-Identifier: MIT */

#include "unknown.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "faults.h"
#include "keys.h"
#include "module.h"
#include "nearest.h"
#include "options.h"
#include "outline.h"
#include "registry.h"

#define WORDS_MOST 128 /* that a misspelt one is compared with */

struct search {
	struct faults *faults;
	struct arena *arena;
	const char *words[WORDS_MOST];
	size_t count;
};

static void add_word(struct search *search, const char *word)
{
	if (search->count < WORDS_MOST)
		search->words[search->count++] = word;
}

static void complain(struct search *search, const struct outline_key *key)
{
	struct arena *arena = search->arena;
	const char *where = strcmp(key->section, "root") == 0 ? "" : key->title ?
		arena_printf(arena, " in %s `%s`", key->section, key->title) :
		arena_printf(arena, " in `%s`", key->section);

	faults_add(search->faults, arena, key->line, arena_printf(arena, "unknown key `%s`%s%s",
		key->name, where, nearest_hint(arena, key->name, search->words, search->count)));
	search->count = 0;
}

/* Sections stand outside of all others, but for those of modules, which stand in a host's. */
static bool is_section(const struct section *in, const char *name)
{
	if (in == &sections[0])
		return strcmp(name, "root") != 0 && section_find(name);
	return strcmp(in->name, "host") == 0 && strcmp(name, "module") == 0;
}

static bool check_key(void *context, const struct outline_key *key)
{
	const struct section *section = section_find(key->section);
	struct search *search = context;

	if (!section || section_key(section, key->name) || is_section(section, key->name))
		return true;
	for (const struct key *known = section->keys; known->name; known++)
		add_word(search, known->name);
	for (const struct section *known = &sections[1]; section == &sections[0] && known->name;
	     known++)
		add_word(search, known->name);
	if (strcmp(section->name, "host") == 0)
		add_word(search, "module");
	complain(search, key);
	return false;
}

static bool check_option(void *context, const struct outline_key *key)
{
	const struct tern_module *module = key->title ? registry_find(key->title) : NULL;
	struct search *search = context;

	if (strcmp(key->section, "module") != 0 || (module && options_claim(module, key->name)))
		return true;
	if (!module)
		return false;
	for (const struct tern_option *known = module->options; known && known->name; known++)
		add_word(search, known->name);
	complain(search, key);
	return false;
}

void unknown_keys(struct faults *faults, struct arena *arena, char *text)
{
	struct search search = { .faults = faults, .arena = arena };

	outline_each(arena, text, check_key, &search);
}

void unknown_options(struct faults *faults, struct arena *arena, char *text)
{
	struct search search = { .faults = faults, .arena = arena };

	outline_each(arena, text, check_option, &search);
}
