/* What clients keep, and find again (XEP-0049).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *hamlet;
static struct tern_session *denmark;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, options);
	hamlet = fake_account(fake, "hamlet@example.org");
	denmark = fake_session(hamlet, "denmark");
}

static void open(void)
{
	open_with(NULL);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(private, .init = open, .fini = close);
TestSuite(private_limits, .fini = close);

static const char *iq(const char *type, const char *elements)
{
	char xml[8192];

	snprintf(xml, sizeof xml, "<iq type='%s' id='1'><query xmlns='jabber:iq:private'>%s</query>"
		"</iq>", type, elements);
	fake_send(denmark, xml);
	return fake_heard(denmark);
}

#define PREFS "<exodus xmlns='exodus:prefs'><defaultnick>Hamlet</defaultnick></exodus>"
#define ASKED "<exodus xmlns='exodus:prefs'/>"
#define QUERY(elements) "<query xmlns='jabber:iq:private'>" elements "</query>"
#define STORED "<iq id='1' to='hamlet@example.org/denmark' type='result'/>"

Test(private, gives_back_what_was_stored)
{
	expect_line(iq("set", PREFS), STORED);
	expect_part(iq("get", ASKED), QUERY(PREFS));
	fake_end(denmark);
	cr_assert_eq(fake_reopen(hamlet), 0);
	denmark = fake_session(hamlet, "denmark");
	expect_part(iq("get", ASKED), QUERY(PREFS));
}

Test(private, gives_an_empty_element_where_nothing_was_stored)
{
	expect_part(iq("get", ASKED), QUERY(ASKED));
}

Test(private, overwrites_what_was_there)
{
	iq("set", PREFS);
	iq("set", "<exodus xmlns='exodus:prefs' a='b'/>");
	expect_part(iq("get", ASKED), QUERY("<exodus xmlns='exodus:prefs' a='b'/>"));
	cr_assert_eq(fake_stored(hamlet, "private"), 1);
}

Test(private, keeps_apart_what_differs_in_name_or_namespace)
{
	iq("set", PREFS "<exodus xmlns='other'>1</exodus><other xmlns='exodus:prefs'>2</other>");
	expect_part(iq("get", ASKED), QUERY(PREFS));
	expect_part(iq("get", "<exodus xmlns='other'/>"), QUERY("<exodus xmlns='other'>1</exodus>"));
	expect_part(iq("get", "<other xmlns='exodus:prefs'/>"),
		QUERY("<other xmlns='exodus:prefs'>2</other>"));
}

Test(private, keeps_together_what_is_of_one_kind)
{
	expect_line(iq("set", PREFS "<x xmlns='y'/>" PREFS), STORED);
	expect_part(iq("get", ASKED), QUERY(PREFS PREFS));
}

Test(private, forgets_what_is_overwritten_with_nothing)
{
	iq("set", PREFS);
	expect_line(iq("set", ASKED), STORED);
	cr_assert_eq(fake_stored(hamlet, "private"), 0);
	cr_assert_eq(fake_stored(hamlet, "private/sizes"), 0);
	expect_part(iq("get", ASKED), QUERY(ASKED));
}

Test(private, refuses_a_question_about_nothing_and_about_much)
{
	expect_part(iq("get", ""), "<bad-request ");
	expect_part(iq("get", ASKED "<x xmlns='y'/>"), "<bad-request ");
	expect_part(iq("set", ""), "<not-acceptable ");
}

Test(private, leaves_other_protocols_their_namespaces)
{
	static const char *const reserved[] = { "<vCard xmlns='vcard-temp'><FN>Hamlet</FN></vCard>",
		"<query xmlns='jabber:iq:roster'/>", "<x xmlns='http://jabber.org/protocol/muc'/>",
		"<own/>" };

	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
		expect_part(iq("set", reserved[i]), "<not-acceptable ");
		expect_part(iq("get", reserved[i]), "<not-acceptable ");
	}
	expect_part(iq("set", PREFS "<x xmlns='jabber:x:data'/>"), "<not-acceptable ");
	cr_assert_eq(fake_stored(hamlet, "private"), 0);
}

Test(private, is_nobody_elses)
{
	static const char *const types[] = { "get", "set" };
	char xml[512];

	for (int i = 0; i < 2; i++) {
		snprintf(xml, sizeof xml, "<iq type='%s' id='1' from='macbeth@example.com/x' "
			"to='hamlet@example.org'>" QUERY(PREFS) "</iq>", types[i]);
		fake_arrive(fake, xml);
		expect_part(fake_left(fake), "<forbidden ");
	}
	cr_assert_eq(fake_stored(hamlet, "private"), 0);
}

Test(private, says_when_it_cannot_write)
{
	fake_fill_disk(fake, 0);
	expect_part(iq("set", PREFS), "<resource-constraint ");
	expect_part(iq("get", ASKED), QUERY(ASKED));
}

Test(private, keeps_nothing_of_what_it_can_write_half)
{
	fake_fill_disk(fake, 1);
	expect_part(iq("set", PREFS), "<resource-constraint ");
	cr_assert_eq(fake_stored(hamlet, "private"), 0);
	cr_assert_eq(fake_stored(hamlet, "private/sizes"), 0);
}

Test(private, keeps_the_size_of_what_it_cannot_overwrite)
{
	iq("set", PREFS);
	fake_fill_disk(fake, 1);
	expect_part(iq("set", PREFS PREFS), "<resource-constraint ");
	expect_part(iq("get", ASKED), QUERY(PREFS));
	cr_assert_eq(fake_stored(hamlet, "private/sizes"), 1);
}

Test(private_limits, bound_how_many_kinds_there_are)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	expect_line(iq("set", "<a xmlns='a'>1</a><b xmlns='b'>1</b>"), STORED);
	expect_part(iq("set", "<c xmlns='c'>1</c>"), "<policy-violation ");
	expect_line(iq("set", "<b xmlns='b'>2</b>"), STORED);
	expect_line(iq("set", "<b xmlns='b'/><c xmlns='c'>1</c>"), STORED);
}

Test(private_limits, bound_how_many_kinds_are_said_at_once)
{
	char xml[6000] = "";

	open_with((const struct fake_option[]){ { "limit", "100" }, { 0 } });
	for (int i = 0; i < 200; i++)
		snprintf(xml + strlen(xml), sizeof xml - strlen(xml), "<a xmlns='%d'>1</a>", i);
	expect_part(iq("set", xml), "<policy-violation ");
	*xml = '\0';
	for (int i = 0; i < 200; i++)
		snprintf(xml + strlen(xml), sizeof xml - strlen(xml), "<a xmlns='%d'/>", i);
	expect_part(iq("set", xml), "<policy-violation ");
	*xml = '\0';
	for (int i = 0; i < 200; i++)
		snprintf(xml + strlen(xml), sizeof xml - strlen(xml), "<a xmlns='%d'/>", i % 100);
	expect_line(iq("set", xml), STORED);
	cr_assert_eq(fake_stored(hamlet, "private"), 100);
}

Test(private, refuses_names_that_are_too_long)
{
	char xml[1024] = "<a xmlns='";

	memset(xml + strlen(xml), 'n', 399);
	strcat(xml, "'/>");
	expect_part(iq("set", xml), "<not-acceptable ");
	expect_part(iq("get", xml), "<not-acceptable ");
}

Test(private_limits, bound_how_large_all_are_together_also_after_a_restart)
{
	char large[1024] = "<a xmlns='a'>";

	memset(large + strlen(large), 'x', 600);
	strcat(large, "</a>");
	open_with((const struct fake_option[]){ { "bytes", "1024" }, { 0 } });
	expect_line(iq("set", large), STORED);
	large[1] = 'b';
	memcpy(strstr(large, "</a>"), "</b>", 4);
	expect_part(iq("set", large), "<policy-violation ");
	fake_end(denmark);
	cr_assert_eq(fake_reopen(hamlet), 0);
	denmark = fake_session(hamlet, "denmark");
	expect_part(iq("set", large), "<policy-violation ");
	iq("set", "<a xmlns='a'/>");
	expect_line(iq("set", large), STORED);
}

/* --- for administrators -------------------------------------------------------------------- */

Test(private, is_exported_whole)
{
	char *xml;

	iq("set", PREFS);
	iq("set", "<other xmlns='urn:x'/><other xmlns='urn:x' n='2'/>");
	xml = fake_export(hamlet, "private");
	expect_part(xml, "<query xmlns='jabber:iq:private'>");
	expect_part(xml, PREFS);
	expect_part(xml, "<other xmlns='urn:x'/><other xmlns='urn:x' n='2'/>");
	free(xml);
}

Test(private, is_not_exported_where_there_is_none)
{
	char *xml = fake_export(hamlet, "private");

	cr_assert_str_eq(xml, "");
	free(xml);
}
