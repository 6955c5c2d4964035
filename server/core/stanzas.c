/* stanzas.c - reads kinds, types and addresses of stanzas; makes results and errors */
/* SPDX-License-Identifier: MIT */

#include "stanzas.h"

#include <string.h>

#include "element.h"
#include "jid.h"
#include "names.h"

#define NS_CHATSTATES "http://jabber.org/protocol/chatstates"

static const char *const type_names[] = {
#define X(name, text) [TERN_##name] = text,
	TERN_TYPES(X)
#undef X
};

static const struct { const char *name, *type; } conditions[] = {
	[TERN_NO_CONDITION] = { NULL, NULL },
#define X(name, text, type) [TERN_##name] = { text, type },
	TERN_CONDITIONS(X)
#undef X
};

static const char *const kind_names[] = {
	[TERN_MESSAGE] = "message", [TERN_PRESENCE] = "presence", [TERN_IQ] = "iq",
};
static const char *interned_kinds[3];

const char *tern_type_name(enum tern_type type) { return type_names[type]; }
const char *tern_condition_name(enum tern_condition condition) { return conditions[condition].name; }
const char *tern_condition_type(enum tern_condition condition) { return conditions[condition].type; }

void stanzas_prepare(void)
{
	static const char *const others[] = {
		NS_CLIENT, NS_STANZAS, "to", "from", "id", "type", "body", "thread", "subject", "show",
		"status", "priority", "error", "text", "xml:lang", "query", "item", "x", "c", "active",
		"composing", "paused", "origin-id", "request", "received", "markable", "ver", "node",
		"hash", "stamp", "xmlns", "urn:xmpp:sid:0", "urn:xmpp:receipts",
		NS_CHATSTATES, "http://jabber.org/protocol/caps",
	};

	for (size_t i = 0; i < 3; i++)
		interned_kinds[i] = name_intern(kind_names[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		name_intern(others[i]);
}

bool stanza_is_one(const struct element *element, enum tern_kind *ret_kind)
{
	const char *name = element_name(element);

	if (strcmp(element_ns(element), NS_CLIENT) != 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (name == interned_kinds[i] || strcmp(name, kind_names[i]) == 0) {
			*ret_kind = (enum tern_kind)i;
			return true;
		}
	}
	return false;
}

static bool type_of(const char *text, enum tern_type first, enum tern_type last,
		enum tern_type *ret_type)
{
	for (unsigned type = first; type <= last; type++) {
		if (strcmp(text, type_names[type]) == 0) {
			*ret_type = (enum tern_type)type;
			return true;
		}
	}
	if (strcmp(text, "error") != 0)
		return false;
	*ret_type = TERN_ERROR;
	return true;
}

static bool read_type(const char *text, enum tern_kind kind, enum tern_type *ret_type)
{
	switch (kind) {
	case TERN_MESSAGE:
		/* RFC 6121 5.2.2: an unknown type is `normal`. */
		*ret_type = TERN_NORMAL;
		if (text)
			type_of(text, TERN_NORMAL, TERN_HEADLINE, ret_type);
		return true;
	case TERN_PRESENCE:
		*ret_type = TERN_AVAILABLE;
		return !text || (*text && type_of(text, TERN_UNAVAILABLE, TERN_PROBE, ret_type));
	case TERN_IQ:
		*ret_type = TERN_GET;
		return text && type_of(text, TERN_GET, TERN_RESULT, ret_type);
	}
	return false;
}

/* RFC 6120 8.2.3: an id; one child in a request, at most one in a result. */
static bool iq_is_sound(const struct tern_stanza *iq)
{
	size_t children = element_count(iq->element);

	if (!iq->id)
		return false;
	if (iq->type == TERN_GET || iq->type == TERN_SET)
		return children == 1;
	return iq->type == TERN_ERROR || children <= 1;
}

enum tern_condition stanza_read(struct arena *arena, struct element *element,
		enum tern_kind kind, struct tern_stanza *ret)
{
	const char *to = element_get(element, "to"), *from = element_get(element, "from");
	bool type_is_known;

	*ret = (struct tern_stanza){ .kind = kind, .element = element, .id = element_get(element, "id") };
	type_is_known = read_type(element_get(element, "type"), kind, &ret->type);
	if (from && !(ret->from = jid_parse(arena, from, strlen(from))))
		return TERN_JID_MALFORMED;
	if (to && !(ret->to = jid_parse(arena, to, strlen(to))))
		return TERN_JID_MALFORMED;
	if (!type_is_known || (kind == TERN_IQ && !iq_is_sound(ret)))
		return TERN_BAD_REQUEST;
	return TERN_NO_CONDITION;
}

bool stanza_of(struct arena *arena, struct element *element, struct tern_stanza *ret_stanza)
{
	enum tern_kind kind;

	return element && stanza_is_one(element, &kind) &&
		stanza_read(arena, element, kind, ret_stanza) == TERN_NO_CONDITION;
}

bool stanza_may_be_refused(const struct tern_stanza *stanza)
{
	return stanza->type != TERN_ERROR && stanza->type != TERN_RESULT;
}

static struct element *answer(struct arena *arena, const struct tern_stanza *stanza,
		const char *type)
{
	struct element *element = element_new(arena, NS_CLIENT, kind_names[stanza->kind]);

	element_set(element, "type", type);
	if (stanza->id)
		element_set(element, "id", stanza->id);
	if (stanza->to)
		element_set(element, "from", jid_text(stanza->to));
	if (stanza->from)
		element_set(element, "to", jid_text(stanza->from));
	return element;
}

struct element *stanza_result(struct arena *arena, const struct tern_stanza *iq,
		struct element *payload)
{
	struct element *result = answer(arena, iq, "result");

	if (payload)
		element_append(result, payload);
	return result;
}

struct element *stanza_error(struct arena *arena, const struct tern_stanza *stanza,
		const struct refusal *refusal)
{
	struct element *reply = answer(arena, stanza, "error");
	struct element *error = element_add(reply, NS_CLIENT, "error");

	element_set(error, "type",
		refusal->type ? refusal->type : conditions[refusal->condition].type);
	element_add(error, NS_STANZAS, conditions[refusal->condition].name);
	if (refusal->text)
		element_append_text(element_add(error, NS_STANZAS, "text"), refusal->text,
			strlen(refusal->text));
	if (refusal->application)
		element_append(error, refusal->application);
	return reply;
}
