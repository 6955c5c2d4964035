/* test_writer.c - what is written says what the tree says, promised to every peer
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "names.h"
#include "writer.h"

static struct arena *arena;
static struct buffer out;

static void begin(void) { arena = arena_create(1024); }
static void end(void)
{
	buffer_finish(&out);
	arena_destroy(arena);
}

TestSuite(writer, .init = begin, .fini = end);

static const char *written(const struct element *element, const char *context)
{
	buffer_consume(&out, out.len);
	writer_element(&out, element, context);
	return arena_strndup(arena, buffer_at(&out), out.len);
}

static struct element *message(void)
{
	struct element *message = element_new(arena, NS_CLIENT, "message");

	element_set(message, "to", "juliet@example.org");
	element_set(message, "type", "chat");
	element_add_text(message, "body", "hello");
	return message;
}

Test(writer, declares_a_namespace_only_where_it_changes)
{
	struct element *iq = element_new(arena, NS_CLIENT, "iq");
	struct element *query = element_add(iq, "jabber:iq:roster", "query");

	element_add(query, NULL, "item");
	element_add(iq, NULL, "x");
	cr_assert_str_eq(written(iq, NS_CLIENT),
		"<iq><query xmlns='jabber:iq:roster'><item/></query><x/></iq>");
	cr_assert_str_eq(written(iq, NULL),
		"<iq xmlns='jabber:client'><query xmlns='jabber:iq:roster'><item/></query><x/></iq>");
}

Test(writer, undeclares_for_an_element_without_namespace)
{
	struct element *iq = element_new(arena, NS_CLIENT, "iq");

	element_add(element_add(iq, "", "plain"), NS_CLIENT, "x");
	cr_assert_str_eq(written(iq, NS_CLIENT),
		"<iq><plain xmlns=''><x xmlns='jabber:client'/></plain></iq>");
}

Test(writer, uses_the_prefix_of_the_stream)
{
	struct element *features = element_new(arena, NS_STREAM, "features");

	element_add(features, NS_TLS, "starttls");
	element_add(features, NS_CLIENT, "x");
	cr_assert_str_eq(written(features, NS_CLIENT), "<stream:features><starttls "
		"xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><x/></stream:features>");
}

Test(writer, declares_the_prefix_of_the_stream_outside_of_one)
{
	cr_assert_str_eq(writer_text(arena, element_new(arena, NS_STREAM, "features")),
		"<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>");
}

Test(writer, turns_client_stanzas_into_server_stanzas_and_back)
{
	cr_assert_str_eq(written(message(), NS_SERVER),
		"<message to='juliet@example.org' type='chat'><body>hello</body></message>");
	cr_assert_str_eq(written(element_new(arena, NS_SERVER, "iq"), NS_CLIENT), "<iq/>");
}

Test(writer, leaves_a_forwarded_stanza_in_its_namespace)
{
	struct element *outer = element_new(arena, NS_CLIENT, "message");

	element_append(element_add(outer, "urn:xmpp:forward:0", "forwarded"), message());
	cr_assert_str_eq(written(outer, NS_SERVER), "<message><forwarded xmlns='urn:xmpp:forward:0'>"
		"<message xmlns='jabber:client' to='juliet@example.org' type='chat'><body>hello</body>"
		"</message></forwarded></message>");
}

Test(writer, puts_what_is_written_where_it_stands)
{
	const char *xml = written(message(), NS_CLIENT);
	struct element *outer = element_new(arena, NS_CLIENT, "message");
	struct element *forwarded = element_add(outer, "urn:xmpp:forward:0", "forwarded");
	struct element *child = element_add_written(forwarded, xml, strlen(xml));

	element_append_text(forwarded, "&", 1);
	cr_assert_str_eq(element_text(child), "");
	cr_assert(element_is(child, NS_CLIENT, "message"));
	cr_assert_eq(element_find(forwarded, NS_CLIENT, "message"), child);
	cr_assert_str_eq(written(element_copy(arena, outer), NS_CLIENT),
		"<message><forwarded xmlns='urn:xmpp:forward:0'>"
		"<message xmlns='jabber:client' to='juliet@example.org' type='chat'>"
		"<body>hello</body></message>&amp;</forwarded></message>");
	element_add_written(outer, "<presence/>", strlen("<presence/>"));
	cr_assert(strstr(written(outer, NS_CLIENT), "</forwarded><presence/></message>"));
}

Test(writer, escapes_the_five_entities)
{
	struct element *x = element_new(arena, "", "x");

	element_set(x, "a", "<&>'\"");
	element_append_text(x, "<&>'\"]]>", 8);
	cr_assert_str_eq(written(x, NULL), "<x a='&lt;&amp;&gt;&apos;&quot;'>"
		"&lt;&amp;&gt;&apos;&quot;]]&gt;</x>");
}

Test(writer, escapes_at_every_place_of_a_text)
{
	char text[50], expected[60];

	for (int len = 1; len < 50; len++)
		for (int at = 0; at < len; at++) {
			memset(text, 'x', sizeof text);
			text[at] = '<';
			memset(expected, 'x', sizeof expected);
			memcpy(expected + at, "&lt;", 4);
			buffer_consume(&out, out.len);
			writer_escape(&out, text, (size_t)len);
			cr_assert_eq(out.len, (size_t)len + 3);
			cr_assert_eq(memcmp(buffer_at(&out), expected, out.len), 0);
		}
}

Test(writer, keeps_line_ends_and_tabs_in_attributes)
{
	struct element *x = element_new(arena, "", "x");

	element_set(x, "a", "1\n2\t3\r4");
	element_append_text(x, "1\n2\t3\r4", 7);
	cr_assert_str_eq(written(x, NULL), "<x a='1&#xA;2&#x9;3&#xD;4'>1\n2\t3&#xD;4</x>");
}

Test(writer, replaces_what_xml_cannot_say)
{
	struct element *x = element_new(arena, "", "x");

	element_append_text(x, "a\x01\0b", 4);
	cr_assert_str_eq(written(x, NULL), "<x>a\xEF\xBF\xBD\xEF\xBF\xBD" "b</x>");
}

Test(writer, gives_a_stanza_in_three_parts)
{
	struct element *stanza = message();

	element_set(stanza, "from", "romeo@example.org");
	writer_start(&out, stanza, NS_CLIENT);
	writer_attribute(&out, "to", "o'hara@example.org");
	buffer_add_text(&out, ">");
	writer_content(&out, stanza, NS_CLIENT);
	cr_assert_str_eq(arena_strndup(arena, buffer_at(&out), out.len), "<message type='chat' "
		"to='o&apos;hara@example.org'><body>hello</body></message>");
}

Test(writer, gives_an_empty_stanza_in_three_parts)
{
	struct element *presence = element_new(arena, NS_CLIENT, "presence");

	writer_start(&out, presence, NS_SERVER);
	buffer_add_text(&out, ">");
	writer_content(&out, presence, NS_SERVER);
	cr_assert_str_eq(arena_strndup(arena, buffer_at(&out), out.len), "<presence></presence>");
}

Test(writer, knows_the_context_of_the_content_alone)
{
	struct element *forwarded = element_new(arena, "urn:xmpp:forward:0", "forwarded");

	element_add(forwarded, NS_CLIENT, "message");
	writer_content(&out, forwarded, NS_CLIENT);
	cr_assert_str_eq(arena_strndup(arena, buffer_at(&out), out.len),
		"<message xmlns='jabber:client'/></forwarded>");
}
