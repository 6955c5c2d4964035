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
#define NS_ACKS "urn:xmpp:sm:3"
#define NS_DELAY "urn:xmpp:delay"

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

/* --- what it counts ---------------------------------------------------------------------------- */

static bool send_counted(struct actor *actor, const char *xml, struct sent what)
{
	if (actor->sent_count >= SENT_MOST || !mouth_send(actor->stream, xml))
		return false;
	if (actor->has_acks)
		actor->sent[actor->sent_count++] = what;
	return true;
}

static unsigned char *fate_of(struct actor *actor, struct sent what)
{
	return &actor->ledger->messages_seen[actor->number][what.to][what.number];
}

static void hear_acked(struct actor *actor, const char *text)
{
	unsigned h = (unsigned)atoi(text);

	if (h > actor->sent_count || h < actor->acked_count)
		broken(actor->ledger, "actor %u sent %u, %u were acknowledged, now %u", actor->number,
			actor->sent_count, actor->acked_count, h);
	for (; actor->acked_count < h; actor->acked_count++) {
		if (actor->sent[actor->acked_count].kind == SENT_MESSAGE)
			*fate_of(actor, actor->sent[actor->acked_count]) |= FATE_PROMISED;
	}
}

static void write_sent(struct actor *actor, char xml[static 256], struct sent what)
{
	switch (what.kind) {
	case SENT_OTHER:
		break;
	case SENT_MESSAGE:
		snprintf(xml, 256, "<message type='chat' id='to-%u-%u' to='a%u@" WORLD_DOMAIN "'>"
			"<body>%u %u</body><origin-id xmlns='urn:xmpp:sid:0' id='%u-%u'/></message>",
			what.to, what.number, what.to, actor->number, what.number, actor->number,
			what.number);
		break;
	case SENT_AVAILABLE:
		snprintf(xml, 256, "<presence><priority>%d</priority></presence>", what.priority);
		break;
	case SENT_UNAVAILABLE:
		snprintf(xml, 256, "<presence type='unavailable'/>");
		break;
	}
}

/* What the server did not get before the stream went is sent again, in order. */
static void send_again(struct actor *actor)
{
	unsigned until = actor->sent_count;
	char xml[256];

	actor->sent_count = actor->acked_count;
	for (unsigned i = actor->acked_count; i < until; i++) {
		struct sent what = actor->sent[i];

		if (what.kind == SENT_OTHER)
			continue;
		write_sent(actor, xml, what);
		mouth_say(actor->stream, xml);
		actor->sent[actor->sent_count++] = what;
	}
}

static void send_lost(struct actor *actor)
{
	char xml[256];

	for (unsigned i = 0; i < actor->lost_count; i++) {
		write_sent(actor, xml, actor->lost[i]);
		mouth_say(actor->stream, xml);
		if (actor->sent_count < SENT_MOST)
			actor->sent[actor->sent_count++] = actor->lost[i];
	}
	actor->lost_count = 0;
}

static void hear_resumed(struct actor *actor, const struct element *resumed)
{
	hear_acked(actor, element_get(resumed, "h"));
	send_again(actor);
	actor->is_bound = true;
}

static void answer_request(struct actor *actor)
{
	char xml[64];

	if (actor->is_silent)
		return;
	snprintf(xml, sizeof xml, "<a xmlns='" NS_ACKS "' h='%u'/>", actor->handled);
	mouth_say(actor->stream, xml);
}

static void hear_acks(struct actor *actor, const struct element *element)
{
	if (element_is(element, NS_ACKS, "r")) {
		answer_request(actor);
	} else if (element_is(element, NS_ACKS, "a")) {
		hear_acked(actor, element_get(element, "h"));
	} else if (element_is(element, NS_ACKS, "enabled")) {
		snprintf(actor->id, sizeof actor->id, "%s", element_get(element, "id"));
		actor->is_enabled = true;
		send_lost(actor);
	} else if (element_is(element, NS_ACKS, "resumed")) {
		hear_resumed(actor, element);
	} else {
		broken(actor->ledger, "actor %u got <%s/>", actor->number, element_name(element));
	}
}

/* --- what it hears ---------------------------------------------------------------------------- */

static void hear_contact(struct actor *actor, unsigned contact, const char *name)
{
	struct ledger *ledger = actor->ledger;
	unsigned version = name ? (unsigned)atoi(name + 1) : 0;

	if (version > ledger->sent[actor->account][contact])
		broken(ledger, "version %u of contact %u was never sent", version, contact);
	if (actor->is_enabled && version < actor->told[contact])
		broken(ledger, "contact %u of a%u fell back to %u for actor %u", contact,
			actor->account, version, actor->number);
	actor->told[contact] = version;
	if (actor->is_enabled) { /* what waited for it has been told to others before */
		if (version > ledger->told[actor->account][contact])
			ledger->told[actor->account][contact] = version;
		return;
	}
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
		unsigned told = actor->is_enabled ? actor->told[i] : /* it may have waited */
			actor->ledger->told[actor->account][i];

		if (!present[i] && told)
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
		send_counted(actor, pong, (struct sent){ 0 });
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
			ledger->messages_seen[actor->number][to][number] |= FATE_SEEN;
		return;
	}
	if (!body || sscanf(body, "%u %u", &sender, &number) != 2)
		return;
	if (number > ledger->messages_sent[sender][actor->account])
		broken(ledger, "message %u of actor %u was never sent", number, sender);
	if ((actor->had[sender][number / 8] & 1 << number % 8) && !ledger->may_repeat)
		broken(ledger, "actor %u (a%u/r%u) got message %u of actor %u twice",
			actor->number, actor->account, actor->resource, number, sender);
	actor->had[sender][number / 8] |= (unsigned char)(1 << number % 8);
	ledger->messages_seen[sender][actor->account][number] |= FATE_SEEN;
	if (element_find(message, NS_DELAY, "delay")) /* it waited somewhere, others did not */
		return;
	if (number <= actor->last_message[sender])
		broken(ledger, "actor %u (a%u/r%u) got message %u of actor %u after message %u",
			actor->number, actor->account, actor->resource, number, sender,
			actor->last_message[sender]);
	actor->last_message[sender] = number;
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
	struct actor *actor = context;

	if (strcmp(element_ns(stanza), NS_ACKS) == 0) {
		hear_acks(actor, stanza);
		arena_destroy(arena);
		return;
	}
	actor->handled += actor->is_enabled;
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

/* It has to begin anew: what was not acknowledged has no promise. */
static void begin_anew(struct actor *actor)
{
	for (unsigned i = actor->acked_count; i < actor->sent_count; i++) {
		if (actor->sent[i].kind == SENT_MESSAGE)
			*fate_of(actor, actor->sent[i]) |= FATE_EXCUSED;
	}
	actor->sent_count = actor->acked_count = 0;
	actor->handled = 0;
	actor->is_enabled = actor->is_available = false;
	*actor->id = '\0';
	memset(actor->told, 0, sizeof actor->told);
	memset(actor->sees, 0, sizeof actor->sees);
	memset(actor->last_message, 0, sizeof actor->last_message);
	memset(actor->had, 0, sizeof actor->had);
}

/* A client that cannot resume sends again what it was not told is safe, as if it were new. */
static void keep_lost(struct actor *actor)
{
	for (unsigned i = actor->acked_count; i < actor->sent_count; i++) {
		if (actor->sent[i].kind == SENT_MESSAGE && actor->lost_count < SENT_MOST)
			actor->lost[actor->lost_count++] = actor->sent[i];
	}
}

static void bound(void *listener, struct tern_session *session)
{
	struct actor *actor = listener;

	if (!session)
		broken(actor->ledger, "a%u cannot bind: the account is lost", actor->account);
	keep_lost(actor);
	begin_anew(actor);
	if (actor->has_acks)
		mouth_say(actor->stream, "<enable xmlns='" NS_ACKS "' resume='true'/>");
	actor->is_bound = true;
}

static void closed(void *listener, enum stream_error error)
{
	(void)error;
	actor_forget(listener);
}

/* --- what it does ---------------------------------------------------------------------------------- */

static void open_stream(struct actor *actor)
{
	static const struct listening calls = { said, bound, closed };
	struct server *server = &actor->ledger->world->server;
	char jid[64], name[8];

	actor->parser = parser_pool_take(parsers, "<stream:stream xmlns='" NS_CLIENT
		"' xmlns:stream='" NS_STREAM "'>");
	snprintf(jid, sizeof jid, "a%u@" WORLD_DOMAIN, actor->account);
	snprintf(name, sizeof name, "r%u", actor->resource);
	actor->stream = mouth_open(server, server->hosts[0], jid, name, &calls, actor);
}

void actor_acknowledge(struct actor *actor)
{
	if (actor->is_enabled && actor->stream)
		answer_request(actor);
}

void actor_let_go(struct actor *actor)
{
	if (actor->ledger)
		begin_anew(actor);
}

void actor_log_in(struct actor *actor, struct ledger *ledger, unsigned account, unsigned resource)
{
	if (!parsers)
		parsers = parser_pool_create(8);
	*actor = (struct actor){ .ledger = ledger, .number = ledger->actors_made++,
		.account = account, .resource = resource };
	for (unsigned i = 0; i < ACCOUNTS; i++)
		ledger->messages_seen[actor->number][i] = calloc(1, MESSAGES_MOST);
	open_stream(actor);
}

void actor_log_in_with_acks(struct actor *actor, struct ledger *ledger, unsigned account,
	unsigned resource, bool is_silent)
{
	actor_log_in(actor, ledger, account, resource);
	actor->has_acks = true;
	actor->is_silent = is_silent;
}

void actor_come_back(struct actor *actor)
{
	open_stream(actor);
	mouth_resume(actor->stream, actor->id, actor->handled);
}

void actor_forget(struct actor *actor)
{
	parser_pool_give(parsers, actor->parser);
	actor->parser = NULL;
	actor->stream = NULL;
	actor->is_bound = false;
	if (!*actor->id) /* else the session may still be there */
		actor->is_available = false;
}

/* Without stream management, what was on its way to a link that breaks has no promise. */
static void excuse_messages(struct ledger *ledger, unsigned account)
{
	for (unsigned sender = 0; sender < ledger->actors_made; sender++) {
		for (unsigned i = 0; i <= ledger->messages_sent[sender][account]; i++)
			ledger->messages_seen[sender][account][i] |= FATE_EXCUSED | FATE_CUT;
	}
}

void actor_cut(struct actor *actor)
{
	if (!actor->is_enabled)
		excuse_messages(actor->ledger, actor->account);
}

void actor_break(struct actor *actor)
{
	actor_cut(actor);
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
	if (!send_counted(actor, xml, (struct sent){ 0 }))
		return false;
	actor->ledger->sent[actor->account][contact] = version;
	return true;
}

void actor_hide(struct actor *actor, bool inactive)
{
	mouth_say(actor->stream, inactive ? "<inactive xmlns='urn:xmpp:csi:0'/>" :
		"<active xmlns='urn:xmpp:csi:0'/>");
}

bool actor_get_roster(struct actor *actor)
{
	actor->has_roster = false;
	return send_counted(actor,
		"<iq type='get' id='roster'><query xmlns='" NS_ROSTER "'/></iq>", (struct sent){ 0 });
}

bool actor_become_available(struct actor *actor, int priority)
{
	struct sent what = { .kind = SENT_AVAILABLE, .priority = (signed char)priority };
	char xml[256];

	write_sent(actor, xml, what);
	if (!send_counted(actor, xml, what))
		return false;
	if (!actor->is_available) /* RFC 6121 4.2: a new presence session */
		memset(actor->sees, 0, sizeof actor->sees);
	actor->is_available = true;
	actor->priority = priority;
	return true;
}

bool actor_become_unavailable(struct actor *actor)
{
	if (!send_counted(actor, "<presence type='unavailable'/>",
			(struct sent){ .kind = SENT_UNAVAILABLE }))
		return false;
	actor->is_available = false;
	return true;
}

bool actor_write(struct actor *actor, unsigned to)
{
	unsigned *sent = &actor->ledger->messages_sent[actor->number][to];
	struct sent what = { SENT_MESSAGE, (unsigned char)to, (unsigned short)(*sent + 1) };
	char xml[256];

	write_sent(actor, xml, what);
	if (*sent + 1 >= MESSAGES_MOST || !send_counted(actor, xml, what))
		return false;
	++*sent;
	if (actor->has_acks)
		mouth_say(actor->stream, "<r xmlns='" NS_ACKS "'/>");
	return true;
}

bool actor_subscription(struct actor *actor, const char *type, unsigned to)
{
	char xml[128];

	snprintf(xml, sizeof xml, "<presence type='%s' to='a%u@" WORLD_DOMAIN "'/>", type, to);
	return send_counted(actor, xml, (struct sent){ 0 });
}
