/* prefs.c - always, never, or those of the roster
 * SPDX-License-Identifier: MIT */

#include "prefs.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "element.h"
#include "heap.h"
#include "jid.h"
#include "mam.h"

static const char *const names[] = {
#define X(name, text) [PREFS_##name] = text,
	PREFS_DEFAULTS(X)
#undef X
};

const char *prefs_default_name(enum prefs_default fallback)
{
	return names[fallback];
}

bool prefs_default_read(const char *text, enum prefs_default *ret_fallback)
{
	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], text) != 0)
			continue;
		*ret_fallback = (enum prefs_default)i;
		return true;
	}
	return false;
}

static struct prefs *prefs_create(enum prefs_default fallback)
{
	struct prefs *prefs = heap_zalloc(sizeof *prefs);

	prefs->fallback = fallback;
	return prefs;
}

void prefs_destroy(struct prefs *prefs)
{
	if (!prefs)
		return;
	for (size_t i = 0; i < prefs->count; i++)
		jid_destroy(prefs->rules[i].jid);
	free(prefs->rules);
	free(prefs);
}

static bool add_rule(struct prefs *prefs, const char *text, size_t len, bool is_never)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	const struct jid *jid = jid_parse(arena, text, len);

	if (jid) {
		prefs->rules = heap_resize(prefs->rules, (prefs->count + 1) * sizeof *prefs->rules);
		prefs->rules[prefs->count++] = (struct prefs_rule){ jid_create(jid), is_never };
	}
	arena_destroy(arena);
	return jid;
}

/* --- as XML -------------------------------------------------------------------------------- */

static enum tern_condition read_list(struct prefs *prefs, const struct element *xml,
	const char *name, size_t most)
{
	const struct element *list = element_find(xml, NS_MAM, name);
	const struct element *at = list ? element_find(list, NS_MAM, "jid") : NULL;

	for (; at; at = element_find_next(at, NS_MAM, "jid")) {
		const char *text = element_text(at);

		if (prefs->count >= most)
			return TERN_NOT_ACCEPTABLE;
		if (!add_rule(prefs, text, strlen(text), strcmp(name, "never") == 0))
			return TERN_JID_MALFORMED;
	}
	return TERN_NO_CONDITION;
}

enum tern_condition prefs_read(const struct element *xml, size_t most, struct prefs **ret_prefs)
{
	enum tern_condition fault;
	enum prefs_default fallback;
	struct prefs *prefs;

	if (!prefs_default_read(element_get(xml, "default"), &fallback))
		return TERN_BAD_REQUEST;
	prefs = prefs_create(fallback);
	fault = read_list(prefs, xml, "always", most);
	if (!fault)
		fault = read_list(prefs, xml, "never", most);
	if (fault) {
		prefs_destroy(prefs);
		return fault;
	}
	*ret_prefs = prefs;
	return TERN_NO_CONDITION;
}

static void add_list(struct element *xml, const struct prefs *prefs, bool is_never)
{
	struct element *list = element_add(xml, NULL, is_never ? "never" : "always");

	for (size_t i = 0; i < prefs->count; i++)
		if (prefs->rules[i].is_never == is_never)
			element_add_text(list, "jid", jid_text(prefs->rules[i].jid));
}

struct element *prefs_xml(struct arena *arena, const struct prefs *prefs)
{
	struct element *xml = element_new(arena, NS_MAM, "prefs");

	element_set(xml, "default", prefs_default_name(prefs->fallback));
	add_list(xml, prefs, false);
	add_list(xml, prefs, true);
	return xml;
}

/* --- as a record: the default, then per rule a sign and the address, each with a NUL --------- */

void prefs_pack(struct buffer *out, const struct prefs *prefs)
{
	const char *fallback = prefs_default_name(prefs->fallback);

	buffer_add(out, fallback, strlen(fallback) + 1);
	for (size_t i = 0; i < prefs->count; i++) {
		const char *jid = jid_text(prefs->rules[i].jid);

		buffer_add(out, prefs->rules[i].is_never ? "-" : "+", 1);
		buffer_add(out, jid, strlen(jid) + 1);
	}
}

struct prefs *prefs_unpack(const char *bytes, size_t len)
{
	const char *end = bytes + len, *nul = memchr(bytes, '\0', len), *at;
	enum prefs_default fallback;
	struct prefs *prefs;

	if (!nul || !prefs_default_read(bytes, &fallback))
		return NULL;
	prefs = prefs_create(fallback);
	for (at = nul + 1; at < end && (nul = memchr(at, '\0', (size_t)(end - at))); at = nul + 1)
		if (*at)
			add_rule(prefs, at + 1, (size_t)(nul - at - 1), *at == '-');
	return prefs;
}

/* --- the decision --------------------------------------------------------------------------- */

/* 2.3.1: a listed address without a resource stands for all of them. */
static bool rule_covers(const struct prefs_rule *rule, const struct jid *peer)
{
	return jid_is_bare(rule->jid) ? jid_bare_equal(rule->jid, peer) :
		jid_equal(rule->jid, peer);
}

enum prefs_judgement prefs_judge(const struct prefs *prefs, enum prefs_default fallback,
	const struct jid *peer)
{
	bool is_always = false;

	for (size_t i = 0; prefs && i < prefs->count; i++) {
		if (!rule_covers(&prefs->rules[i], peer))
			continue;
		if (prefs->rules[i].is_never)
			return PREFS_SKIP;
		is_always = true;
	}
	if (is_always)
		return PREFS_KEEP;
	switch (prefs ? prefs->fallback : fallback) {
	case PREFS_ALWAYS:
		return PREFS_KEEP;
	case PREFS_NEVER:
		return PREFS_SKIP;
	case PREFS_ROSTER:
		break;
	}
	return PREFS_ASK_ROSTER;
}
