/* command_user.c - ternctl user add, passwd, del, list
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "address.h"
#include "arena.h"
#include "change.h"
#include "jid.h"
#include "request.h"
#include "server.h"
#include "storage.h"

/* Accounts on their way at a time: enough for all worker threads and full commits. */
#define WINDOW 512

/* One account of a request: "user add" may have thousands. */
struct entry {
	const struct jid *bare;
	struct tern_host *host;
	const char *password;
	const char *credentials; /* or NULL */
};

/* A request's accounts, of its arena. */
struct batch {
	struct request *request;
	enum change_what what;
	struct entry *entries;
	size_t count, next, under_way;
	size_t done, existed, failed;
	int result; /* the last failure */
};

static const char *reason(int result)
{
	switch (-result) {
	case EINVAL: return "this password is not allowed (empty, or with control characters)";
	case EEXIST: return "the account exists already";
	case ENOENT: return "there is no such account";
	case ENOSPC: return "the disk is full";
	default: return strerror(-result);
	}
}

/* --- reading ---------------------------------------------------------------------- */

/* NULL, or what is wrong with the address. */
static const char *read_jid(struct request *request, const char *text, struct entry *entry)
{
	return address_read(request, text, TERN_COMMAND_AT_ACCOUNT, &entry->bare, &entry->host);
}

static const char *read_line(struct batch *batch, char *line, struct entry *entry)
{
	size_t len = strcspn(line, " \t");
	const char *why;

	if (!line[len])
		return "a line is an address and a password";
	line[len] = '\0';
	entry->password = line + len + 1 + strspn(line + len + 1, " \t");
	why = read_jid(batch->request, line, entry);
	return why;
}

/* NULL, or what is wrong.  Empty lines are passed over. */
static const char *read_lines(struct batch *batch, const char *text)
{
	struct arena *arena = request_arena(batch->request);
	char *rest = arena_strdup(arena, text), *line;
	size_t number = 0, most = 1;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		most++;
	batch->entries = arena_zalloc(arena, most * sizeof *batch->entries);
	while ((line = strsep(&rest, "\n"))) {
		const char *why;

		number++;
		line[strcspn(line, "\r")] = '\0';
		if (!*line)
			continue;
		why = read_line(batch, line, &batch->entries[batch->count]);
		if (why)
			return arena_printf(arena, "line %zu: %s", number, why);
		batch->count++;
	}
	return NULL;
}

/* --- doing ------------------------------------------------------------------------ */

static void end_add(struct batch *batch)
{
	struct arena *arena = request_arena(batch->request);
	const char *cells[] = {
		arena_printf(arena, "%zu", batch->done), arena_printf(arena, "%zu", batch->existed),
		arena_printf(arena, "%zu", batch->failed),
	};

	request_row(batch->request, cells);
	request_end(batch->request);
}

static void end(struct batch *batch)
{
	/* One account: its failure is the command's. */
	if (batch->count == 1 && batch->result < 0) {
		request_refuse(batch->request, batch->result, "%s: %s",
			jid_text(batch->entries[0].bare), reason(batch->result));
	} else if (batch->what == CHANGE_ADD) {
		end_add(batch);
	} else {
		request_row(batch->request, (const char *const[]){ jid_text(batch->entries[0].bare) });
		request_end(batch->request);
	}
}

static void go_on(struct batch *batch);

static void note_result(void *context, int result)
{
	struct batch *batch = context;

	batch->under_way--;
	if (result == 0)
		batch->done++;
	else if (result == -EEXIST)
		batch->existed++;
	else
		batch->failed++;
	if (result < 0)
		batch->result = result;
	go_on(batch);
}

static void go_on(struct batch *batch)
{
	while (batch->under_way < WINDOW && batch->next < batch->count) {
		const struct entry *entry = &batch->entries[batch->next++];

		batch->under_way++;
		change_start(&(struct change){ .server = request_server(batch->request),
			.host = entry->host, .what = batch->what, .bare = entry->bare,
			.password = entry->password, .credentials = entry->credentials,
			.changed = note_result, .context = batch });
	}
	if (batch->under_way == 0)
		end(batch);
}

static struct batch *batch_new(struct request *request, enum change_what what)
{
	struct batch *batch = arena_zalloc(request_arena(request), sizeof *batch);

	batch->request = request;
	batch->what = what;
	return batch;
}

#define BASE64 "%*[0-9A-Za-z+/=]"

/* Lines as credentials.h has them. */
static bool are_credentials(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		int used = 0;

		sscanf(text, "SCRAM-SHA-%*[0-9]$%*[0-9]:" BASE64 "$" BASE64 ":" BASE64 "%n", &used);
		if (used != (int)len)
			return false;
		text += len + (text[len] == '\n');
	}
	return true;
}

static void run_one(struct request *request, enum change_what what)
{
	struct batch *batch = batch_new(request, what);
	const char *address = request_argument(request, 0), *why;
	struct entry *entry = arena_zalloc(request_arena(request), sizeof *entry);
	bool wants_password = what == CHANGE_ADD || what == CHANGE_PASSWORD;

	entry->password = request_option(request, "--password");
	entry->credentials = what == CHANGE_ADD ? request_option(request, "--scram") : NULL;
	if (!address || (wants_password && !entry->password && !entry->credentials)) {
		request_misused(request);
		return;
	}
	why = read_jid(request, address, entry);
	if (!why && entry->credentials && !are_credentials(entry->credentials))
		why = "these are no SCRAM credentials";
	if (why) {
		request_fail(request, "%s", why);
		return;
	}
	batch->entries = entry;
	batch->count = 1;
	go_on(batch);
}

static void run_lines(struct request *request, const char *lines)
{
	struct batch *batch = batch_new(request, CHANGE_ADD);
	const char *why = read_lines(batch, lines);

	if (why)
		request_fail(request, "%s", why);
	else
		go_on(batch);
}

void run_user_add(struct request *request)
{
	const char *lines = request_option(request, "--lines");

	if (lines)
		run_lines(request, lines);
	else
		run_one(request, CHANGE_ADD);
}

void run_user_passwd(struct request *request)
{
	run_one(request, CHANGE_PASSWORD);
}

void run_user_disable(struct request *request)
{
	run_one(request, CHANGE_DISABLE);
}

void run_user_enable(struct request *request)
{
	run_one(request, CHANGE_ENABLE);
}

void run_user_del(struct request *request)
{
	run_one(request, CHANGE_DELETE);
}

/* --- listing ------------------------------------------------------------------------ */

/* No other call of storage can be made while names are read. */
struct account { const char *name; owner_id owner; };
struct accounts {
	struct arena *arena;
	struct account *list;
	size_t count, room;
};

static bool note_account(void *context, const char *name, owner_id owner)
{
	struct accounts *accounts = context;
	size_t room = accounts->room ? 2 * accounts->room : 64;

	if (!strchr(name, '@'))
		return true;
	if (accounts->count == accounts->room) {
		accounts->list = arena_grow(accounts->arena, accounts->list,
			accounts->room * sizeof *accounts->list, room * sizeof *accounts->list);
		accounts->room = room;
	}
	accounts->list[accounts->count++] =
		(struct account){ arena_strdup(accounts->arena, name), owner };
	return true;
}

static void tell_accounts(struct request *request, const struct accounts *accounts)
{
	const struct server *server = request_server(request);
	bool disabled = request_has(request, "--disabled");

	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->list[i];

		if (!disabled || account_read_disabled(server, account->owner) > 0)
			request_row(request, (const char *const[]){ account->name });
	}
	request_end(request);
}

void run_user_list(struct request *request)
{
	struct server *server = request_server(request);
	struct accounts accounts = { .arena = request_arena(request) };
	struct tern_host *host;
	const struct jid *domain;
	int result;

	if (!address_take(request, TERN_COMMAND_AT_HOST, &domain, &host))
		return;
	result = storage_owners(server->storage, jid_text(domain), server->credentials_store, NULL,
		note_account, &accounts);
	if (result < 0)
		request_fail(request, "the accounts cannot be read: %s", strerror(-result));
	else
		tell_accounts(request, &accounts);
}
