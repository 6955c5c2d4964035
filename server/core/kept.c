/* kept.c - which messages have to survive the process, once their sender has been told so */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "element.h"
#include "stanza.h"

#define NS_CHATSTATES "http://jabber.org/protocol/chatstates"
#define NS_HINTS "urn:xmpp:hints"

/* XEP-0160 3: words are kept, the news that somebody is typing are not.  A <thread/> alone says
 * nothing, and neither do hints. */
static bool says_something(const struct element *child)
{
	const char *ns = element_ns(child);

	return strcmp(ns, NS_CHATSTATES) != 0 && strcmp(ns, NS_HINTS) != 0 &&
		strcmp(element_name(child), "thread") != 0;
}

bool tern_is_kept(const struct tern_stanza *stanza)
{
	const struct element *child = element_first(stanza->element);

	if (stanza->kind != TERN_MESSAGE ||
	    (stanza->type != TERN_CHAT && stanza->type != TERN_NORMAL) ||
	    element_find(stanza->element, NS_HINTS, "no-store"))
		return false;
	while (stanza->type == TERN_CHAT && child && !says_something(child))
		child = element_next(child);
	return stanza->type == TERN_NORMAL || child;
}
