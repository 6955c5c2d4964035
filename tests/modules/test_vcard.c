/* Business cards, and the face in presence (XEP-0054, XEP-0153, XEP-0398).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>

#include "juliet.h"

static void open(void)
{
	open_with(NULL);
}

TestSuite(vcard, .init = open, .fini = close);
TestSuite(vcard_options, .fini = close);
TestSuite(photo, .init = open, .fini = close);

#define VCARD(content) "<vCard xmlns='vcard-temp'>" content "</vCard>"
#define NONE "<vCard xmlns='vcard-temp'/>"
#define NAME "<FN>Juliet Capulet</FN>"
#define STORED "<iq id='1' to='juliet@example.org/balcony' type='result'/>"

static const char *iq(const char *type, const char *to, const char *vcard)
{
	char xml[4096];

	snprintf(xml, sizeof xml, "<iq type='%s' id='1' %s>%s</iq>", type, to, vcard);
	fake_send(balcony, xml);
	return fake_heard(balcony);
}

static const char *iq_of_romeo(const char *type, const char *vcard)
{
	char xml[1024];

	snprintf(xml, sizeof xml, "<iq type='%s' id='1' from='romeo@example.com/x' "
		"to='juliet@example.org'>%s</iq>", type, vcard);
	fake_arrive(fake, xml);
	return fake_left(fake);
}

Test(vcard, is_given_to_its_owner_and_to_whoever_asks)
{
	expect_line(iq("set", "", VCARD(NAME)), STORED);
	expect_part(iq("get", "", NONE), VCARD(NAME));
	expect_part(iq("get", "to='juliet@example.org'", NONE), VCARD(NAME));
	expect_part(iq_of_romeo("get", NONE), VCARD(NAME));
}

Test(vcard, that_is_not_there_is_said_so_to_its_owner_alone)
{
	expect_part(iq("get", "", NONE), "<item-not-found ");
	expect_part(iq_of_romeo("get", NONE), "<service-unavailable ");
}

Test(vcard, is_changed_as_a_whole)
{
	iq("set", "", VCARD(NAME "<NICKNAME>Jule</NICKNAME>"));
	iq("set", "", VCARD("<URL>x</URL>"));
	expect_part(iq("get", "", NONE), VCARD("<URL>x</URL>"));
}

Test(vcard, with_nothing_in_it_deletes_the_one_that_was)
{
	iq("set", "", VCARD(NAME "<PHOTO><BINVAL>YWJj</BINVAL></PHOTO>"));
	expect_line(iq("set", "", NONE), STORED);
	expect_part(iq("get", "", NONE), "<item-not-found ");
	cr_assert_eq(fake_stored(juliet, "vcard"), 0);
	cr_assert_eq(fake_stored(juliet, "vcard/photo"), 0);
}

Test(vcard, is_not_for_others_to_change)
{
	iq("set", "", VCARD(NAME));
	expect_part(iq_of_romeo("set", VCARD("<FN>Rosaline</FN>")), "<forbidden ");
	expect_part(iq("get", "", NONE), VCARD(NAME));
}

Test(vcard, outlives_a_restart)
{
	iq("set", "", VCARD(NAME));
	fake_end(balcony);
	cr_assert_eq(fake_reopen(juliet), 0);
	expect_part(iq_of_romeo("get", NONE), VCARD(NAME));
}

Test(vcard, is_refused_where_the_disk_is_full)
{
	fake_fill_disk(fake, 0);
	expect_part(iq("set", "", VCARD(NAME)), "<resource-constraint ");
	expect_part(iq("get", "", NONE), "<item-not-found ");
}

Test(vcard_options, bound_its_size)
{
	char large[2048] = "<vCard xmlns='vcard-temp'><FN>";

	open_with((const struct fake_option[]){ { "bytes", "1024" }, { 0 } });
	memset(large + strlen(large), 'x', 1000);
	strcat(large, "</FN></vCard>");
	expect_part(iq("set", "", large), "<policy-violation ");
	expect_part(iq("get", "", NONE), "<item-not-found ");
}

Test(vcard_options, give_the_host_one_of_its_own)
{
	open_with((const struct fake_option[]){ { "host-name", "Verona" },
		{ "host-url", "https://example.org" }, { "host-note", "fair" }, { 0 } });
	expect_part(iq("get", "to='example.org'", NONE), VCARD("<FN>Verona</FN>"
		"<URL>https://example.org</URL><DESC>fair</DESC>"));
	expect_part(iq("set", "to='example.org'", VCARD(NAME)), "<forbidden ");
}

Test(vcard_options, need_not_give_the_host_one)
{
	open_with(NULL);
	expect_part(iq("get", "to='example.org'", NONE), "<item-not-found ");
}

/* --- presence ------------------------------------------------------------------------------ */

#define HASH "a9993e364706816aba3e25717850c26c9cd0d89d" /* of "abc", RFC 3174 7.3 */
#define ANNOUNCED "<x xmlns='vcard-temp:x:update'><photo>" HASH "</photo></x>"
#define UPDATE(content) "<x xmlns='vcard-temp:x:update'>" content "</x>"

static const char *show(const char *presence)
{
	fake_send(balcony, presence);
	return fake_left(fake);
}

static void publish(const char *base64)
{
	char xml[512];

	snprintf(xml, sizeof xml, VCARD("<PHOTO><TYPE>image/png</TYPE><BINVAL>%s</BINVAL></PHOTO>"),
		base64);
	iq("set", "", xml);
}

#define TO_ROOM(content) "<presence to='room@muc.example.com/me'>" content "</presence>"

static const struct { const char *said, *shown; } words[] = {
	{ "", ANNOUNCED },
	{ "<x xmlns='vcard-temp:x:update'/>", ANNOUNCED },
	{ UPDATE("<photo/>"), "<x xmlns='vcard-temp:x:update'><photo/></x>" },
	{ UPDATE("<photo>" HASH "</photo>"), ANNOUNCED },
	{ UPDATE("<photo>0000000000000000000000000000000000000000</photo>"), ANNOUNCED },
	{ UPDATE("") "<status>x</status>" UPDATE("<photo/>"), "<status>x</status>" ANNOUNCED },
	{ "<x xmlns='http://jabber.org/protocol/muc'/>",
		"<x xmlns='http://jabber.org/protocol/muc'/>" ANNOUNCED },
};

Test(photo, is_announced_for_clients_that_do_not_deny_having_one)
{
	publish("YWJj");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		char xml[512], expected[512];

		snprintf(xml, sizeof xml, TO_ROOM("%s"), words[i].said);
		snprintf(expected, sizeof expected, ">%s</presence>", words[i].shown);
		expect_part(show(xml), expected);
	}
}

Test(photo, is_in_what_the_session_is_known_by)
{
	const struct element *update;

	publish("YWJj");
	fake_send(balcony, "<presence/>");
	update = element_find(tern_session_presence(balcony), "vcard-temp:x:update", "x");
	cr_assert_not_null(update);
	cr_assert_str_eq(element_find_text(update, NULL, "photo"), HASH);
}

Test(photo, that_is_not_there_is_not_announced)
{
	expect_line(show(TO_ROOM("")),
		"<presence from='juliet@example.org/balcony' to='room@muc.example.com/me'/>");
	publish("YWJj");
	publish("");
	expect_line(show(TO_ROOM("")),
		"<presence from='juliet@example.org/balcony' to='room@muc.example.com/me'/>");
}

Test(photo, may_be_broken_into_lines)
{
	publish("\n  YW\r\n\tJj ");
	expect_part(show(TO_ROOM("")), ANNOUNCED);
}

Test(photo, that_is_no_base64_is_kept_but_not_announced)
{
	publish("Y!Jj");
	expect_part(iq("get", "", NONE), "<BINVAL>Y!Jj</BINVAL>");
	expect_part(show(TO_ROOM("")), "me'/>");
}

Test(photo, is_known_again_after_a_restart)
{
	publish("YWJj");
	fake_end(balcony);
	cr_assert_eq(fake_reopen(juliet), 0);
	balcony = fake_session(juliet, "balcony");
	expect_part(show(TO_ROOM("")), ANNOUNCED);
}

Test(photo, is_not_shown_by_who_leaves_or_asks)
{
	publish("YWJj");
	expect_part(show("<presence to='romeo@example.com' type='unavailable'/>"),
		"type='unavailable'/>");
	expect_part(show("<presence to='romeo@example.com' type='subscribe'/>"),
		"type='subscribe'/>");
}

Test(photo, is_not_announced_of_a_card_that_could_not_be_written)
{
	fake_fill_disk(fake, 1);
	publish("YWJj");
	cr_assert_eq(fake_stored(juliet, "vcard"), 0);
	cr_assert_eq(fake_stored(juliet, "vcard/photo"), 0);
	expect_part(show(TO_ROOM("")), "me'/>");
}

Test(photo, stays_that_of_the_card_when_the_next_is_refused)
{
	publish("YWJj");
	fake_fill_disk(fake, 1);
	publish("ZGVm");
	expect_part(show(TO_ROOM("")), ANNOUNCED);
	fake_end(balcony);
	cr_assert_eq(fake_reopen(juliet), 0);
	balcony = fake_session(juliet, "balcony");
	expect_part(show(TO_ROOM("")), "me'/>");
}

/* --- for administrators -------------------------------------------------------------------- */

Test(vcard, is_exported_where_there_is_one)
{
	char *xml = fake_export(juliet, "vcard");

	cr_assert_str_eq(xml, "");
	free(xml);
	iq("set", "", VCARD(NAME));
	xml = fake_export(juliet, "vcard");
	cr_assert_str_eq(xml, VCARD(NAME) "\n");
	free(xml);
}
