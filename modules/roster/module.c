/* module.c - RFC 6121 sections 2 and 3: contacts and who may see whom
 * SPDX-License-Identifier: MIT */

#include "module.h"

#include <stdlib.h>

#include "heap.h"
#include "iq.h"
#include "roster.h"
#include "subscriber.h"

static int answer_subscription(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return about ? (int)roster_subscription(roster_of(entity), about) : 0;
}

static int answer_in_roster(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	const struct item *item = about ? roster_find(roster_of(entity), about) : NULL;

	return item && item->listed;
}

static size_t list_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid *const **ret_contacts, const void *settings)
{
	const struct roster *roster = roster_of(entity);
	const struct jid **contacts = arena_alloc(arena, (roster->count + 1) * sizeof *contacts);
	size_t count = 0;

	for (uint32_t i = 0; i < roster->count; i++) {
		const struct item *item = roster->items[i];

		if ((item->state & bits) != bits)
			continue;
		contacts[count] = jid_new(arena, item_jid(item));
		count += contacts[count] != NULL;
	}
	*ret_contacts = contacts;
	return count;
}

static int roster_load(struct tern_host *host, void **ret_settings)
{
	struct roster_settings *settings = heap_zalloc(sizeof *settings);

	settings->items = tern_option_number(host, "limit");
	settings->requests = tern_option_number(host, "requests");
	*ret_settings = settings;
	return 0;
}

static void roster_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "roster",
	.about = "contact lists and presence subscriptions (RFC 6121 2 and 3)",
	.features = (const char *const[]){ NS_ROSTER, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_ROSTER, "query", answer_get },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_ROSTER, "query", answer_set },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_ROSTER, "query", refuse_stranger,
			TERN_FORBIDDEN },
		{ TERN_SET, TERN_AT_OTHER_ACCOUNT, NS_ROSTER, "query", refuse_stranger,
			TERN_FORBIDDEN },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_RECORD, TERN_PRESENCES, 0, send_subscription },
		{ TERN_IN_DELIVER, TERN_PRESENCES, -10, receive_subscription },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_AVAILABLE, show_requests },
		{ TERN_ON_ACCOUNT_DELETED, say_farewell },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct roster), &roster_state, roster_finish },
		{ TERN_PER_SESSION, sizeof(bool), &roster_interest, NULL, "roster", true },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "roster", TERN_RESIDENT, &roster_items, roster_read_item },
		{ "roster/requests", TERN_RESIDENT, &roster_requests, roster_read_request },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "limit", TERN_NUMBER, "2000", 1, 100000, "contacts of one account, at most" },
		{ "requests", TERN_NUMBER, "200", 1, 100000,
			"subscription requests of one account that wait for an answer, at most" },
		{ 0 },
	},
	.stream_features = (const struct tern_stream_feature[]){
		{ "urn:xmpp:features:rosterver", "ver" },
		{ "urn:xmpp:features:pre-approval", "sub" },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_SUBSCRIPTION, answer_subscription },
		{ TERN_ASK_IN_ROSTER, answer_in_roster },
		{ 0 },
	},
	.contacts = list_contacts,
	.commands = (const struct tern_command_claim[]){
		{ "roster list", "JID", "lists an account's contacts", TERN_COMMAND_AT_ACCOUNT,
			(const char *const[]){ "jid", "name", "subscription", "ask", "group", NULL },
			list_roster },
		{ 0 },
	},
	.exporter = export_roster,
	.importers = (const struct tern_importer[]){
		{ NS_ROSTER, "query", import_roster, true },
		{ NS_CLIENT, "presence", import_request },
		{ 0 },
	},
	.load = roster_load,
	.unload = roster_unload,
};
