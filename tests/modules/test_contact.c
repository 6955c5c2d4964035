/* Which contact addresses a host may name (XEP-0157).
 * SPDX-License-Identifier: MIT */

#include "contact.h"

#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "element.h"
#include "writer.h"

static struct arena *arena;

static void open(void)
{
	arena = arena_create(1024);
}

static void close(void)
{
	arena_destroy(arena);
}

TestSuite(contact, .init = open, .fini = close);

Test(contact, is_a_uri)
{
	static const char *const good[] = { "mailto:abuse@example.org", "xmpp:abuse@example.org",
		"xmpp:admins@example.org?message", "https://example.org/abuse.php?a=b#c", "XMPP:a@b",
		"http://[::1]/x", "tel:+1-201-555-0123", "mailto:a%20b@example.org",
		"xmpp:example.org", "urn:x:y", "sip:a@b", "mailto:a@b?subject=x" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect_null(contact_refuse(arena, good[i]), "%s", good[i]);
}

Test(contact, that_is_none_is_refused_with_an_example)
{
	static const struct { const char *uri, *example; } bad[] = {
		{ "", "mailto:" }, { "abuse@example.org", "mailto:" }, { "example.org", "mailto:" },
		{ "mailto:", "mailto:" }, { ":x", "mailto:" }, { "1a:x", "mailto:" },
		{ "mailto:a b@example.org", "mailto:" }, { "https://a/%2", "mailto:" },
		{ "https://a/<b>", "mailto:" }, { "mailto:a@b\n", "mailto:" },
		{ "mailto:abuse", "mailto:" }, { "mailto:@example.org", "mailto:" },
		{ "https:/example.org", "https://" }, { "http://", "http://" }, { "https:///x", "https://" },
		{ "xmpp:@example.org", "xmpp:" }, { "xmpp:a@", "xmpp:" }, { "xmpp:?message", "xmpp:" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *why = contact_refuse(arena, bad[i].uri);

		cr_expect(why && strstr(why, bad[i].example), "%s: %s", bad[i].uri, why ? why : "good");
	}
}

static const char *const nobody[] = { NULL };
static const char *const abuse[] = { "mailto:a@b", "xmpp:a@b", NULL };
static const char *const status[] = { "https://s", NULL };

static const struct contacts none = { nobody, nobody, nobody, nobody, nobody, nobody, nobody };

Test(contact, stands_in_a_form)
{
	struct element *query = element_new(arena, "q", "query");
	struct contacts contacts = none;

	contacts.abuse = abuse;
	contacts.status = status;
	contacts_add(query, &contacts);
	cr_assert_str_eq(writer_text(arena, query), "<query xmlns='q'>"
		"<x xmlns='jabber:x:data' type='result'>"
		"<field var='FORM_TYPE' type='hidden'>"
		"<value>http://jabber.org/network/serverinfo</value></field>"
		"<field var='abuse-addresses' type='list-multi'><value>mailto:a@b</value>"
		"<value>xmpp:a@b</value></field>"
		"<field var='status-addresses' type='list-multi'><value>https://s</value></field>"
		"</x></query>");
}

Test(contact, that_nobody_named_needs_no_form)
{
	struct element *query = element_new(arena, "q", "query");

	contacts_add(query, &none);
	cr_assert_str_eq(writer_text(arena, query), "<query xmlns='q'/>");
}
