/* One string for all that a host can do (XEP-0115).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "expect.h"
#include "ver.h"

extern const struct tern_module tern_module;

static void add_forms(struct element *query, const void *settings)
{
	struct element *form = element_add(query, "jabber:x:data", "x"), *type;

	type = element_add(form, NULL, "field");
	element_set(type, "var", "FORM_TYPE");
	element_set(type, "type", "hidden");
	element_add_text(type, "value", "urn:test");
}

static enum tern_verdict answer_info(struct tern_event *event, const void *settings)
{
	struct element *query = element_new(event->arena, "http://jabber.org/protocol/disco#info",
		"query");
	const char *node = element_get(element_first(event->stanza.element), "node");

	return tern_event_node(event, false, node, query) == TERN_DONE ? tern_reply(event, query) :
		tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
}

static const struct tern_module others = {
	.name = "others",
	.features = (const char *const[]){ "urn:host", NULL },
	.identities = (const struct tern_identity[]){ { "server", "im", "Fake" }, { 0 } },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST | TERN_AT_OWN_ACCOUNT, "http://jabber.org/protocol/disco#info",
			"query", answer_info },
		{ 0 },
	},
	.forms = add_forms,
};

static struct fake *fake;
static struct arena *arena;
static struct tern_session *balcony;

static void open(void)
{
	arena = arena_create(1024);
	fake = fake_create((const struct tern_module *const[]){ &tern_module, &others, NULL }, NULL);
	balcony = fake_session(fake_account(fake, "juliet@example.org"), "balcony");
}

static void close(void)
{
	fake_destroy(fake);
	arena_destroy(arena);
}

TestSuite(caps, .init = open, .fini = close);

#define FEATURE(var) "<feature var='" var "'/>"
#define PROTOCOL "http://jabber.org/protocol/"
#define FIELD(var, values) "<field var='" var "'>" values "</field>"
#define VALUE(text) "<value>" text "</value>"

static const char *ver_of(const char *content)
{
	char xml[4096];

	snprintf(xml, sizeof xml, "<query xmlns='" PROTOCOL "disco#info'>%s</query>", content);
	return caps_ver(arena, fake_read(arena, xml));
}

Test(caps, string_is_the_one_of_the_simple_example)
{
	cr_assert_str_eq(ver_of(FEATURE(PROTOCOL "muc") FEATURE(PROTOCOL "disco#items")
		FEATURE(PROTOCOL "caps") FEATURE(PROTOCOL "disco#info")
		"<identity category='client' name='Exodus 0.9.1' type='pc'/>"),
		"QgayPKawpkPSDYmwT/WM94uAlu0=");
}

Test(caps, string_is_the_one_of_the_complex_example)
{
	cr_assert_str_eq(ver_of(
		"<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>"
		"<identity xml:lang='el' category='client' name='\xce\xa8 0.11' type='pc'/>"
		FEATURE(PROTOCOL "caps") FEATURE(PROTOCOL "disco#info") FEATURE(PROTOCOL "disco#items")
		FEATURE(PROTOCOL "muc") "<x xmlns='jabber:x:data' type='result'>"
		FIELD("software_version", VALUE("0.11")) FIELD("software", VALUE("Psi"))
		FIELD("os", VALUE("Mac")) FIELD("ip_version", VALUE("ipv6") VALUE("ipv4"))
		FIELD("FORM_TYPE", VALUE("urn:xmpp:dataforms:softwareinfo"))
		FIELD("os_version", VALUE("10.5.1")) "</x>"), "q07IKJEyjvHSyhy//CH0CxmKi8w=");
}

Test(caps, string_does_not_depend_on_the_order_of_forms)
{
	static const char *const forms[] = {
		"<x xmlns='jabber:x:data'>" FIELD("FORM_TYPE", VALUE("a")) FIELD("v", VALUE("1")) "</x>",
		"<x xmlns='jabber:x:data'>" FIELD("FORM_TYPE", VALUE("b")) "</x>",
	};
	const char *one = ver_of(arena_printf(arena, "%s%s", forms[0], forms[1]));

	cr_assert_str_eq(one, ver_of(arena_printf(arena, "%s%s", forms[1], forms[0])));
	cr_assert_str_neq(one, ver_of(forms[0]));
}

static struct element *feature(void)
{
	struct element *caps = element_new(arena, PROTOCOL "caps", "c");
	const struct tern_stream_feature *claim = tern_module.stream_features;

	claim->fill(tern_entity_host(tern_session_entity(balcony)), caps, NULL);
	return caps;
}

Test(caps, stand_in_the_streams_features)
{
	struct element *caps = feature();

	cr_assert_str_eq(element_get(caps, "hash"), "sha-1");
	cr_assert_str_eq(element_get(caps, "node"), "urn:x-tern");
	cr_assert_str_eq(element_get(caps, "ver"),
		ver_of("<identity category='server' type='im' name='Fake'/>" FEATURE(PROTOCOL "caps")
		FEATURE("urn:host") "<x xmlns='jabber:x:data'>" FIELD("FORM_TYPE", VALUE("urn:test"))
		"</x>"));
}

static const char *ask(const char *to, const char *node)
{
	char xml[512];

	snprintf(xml, sizeof xml, "<iq type='get' id='1' to='%s'>"
		"<query xmlns='" PROTOCOL "disco#info' node='%s'/></iq>", to, node);
	fake_send(balcony, xml);
	return fake_heard(balcony);
}

Test(caps, node_tells_all_of_the_host)
{
	const char *node = arena_printf(arena, "urn:x-tern#%s", element_get(feature(), "ver"));

	expect_part(ask("example.org", node), "<identity category='server' name='Fake' type='im'/>"
		FEATURE(PROTOCOL "caps") FEATURE("urn:host") "<x xmlns='jabber:x:data'>");
	expect_part(ask("juliet@example.org", node), "<item-not-found ");
}

Test(caps, of_another_day_are_not_found)
{
	static const char *const others_of[] = { "urn:x-tern", "urn:x-tern#", "urn:x-tern#abc",
		"http://code.google.com/p/exodus#QgayPKawpkPSDYmwT/WM94uAlu0=", "" };

	for (size_t i = 0; i < sizeof others_of / sizeof *others_of; i++)
		expect_part(ask("example.org", others_of[i]), "<item-not-found ");
}
