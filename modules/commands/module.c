/* module.c - administrators run a host's commands from their clients (XEP-0050 1.3.0, XEP-0133 1.3.1)
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "dialog.h"
#include "heap.h"

/* --- who may ------------------------------------------------------------------------------- */

static bool is_named(const struct commands *commands, const char *bare)
{
	for (char *const *admin = commands->admins; *admin; admin++)
		if (strcmp(*admin, bare) == 0)
			return true;
	return false;
}

/* Who they are is sure of those who have logged in here. */
bool is_admin(const struct tern_event *event, const struct commands *commands)
{
	return event->session && is_named(commands, jid_bare_text(tern_session_jid(event->session)));
}

static int answer_administrator(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return is_named(settings, jid_bare_text(about));
}

static const char *refuse_admin(struct arena *arena, const char *value)
{
	const struct jid *jid = jid_new(arena, value);

	return jid && jid_local(jid) && jid_is_bare(jid) ? NULL :
		arena_printf(arena, "`%s` is not an account's address (name@host)", value);
}

/* --- what there is (XEP-0050 2.2) ---------------------------------------------------------- */

struct list {
	struct element *query;
	const char *host;
};

static void add_item(void *context, const struct recipe *recipe)
{
	const struct list *list = context;
	struct element *item = element_add(list->query, NULL, "item");

	element_set(item, "jid", list->host);
	element_set(item, "node", recipe->node);
	element_set(item, "name", recipe->name);
}

/* The list of whoever may run none of them is empty. */
static enum tern_verdict tell_items(struct tern_event *event, const char *node,
	struct element *query, const void *settings)
{
	if (event->entity || strcmp(node, NS_COMMANDS) != 0)
		return TERN_PASS;
	if (is_admin(event, settings))
		recipes_each(event->arena, event->host, add_item,
			&(struct list){ query, tern_host_domain(event->host) });
	return TERN_DONE;
}

static void add_identity(struct element *query, const char *type, const char *name)
{
	struct element *identity = element_add(query, NULL, "identity");

	element_set(identity, "category", "automation");
	element_set(identity, "type", type);
	element_set(identity, "name", name);
}

static void add_feature(struct element *query, const char *feature)
{
	element_set(element_add(query, NULL, "feature"), "var", feature);
}

static enum tern_verdict tell_info(struct tern_event *event, const char *node,
	struct element *query, const void *settings)
{
	const struct recipe *recipe;

	if (event->entity)
		return TERN_PASS;
	if (strcmp(node, NS_COMMANDS) == 0) {
		add_identity(query, "command-list", "Commands");
		return TERN_DONE;
	}
	recipe = recipe_find(event->arena, event->host, node);
	if (!recipe)
		return TERN_PASS;
	if (!is_admin(event, settings))
		return tern_reject_as(event, TERN_FORBIDDEN, "cancel", NULL);
	add_identity(query, "command-node", recipe->name);
	add_feature(query, NS_COMMANDS);
	add_feature(query, NS_DATA);
	return TERN_DONE;
}

/* --- loading ------------------------------------------------------------------------------- */

/* They have been judged; equal ones have equal texts. */
static char **read_admins(const char *const *written)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	size_t count = 0;
	char **admins;

	while (written[count])
		count++;
	admins = heap_zalloc((count + 1) * sizeof *admins);
	for (size_t i = 0; i < count; i++)
		admins[i] = heap_strdup(jid_text(jid_new(arena, written[i])));
	arena_destroy(arena);
	return admins;
}

static int commands_load(struct tern_host *host, void **ret_settings)
{
	struct commands *commands = heap_zalloc(sizeof *commands);

	commands->admins = read_admins(tern_option_list(host, "admins"));
	commands->timeout_ms = 1000 * (uint64_t)tern_option_number(host, "timeout");
	*ret_settings = commands;
	return 0;
}

static void commands_unload(struct tern_host *host, void *settings)
{
	struct commands *commands = settings;

	for (size_t i = 0; commands->admins[i]; i++)
		free(commands->admins[i]);
	free((void *)commands->admins);
	free(commands);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "commands",
	.about = "administrators run ternctl's commands from their clients (XEP-0050, XEP-0133)",
	.features = (const char *const[]){ NS_COMMANDS, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_SET, TERN_AT_HOST, NS_COMMANDS, "command", answer_command },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, sizeof(struct dialogs), &dialogs_handle, dialogs_finish },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_ADMINISTRATOR, answer_administrator },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "admins", TERN_LIST, NULL, 0, 0, "accounts of this server that administer the host",
			refuse_admin },
		{ "timeout", TERN_NUMBER, "600", 10, 86400, "seconds that a form waits to be filled in" },
		{ 0 },
	},
	.node_info = tell_info,
	.node_items = tell_items,
	.load = commands_load,
	.unload = commands_unload,
};
