/* command_host.c - ternctl host list, and module list, load and unload
 * SPDX-License-Identifier: MIT */

#include <string.h>
#include <time.h>

#include "address.h"
#include "arena.h"
#include "certificate.h"
#include "host.h"
#include "lineup.h"
#include "request.h"
#include "server.h"
#include "storage.h"

struct count { size_t accounts; };

static bool count_account(void *context, const char *name, owner_id owner)
{
	((struct count *)context)->accounts += strchr(name, '@') != NULL;
	return true;
}

static const char *date(struct arena *arena, time_t when)
{
	char text[32];
	struct tm utc;

	strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&when, &utc));
	return arena_strdup(arena, text);
}

static void tell_host(struct request *request, const struct tern_host *host)
{
	const struct server *server = request_server(request);
	struct arena *arena = request_arena(request);
	struct count count = { 0 };

	storage_owners(server->storage, host->domain, server->credentials_store, NULL,
		count_account, &count);
	request_row(request, (const char *const[]){ host->domain,
		arena_printf(arena, "%zu", count.accounts),
		arena_printf(arena, "%zu", host->loaded_count),
		host->certificate ? date(arena, certificate_ends(host->certificate)) : "" });
}

void run_host_list(struct request *request)
{
	const struct server *server = request_server(request);

	for (size_t i = 0; i < server->host_count; i++)
		tell_host(request, server->hosts[i]);
	request_end(request);
}

void run_module_list(struct request *request)
{
	const struct server *server = request_server(request);

	for (size_t i = 0; i < server->host_count; i++) {
		const struct tern_host *host = server->hosts[i];

		for (size_t k = 0; k < host->loaded_count; k++) {
			const struct tern_module *module = host->loaded[k]->module;

			request_row(request, (const char *const[]){ host->domain, module->name,
				module->about ? module->about : "" });
		}
	}
	request_end(request);
}

typedef int lineup_act(struct arena *arena, struct tern_host *host, const char *name,
	const char **ret_why);

static void change_lineup(struct request *request, lineup_act *act)
{
	const char *name = request_argument(request, 1), *why;
	struct tern_host *host;
	const struct jid *jid;

	if (!name) {
		request_misused(request);
		return;
	}
	if (!address_take(request, TERN_COMMAND_AT_HOST, &jid, &host))
		return;
	if (act(request_arena(request), host, name, &why) < 0) {
		request_fail(request, "%s", why);
		return;
	}
	request_row(request, (const char *const[]){ host->domain, name });
	request_end(request);
}

void run_module_load(struct request *request)
{
	change_lineup(request, lineup_load);
}

void run_module_unload(struct request *request)
{
	change_lineup(request, lineup_unload);
}
