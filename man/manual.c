/* manual.c - puts the tables of keys, options and commands into manual pages
 * SPDX-License-Identifier: MIT
 *
 * While Tern is built a page's source goes through here, and what the program knows takes the place
 * of lines like
 *
 *     @keys limits@      the keys of a section
 *     @modules@          a chapter for each module, with its options
 *     @commands@         the commands of modules
 *
 * so that no page tells of what is not there.  What has no line of explanation ends the build. */

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "keys.h"
#include "module.h"
#include "registry.h"
#include "request.h"

#define MODULES_MOST 256

struct manual {
	struct arena *arena;
	const struct tern_module *modules[MODULES_MOST]; /* by name */
	size_t count;
};

static _Noreturn void fail(const char *what, const char *name)
{
	fprintf(stderr, "manual: %s: %s\n", name, what);
	exit(EXIT_FAILURE);
}

/* --- modules ------------------------------------------------------------------------------ */

static int compare_modules(const void *a, const void *b)
{
	return strcmp((*(const struct tern_module *const *)a)->name,
		(*(const struct tern_module *const *)b)->name);
}

static void open_modules(struct manual *manual, const char *folder)
{
	const char *const folders[] = { folder, NULL };
	DIR *dir = opendir(folder);

	if (!dir)
		fail("it cannot be read", folder);
	for (struct dirent *entry; (entry = readdir(dir)) && manual->count < MODULES_MOST;) {
		char *end = strstr(entry->d_name, ".so");
		const char *why;

		if (!end || end[3])
			continue;
		*end = '\0';
		if (registry_open(manual->arena, folders, entry->d_name,
				&manual->modules[manual->count], &why) < 0)
			fail(why, entry->d_name);
		manual->count++;
	}
	closedir(dir);
	qsort(manual->modules, manual->count, sizeof *manual->modules, compare_modules);
}

/* --- words of scdoc -------------------------------------------------------------------------- */

/* Plain text, in which `this` is bold. */
static void put(const char *text)
{
	for (; *text; text++) {
		if (*text == '`')
			putchar('*');
		else if (strchr("\\*_<>#", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

/* A sentence: what tables have, with a capital and a full stop. */
static void put_about(const char *about, const char *of)
{
	if (!about || !*about)
		fail("nothing says what it is", of);
	putchar(toupper((unsigned char)*about));
	put(about + 1);
	if (about[strlen(about) - 1] != '.')
		putchar('.');
}

/* "JID [--most N]": what stands for something underlined, the rest as it is typed. */
static void put_arguments(const char *arguments)
{
	while (*arguments) {
		size_t mark = strspn(arguments, " []|\""), len;

		printf("%.*s", (int)mark, arguments);
		arguments += mark;
		len = strcspn(arguments, " []|\"");
		if (len)
			printf(isupper((unsigned char)*arguments) ? "_%.*s_" : "*%.*s*", (int)len,
				arguments);
		arguments += len;
	}
}

static void put_range(long least, long most)
{
	if (least || most)
		printf(" From %ld to %ld.", least, most);
}

/* --- tables ------------------------------------------------------------------------------------ */

static void put_choices(const char *const *choices)
{
	for (size_t i = 0; choices[i]; i++)
		printf("%s_%s_", i == 0 ? " One of " : choices[i + 1] ? ", " : " and ", choices[i]);
	putchar('.');
}

/* `*name* = preset`, as somebody would write it. */
static void put_key(const struct key *key)
{
	bool is_quoted = key->type == KEY_TEXT || key->type == KEY_CHOICE;

	printf("*%s*", key->name);
	if (key->preset) {
		printf(is_quoted ? " = \"" : " = ");
		put(key->preset);
		printf(is_quoted ? "\"" : "");
	}
	printf("\n\t");
	put_about(key->about, key->name);
	if (key->type == KEY_CHOICE)
		put_choices(key->choices);
	if (key->type == KEY_NUMBER)
		put_range(key->least, key->most);
	printf("\n\n");
}

static void put_keys(const char *name)
{
	const struct section *section = section_find(name);

	if (!section)
		fail("there is no such section", name);
	for (const struct key *key = section->keys; key->name; key++)
		put_key(key);
}

/* "a, b" of a preset as {"a", "b"}. */
static void put_list(const char *preset)
{
	bool is_first = true;

	putchar('{');
	while (preset && *(preset += strspn(preset, ", "))) {
		size_t len = strcspn(preset, ", ");

		printf("%s\"%.*s\"", is_first ? "" : ", ", (int)len, preset);
		is_first = false;
		preset += len;
	}
	putchar('}');
}

static void put_option(const struct tern_option *option)
{
	printf("*%s* = ", option->name);
	switch (option->type) {
	case TERN_BOOL:
	case TERN_NUMBER:
		put(option->preset);
		break;
	case TERN_STRING:
		putchar('"');
		put(option->preset ? option->preset : "");
		putchar('"');
		break;
	case TERN_LIST:
		put_list(option->preset);
		break;
	}
	printf("\n\t");
	put_about(option->about, option->name);
	if (option->type == TERN_NUMBER)
		put_range(option->least, option->most);
	printf("\n\n");
}

static void put_modules(const struct manual *manual)
{
	for (size_t i = 0; i < manual->count; i++) {
		const struct tern_module *module = manual->modules[i];

		printf("## %s\n\n", module->name);
		put_about(module->about, module->name);
		printf("\n\n");
		for (const struct tern_option *option = module->options; option && option->name;
		     option++)
			put_option(option);
	}
}

static void put_commands(const struct manual *manual)
{
	for (size_t i = 0; i < manual->count; i++) {
		const struct tern_command_claim *command = manual->modules[i]->commands;

		for (; command && command->words; command++) {
			printf("*%s* ", command->words);
			put_arguments(command->arguments);
			printf("\n\t");
			put_about(command->about, command->words);
			printf(" Of the module %s.\n\n", manual->modules[i]->name);
		}
	}
}

/* --- pages --------------------------------------------------------------------------------------- */

static bool names_all_sections(const bool *is_named)
{
	size_t named = 0, all = 0;

	for (; sections[all].name; all++)
		named += is_named[all];
	return named == 0 || named == all;
}

static void put_table(const struct manual *manual, char *line, bool *is_named)
{
	line[strcspn(line, "@")] = '\0';
	if (strcmp(line, "modules") == 0) {
		put_modules(manual);
	} else if (strcmp(line, "commands") == 0) {
		put_commands(manual);
	} else if (strncmp(line, "keys ", 5) == 0) {
		put_keys(line + 5);
		is_named[section_find(line + 5) - sections] = true;
	} else {
		fail("there is no such table", line);
	}
}

static void put_page(const struct manual *manual)
{
	bool is_named[16] = { false };
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) >= 0) {
		if (*line == '@')
			put_table(manual, line + 1, is_named);
		else
			fputs(line, stdout);
	}
	free(line);
	if (!names_all_sections(is_named))
		fail("a section of keys has no place in it", "the page");
}

/* All names, a line each, for the tests: "key limit", "command archive stats\tJID". */
static void put_names(const struct manual *manual)
{
	for (const struct section *section = sections; section->name; section++) {
		printf("section %s\n", section->name);
		for (const struct key *key = section->keys; key->name; key++)
			printf("key %s\n", key->name);
	}
	for (const struct command *command = commands; command->claim.words; command++)
		printf("command %s\t%s\n", command->claim.words, command->claim.arguments);
	for (size_t i = 0; i < manual->count; i++) {
		const struct tern_module *module = manual->modules[i];
		const struct tern_command_claim *command = module->commands;

		printf("module %s\n", module->name);
		for (const struct tern_option *option = module->options; option && option->name;
		     option++)
			printf("key %s\n", option->name);
		for (; command && command->words; command++)
			printf("command %s\t%s\n", command->words, command->arguments);
	}
}

int main(int argc, char **argv)
{
	static struct manual manual;

	if (argc < 2) {
		fputs("usage: manual MODULES < PAGE\n       manual MODULES --names\n", stderr);
		return 2;
	}
	manual.arena = arena_create(4096);
	open_modules(&manual, argv[1]);
	if (argc == 3)
		put_names(&manual);
	else
		put_page(&manual);
	arena_destroy(manual.arena);
	return EXIT_SUCCESS;
}
