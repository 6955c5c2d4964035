/* command_export.c - ternctl user export: all that an account has, as XEP-0227 1.1 writes it
 * SPDX-License-Identifier: MIT
 *
 * The engine's part and that of each module are commands at the account, one after the other.
 * Archives are not among them: ternctl asks for those page by page. */

#include <stddef.h>
#include <string.h>

#include "address.h"
#include "arena.h"
#include "call.h"
#include "desk.h"
#include "element.h"
#include "entity_internal.h"
#include "host.h"
#include "module_command.h"
#include "request.h"
#include "server.h"

#define NS_SCRAM "urn:xmpp:pie:0#scram"

/* Of a request's arena. */
struct export {
	struct task task;
	struct request *request;
	struct call call;
	struct tern_command_claim claim;
	size_t next; /* module of the host */
	struct errand *ended;
};

/* --- the engine's part ------------------------------------------------------------------ */

static void add_text(struct element *parent, const char *name, const char *text, size_t len)
{
	element_add_text(parent, name, arena_strndup(element_arena(parent), text, len));
}

/* "SCRAM-SHA-1$4096:<salt>$<StoredKey>:<ServerKey>", as credentials.h has it. */
static void tell_scram(struct tern_command *command, const char *line, size_t len)
{
	struct arena *arena = tern_command_arena(command);
	const char *const copy = arena_strndup(arena, line, len);
	const char *count = strchr(copy, '$'), *salt, *stored, *key;
	struct element *scram;

	salt = count ? strchr(count, ':') : NULL;
	stored = salt ? strchr(salt, '$') : NULL;
	key = stored ? strchr(stored, ':') : NULL;
	if (!key)
		return;
	scram = element_new(arena, NS_SCRAM, "scram-credentials");
	element_set(scram, "mechanism", arena_strndup(arena, copy, (size_t)(count - copy)));
	add_text(scram, "iter-count", count + 1, (size_t)(salt - count - 1));
	add_text(scram, "salt", salt + 1, (size_t)(stored - salt - 1));
	add_text(scram, "server-key", key + 1, strlen(key + 1));
	add_text(scram, "stored-key", stored + 1, (size_t)(key - stored - 1));
	tern_command_element(command, scram);
}

static void export_credentials(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	const char *line = entity->credentials;

	while (line && *line) {
		size_t len = strcspn(line, "\n");

		tell_scram(command, line, len);
		line += len + (line[len] == '\n');
	}
	tern_command_end(command);
}

/* --- one after the other ------------------------------------------------------------------- */

static void go_on(struct export *export);

static void collect(struct task *task)
{
	struct export *export = (struct export *)task;
	struct request *request = export->request;
	const char *error = call_error(export->ended);

	module_command_tell_rows(request, export->ended);
	if (error)
		request_fail(request, "%s", error);
	call_destroy(export->ended);
	if (!error)
		go_on(export);
}

static void come_back(struct errand *errand, void *context)
{
	struct export *export = context;

	export->ended = errand;
	export->task.run = collect;
	desk_post(request_server(export->request)->desk, &export->task);
}

static void go_on(struct export *export)
{
	const struct tern_host *host = export->call.host;

	while (export->next < host->loaded_count && !host->loaded[export->next]->module->exporter)
		export->next++;
	if (export->next >= host->loaded_count) { /* some may have left meanwhile */
		request_end(export->request);
		return;
	}
	export->call.owner = host->loaded[export->next];
	export->call.settings = export->call.owner->settings;
	export->claim.run = host->loaded[export->next]->module->exporter;
	export->next++;
	call_start(&export->call);
}

void run_user_export(struct request *request)
{
	struct export *export = arena_zalloc(request_arena(request), sizeof *export);
	struct tern_host *host;
	const struct jid *jid;

	if (!address_take(request, TERN_COMMAND_AT_ACCOUNT, &jid, &host))
		return;
	export->request = request;
	export->claim = request_command(request)->claim;
	export->claim.run = export_credentials;
	export->call = (struct call){ .claim = &export->claim, .account = jid, .host = host,
		.ended = come_back, .context = export };
	call_start(&export->call);
}
