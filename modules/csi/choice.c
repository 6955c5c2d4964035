/* choice.c - tells news about people from words to the user
 * SPDX-License-Identifier: MIT */

#include "choice.h"

#include <stdbool.h>
#include <string.h>

#include "element.h"
#include "jid.h"
#include "names.h"
#include "stanza.h"

#define NS_CARBONS "urn:xmpp:carbons:2"
#define NS_CHATSTATES "http://jabber.org/protocol/chatstates"
#define NS_FORWARD "urn:xmpp:forward:0"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"

/* What may stand beside a chat state without saying more. */
static const char *const silent[] = {
	NS_CHATSTATES, "urn:xmpp:hints", NS_SID, "urn:xmpp:occupant-id:0",
	NS_DELAY,
};

static bool is_silent(const struct element *child)
{
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
		if (strcmp(element_ns(child), silent[i]) == 0)
			return true;
	return element_is(child, NS_CLIENT, "thread") ||
		(element_is(child, NS_MUC_USER, "x") && !element_first(child));
}

static bool is_chat_state(const struct element *message)
{
	const struct element *child = element_first(message);

	while (child && is_silent(child))
		child = element_next(child);
	return !child && element_find(message, NS_CHATSTATES, NULL);
}

/* The message in a copy that XEP-0280 made, or NULL. */
static const struct element *copied(const struct element *message)
{
	const struct element *copy = element_find(message, NS_CARBONS, NULL);
	const struct element *forwarded = copy ? element_find(copy, NS_FORWARD, "forwarded") : NULL;

	return forwarded ? element_find(forwarded, NS_CLIENT, "message") : NULL;
}

static const char *address(const struct element *message, const char *name)
{
	const char *text = element_get(message, name);

	return text ? text : "";
}

static const char *key_of_message(struct arena *arena, const struct tern_stanza *stanza)
{
	const struct element *inner = copied(stanza->element);

	if (stanza->type == TERN_ERROR)
		return NULL;
	if (is_chat_state(stanza->element))
		return arena_printf(arena, "state %s", jid_text(stanza->from));
	if (inner && is_chat_state(inner))
		return arena_printf(arena, "copy %s %s %s", jid_text(stanza->from),
			address(inner, "from"), address(inner, "to"));
	return NULL;
}

/* XEP-0045 7.2.2: whoever joins a room waits for the presence with a status in it. */
static bool answers_user(const struct element *presence)
{
	const struct element *user = element_find(presence, NS_MUC_USER, "x");

	return user && element_find(user, NS_MUC_USER, "status");
}

static const char *key_of_presence(struct arena *arena, const struct tern_stanza *stanza)
{
	bool is_news = stanza->type == TERN_AVAILABLE || stanza->type == TERN_UNAVAILABLE;

	if (!is_news || answers_user(stanza->element))
		return NULL;
	return arena_printf(arena, "presence %s", jid_text(stanza->from));
}

const char *csi_key(struct arena *arena, const struct tern_stanza *stanza)
{
	switch (stanza->kind) {
	case TERN_MESSAGE:
		return key_of_message(arena, stanza);
	case TERN_PRESENCE:
		return key_of_presence(arena, stanza);
	case TERN_IQ:
		break;
	}
	return NULL;
}
