/* module_command.c - calls a module's command for a request, and answers that
 * SPDX-License-Identifier: MIT */

#include "module_command.h"

#include <stddef.h>
#include <stdlib.h>

#include "address.h"
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
	struct errand *errand;
};

static void tell_row(void *context, const char *const *cells)
{
	request_row(context, cells);
}

void module_command_tell_rows(struct request *request, const struct errand *errand)
{
	call_rows(errand, tell_row, request);
}

static void tell(struct task *task)
{
	struct answer *answer = (struct answer *)task;
	const char *error = call_error(answer->errand);

	module_command_tell_rows(answer->request, answer->errand);
	if (error)
		request_refuse(answer->request, call_result(answer->errand), "%s", error);
	else
		request_end(answer->request);
	call_destroy(answer->errand);
	free(answer);
}

static void come_back(struct errand *errand, void *context)
{
	struct answer *answer = heap_zalloc(sizeof *answer);

	answer->task.run = tell;
	answer->request = context;
	answer->errand = errand;
	desk_post(request_server(context)->desk, &answer->task);
}

void module_command_call(struct request *request, const struct call *call)
{
	struct call whole = *call;

	whole.ended = come_back;
	whole.context = request;
	call_start(&whole);
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
	struct loaded *loaded;
	const struct jid *jid;

	if (!address_take(request, claim->at, &jid, &call.host))
		return;
	loaded = module ? host_find_loaded(call.host, module) : NULL;
	if (module && !loaded) {
		request_fail(request, "the host `%s` does not have the module `%s`",
			call.host->domain, module->name);
		return;
	}
	call.settings = loaded ? loaded->settings : NULL;
	call.owner = loaded;
	call.account = claim->at == TERN_COMMAND_AT_ACCOUNT ? jid : NULL;
	take_arguments(request, &call);
	module_command_call(request, &call);
}
