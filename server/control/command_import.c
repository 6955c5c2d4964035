/* command_import.c - ternctl user import: one element of an account in a file (XEP-0227 1.1)
 * SPDX-License-Identifier: MIT
 *
 * It is read here and given, at the account's home, to the module that claims its name.  The rows of the
 * answer are children of a list that could not be taken: their numbers, from 0 on, and why. */

#include <errno.h>
#include <string.h>

#include "address.h"
#include "arena.h"
#include "call.h"
#include "element.h"
#include "host.h"
#include "module_command.h"
#include "parser.h"
#include "request.h"
#include "reread.h"
#include "server.h"

/* Of the request's arena, as all that it points to. */
struct import {
	const struct tern_importer *importer;
	struct loaded *owner;
	const struct element *element;
};

static const char *reason(int result)
{
	switch (-result) {
	case EBADMSG: return "it makes no sense";
	case EFBIG: return "it is more than this server keeps for an account";
	case EPERM: return "this host does not leave that to its users";
	case ENOSPC: return "the disk is full";
	default: return strerror(-result);
	}
}

static void tell_refusal(struct tern_command *command, size_t child, int result)
{
	struct arena *arena = tern_command_arena(command);

	tern_command_row(command, (const char *const[]){ arena_number(arena, child),
		reason(result) });
}

/* Of a list that is refused as a whole, what can be taken is taken. */
static void run_one_by_one(struct tern_command *command, struct tern_entity *entity,
	const struct import *import)
{
	const struct element *list = import->element;
	size_t number = 0;

	for (const struct element *child = element_first(list); child;
	     child = element_next(child), number++) {
		struct arena *arena = arena_create(ARENA_SMALL);
		struct element *alone = element_new(arena, element_ns(list), element_name(list));
		int result;

		element_append(alone, element_copy(arena, child));
		result = import->importer->run(entity, alone, import->owner->settings);
		if (result < 0)
			tell_refusal(command, number, result);
		arena_destroy(arena);
	}
}

static void run(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	const struct import *import = settings;
	int result = import->importer->run(entity, import->element, import->owner->settings);

	if (result < 0 && import->importer->is_list && element_first(import->element)) {
		run_one_by_one(command, entity, import);
		result = 0;
	}
	if (result < 0)
		tern_command_fail(command, "<%s/>: %s", import->importer->name, reason(result));
	else
		tern_command_end(command);
}

static bool find(const struct tern_host *host, const struct element *element,
	struct import *ret_import)
{
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_importer *claim = host->loaded[i]->module->importers;

		for (; claim && claim->name; claim++) {
			if (!element_is(element, claim->ns, claim->name))
				continue;
			ret_import->importer = claim;
			ret_import->owner = host->loaded[i];
			return true;
		}
	}
	return false;
}

/* NULL where it is not one element. */
static const struct element *read_xml(struct arena *arena, const char *xml)
{
	struct parser_pool *pool = parser_pool_create(1);
	struct reread read = reread(pool, xml, strlen(xml));
	const struct element *copy = read.element ? element_copy(arena, read.element) : NULL;

	arena_destroy(read.arena);
	parser_pool_destroy(pool);
	return copy;
}

static const char *refuse(struct request *request, const struct tern_host *host,
	struct import *import)
{
	if (!import->element)
		return "this is not one whole element";
	if (find(host, import->element, import))
		return NULL;
	return arena_printf(request_arena(request), "no module of the host takes <%s xmlns='%s'/>",
		element_name(import->element), element_ns(import->element));
}

void run_user_import(struct request *request)
{
	struct import *import = arena_zalloc(request_arena(request), sizeof *import);
	struct tern_command_claim *claim = arena_zalloc(request_arena(request), sizeof *claim);
	const char *xml = request_option(request, "--xml"), *why;
	struct tern_host *host;
	const struct jid *jid;

	if (!xml) {
		request_misused(request);
		return;
	}
	if (!address_take(request, TERN_COMMAND_AT_ACCOUNT, &jid, &host))
		return;
	import->element = read_xml(request_arena(request), xml);
	why = refuse(request, host, import);
	if (why) {
		request_fail(request, "%s", why);
		return;
	}
	*claim = request_command(request)->claim;
	claim->run = run;
	module_command_call(request, &(struct call){ .claim = claim, .host = host, .account = jid,
		.settings = import, .owner = import->owner });
}
