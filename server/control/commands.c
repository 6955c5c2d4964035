/* commands.c - the table of ternctl's commands, and the small ones
 * SPDX-License-Identifier: MIT */

#include <ev.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "host.h"
#include "module.h"
#include "module_command.h"
#include "request.h"
#include "server.h"
#include "shard_internal.h"
#include "storage.h"

#define COLUMNS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define NO_COLUMNS (const char *const[]){ NULL }

#define FIELDS(...) (const struct tern_command_field[]){ __VA_ARGS__, { 0 } }

/* Most are for ternctl alone: they are about the machine, or tell more than an administrator of one
 * host needs to know. */
#define LOCAL(words, arguments, about, columns) \
	{ words, arguments, about, TERN_COMMAND_AT_HOST, columns, .is_local = true }
#define AT_ACCOUNT(words, arguments, about, columns, ...) \
	{ words, arguments, about, TERN_COMMAND_AT_ACCOUNT, columns, __VA_ARGS__ }
#define AT_HOST(words, arguments, about, columns, ...) \
	{ words, arguments, about, TERN_COMMAND_AT_HOST, columns, __VA_ARGS__ }

#define PASSWORD FIELDS({ "--password", "Password", TERN_FIELD_SECRET, true })

const struct command commands[] = {
	{ AT_ACCOUNT("user add",
		"JID --password PASSWORD | JID --scram LINES | --lines \"JID PASSWORD\\n...\"",
		"makes accounts", COLUMNS("added", "existed", "failed"), .fields = PASSWORD),
		run_user_add },
	{ AT_ACCOUNT("user passwd", "JID --password PASSWORD", "changes a password",
		COLUMNS("jid"), .fields = PASSWORD), run_user_passwd },
	{ AT_ACCOUNT("user show", "JID", "tells what the server knows of an account",
		COLUMNS("what", "value"), .run = show_user), run_module_command },
	{ LOCAL("user export", "JID", "tells what an account has, but its archive, as XEP-0227",
		COLUMNS("xml")), run_user_export },
	{ LOCAL("user import", "JID --xml XML", "takes over one element of such a file",
		COLUMNS("child", "why")), run_user_import },
	{ AT_ACCOUNT("user disable", "JID",
		"ends an account's sessions and lets nobody log in to it", COLUMNS("jid")),
		run_user_disable },
	{ AT_ACCOUNT("user enable", "JID", "lets the account's owner log in again",
		COLUMNS("jid")), run_user_enable },
	{ AT_ACCOUNT("user del", "JID", "deletes an account and all that it has",
		COLUMNS("jid"), .is_final = true), run_user_del },
	{ AT_HOST("user list", "HOST [--disabled]", "lists the accounts of a host", COLUMNS("jid"),
		.fields = FIELDS({ "--disabled", "Disabled accounts alone", TERN_FIELD_FLAG })),
		run_user_list },
	{ AT_HOST("session list", "[HOST | JID]", "lists who is logged in",
		COLUMNS("jid", "priority", "address", "security", "show")), run_session_list },
	{ AT_ACCOUNT("session kick", "JID[/RESOURCE]", "ends an account's sessions, or one",
		COLUMNS("jid")), run_session_kick },
	{ AT_HOST("announce", "HOST --text TEXT [--subject TEXT]",
		"tells something to everybody who is logged in", COLUMNS("sessions"),
		.fields = FIELDS({ "--text", "Text", TERN_FIELD_TEXT, true },
			{ "--subject", "Subject", TERN_FIELD_TEXT })), run_announce },
	{ LOCAL("host list", "", "lists the hosts and when their certificates end",
		COLUMNS("host", "accounts", "modules", "certificate-ends")), run_host_list },
	{ LOCAL("module list", "", "lists the modules of all hosts",
		COLUMNS("host", "module", "about")), run_module_list },
	{ LOCAL("module load", "HOST NAME",
		"loads a module into a host, until the next reload or restart",
		COLUMNS("host", "module")), run_module_load },
	{ LOCAL("module unload", "HOST NAME", "takes a module out of a host, until then",
		COLUMNS("host", "module")), run_module_unload },
	{ LOCAL("config check", "",
		"tells what is wrong with the configuration, or what differs in it",
		COLUMNS("what", "on-reload")), run_config_check },
	{ LOCAL("config reload", "", "takes over what can be changed, and tells what cannot",
		COLUMNS("what", "outcome")), run_config_reload },
	{ LOCAL("log level", "[error | warning | info | debug]",
		"tells or changes how much is logged", COLUMNS("level")), run_log_level },
	{ LOCAL("backup", "DIR [--rate MIB]", "copies the data while the server runs",
		COLUMNS("directory")), run_backup },
	{ LOCAL("stats --prometheus", "", "the same as OpenMetrics text", COLUMNS("line")),
		run_stats_prometheus },
	{ LOCAL("stats", "[--prometheus]", "tells what the server and its modules count",
		COLUMNS("what", "value")), run_stats },
	{ LOCAL("status", "", "tells how the server is", COLUMNS("what", "value")), run_status },
	{ LOCAL("stop", "", "stops the server gracefully and waits for its end", NO_COLUMNS),
		run_stop },
	{ LOCAL("help", "", "lists the commands", COLUMNS("command", "arguments", "about")),
		run_help },
	{ { 0 } },
};

/* How many arguments the words are, if the arguments begin with them. */
static size_t match(const char *words, const char *const *arguments, size_t count)
{
	size_t matched = 0;

	for (; matched < count; matched++) {
		size_t len = strlen(arguments[matched]);

		if (strncmp(words, arguments[matched], len) != 0)
			return 0;
		words += len;
		if (*words == '\0')
			return matched + 1;
		if (*words++ != ' ')
			return 0;
	}
	return 0;
}

struct search {
	struct arena *arena;
	const char *const *arguments;
	size_t count, words;
	struct command *found;
};

static void search_module(void *context, const struct tern_module *module)
{
	struct search *search = context;

	for (const struct tern_command_claim *claim = module->commands; claim && claim->words;
	     claim++) {
		size_t words = match(claim->words, search->arguments, search->count);

		if (words <= search->words) /* "greet back" is not "greet" */
			continue;
		search->words = words;
		search->found = arena_alloc(search->arena, sizeof *search->found);
		*search->found = (struct command){ *claim, run_module_command, module };
	}
}

const struct command *command_find(const struct server *server, struct arena *arena,
	const char *const *arguments, size_t count, size_t *ret_words)
{
	struct search search = { arena, arguments, count, 0, NULL };

	for (const struct command *command = commands; command->claim.words; command++) {
		*ret_words = match(command->claim.words, arguments, count);
		if (*ret_words)
			return command;
	}
	server_each_module(server, search_module, &search);
	*ret_words = search.words;
	return search.found;
}

void run_module_command(struct request *request)
{
	const struct command *command = request_command(request);

	module_command_run(request, command->module, &command->claim);
}

static void tell_command(struct request *request, const struct tern_command_claim *claim)
{
	request_row(request, (const char *const[]){ claim->words, claim->arguments, claim->about });
}

static void tell_commands(void *context, const struct tern_module *module)
{
	for (const struct tern_command_claim *claim = module->commands; claim && claim->words;
	     claim++)
		tell_command(context, claim);
}

void run_help(struct request *request)
{
	for (const struct command *command = commands; command->claim.words; command++)
		tell_command(request, &command->claim);
	server_each_module(request_server(request), tell_commands, request);
	request_end(request);
}

static void tell(struct request *request, const char *what, const char *value)
{
	request_row(request, (const char *const[]){ what, value });
}

static void tell_number(struct request *request, const char *what, uint64_t value)
{
	tell(request, what, arena_printf(request_arena(request), "%llu",
		(unsigned long long)value));
}

void run_status(struct request *request)
{
	struct server *server = request_server(request);
	struct storage_stats stats;

	storage_stats(server->storage, &stats);
	tell(request, "version", tern_version);
	tell_number(request, "uptime-seconds", time(NULL) - server->started_at);
	tell_number(request, "shards", server->shard_count);
	tell_number(request, "hosts", server->host_count);
	tell_number(request, "late-receipts", counter_sum(server, COUNT_RECEIPTS_OLD));
	tell_number(request, "commits", stats.commits);
	tell_number(request, "writes", stats.writes);
	tell_number(request, "bytes-on-disk", stats.bytes_on_disk);
	tell_number(request, "bytes-free", stats.bytes_free);
	request_end(request);
}

void run_stop(struct request *request)
{
	request_await_stop(request);
}
