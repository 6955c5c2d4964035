/* module.c - tells what the host and its accounts are and can do, and whom to write to
 * (XEP-0030 2.5, XEP-0157)
 * SPDX-License-Identifier: MIT */

#include "module.h"

#include <stdlib.h>

#include "contact.h"
#include "heap.h"
#include "info.h"

#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"

/* The node that is asked about, or NULL. */
static const char *node_of(const struct tern_event *event)
{
	return element_get(element_first(event->stanza.element), "node");
}

/* XEP-0030 8: whoever may not see the user's presence is told nothing that an account which
 * does not exist would not say. */
static bool may_know(const struct tern_event *event)
{
	return tern_event_is_own(event) || (tern_question(event->entity, TERN_ASK_SUBSCRIPTION,
		event->stanza.from) & TERN_SUB_FROM);
}

static enum tern_verdict tell_of_node(struct tern_event *event, bool items, const char *ns)
{
	struct element *query = element_new(event->arena, ns, "query");
	enum tern_verdict verdict;

	element_set(query, "node", node_of(event));
	verdict = tern_event_node(event, items, node_of(event), query);
	if (verdict == TERN_PASS)
		return tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
	return verdict == TERN_DONE ? tern_reply(event, query) : verdict;
}

static enum tern_verdict tell_info(struct tern_event *event, bool of_account)
{
	if (node_of(event))
		return tell_of_node(event, false, NS_DISCO_INFO);
	return tern_reply(event, info_new(event->arena, event->host, of_account));
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
	if (node_of(event))
		return tell_of_node(event, true, NS_DISCO_ITEMS);
	return tern_reply(event, element_new(event->arena, NS_DISCO_ITEMS, "query"));
}

/* XEP-0030 3.2: the items of an account are its available resources. */
static enum tern_verdict answer_account_items(struct tern_event *event, const void *settings)
{
	struct element *query = element_new(event->arena, NS_DISCO_ITEMS, "query");
	struct tern_session *session;

	if (!may_know(event))
		return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
	if (node_of(event))
		return tell_of_node(event, true, NS_DISCO_ITEMS);
	session = tern_session_first(event->entity);
	for (; session; session = tern_session_next(session))
		if (tern_session_is_available(session))
			element_set(element_add(query, NULL, "item"), "jid",
				jid_text(tern_session_jid(session)));
	return tern_reply(event, query);
}

static void add_contacts(struct element *query, const void *settings)
{
	contacts_add(query, settings);
}

static int disco_load(struct tern_host *host, void **ret_settings)
{
	struct contacts *contacts = heap_zalloc(sizeof *contacts);

#define X(field, name, about) contacts->field = tern_option_list(host, name);
	CONTACTS(X)
#undef X
	*ret_settings = contacts;
	return 0;
}

static void disco_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "disco",
	.about = "service discovery of the host and its accounts (XEP-0030), contacts (XEP-0157)",
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
	.forms = add_contacts,
	.options = (const struct tern_option[]){
#define X(field, name, about) { name, TERN_LIST, NULL, 0, 0, about, contact_refuse },
		CONTACTS(X)
#undef X
		{ 0 },
	},
	.load = disco_load,
	.unload = disco_unload,
};
