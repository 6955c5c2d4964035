/* module_command.c - takes a module's command to the host or account that it is for, and back
 * SPDX-License-Identifier: MIT */

#include "module_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "desk.h"
#include "entity_internal.h"
#include "heap.h"
#include "request.h"
#include "server.h"
#include "shard_internal.h"

/* A row that has not been told; of the command's arena. */
struct told {
	struct told *next;
	const char *const *cells;
};

struct tern_command {
	struct post there;
	struct item ending; /* in the account's outbox, until what it wrote is on disk */
	struct task back;
	struct request *request;
	struct arena *arena; /* not the request's: that one is the main thread's */
	const struct tern_command_claim *claim;
	struct tern_host *host;
	const void *settings;
	const struct jid *jid; /* NULL: of the host */
	struct login *login;
	struct told *rows, **rows_end;
	const char *error;
};

#define command_of(pointer, member) \
	((struct tern_command *)((char *)(pointer) - offsetof(struct tern_command, member)))

/* --- answers ------------------------------------------------------------------------- */

static void answer(struct task *task)
{
	struct tern_command *command = command_of(task, back);
	struct request *request = command->request;

	for (const struct told *row = command->rows; row; row = row->next)
		request_row(request, row->cells);
	if (command->error)
		request_fail(request, "%s", command->error);
	else
		request_end(request);
	arena_destroy(command->arena);
	free(command);
}

static void go_back(struct tern_command *command)
{
	login_close(command->login);
	command->login = NULL;
	command->back.run = answer;
	desk_post(command->host->server->desk, &command->back);
}

static void on_disk(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct tern_command *command = command_of(item, ending);

	if (cancelled && !command->error)
		command->error = "the server stops";
	go_back(command);
}

static void end(struct tern_command *command)
{
	struct tern_entity *entity = command->login ? login_entity(command->login) : NULL;

	if (!entity || entity->shard->is_ended) {
		go_back(command);
		return;
	}
	command->ending.go = on_disk;
	outbox_say(entity, &command->ending);
}

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
	tern_command_fail(command, "usage: %s %s", command->claim->words, command->claim->arguments);
}

void tern_command_row(struct tern_command *command, const char *const *cells)
{
	size_t count = 0;
	const char **copies;
	struct told *row = arena_zalloc(command->arena, sizeof *row);

	while (command->claim->columns[count])
		count++;
	copies = arena_alloc(command->arena, (count + 1) * sizeof *copies);
	for (size_t i = 0; i < count; i++)
		copies[i] = arena_strdup(command->arena, cells[i]);
	row->cells = copies;
	*command->rows_end = row;
	command->rows_end = &row->next;
}

/* --- questions ------------------------------------------------------------------------- */

const char *tern_command_argument(const struct tern_command *command, size_t index)
{
	return request_argument(command->request, index + 1);
}

const char *tern_command_option(const struct tern_command *command, const char *name)
{
	return request_option(command->request, name);
}

struct arena *tern_command_arena(struct tern_command *command)
{
	return command->arena;
}

/* --- the way there ----------------------------------------------------------------------- */

static void opened(void *context, struct login *login, bool failed)
{
	struct tern_command *command = context;
	struct tern_entity *entity = login_entity(login);

	command->login = login;
	if (failed)
		tern_command_fail(command, "%s cannot be read", jid_text(command->jid));
	else if (!entity->exists)
		tern_command_fail(command, "%s: there is no such account", jid_text(command->jid));
	else
		command->claim->run(command, entity, command->settings);
}

static void arrive(struct shard *shard, struct post *post)
{
	struct tern_command *command = command_of(post, there);

	if (shard->is_ended) {
		command->error = "the server stops";
		go_back(command);
		return;
	}
	login_open(shard, command->host, command->jid, opened, command);
}

static const struct loaded *find_loaded(const struct tern_host *host,
	const struct tern_module *module)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		if (host->loaded[i].module == module)
			return &host->loaded[i];
	}
	return NULL;
}

/* NULL and the request failed, when the address does not fit the claim. */
static const struct jid *read_address(struct request *request, const char *text,
	enum tern_command_place at)
{
	const struct jid *jid = jid_new(request_arena(request), text);

	if (jid && jid_is_bare(jid) && jid_is_domain(jid) == (at == TERN_COMMAND_AT_HOST))
		return jid;
	request_fail(request, at == TERN_COMMAND_AT_HOST ? "`%s` is not a host's domain"
		: "`%s` is not an account's address (name@host)", text);
	return NULL;
}

static struct tern_command *create(struct request *request, const struct tern_command_claim *claim,
	const struct jid *jid)
{
	struct tern_command *command = heap_zalloc(sizeof *command);

	command->request = request;
	command->arena = arena_create(1024);
	command->claim = claim;
	command->rows_end = &command->rows;
	command->jid = claim->at == TERN_COMMAND_AT_HOST ? NULL : jid_copy(command->arena, jid);
	return command;
}

static void start(struct tern_command *command)
{
	if (!command->jid) {
		command->claim->run(command, NULL, command->settings);
		return;
	}
	command->there.run = arrive;
	shard_post(account_home(command->host->server, command->jid), &command->there);
}

void module_command_run(struct request *request, const struct tern_module *module,
	const struct tern_command_claim *claim)
{
	const char *address = request_argument(request, 0);
	const struct loaded *loaded;
	const struct jid *jid;
	struct tern_command *command;
	struct tern_host *host;

	if (!address) {
		request_misused(request);
		return;
	}
	jid = read_address(request, address, claim->at);
	if (!jid)
		return;
	host = server_host(request_server(request), jid_domain(jid));
	if (!host) {
		request_fail(request, "there is no host `%s` here", jid_domain(jid));
		return;
	}
	loaded = module ? find_loaded(host, module) : NULL;
	if (module && !loaded) {
		request_fail(request, "the host `%s` does not have the module `%s`", host->domain,
			module->name);
		return;
	}
	command = create(request, claim, jid);
	command->host = host;
	command->settings = loaded ? loaded->settings : NULL;
	start(command);
}
