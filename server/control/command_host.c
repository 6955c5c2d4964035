/* command_host.c - ternctl host list and module list
 * SPDX-License-Identifier: MIT */

#include <string.h>
#include <time.h>

#include "arena.h"
#include "certificate.h"
#include "host.h"
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
			const struct tern_module *module = host->loaded[k].module;

			request_row(request, (const char *const[]){ host->domain, module->name,
				module->about ? module->about : "" });
		}
	}
	request_end(request);
}
