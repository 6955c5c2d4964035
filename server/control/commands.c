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

const struct command commands[] = {
	{ "user add", "JID --password PASSWORD | JID --scram LINES | --lines \"JID PASSWORD\\n...\"",
		"makes accounts", COLUMNS("added", "existed", "failed"), run_user_add },
	{ "user passwd", "JID --password PASSWORD", "changes a password", COLUMNS("jid"),
		run_user_passwd },
	{ "user show", "JID", "tells what the server knows of an account",
		COLUMNS("what", "value"), run_module_command, NULL, &user_show },
	{ "user export", "JID", "tells what an account has, but its archive, as XEP-0227",
		COLUMNS("xml"), run_user_export },
	{ "user import", "JID --xml XML", "takes over one element of such a file",
		COLUMNS("child", "why"), run_user_import },
	{ "user disable", "JID", "ends an account's sessions and lets nobody log in to it",
		COLUMNS("jid"), run_user_disable },
	{ "user enable", "JID", "lets the account's owner log in again", COLUMNS("jid"),
		run_user_enable },
	{ "user del", "JID", "deletes an account and all that it has", COLUMNS("jid"),
		run_user_del },
	{ "user list", "HOST", "lists the accounts of a host", COLUMNS("jid"), run_user_list },
	{ "session list", "", "lists who is logged in",
		COLUMNS("jid", "priority", "address", "security"), run_session_list },
	{ "session kick", "JID/RESOURCE", "ends a session", COLUMNS("jid"), run_session_kick },
	{ "host list", "", "lists the hosts and when their certificates end",
		COLUMNS("host", "accounts", "modules", "certificate-ends"), run_host_list },
	{ "module list", "", "lists the modules of all hosts",
		COLUMNS("host", "module", "about"), run_module_list },
	{ "config check", "", "tells what is wrong with the configuration, or what differs in it",
		COLUMNS("what", "on-reload"), run_config_check },
	{ "config reload", "", "takes over what can be changed, and tells what cannot",
		COLUMNS("what", "outcome"), run_config_reload },
	{ "log level", "[error | warning | info | debug]", "tells or changes how much is logged",
		COLUMNS("level"), run_log_level },
	{ "backup", "DIR [--rate MIB]", "copies the data while the server runs",
		COLUMNS("directory"), run_backup },
	{ "stats --prometheus", "", "the same as OpenMetrics text", COLUMNS("line"),
		run_stats_prometheus },
	{ "stats", "[--prometheus]", "tells what the server and its modules count",
		COLUMNS("what", "value"), run_stats },
	{ "status", "", "tells how the server is", COLUMNS("what", "value"), run_status },
	{ "stop", "", "stops the server gracefully and waits for its end", NO_COLUMNS, run_stop },
	{ "help", "", "lists the commands", COLUMNS("command", "arguments", "about"), run_help },
	{ 0 },
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
		*search->found = (struct command){ claim->words, claim->arguments, claim->about,
			claim->columns, run_module_command, module, claim };
	}
}

const struct command *command_find(const struct server *server, struct arena *arena,
	const char *const *arguments, size_t count, size_t *ret_words)
{
	struct search search = { arena, arguments, count, 0, NULL };

	for (const struct command *command = commands; command->words; command++) {
		*ret_words = match(command->words, arguments, count);
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

	module_command_run(request, command->module, command->claim);
}

static void tell_commands(void *context, const struct tern_module *module)
{
	for (const struct tern_command_claim *claim = module->commands; claim && claim->words;
	     claim++)
		request_row(context,
			(const char *const[]){ claim->words, claim->arguments, claim->about });
}

void run_help(struct request *request)
{
	for (const struct command *command = commands; command->words; command++)
		request_row(request,
			(const char *const[]){ command->words, command->synopsis, command->about });
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
