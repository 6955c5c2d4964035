/* contact.c - judges contact addresses, and writes them into disco#info (XEP-0157, XEP-0128)
 * SPDX-License-Identifier: MIT */

#include "contact.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "element.h"
#include "forms.h"
#include "jid.h"

#define SERVER_INFO "http://jabber.org/network/serverinfo"

/* --- judging ------------------------------------------------------------------------------- */

static bool is_host_page(struct arena *arena, const char *rest)
{
	return strncmp(rest, "//", 2) == 0 && rest[2] && rest[2] != '/';
}

static bool is_mailbox(struct arena *arena, const char *rest)
{
	const char *at = strchr(rest, '@');

	return at && at != rest && at[1] && at[1] != '?';
}

/* RFC 5122: an address, and perhaps a query. Escapes stand for what a JID need not have. */
static bool is_address(struct arena *arena, const char *rest)
{
	return strchr(rest, '%') || jid_parse(arena, rest, strcspn(rest, "?#"));
}

static const struct scheme {
	const char *name;
	bool (*allows)(struct arena *arena, const char *rest);
	const char *example;
} schemes[] = {
	{ "http", is_host_page, "http://example.org/abuse" },
	{ "https", is_host_page, "https://example.org/abuse" },
	{ "mailto", is_mailbox, "mailto:abuse@example.org" },
	{ "xmpp", is_address, "xmpp:abuse@example.org" },
};

/* RFC 3986 3.1: the length of the scheme; 0 when there is none. */
static size_t scheme_len(const char *uri)
{
	size_t len = 0;

	if (!isalpha((unsigned char)*uri))
		return 0;
	while (isalnum((unsigned char)uri[len]) || (uri[len] && strchr("+-.", uri[len])))
		len++;
	return uri[len] == ':' && uri[len + 1] ? len : 0;
}

/* RFC 3986 2; letters beyond ASCII are left to whoever follows it (RFC 3987). */
static bool has_strange_bytes(const char *uri)
{
	for (; *uri; uri++) {
		if ((unsigned char)*uri <= ' ' || strchr("\"<>\\^`{|}\x7f", *uri))
			return true;
		if (*uri == '%' && (!isxdigit((unsigned char)uri[1]) ||
				!isxdigit((unsigned char)uri[2])))
			return true;
	}
	return false;
}

static const struct scheme *find_scheme(const char *uri, size_t len)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strlen(schemes[i].name) == len && strncasecmp(schemes[i].name, uri, len) == 0)
			return &schemes[i];
	return NULL;
}

const char *contact_refuse(struct arena *arena, const char *uri)
{
	size_t len = scheme_len(uri);
	const struct scheme *scheme = find_scheme(uri, len);

	if (!len || has_strange_bytes(uri))
		return arena_printf(arena, "`%s` is not a URI such as mailto:abuse@example.org", uri);
	if (scheme && !scheme->allows(arena, uri + len + 1))
		return arena_printf(arena, "`%s` is not a URI such as %s", uri, scheme->example);
	return NULL;
}

/* --- telling ------------------------------------------------------------------------------- */

static void add_field(struct element *form, const char *name, const char *const *values)
{
	struct element *field;

	if (!*values)
		return;
	field = form_add(form, form_type_name(FORM_LIST_MULTI), name, NULL);
	for (; *values; values++)
		form_add_value(field, *values);
}

void contacts_add(struct element *query, const struct contacts *contacts)
{
	struct element *form;

#define X(field, name, about) *contacts->field ||
	if (!(CONTACTS(X) false))
		return;
#undef X
	form = form_new(element_arena(query), "result", SERVER_INFO);
#define X(field, name, about) add_field(form, name, contacts->field);
	CONTACTS(X)
#undef X
	element_append(query, form);
}
