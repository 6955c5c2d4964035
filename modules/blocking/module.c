/* module.c - users decide from whom they hear nothing (XEP-0191 1.3)
 * SPDX-License-Identifier: MIT */

#include "blocking.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"

tern_state blocking_interest;

/* 4, note: never one's own devices. The user's own server is nobody to be blocked either. */
static bool is_exempt(struct tern_entity *entity, const struct jid *peer)
{
	return jid_bare_equal(peer, tern_entity_jid(entity)) || (jid_is_domain(peer) &&
		strcmp(jid_domain(peer), tern_host_domain(tern_entity_host(entity))) == 0);
}

static bool is_forbidden(struct tern_entity *entity, const struct jid *peer)
{
	const struct blocklist *list = blocklist_of(entity);

	return list->count > 0 && peer && !is_exempt(entity, peer) &&
		blocklist_forbids(list, peer);
}

/* 3.3: the user is told, and reads why. */
static enum tern_verdict check_outgoing(struct tern_event *event, const void *settings)
{
	if (!is_forbidden(event->entity, event->stanza.to))
		return TERN_PASS;
	return tern_reject_as(event, TERN_NOT_ACCEPTABLE, "cancel",
		element_new(event->arena, NS_BLOCKING_ERRORS, "blocked"));
}

/* 3.3: to whoever is blocked the user looks absent. */
static enum tern_verdict check_incoming(struct tern_event *event, const void *settings)
{
	if (!is_forbidden(event->entity, event->stanza.from))
		return TERN_PASS;
	if (event->stanza.kind == TERN_PRESENCE)
		return TERN_DONE;
	return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
}

static int answer_blocked(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return about ? is_forbidden(entity, about) : blocklist_of(entity)->count > 0;
}

static int blocking_load(struct tern_host *host, void **ret_settings)
{
	struct blocking_settings *settings = heap_zalloc(sizeof *settings);

	settings->items = tern_option_number(host, "limit");
	*ret_settings = settings;
	return 0;
}

static void blocking_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "blocking",
	.about = "users block whom they do not want to hear of (XEP-0191)",
	.features = (const char *const[]){ NS_BLOCKING, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_BLOCKING, "blocklist", answer_list },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_BLOCKING, "block", answer_block },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_BLOCKING, "unblock", answer_unblock },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		/* Before anybody else has a look. */
		{ TERN_OUT_CHECK, TERN_MESSAGES | TERN_PRESENCES | TERN_IQS, -100, check_outgoing },
		{ TERN_IN_CHECK, TERN_MESSAGES | TERN_PRESENCES | TERN_IQS, -100, check_incoming },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct blocklist), &blocklist_state, blocklist_finish },
		{ TERN_PER_SESSION, sizeof(struct blocking_interest), &blocking_interest, NULL,
			"blocking", true },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "blocking", TERN_RESIDENT, &blocklist_store, blocklist_read },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "limit", TERN_NUMBER, "1000", 1, 100000,
			"blocked addresses of one account, at most" },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_BLOCKED, answer_blocked },
		{ 0 },
	},
	.exporter = export_list,
	.importers = (const struct tern_importer[]){
		{ NS_BLOCKING, "blocklist", import_list, true },
		{ 0 },
	},
	.load = blocking_load,
	.unload = blocking_unload,
};
