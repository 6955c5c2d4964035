/* call.c - takes a module's command where it is to run, and keeps what it answers
 * SPDX-License-Identifier: MIT */

#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "buffer.h"
#include "entity_internal.h"
#include "heap.h"
#include "shard_internal.h"
#include "writer.h"

#define NS_DATA "urn:xmpp:pie:0" /* XEP-0227 */

/* A row that has not been told; of the command's arena. */
struct told {
	struct told *next;
	const char *const *cells;
};

struct tern_command {
	struct post there;
	struct item ending; /* in the account's outbox, until what it wrote is on disk */
	struct call call;
	struct arena *arena;
	struct login *login;
	struct told *rows, **rows_end;
	const char *error;
	bool lacks_account;
};

#define command_of(pointer, member) \
	((struct tern_command *)((char *)(pointer) - offsetof(struct tern_command, member)))

/* --- the end ---------------------------------------------------------------------------- */

static void finish(struct tern_command *command)
{
	login_close(command->login);
	command->login = NULL;
	loaded_release(command->call.owner);
	command->call.ended(command, command->call.context);
}

static void on_disk(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct tern_command *command = command_of(item, ending);

	if (cancelled && !command->error)
		command->error = "the server stops";
	finish(command);
}

static void end(struct tern_command *command)
{
	struct tern_entity *entity = command->login ? login_entity(command->login) : NULL;

	if (!entity || entity->shard->is_ended) {
		finish(command);
		return;
	}
	command->ending.go = on_disk;
	outbox_say(entity, &command->ending);
}

const char *call_error(const struct tern_command *command)
{
	return command->error;
}

int call_result(const struct tern_command *command)
{
	if (!command->error)
		return 0;
	return command->lacks_account ? -ENOENT : -EINVAL;
}

void call_rows(const struct tern_command *command,
	void (*each)(void *context, const char *const *cells), void *context)
{
	for (const struct told *row = command->rows; row; row = row->next)
		each(context, row->cells);
}

size_t call_columns(const struct tern_command_claim *claim)
{
	size_t count = 0;

	while (claim->columns[count])
		count++;
	return count;
}

void call_destroy(struct tern_command *command)
{
	arena_destroy(command->arena);
	free(command);
}

/* --- what a handler says and asks ----------------------------------------------------------- */

void tern_command_end(struct tern_command *command)
{
	end(command);
}

void tern_command_fail(struct tern_command *command, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	command->error = arena_strdup(command->arena, text);
	end(command);
}

void tern_command_misused(struct tern_command *command)
{
	tern_command_fail(command, "usage: %s %s", command->call.claim->words,
		command->call.claim->arguments);
}

void tern_command_row(struct tern_command *command, const char *const *cells)
{
	size_t count = call_columns(command->call.claim);
	struct told *row = arena_zalloc(command->arena, sizeof *row);
	const char **copies;

	copies = arena_alloc(command->arena, (count + 1) * sizeof *copies);
	for (size_t i = 0; i < count; i++)
		copies[i] = arena_strdup(command->arena, cells[i]);
	row->cells = copies;
	*command->rows_end = row;
	command->rows_end = &row->next;
}

void tern_command_element(struct tern_command *command, const struct element *element)
{
	struct buffer xml = { 0 };
	const char *text;

	writer_element(&xml, element, NS_DATA);
	text = arena_strndup(command->arena, buffer_at(&xml), xml.len);
	tern_command_row(command, &text);
	buffer_finish(&xml);
}

const char *tern_command_argument(const struct tern_command *command, size_t index)
{
	return index < command->call.argument_count ? command->call.arguments[index] : NULL;
}

const char *tern_command_option(const struct tern_command *command, const char *name)
{
	for (size_t i = 0; i + 1 < command->call.argument_count; i++) {
		if (strcmp(command->call.arguments[i], name) == 0)
			return command->call.arguments[i + 1];
	}
	return NULL;
}

struct arena *tern_command_arena(struct tern_command *command)
{
	return command->arena;
}

/* --- the way there ----------------------------------------------------------------------- */

static void run(struct tern_command *command, struct tern_entity *entity)
{
	const struct call *call = &command->call;
	struct shard *shard = entity->shard;
	struct loaded *outer = shard_enter(shard, call->owner);

	call->claim->run(command, entity, call->settings);
	shard->guest = outer;
}

static void opened(void *context, struct login *login, bool failed)
{
	struct tern_command *command = context;
	struct tern_entity *entity = login_entity(login);
	const struct call *call = &command->call;

	command->login = login;
	command->lacks_account = !failed && !entity->exists;
	if (failed)
		tern_command_fail(command, "%s cannot be read", jid_text(call->account));
	else if (command->lacks_account)
		tern_command_fail(command, "%s: there is no such account", jid_text(call->account));
	else if (loaded_is_leaving(call->owner))
		tern_command_fail(command, "the module `%s` has just been unloaded",
			call->owner->module->name);
	else
		run(command, entity);
}

static void arrive(struct shard *shard, struct post *post)
{
	struct tern_command *command = command_of(post, there);

	if (shard->is_ended) {
		command->error = "the server stops";
		finish(command);
		return;
	}
	login_open(shard, command->call.host, command->call.account, opened, command);
}

void call_start(const struct call *call)
{
	struct tern_command *command = heap_zalloc(sizeof *command);

	command->call = *call;
	command->arena = arena_create(1024);
	command->rows_end = &command->rows;
	loaded_use(call->owner);
	if (!call->account) {
		call->claim->run(command, NULL, call->settings);
		return;
	}
	command->call.account = jid_copy(command->arena, call->account);
	command->there.run = arrive;
	shard_post(account_home(call->host->server, call->account), &command->there);
}
