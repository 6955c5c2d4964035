/* actor.c - what simulated clients send, and what they make of what they hear */
/* SPDX-License-Identifier: MIT */

#include "actor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "element.h"
#include "names.h"
#include "parser.h"

#define NS_ROSTER "jabber:iq:roster"
#define MESSAGES_MOST 4096

static struct parser_pool *parsers;

/* --- names ------------------------------------------------------------------------------ */

/* "a2@tern.example/r1" -> 2, 1 (resource -1 when bare); false for others. */
static bool read_name(const char *jid, unsigned *account, int *resource)
{
	int used = 0;

	if (!jid || sscanf(jid, "a%u@" WORLD_DOMAIN "%n", account, &used) != 1 || !used ||
	    *account >= ACCOUNTS)
		return false;
	*resource = -1;
	return !jid[used] || sscanf(jid + used, "/r%d", resource) == 1;
}

/* --- what it hears ---------------------------------------------------------------------------- */

static void hear_contact(struct actor *actor, unsigned contact, const char *name)
{
	struct ledger *ledger = actor->ledger;
	unsigned version = name ? (unsigned)atoi(name + 1) : 0;

	if (version > ledger->sent[actor->account][contact])
		broken(ledger, "version %u of contact %u was never sent", version, contact);
	if (version < ledger->told[actor->account][contact])
		broken(ledger, "contact %u of a%u fell back from version %u to %u", contact,
			actor->account, ledger->told[actor->account][contact], version);
	ledger->told[actor->account][contact] = version;
}

static void hear_subscription(struct actor *actor, unsigned of, const char *state)
{
	bool both = strcmp(state, "both") == 0;

	actor->ledger->is_to[actor->account][of] = both || strcmp(state, "to") == 0;
	actor->ledger->is_from[actor->account][of] = both || strcmp(state, "from") == 0;
}

static void hear_items(struct actor *actor, const struct element *query, bool whole)
{
	bool present[CONTACTS] = { false };
	struct element *item = element_find(query, NS_ROSTER, "item");

	if (whole)
		memset(actor->ledger->is_to[actor->account], 0, sizeof *actor->ledger->is_to),
		memset(actor->ledger->is_from[actor->account], 0, sizeof *actor->ledger->is_from);
	for (; item; item = element_find_next(item, NS_ROSTER, "item")) {
		const char *jid = element_get(item, "jid");
		unsigned who;
		int resource;

		if (sscanf(jid, "c%u@", &who) == 1 && who < CONTACTS) {
			hear_contact(actor, who, element_get(item, "name"));
			present[who] = true;
		} else if (read_name(jid, &who, &resource)) {
			hear_subscription(actor, who, element_get(item, "subscription"));
		}
	}
	for (unsigned i = 0; whole && i < CONTACTS; i++) {
		if (!present[i] && actor->ledger->told[actor->account][i])
			broken(actor->ledger, "contact %u of a%u is gone", i, actor->account);
	}
}

static void hear_iq(struct actor *actor, const struct element *iq)
{
	const struct element *query = element_find(iq, NS_ROSTER, "query");
	const char *type = element_get(iq, "type"), *id = element_get(iq, "id");
	unsigned contact, version;

	if (query && strcmp(type, "set") == 0) {
		hear_items(actor, query, false);
	} else if (query && strcmp(type, "result") == 0) {
		hear_items(actor, query, true);
		actor->has_roster = true;
	} else if (strcmp(type, "result") == 0 && sscanf(id, "set-%u-%u", &contact, &version) == 2) {
		if (version > actor->ledger->told[actor->account][contact])
			actor->ledger->told[actor->account][contact] = version;
	} else if (strcmp(type, "get") == 0 && element_find(iq, "urn:xmpp:ping", "ping")) {
		char pong[256];

		snprintf(pong, sizeof pong, "<iq type='result' id='%s' to='%s'/>", id,
			element_get(iq, "from"));
		mouth_send(actor->stream, pong);
	}
}

static void hear_message(struct actor *actor, const struct element *message)
{
	struct ledger *ledger = actor->ledger;
	const char *body = element_find_text(message, NS_CLIENT, "body");
	const char *type = element_get(message, "type");
	unsigned sender, number, to;

	/* A message that is refused to its sender's face is not lost. */
	if (type && strcmp(type, "error") == 0) {
		if (sscanf(element_get(message, "id"), "to-%u-%u", &to, &number) == 2)
			ledger->messages_seen[actor->number][to][number] = 1;
		return;
	}
	if (!body || sscanf(body, "%u %u", &sender, &number) != 2)
		return;
	if (number > ledger->messages_sent[sender][actor->account])
		broken(ledger, "message %u of actor %u was never sent", number, sender);
	if (number <= actor->last_message[sender])
		broken(ledger, "actor %u (a%u/r%u) got message %u of actor %u after message %u",
			actor->number, actor->account, actor->resource, number, sender,
			actor->last_message[sender]);
	actor->last_message[sender] = number;
	ledger->messages_seen[sender][actor->account][number] = 1;
}

static void hear_presence(struct actor *actor, const struct element *presence)
{
	const char *type = element_get(presence, "type");
	unsigned who;
	int resource;

	if (!read_name(element_get(presence, "from"), &who, &resource))
		return;
	if (type && strcmp(type, "subscribe") == 0)
		actor->asked_by[who] = true;
	else if (!type && resource >= 0)
		actor->sees[who][resource] = true;
	else if (type && strcmp(type, "unavailable") == 0 && resource >= 0)
		actor->sees[who][resource] = false;
	else if (type && strcmp(type, "unavailable") == 0)
		memset(actor->sees[who], 0, sizeof actor->sees[who]);
}

static void hear(void *context, struct arena *arena, struct element *stanza)
{
	if (element_is(stanza, NS_CLIENT, "iq"))
		hear_iq(context, stanza);
	else if (element_is(stanza, NS_CLIENT, "message"))
		hear_message(context, stanza);
	else
		hear_presence(context, stanza);
	arena_destroy(arena);
}

static void said(void *listener, const char *bytes, size_t len)
{
	static const struct parser_sink sink = { .stanza = hear };
	struct actor *actor = listener;
	size_t used;

	if (parser_feed(actor->parser, &sink, actor, bytes, len, &used) != PARSER_NONE)
		broken(actor->ledger, "the server does not speak XML: %.*s", (int)len, bytes);
}

static void bound(void *listener, struct tern_session *session)
{
	struct actor *actor = listener;

	if (!session)
		broken(actor->ledger, "a%u cannot bind: the account is lost", actor->account);
	actor->is_bound = true;
}

static void closed(void *listener, enum stream_error error)
{
	(void)error;
	actor_forget(listener);
}

/* --- what it does ---------------------------------------------------------------------------------- */

void actor_log_in(struct actor *actor, struct ledger *ledger, unsigned account, unsigned resource)
{
	static const struct listening calls = { said, bound, closed };
	char jid[64], name[8];

	if (!parsers)
		parsers = parser_pool_create(8);
	*actor = (struct actor){ .ledger = ledger, .number = ledger->actors_made++,
		.account = account, .resource = resource };
	actor->parser = parser_pool_take(parsers, "<stream:stream xmlns='" NS_CLIENT
		"' xmlns:stream='" NS_STREAM "'>");
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ledger->messages_seen[actor->number][i] = calloc(1, MESSAGES_MOST);
	snprintf(jid, sizeof jid, "a%u@" WORLD_DOMAIN, account);
	snprintf(name, sizeof name, "r%u", resource);
	actor->stream = mouth_open(&ledger->world->server, ledger->world->server.hosts[0], jid, name,
		&calls, actor);
}

void actor_forget(struct actor *actor)
{
	parser_pool_give(parsers, actor->parser);
	actor->parser = NULL;
	actor->stream = NULL;
	actor->is_bound = actor->is_available = false;
}

/* Without stream management, what was on its way to a link that breaks has no promise. */
static void excuse_messages(struct ledger *ledger, unsigned account)
{
	for (unsigned sender = 0; sender < ledger->actors_made; sender++) {
		memset(ledger->messages_seen[sender][account], 1,
			ledger->messages_sent[sender][account] + 1);
	}
}

void actor_break(struct actor *actor)
{
	excuse_messages(actor->ledger, actor->account);
	mouth_break(actor->stream);
	actor_forget(actor);
}

bool actor_set_contact(struct actor *actor, unsigned contact)
{
	unsigned version = actor->ledger->sent[actor->account][contact] + 1;
	char xml[256];

	snprintf(xml, sizeof xml, "<iq type='set' id='set-%u-%u'><query xmlns='" NS_ROSTER "'>"
		"<item jid='c%u@far.example' name='v%u'/></query></iq>", contact, version, contact,
		version);
	if (!mouth_send(actor->stream, xml))
		return false;
	actor->ledger->sent[actor->account][contact] = version;
	return true;
}

bool actor_get_roster(struct actor *actor)
{
	actor->has_roster = false;
	return mouth_send(actor->stream,
		"<iq type='get' id='roster'><query xmlns='" NS_ROSTER "'/></iq>");
}

bool actor_become_available(struct actor *actor, int priority)
{
	char xml[128];

	snprintf(xml, sizeof xml, "<presence><priority>%d</priority></presence>", priority);
	if (!mouth_send(actor->stream, xml))
		return false;
	if (!actor->is_available) /* RFC 6121 4.2: a new presence session */
		memset(actor->sees, 0, sizeof actor->sees);
	actor->is_available = true;
	actor->priority = priority;
	return true;
}

bool actor_become_unavailable(struct actor *actor)
{
	if (!mouth_send(actor->stream, "<presence type='unavailable'/>"))
		return false;
	actor->is_available = false;
	return true;
}

bool actor_write(struct actor *actor, unsigned to)
{
	unsigned *sent = &actor->ledger->messages_sent[actor->number][to];
	char xml[256];

	snprintf(xml, sizeof xml, "<message type='chat' id='to-%u-%u' to='a%u@" WORLD_DOMAIN "'>"
		"<body>%u %u</body></message>", to, *sent + 1, to, actor->number, *sent + 1);
	if (*sent + 1 >= MESSAGES_MOST || !mouth_send(actor->stream, xml))
		return false;
	++*sent;
	return true;
}

bool actor_subscription(struct actor *actor, const char *type, unsigned to)
{
	char xml[128];

	snprintf(xml, sizeof xml, "<presence type='%s' to='a%u@" WORLD_DOMAIN "'/>", type, to);
	return mouth_send(actor->stream, xml);
}
