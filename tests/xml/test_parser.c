/* test_parser.c - streams become trees, and what is not a stream is told apart: promised to links
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>

#include "stream.h"

static struct stream stream;
static size_t arenas;

static void begin(void)
{
	arenas = arena_count_alive();
	stream_begin(&stream);
}

static void end(void)
{
	stream_end(&stream);
	cr_assert_eq(arena_count_alive(), arenas);
}

TestSuite(parser, .init = begin, .fini = end, .timeout = 20);

static const struct parser_limits tight = { .stanza_bytes = 400, .depth = 4, .attributes = 5,
	.name_bytes = 80 };

#define expect(text) cr_assert_str_eq(stream_seen(&stream), text)

Test(parser, reports_header_stanzas_and_footer)
{
	cr_assert_eq(stream_read(&stream, "<?xml version='1.0'?>" HEADER
		"<message to='a'><body>hi</body></message> \n<presence/></stream:stream>"), PARSER_NONE);
	expect("H<stream:stream/>S<message to='a'><body>hi</body></message>S<presence/>F");
}

Test(parser, does_not_mind_where_the_pieces_end)
{
	const char *text = "<?xml version='1.0' encoding='utf-8'?>" HEADER "<message to='\xC3\xA4'>"
		"<body>&lt;\xE2\x82\xAC&#x1F600;\r\n]]<![CDATA[<&]]></body><x xmlns='a' b=\">'\"/>"
		"</message></stream:stream> ";

	for (size_t piece = 1; piece < 60; piece++) {
		stream_end(&stream);
		stream_begin(&stream);
		cr_assert_eq(stream_read_pieces(&stream, text, piece), PARSER_NONE);
		expect("H<stream:stream/>S<message to='\xC3\xA4'><body>&lt;\xE2\x82\xAC\xF0\x9F\x98\x80\n"
		       "]]&lt;&amp;</body><x xmlns='a' b='&gt;&apos;'/></message>F");
	}
}

Test(parser, delivers_a_stanza_with_its_last_byte)
{
	stream_read(&stream, HEADER "<message><body>hi</bo");
	stream_read(&stream, "dy></message");
	expect("H<stream:stream/>");
	stream_read(&stream, ">");
	expect("H<stream:stream/>S<message><body>hi</body></message>");
}

Test(parser, gives_the_header_its_attributes_but_no_declarations)
{
	stream_read(&stream, "<stream:stream to='example.org' xml:lang='en' version='1.0' "
		"xmlns='jabber:server' xmlns:stream='" NS_STREAM "' xmlns:db='jabber:server:dialback'>");
	expect("H<stream:stream to='example.org' xml:lang='en' version='1.0'/>");
	cr_assert_str_eq(parser_default_ns(stream.parser), NS_SERVER);
	cr_assert_str_eq(parser_header(stream.parser), "<stream:stream xmlns='jabber:server' "
		"xmlns:db='jabber:server:dialback' xmlns:stream='" NS_STREAM "'>");
}

Test(parser, resolves_prefixes_of_header_and_stanza)
{
	stream_read(&stream, "<s:stream xmlns='jabber:client' xmlns:s='" NS_STREAM "' xmlns:u='un:known'>");
	cr_assert_eq(stream_read(&stream, "<u:a xmlns:p='urn:p'><p:b xmlns='urn:d'><c/><p:d xmlns:p='urn:q'/>"
		"</p:b><e/><p:f/></u:a><u:a/><s:error/>"), PARSER_NONE);
	expect("H<stream:stream/>S<a xmlns='un:known'><b xmlns='urn:p'><c xmlns='urn:d'/><d xmlns='urn:q'/>"
	       "</b><e xmlns='jabber:client'/><f xmlns='urn:p'/></a>S<a xmlns='un:known'/>S<stream:error/>");
}

Test(parser, keeps_attributes_of_other_namespaces)
{
	cr_assert_eq(stream_read(&stream, HEADER "<x xmlns:p='urn:p' xmlns:q='urn:q' p:a='1' a='2' q:a='3' "
		"p:b='4' xml:space='preserve' xml:lang='de'/>"), PARSER_NONE);
	expect("H<stream:stream/>S<x xmlns:a0='urn:p' a0:a='1' a='2' xmlns:a2='urn:q' a2:a='3' a0:b='4' "
	       "xml:space='preserve' xml:lang='de'/>");
}

struct input {
	const char *text;
	enum parser_fault fault;
};

static const struct input hostile[] = {
	{ HEADER "<a></b>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a", PARSER_NONE },
	{ HEADER "<a b='1' b='2'/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a b=1/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a b='<'/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>&nbsp;</a>", PARSER_RESTRICTED_XML },
	{ HEADER "<a b='&nbsp;'/>", PARSER_RESTRICTED_XML },
	{ HEADER "<a>&#0;</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>&#xFFFF;</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>\x01</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>]]></a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>\xFF</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>\xC0\x80</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>\xED\xA0\x80</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a>\xF4\x90\x80\x80</a>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<!-- c -->", PARSER_RESTRICTED_XML },
	{ HEADER "<a><!-- c --></a>", PARSER_RESTRICTED_XML },
	{ HEADER "<!-- never ends", PARSER_RESTRICTED_XML },
	{ HEADER "<?pi?>", PARSER_RESTRICTED_XML },
	{ HEADER "<a><?pi data?></a>", PARSER_RESTRICTED_XML },
	{ HEADER "<?never ends", PARSER_RESTRICTED_XML },
	{ HEADER "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		PARSER_NOT_WELL_FORMED },
	{ HEADER "text", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a/>text<a/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a/>\xC2\xA0<a/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<![CDATA[x]]>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<p:a/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a p:b='1'/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns:p='u'/><p:b/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a><b xmlns:p='u'/><p:c/></a>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns:p=''/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns:xml='urn:x'/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns:xmlns='urn:x'/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns='" NS_XML "'/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns:p='" NS_XML "'/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<a xmlns='http://www.w3.org/2000/xmlns/'/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<xml:a/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<xmlns:a/>", PARSER_BAD_NAMESPACE_PREFIX },
	{ HEADER "<:a/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a:/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a xmlns:='u'/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<a xmlns:b:c='u'/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<stream:b:c/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<stream:1/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<stream:-a/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<stream:\xD9\xA1/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "</stream:stream><a/>", PARSER_NOT_WELL_FORMED },
	{ HEADER "</stream:stream>x", PARSER_NOT_WELL_FORMED },
	{ HEADER "</stream:features>", PARSER_NOT_WELL_FORMED },
	{ HEADER "<?xml version='1.0'?>", PARSER_RESTRICTED_XML },
	{ "<!DOCTYPE stream>" HEADER, PARSER_RESTRICTED_XML },
	{ "<!DOCTYPE s [<!ENTITY a 'b'>]>" HEADER "&a;", PARSER_RESTRICTED_XML },
	{ "<!DOCTYPE s SYSTEM 'file:///etc/passwd'>" HEADER, PARSER_RESTRICTED_XML },
	{ "<!-- c -->" HEADER, PARSER_RESTRICTED_XML },
	{ "<?pi?>" HEADER, PARSER_RESTRICTED_XML },
	{ "<stream:stream>", PARSER_BAD_NAMESPACE_PREFIX },
	{ "GET / HTTP/1.1\r\n", PARSER_NOT_WELL_FORMED },
	{ "\x16\x03\x01", PARSER_NOT_WELL_FORMED },
	{ " <?xml version='1.0'?>" HEADER, PARSER_NOT_WELL_FORMED },
	{ "<?xml version='1.1'?>" HEADER, PARSER_NOT_WELL_FORMED },
	{ "<?xml version='1.0' encoding='iso-8859-1'?>" HEADER, PARSER_UNSUPPORTED_ENCODING },
	{ "<?xml version='1.0' encoding='utf-16'?>" HEADER, PARSER_UNSUPPORTED_ENCODING },
	{ "<?xml version='1.0' encoding='x-made-up'?>" HEADER, PARSER_UNSUPPORTED_ENCODING },
	{ "\xFE\xFF", PARSER_UNSUPPORTED_ENCODING },
	{ "\xFF\xFE", PARSER_UNSUPPORTED_ENCODING },
	{ "\xEF\xBB\xBF" HEADER "<a/>", PARSER_NONE },
	{ "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>" HEADER, PARSER_NONE },
	{ HEADER "<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x41;</a>", PARSER_NONE },
	{ HEADER "<a><![CDATA[<!-- ]] > -->]]></a>", PARSER_NONE },
	{ HEADER " \t\r\n \r", PARSER_NONE },
	{ HEADER "<xmlnsfoo xmlnsbar='1'/>", PARSER_NONE },
	{ HEADER "<stream:\xC3\xA9/>", PARSER_NONE },
};

Test(parser, tells_each_fault_whole_and_byte_by_byte)
{
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		for (size_t piece = 1000; piece > 0; piece = piece == 1000 ? 7 : piece == 7 ? 1 : 0) {
			stream_end(&stream);
			stream_begin(&stream);
			cr_expect_eq(stream_read_pieces(&stream, hostile[i].text, piece), hostile[i].fault,
				"%s in pieces of %zu", hostile[i].text, piece);
		}
	}
}

Test(parser, refuses_utf16_without_a_mark)
{
	size_t used;

	cr_assert_eq(stream_feed(&stream, "<\0s\0", 4, &used), PARSER_UNSUPPORTED_ENCODING);
}

Test(parser, stays_at_its_fault)
{
	stream_read(&stream, HEADER "<a><!-- -->");
	cr_assert_eq(stream_read(&stream, "</a><b/>"), PARSER_RESTRICTED_XML);
	expect("H<stream:stream/>");
	cr_assert_not(parser_is_idle(stream.parser));
}

static const struct input beyond_limits[] = {
	{ "<a><b><c><d/></c></b></a>", PARSER_NONE },
	{ "<a><b><c><d><e/></d></c></b></a>", PARSER_TOO_LARGE },
	{ "<a b='1' c='2' d='3' e='4' f='5'/>", PARSER_NONE },
	{ "<a b='1' c='2' d='3' e='4' f='5' g='6'/>", PARSER_TOO_LARGE },
	{ "<a b='1' c='2' d='3' e='4' xmlns='5' xmlns:g='6'/>", PARSER_TOO_LARGE },
	{ "<a12345678901234567890123456789012345678901234567890123456789012345678901234567890/>",
		PARSER_TOO_LARGE },
	{ "<a b12345678901234567890123456789012345678901234567890123456789012345678901234567890='1'/>",
		PARSER_TOO_LARGE },
	{ "<a xmlns='123345678901234567890123456789012345678901234567890123456789012345678901234567890'/>",
		PARSER_TOO_LARGE },
};

Test(parser, bounds_depth_attributes_and_names)
{
	for (size_t i = 0; i < sizeof beyond_limits / sizeof *beyond_limits; i++) {
		stream_end(&stream);
		stream_begin(&stream);
		parser_set_limits(stream.parser, &tight);
		stream_read(&stream, HEADER);
		cr_expect_eq(stream_read(&stream, beyond_limits[i].text), beyond_limits[i].fault, "%s",
			beyond_limits[i].text);
	}
}

/* Where a stanza of endless `filler` is stopped, in bytes after `start`. */
static size_t stopped_after(const char *start, const char *filler, size_t piece)
{
	size_t bytes = strlen(start);

	parser_set_limits(stream.parser, &tight);
	stream_read(&stream, HEADER);
	if (stream_read_pieces(&stream, start, piece) != PARSER_NONE)
		return 0;
	while (bytes < 2000 && stream_read_pieces(&stream, filler, piece) == PARSER_NONE)
		bytes += strlen(filler);
	return bytes;
}

Test(parser, stops_a_large_stanza_while_it_arrives)
{
	static const char *const shapes[][2] = {
		{ "<a>", "x" }, { "<a>", "<b/>" }, { "<a>", "&lt;" }, { "<a b='", "x" }, { "<a ", " " },
		{ "<a>", "\xC3\xA4" }, { "<a>", "<b></b >" }, { "<a><![CDATA[", "]" }, { "<a></a", " " },
		{ "<a b='", ">" },
	};

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		size_t stopped;

		stream_end(&stream);
		stream_begin(&stream);
		stopped = stopped_after(shapes[i][0], shapes[i][1], 1);
		cr_expect(stopped >= 390 && stopped <= 410, "%s%s at %zu", shapes[i][0], shapes[i][1], stopped);
	}
}

Test(parser, bounds_a_stanza_that_comes_at_once)
{
	char text[1000] = HEADER "<a>";
	size_t len = strlen(text);

	memset(text + len, 'x', 450);
	strcpy(text + len + 450, "</a>");
	parser_set_limits(stream.parser, &tight);
	cr_assert_eq(stream_read(&stream, text), PARSER_TOO_LARGE);
	expect("H<stream:stream/>");
}

Test(parser, bounds_the_header)
{
	parser_set_limits(stream.parser, &tight);
	stream_read(&stream, "<stream:stream a='");
	for (int i = 0; i < 380; i++)
		cr_assert_eq(stream_read(&stream, "x"), PARSER_NONE);
	for (int i = 0; i < 10; i++)
		stream_read(&stream, "x");
	cr_assert_eq(stream_read(&stream, "x"), PARSER_TOO_LARGE);
}

Test(parser, does_not_count_whitespace_between_stanzas)
{
	parser_set_limits(stream.parser, &tight);
	stream_read(&stream, HEADER);
	for (int i = 0; i < 2000; i++)
		cr_assert_eq(stream_read(&stream, i % 3 ? " " : "<a/>"), PARSER_NONE);
	cr_assert(parser_is_idle(stream.parser));
}

Test(parser, bounds_what_a_namespace_would_be_written_as)
{
	struct buffer text = { 0 };

	buffer_printf(&text, HEADER "<a xmlns:p='%0999d'>", 0);
	while (text.len < 200000)
		buffer_add_text(&text, "<p:b/><c/>");
	buffer_add(&text, "", 1);
	cr_assert_eq(stream_read(&stream, buffer_at(&text)), PARSER_TOO_LARGE);
	buffer_finish(&text);
}

Test(parser, bounds_the_declarations_in_force)
{
	struct buffer text = { 0 };

	buffer_add_text(&text, HEADER "<a>");
	for (int i = 0; i < 60; i++)
		buffer_printf(&text, "<a xmlns:a%d='a' xmlns:b%d='b' xmlns:c%d='c'>", i, i, i);
	buffer_add(&text, "", 1);
	cr_assert_eq(stream_read(&stream, buffer_at(&text)), PARSER_TOO_LARGE);
	buffer_finish(&text);
}

Test(parser, reads_a_long_tag_in_small_pieces_in_good_time)
{
	struct buffer text = { 0 };

	buffer_add_text(&text, HEADER "<a b='");
	for (int i = 0; i < 50000; i++)
		buffer_add_text(&text, ">\"x");
	buffer_add_text(&text, "' c=\"'>\"/><d/>");
	buffer_add(&text, "", 1);
	cr_assert_eq(stream_read_pieces(&stream, buffer_at(&text), 1), PARSER_NONE);
	cr_assert_str_eq(stream_seen(&stream) + stream.seen.len - 5, "S<d/>");
	buffer_finish(&text);
}

Test(parser, joins_text_of_many_pieces_in_good_memory)
{
	struct buffer text = { 0 };

	buffer_add_text(&text, HEADER "<a>");
	for (int i = 0; i < 50000; i++)
		buffer_add_text(&text, "&lt;");
	buffer_add_text(&text, "</a>");
	buffer_add(&text, "", 1);
	cr_assert_eq(stream_read_pieces(&stream, buffer_at(&text), 1400), PARSER_NONE);
	cr_assert_eq(stream.seen.len, strlen("H<stream:stream/>S<a></a>") + 200000);
	buffer_finish(&text);
}

Test(parser, pauses_exactly_behind_the_element)
{
	const char *text = HEADER "<a/><auth>x</auth ><b/><c/>";
	size_t used;

	stream.pause_at = "auth";
	cr_assert_eq(stream_feed(&stream, text, strlen(text), &used), PARSER_PAUSED);
	cr_assert_str_eq(text + used, "<b/><c/>");
	expect("H<stream:stream/>S<a/>S<auth>x</auth>");
	cr_assert_not(parser_is_idle(stream.parser));
}

Test(parser, pauses_behind_the_header_and_an_empty_element)
{
	const char *text = HEADER "<auth/><b/>";
	size_t used;

	stream.pause_at = "stream";
	cr_assert_eq(stream_feed(&stream, text, strlen(text), &used), PARSER_PAUSED);
	cr_assert_str_eq(text + used, "<auth/><b/>");
	text += used;
	stream.pause_at = "auth";
	cr_assert_eq(stream_feed(&stream, text, strlen(text), &used), PARSER_PAUSED);
	cr_assert_str_eq(text + used, "<b/>");
}

Test(parser, goes_on_with_the_rest_after_a_pause)
{
	const char *text = HEADER "<auth/><b/><c";
	size_t used;

	stream.pause_at = "auth";
	stream_feed(&stream, text, strlen(text), &used);
	cr_assert_eq(stream_read(&stream, "<b/><c d='1'/><auth/>"), PARSER_PAUSED);
	expect("H<stream:stream/>S<auth/>S<b/>S<c d='1'/>S<auth/>");
	cr_assert(parser_is_idle(stream.parser));
	cr_assert_eq(stream_read(&stream, "<e/>"), PARSER_NONE);
	expect("H<stream:stream/>S<auth/>S<b/>S<c d='1'/>S<auth/>S<e/>");
}

Test(parser, takes_the_rest_after_a_pause_in_any_pieces)
{
	const char *text = HEADER "<auth/><b/><auth/><c/><auth/><d";
	size_t len = strlen(text);

	for (size_t piece = 1; piece < 12; piece++) {
		size_t at = 0, used;

		stream_end(&stream);
		stream_begin(&stream);
		stream.pause_at = "auth";
		stream_feed(&stream, text, len, &at);
		for (; at < len; at += used)
			stream_feed(&stream, text + at, len - at < piece ? len - at : piece, &used);
		stream_read(&stream, "/>");
		expect("H<stream:stream/>S<auth/>S<b/>S<auth/>S<c/>S<auth/>S<d/>");
	}
}

Test(parser, may_be_destroyed_while_paused)
{
	stream.pause_at = "auth";
	cr_assert_eq(stream_read(&stream, HEADER "<auth/><b/>"), PARSER_PAUSED);
}

Test(parser, is_idle_only_between_stanzas)
{
	cr_assert_not(parser_is_idle(stream.parser));
	stream_read(&stream, "<?xml version='1.0'?>");
	cr_assert_not(parser_is_idle(stream.parser));
	stream_read(&stream, HEADER);
	cr_assert(parser_is_idle(stream.parser));
	stream_read(&stream, "<");
	cr_assert_not(parser_is_idle(stream.parser));
	stream_read(&stream, "a>");
	cr_assert_not(parser_is_idle(stream.parser));
	stream_read(&stream, "</a>");
	cr_assert(parser_is_idle(stream.parser));
	stream_read(&stream, " \n");
	cr_assert(parser_is_idle(stream.parser));
	stream_read(&stream, "</stream:stream>");
	cr_assert_not(parser_is_idle(stream.parser));
}

Test(parser, renews_itself_on_a_busy_stream_of_strange_names)
{
	char text[64];

	stream_read(&stream, HEADER);
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof text, "<n%d><a%d/></n%d>", i, i, i);
		cr_assert_eq(stream_read(&stream, text), PARSER_NONE);
		buffer_consume(&stream.seen, stream.seen.len);
	}
	stream_read(&stream, "<a/></stream:stream>");
	expect("S<a/>F");
}

/* Whatever is accepted must be readable for others when it is written. */
Test(parser, accepts_no_name_that_loses_its_right_with_its_prefix)
{
	for (unsigned point = 0x80; point < 0x10000; point++) {
		char text[200], name[4] = { 0 };

		if (point < 0x800)
			name[0] = (char)(0xC0 | point >> 6), name[1] = (char)(0x80 | (point & 63));
		else
			name[0] = (char)(0xE0 | point >> 12), name[1] = (char)(0x80 | (point >> 6 & 63)),
			name[2] = (char)(0x80 | (point & 63));
		snprintf(text, sizeof text, HEADER "<stream:%s/>", name);
		stream_end(&stream);
		stream_begin(&stream);
		if (stream_read(&stream, text) != PARSER_NONE)
			continue;
		snprintf(text, sizeof text, HEADER "<%s/>", name);
		stream_end(&stream);
		stream_begin(&stream);
		cr_expect_eq(stream_read(&stream, text), PARSER_NONE, "U+%04X", point);
	}
}
