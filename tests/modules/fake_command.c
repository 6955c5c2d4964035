/* fake_command.c - commands of modules as an administrator calls them, and what they count
 * SPDX-License-Identifier: MIT */

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "fake_internal.h"
#include "writer.h"

#define ARGUMENTS_MOST 16

struct tern_command {
	const struct tern_command_claim *claim;
	struct arena *arena;
	const char *arguments[ARGUMENTS_MOST + 1]; /* behind the address */
	size_t count;
	char *answer;
	size_t answer_size;
	FILE *out;
	bool has_ended;
};

static int64_t metrics[CLAIMS_MAX];

/* --- metrics ------------------------------------------------------------------------- */

void enter_metrics(struct tern_host *host, const struct tern_module *module)
{
	for (const struct tern_metric_claim *claim = module->metrics; claim && claim->name; claim++) {
		if (!claim->handle)
			continue;
		assert(host->metric_count < CLAIMS_MAX);
		*claim->handle = (tern_metric)host->metric_count;
		metrics[host->metric_count++] = 0;
	}
}

void tern_count(struct tern_entity *entity, tern_metric metric, int64_t by)
{
	(void)entity;
	metrics[metric] += by;
}

static int64_t value_of(const struct tern_metric_claim *claim, const void *settings)
{
	return claim->read ? claim->read(settings) : metrics[*claim->handle];
}

int64_t fake_metric(const struct fake *fake, const char *name)
{
	for (size_t i = 0; i < fake->host.count; i++) {
		const struct tern_metric_claim *claim = fake->host.modules[i]->metrics;

		for (; claim && claim->name; claim++) {
			if (strcmp(claim->name, name) == 0)
				return value_of(claim, fake->host.settings[i]);
		}
	}
	return -1;
}

/* --- commands ------------------------------------------------------------------------ */

const char *tern_command_argument(const struct tern_command *command, size_t index)
{
	return index < command->count ? command->arguments[index] : NULL;
}

const char *tern_command_option(const struct tern_command *command, const char *name)
{
	for (size_t i = 0; i + 1 < command->count; i++) {
		if (strcmp(command->arguments[i], name) == 0)
			return command->arguments[i + 1];
	}
	return NULL;
}

struct arena *tern_command_arena(struct tern_command *command)
{
	return command->arena;
}

void tern_command_row(struct tern_command *command, const char *const *cells)
{
	assert(!command->has_ended);
	for (size_t i = 0; command->claim->columns[i]; i++)
		fprintf(command->out, "%s%s", i ? "|" : "", cells[i]);
	fputs("\n", command->out);
}

void tern_command_element(struct tern_command *command, const struct element *element)
{
	const char *text = writer_text(command->arena, element);

	tern_command_row(command, &text);
}

void tern_command_end(struct tern_command *command)
{
	assert(!command->has_ended);
	command->has_ended = true;
}

void tern_command_fail(struct tern_command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("error: ", command->out);
	vfprintf(command->out, format, args);
	va_end(args);
	tern_command_end(command);
}

void tern_command_misused(struct tern_command *command)
{
	tern_command_fail(command, "usage: %s %s", command->claim->words,
		command->claim->arguments);
}

static const struct tern_command_claim *find_claim(const struct tern_host *host, const char *words,
	const void **ret_settings)
{
	for (size_t i = 0; i < host->count; i++) {
		const struct tern_command_claim *claim = host->modules[i]->commands;

		for (; claim && claim->words; claim++) {
			*ret_settings = host->settings[i];
			if (strcmp(claim->words, words) == 0)
				return claim;
		}
	}
	return NULL;
}

static char *run_claim(const struct tern_command_claim *claim, struct tern_entity *entity,
	const void *settings, const char *const *arguments)
{
	struct tern_command command = { .claim = claim, .arena = arena_create(1024) };

	for (; arguments && arguments[command.count]; command.count++) {
		assert(command.count < ARGUMENTS_MOST);
		command.arguments[command.count] = arguments[command.count];
	}
	command.out = open_memstream(&command.answer, &command.answer_size);
	claim->run(&command, entity, settings);
	assert(command.has_ended);
	fclose(command.out);
	arena_destroy(command.arena);
	return command.answer;
}

char *fake_export(struct tern_entity *entity, const char *module)
{
	static const char *const columns[] = { "xml", NULL };
	const struct tern_host *host = entity->host;
	size_t at = 0;

	while (strcmp(host->modules[at]->name, module) != 0)
		at++;
	return run_claim(&(struct tern_command_claim){ .words = "user export", .columns = columns,
		.run = host->modules[at]->exporter }, entity, host->settings[at], NULL);
}

int fake_import(struct tern_entity *entity, const char *xml)
{
	const struct tern_host *host = entity->host;
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct element *element = fake_read(arena, xml);
	int result = -ENOENT;

	for (size_t i = 0; i < host->count; i++) {
		const struct tern_importer *claim = host->modules[i]->importers;

		for (; claim && claim->name; claim++)
			if (element_is(element, claim->ns, claim->name))
				result = claim->run(entity, element, host->settings[i]);
	}
	arena_destroy(arena);
	return result;
}

char *fake_command(struct tern_host *host, struct tern_entity *entity, const char *words,
	const char *const *arguments)
{
	const void *settings = NULL;
	const struct tern_command_claim *claim = find_claim(host, words, &settings);

	assert(claim);
	return run_claim(claim, entity, settings, arguments);
}
