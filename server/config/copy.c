/* copy.c - copies what a reload leaves as it was
 * SPDX-License-Identifier: MIT */

#include "copy.h"

#include "arena.h"
#include "config.h"
#include "keys.h"
#include "options.h"

const struct option_setting *settings_copy(struct arena *arena,
	const struct option_setting *settings)
{
	struct option_setting *copy;
	size_t count = 0;

	if (!settings)
		return NULL;
	while (settings[count].name)
		count++;
	copy = arena_zalloc(arena, (count + 1) * sizeof *copy);
	for (size_t i = 0; i < count; i++)
		copy[i] = (struct option_setting){ arena_strdup(arena, settings[i].name),
			texts_copy(arena, settings[i].values, settings[i].count), settings[i].count };
	return copy;
}

void host_config_copy_modules(struct arena *arena, struct host_config *to,
	const struct host_config *from)
{
	struct wanted_module *modules =
		arena_alloc(arena, (from->module_count + 1) * sizeof *modules);

	for (size_t i = 0; i < from->module_count; i++)
		modules[i] = (struct wanted_module){ from->modules[i].module,
			settings_copy(arena, from->modules[i].options) };
	to->modules = modules;
	to->module_count = from->module_count;
}

void host_config_copy(struct arena *arena, struct host_config *to, const struct host_config *from)
{
	*to = (struct host_config){
		.domain = arena_strdup(arena, from->domain),
		.certificate = arena_strdup(arena, from->certificate),
		.key = arena_strdup(arena, from->key),
		.client_ca = arena_strdup(arena, from->client_ca),
		.resume_location = arena_strdup(arena, from->resume_location),
		.sasl = from->sasl,
	};
	host_config_copy_modules(arena, to, from);
}

void config_copy_listens(struct config *to, const struct config *from)
{
	to->listens = arena_zalloc(to->arena, (from->listen_count + 1) * sizeof *to->listens);
	to->listen_count = from->listen_count;
	for (size_t i = 0; i < from->listen_count; i++) {
		to->listens[i].name = arena_strdup(to->arena, from->listens[i].name);
		for (const struct key *key = section_find("listen")->keys; key->name; key++)
			key_copy(to->arena, key, &to->listens[i], &from->listens[i]);
	}
}
