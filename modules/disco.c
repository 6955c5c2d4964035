/* disco.c - tells what the host and its accounts are and can do (XEP-0030 2.5)
 * SPDX-License-Identifier: MIT */

#include "module.h"

#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"

static bool names_a_node(const struct tern_event *event, const char *ns)
{
	return element_get(element_find(event->stanza.element, ns, "query"), "node");
}

/* XEP-0030 8: whoever may not see the user's presence is told nothing that an account which
 * does not exist would not say. */
static bool may_know(const struct tern_event *event)
{
	return tern_event_is_own(event) || (tern_question(event->entity, TERN_ASK_SUBSCRIPTION,
		event->stanza.from) & TERN_SUB_FROM);
}

static void add_feature(void *context, const char *feature)
{
	element_set(element_add(context, NULL, "feature"), "var", feature);
}

static void add_identity(void *context, const struct tern_identity *identity)
{
	struct element *xml = element_add(context, NULL, "identity");

	element_set(xml, "category", identity->category);
	element_set(xml, "type", identity->type);
	if (identity->name)
		element_set(xml, "name", identity->name);
}

static enum tern_verdict tell_info(struct tern_event *event, bool of_account)
{
	struct element *query = element_new(event->arena, NS_DISCO_INFO, "query");

	if (names_a_node(event, NS_DISCO_INFO))
		return tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
	tern_host_identities(event->host, of_account, add_identity, query);
	tern_host_features(event->host, of_account, add_feature, query);
	return tern_reply(event, query);
}

static enum tern_verdict answer_host_info(struct tern_event *event, const void *settings)
{
	return tell_info(event, false);
}

static enum tern_verdict answer_account_info(struct tern_event *event, const void *settings)
{
	if (!may_know(event))
		return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
	return tell_info(event, true);
}

static enum tern_verdict answer_host_items(struct tern_event *event, const void *settings)
{
	if (names_a_node(event, NS_DISCO_ITEMS))
		return tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
	return tern_reply(event, element_new(event->arena, NS_DISCO_ITEMS, "query"));
}

/* XEP-0030 3.2: the items of an account are its available resources. */
static enum tern_verdict answer_account_items(struct tern_event *event, const void *settings)
{
	struct element *query = element_new(event->arena, NS_DISCO_ITEMS, "query");
	struct tern_session *session;

	if (!may_know(event))
		return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
	if (names_a_node(event, NS_DISCO_ITEMS))
		return tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
	session = tern_session_first(event->entity);
	for (; session; session = tern_session_next(session))
		if (tern_session_is_available(session))
			element_set(element_add(query, NULL, "item"), "jid",
				jid_text(tern_session_jid(session)));
	return tern_reply(event, query);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "disco",
	.about = "service discovery of the host and its accounts (XEP-0030)",
	.features = (const char *const[]){ NS_DISCO_INFO, NS_DISCO_ITEMS, NULL },
	.account_features = (const char *const[]){ NS_DISCO_INFO, NS_DISCO_ITEMS, NULL },
	.identities = (const struct tern_identity[]){ { "server", "im", tern_product }, { 0 } },
	.account_identities = (const struct tern_identity[]){
		{ "account", "registered", NULL },
		{ 0 },
	},
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, NS_DISCO_INFO, "query", answer_host_info },
		{ TERN_GET, TERN_AT_HOST, NS_DISCO_ITEMS, "query", answer_host_items },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT, NS_DISCO_INFO, "query",
			answer_account_info },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT, NS_DISCO_ITEMS, "query",
			answer_account_items },
		{ 0 },
	},
};
