/* test_scan.c - a stream cut at any byte gives the same stanzas, promised to every scenario */
/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char stream[] = "<?xml version='1.0'?><stream:stream id='1'>"
	"<stream:features><bind/></stream:features> <a/>"
	"<message from='x' id='7' note='a>b'><body>1 &lt;</body><x><x/></x></message>\n"
	"<iq id=\"8\" type='result'></iq></stream:stream>";
static const char cut[] = "[<stream:stream id='1'>]"
	"[<stream:features><bind/></stream:features>][<a/>]"
	"[<message from='x' id='7' note='a>b'><body>1 &lt;</body><x><x/></x></message>]"
	"[<iq id=\"8\" type='result'></iq>][</stream:stream>]";

static char found_text[1024];
static struct scan scan;

static bool note(void *context, const struct stanza *stanza)
{
	size_t used = strlen(found_text);

	(void)context;
	snprintf(found_text + used, sizeof found_text - used, "[%.*s]", (int)stanza->size,
			stanza->text);
	return true;
}

static void begin(void)
{
	found_text[0] = '\0';
	scan = (struct scan){ 0 };
}

static void end(void)
{
	scan_finish(&scan);
}

TestSuite(scan, .init = begin, .fini = end);

Test(scan, finds_stanzas_whatever_the_sizes_of_the_pieces)
{
	for (size_t piece = 1; piece < sizeof stream; piece++) {
		begin();
		for (size_t at = 0; at < sizeof stream - 1; at += piece) {
			size_t left = sizeof stream - 1 - at;

			scan_feed(&scan, stream + at, left < piece ? left : piece, note, NULL);
		}
		cr_assert_str_eq(found_text, cut, "pieces of %zu", piece);
		end();
	}
}

static bool refuse(void *context, const struct stanza *stanza)
{
	note(context, stanza);
	return false;
}

Test(scan, stops_where_it_is_told)
{
	scan_feed(&scan, stream, sizeof stream - 1, refuse, NULL);
	cr_assert_str_eq(found_text, "[<stream:stream id='1'>]");
}

Test(scan, reads_an_attribute_of_the_own_tag_only)
{
	const char text[] = "<iq xid='1' type=\"result\"><x id='2'/></iq>";
	struct stanza stanza = { text, sizeof text - 1 };
	size_t size = 0;
	const char *type = stanza_attribute(&stanza, "type=", &size);

	cr_assert(type && size == 6 && memcmp(type, "result", 6) == 0);
	cr_assert_null(stanza_attribute(&stanza, "id=", &size));
	cr_assert(stanza_is(&stanza, "iq"));
	cr_assert_not(stanza_is(&stanza, "i"));
}
