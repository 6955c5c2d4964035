/* eligible.c - tells instant messages from others (XEP-0280 6.1)
 * SPDX-License-Identifier: MIT */

#include "eligible.h"

#include <string.h>

#include "element.h"
#include "names.h"

#define NS_HINTS "urn:xmpp:hints"
#define NS_INVITATION "jabber:x:conference"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"

/* Receipts, chat states, markers: said in a conversation without being its words. */
static const char *const talk[] = {
	"urn:xmpp:receipts", "http://jabber.org/protocol/chatstates", "urn:xmpp:chat-markers:0",
};

static bool is_talk(const char *ns)
{
	for (size_t i = 0; i < sizeof talk / sizeof *talk; i++)
		if (strcmp(ns, talk[i]) == 0)
			return true;
	return false;
}

static bool has_talk(const struct element *message)
{
	const struct element *child = element_first(message);

	while (child && !is_talk(element_ns(child)))
		child = element_next(child);
	return child;
}

static bool is_private(const struct element *message)
{
	return element_find(message, NS_CARBONS, "private") ||
		element_find(message, NS_HINTS, "no-copy");
}

/* XEP-0249, and XEP-0045 7.8.2. */
static bool is_invitation(const struct element *message)
{
	const struct element *user = element_find(message, NS_MUC_USER, "x");

	return element_find(message, NS_INVITATION, "x") ||
		(user && element_find(user, NS_MUC_USER, "invite"));
}

enum carbon_choice carbon_choice(const struct carbon_case *facts)
{
	const struct element *message = facts->message;

	if (facts->type == TERN_ERROR) /* XEP-0334 5: hints in it may be those of what it answers */
		return facts->answers_copied ? CARBON_COPY : CARBON_NO_TALK;
	if (facts->type == TERN_GROUPCHAT || (facts->type == TERN_HEADLINE && !has_talk(message)))
		return CARBON_NO_TALK;
	if (is_private(message))
		return CARBON_PRIVATE;
	if (is_invitation(message))
		return CARBON_COPY;
	if (facts->is_received && facts->is_from_full && element_find(message, NS_MUC_USER, "x"))
		return CARBON_BY_ROOM;
	if (facts->type == TERN_CHAT || element_find(message, NS_CLIENT, "body"))
		return CARBON_COPY;
	return has_talk(message) ? CARBON_COPY : CARBON_NO_TALK;
}
