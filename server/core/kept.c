/* kept.c - which messages have to survive the process, once their sender has been told so */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "element.h"
#include "names.h"
#include "stanza.h"

#define NS_CHATSTATES "http://jabber.org/protocol/chatstates"
#define NS_HINTS "urn:xmpp:hints"

/* XEP-0160 3: words are kept, the news that somebody is typing are not.  A <thread/> alone says
 * nothing, and neither do hints, nor the ids that some clients give to everything. */
static bool says_something(const struct element *child)
{
	const char *ns = element_ns(child);

	return strcmp(ns, NS_CHATSTATES) != 0 && strcmp(ns, NS_HINTS) != 0 &&
		strcmp(ns, NS_SID) != 0 && strcmp(element_name(child), "thread") != 0;
}

bool tern_is_kept(const struct tern_stanza *stanza)
{
	const struct element *message = stanza->element, *child = element_first(message);
	bool is_chat = stanza->type == TERN_CHAT;
	bool is_asked_for; /* XEP-0334 4.4 */

	if (stanza->kind != TERN_MESSAGE)
		return false;
	is_asked_for = element_find(message, NS_HINTS, "store");
	if (!is_chat && stanza->type != TERN_NORMAL &&
	    !(stanza->type == TERN_HEADLINE && is_asked_for))
		return false;
	if (element_find(message, NS_HINTS, "no-store")) /* XEP-0334 4.2 */
		return false;
	if (!is_chat || is_asked_for)
		return true;
	while (child && !says_something(child))
		child = element_next(child);
	return child;
}
