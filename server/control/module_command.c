/* module_command.c - calls a module's command for a request, and answers that
 * SPDX-License-Identifier: MIT */

#include "module_command.h"

#include <stddef.h>
#include <stdlib.h>

#include "arena.h"
#include "call.h"
#include "desk.h"
#include "heap.h"
#include "host.h"
#include "request.h"
#include "server.h"

/* A command on its way back to the main thread. */
struct answer {
	struct task task;
	struct request *request;
	struct tern_command *command;
};

static void tell_row(void *context, const char *const *cells)
{
	request_row(context, cells);
}

static void tell(struct task *task)
{
	struct answer *answer = (struct answer *)task;
	const char *error = call_error(answer->command);

	call_rows(answer->command, tell_row, answer->request);
	if (error)
		request_fail(answer->request, "%s", error);
	else
		request_end(answer->request);
	call_destroy(answer->command);
	free(answer);
}

static void come_back(struct tern_command *command, void *context)
{
	struct answer *answer = heap_zalloc(sizeof *answer);

	answer->task.run = tell;
	answer->request = context;
	answer->command = command;
	desk_post(request_server(context)->desk, &answer->task);
}

void module_command_call(struct request *request, const struct call *call)
{
	struct call whole = *call;

	whole.ended = come_back;
	whole.context = request;
	call_start(&whole);
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

/* Behind the address. */
static void take_arguments(struct request *request, struct call *call)
{
	size_t count = 0;
	const char **arguments;

	while (request_argument(request, count + 1))
		count++;
	arguments = arena_alloc(request_arena(request), (count + 1) * sizeof *arguments);
	for (size_t i = 0; i < count; i++)
		arguments[i] = request_argument(request, i + 1);
	call->arguments = arguments;
	call->argument_count = count;
}

void module_command_run(struct request *request, const struct tern_module *module,
	const struct tern_command_claim *claim)
{
	struct call call = { .claim = claim };
	const char *address = request_argument(request, 0);
	const struct loaded *loaded;
	const struct jid *jid;

	if (!address) {
		request_misused(request);
		return;
	}
	jid = read_address(request, address, claim->at);
	if (!jid)
		return;
	call.host = server_host(request_server(request), jid_domain(jid));
	if (!call.host) {
		request_fail(request, "there is no host `%s` here", jid_domain(jid));
		return;
	}
	loaded = module ? find_loaded(call.host, module) : NULL;
	if (module && !loaded) {
		request_fail(request, "the host `%s` does not have the module `%s`",
			call.host->domain, module->name);
		return;
	}
	call.settings = loaded ? loaded->settings : NULL;
	call.account = claim->at == TERN_COMMAND_AT_ACCOUNT ? jid : NULL;
	take_arguments(request, &call);
	module_command_call(request, &call);
}
