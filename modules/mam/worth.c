/* worth.c - the table of what is worth a place in an archive
 * SPDX-License-Identifier: MIT */

#include "worth.h"

#include <stddef.h>

#include "element.h"
#include "names.h"

#define NS_HINTS "urn:xmpp:hints"

/* Beside <body/>; `name` NULL is anything of that namespace.  Requests for receipts, the mark
 * that a message may be marked, and chat states say nothing alone. */
static const struct { const char *ns, *name; } contents[] = {
	{ NS_CLIENT, "body" },
	{ NS_CLIENT, "subject" },
	{ "urn:xmpp:receipts", "received" },               /* XEP-0184 */
	{ "urn:xmpp:chat-markers:0", "received" },         /* XEP-0333 */
	{ "urn:xmpp:chat-markers:0", "displayed" },
	{ "urn:xmpp:chat-markers:0", "acknowledged" },
	{ "urn:xmpp:message-retract:1", "retract" },       /* XEP-0424 */
	{ "urn:xmpp:message-retract:1", "retracted" },
	{ "urn:xmpp:fasten:0", "apply-to" },               /* XEP-0422, older retractions */
	{ "urn:xmpp:reactions:0", "reactions" },           /* XEP-0444 */
	{ "urn:xmpp:eme:0", "encryption" },                /* XEP-0380 */
	{ "urn:xmpp:omemo:2", "encrypted" },               /* XEP-0384 */
	{ "urn:xmpp:omemo:1", "encrypted" },
	{ "eu.siacs.conversations.axolotl", "encrypted" },
	{ "urn:xmpp:openpgp:0", "openpgp" },               /* XEP-0373 */
	{ "jabber:x:encrypted", "x" },                     /* XEP-0027 */
	{ "jabber:x:oob", "x" },                           /* XEP-0066 */
	{ "jabber:x:conference", "x" },                    /* XEP-0249 */
	{ "urn:xmpp:jingle-message:0", NULL },             /* XEP-0353: who called when */
	{ "urn:xmpp:call-invites:0", NULL },               /* XEP-0482 */
};

static bool has(const struct element *message, const char *ns, const char *name)
{
	return element_find(message, ns, name);
}

static bool has_content(const struct element *message)
{
	const struct element *muc = element_find(message, "http://jabber.org/protocol/muc#user", "x");

	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++)
		if (has(message, contents[i].ns, contents[i].name))
			return true;
	return muc && has(muc, NULL, "invite"); /* XEP-0045 7.8.2 */
}

bool is_worth_keeping(const struct worth_case *facts)
{
	const struct element *message = facts->message;
	bool is_talk = facts->type == TERN_CHAT || facts->type == TERN_NORMAL;

	/* Rooms keep archives of their own; an error quotes what was never read. */
	if (facts->type == TERN_ERROR || facts->type == TERN_GROUPCHAT)
		return false;
	if (has(message, NS_HINTS, "no-store") || has(message, NS_HINTS, "no-permanent-store"))
		return false;
	/* RFC 6121 8.5.3.2.1 has it refused, and what is refused stands in no archive. */
	if (facts->is_astray && facts->type != TERN_CHAT)
		return false;
	return has(message, NS_HINTS, "store") || (is_talk && has_content(message));
}
