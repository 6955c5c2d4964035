/* What a client can rely on when it keeps its contacts on the server (RFC 6121 2).
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony, *chamber;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, options);
	juliet = fake_account(fake, "juliet@example.org");
	balcony = fake_session(juliet, "balcony");
	chamber = fake_session(juliet, "chamber");
}

static void open(void)
{
	open_with(NULL);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(roster, .init = open, .fini = close);
TestSuite(small_roster, .fini = close);

static void set(struct tern_session *session, const char *items)
{
	char xml[65536];

	snprintf(xml, sizeof xml,
		"<iq type='set' id='s'><query xmlns='jabber:iq:roster'>%s</query></iq>", items);
	fake_send(session, xml);
}

static void get(struct tern_session *session, const char *ver)
{
	char xml[256];

	snprintf(xml, sizeof xml,
		"<iq type='get' id='g'><query xmlns='jabber:iq:roster' %s/></iq>", ver);
	fake_send(session, xml);
}

#define RESULT "<iq id='s' to='juliet@example.org/balcony' type='result'/>"
#define REFUSED(type, condition) \
	"<iq id='s' to='juliet@example.org/balcony' type='error'><error type='" type "'><" condition \
	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
#define QUERY(ver, items) "<query ver='" ver "' xmlns='jabber:iq:roster'>" items "</query>"
#define V1 "1800000000"
#define V2 "1800000001"
#define V3 "1800000002"

static void hears_push(struct tern_session *session, const char *part)
{
	const char *line = fake_heard(session);

	expect_part(line, "type='set'");
	expect_part(line, part);
}

static void hears_roster(struct tern_session *session, const char *part)
{
	const char *line = fake_heard(session);

	expect_part(line, "<iq id='g'");
	expect_part(line, part);
}

Test(roster, of_a_new_account_is_empty)
{
	get(balcony, "");
	HEARS(balcony, "<iq id='g' to='juliet@example.org/balcony' type='result'>"
		"<query xmlns='jabber:iq:roster' ver='0'/></iq>");
}

Test(roster, keeps_names_and_groups)
{
	set(balcony, "<item jid='nurse@example.com' name='Nurse'><group>Servants</group>"
		"<group>Friends</group></item>");
	HEARS(balcony, RESULT);
	get(balcony, "");
	hears_roster(balcony, "><item jid='nurse@example.com' name='Nurse' subscription='none'>"
		"<group>Servants</group><group>Friends</group></item></query>");
}

Test(roster, is_pushed_to_those_who_asked_for_it)
{
	get(balcony, "");
	fake_forget(fake);
	set(chamber, "<item jid='nurse@example.com'/>");
	HEARS_PART(chamber, "type='result'");
	HEARS(chamber, NULL);
	HEARS(balcony, "<iq id='push-" V1 "' to='juliet@example.org/balcony' type='set'>"
		"<query xmlns='jabber:iq:roster' ver='" V1 "'>"
		"<item jid='nurse@example.com' subscription='none'/></query></iq>");
	HEARS(balcony, NULL);
}

Test(roster, replaces_name_and_groups_by_an_update)
{
	set(balcony, "<item jid='nurse@example.com' name='Nurse'><group>Servants</group></item>");
	set(balcony, "<item jid='Nurse@Example.com'><group>Friends</group></item>");
	fake_forget(fake);
	get(balcony, "");
	hears_roster(balcony, "><item jid='nurse@example.com' subscription='none'>"
		"<group>Friends</group></item></query>");
}

Test(roster, takes_a_full_address_for_the_bare_one)
{
	set(balcony, "<item jid='nurse@example.com/kitchen'/>");
	fake_forget(fake);
	get(balcony, "");
	hears_roster(balcony, "<item jid='nurse@example.com' ");
}

Test(roster, believes_no_client_about_subscriptions)
{
	set(balcony, "<item jid='nurse@example.com' subscription='both' ask='subscribe' "
		"approved='true'/>");
	fake_forget(fake);
	get(balcony, "");
	hears_roster(balcony, "><item jid='nurse@example.com' subscription='none'/></query>");
	cr_assert_eq(fake_ask(juliet, TERN_ASK_SUBSCRIPTION, "nurse@example.com"), 0);
}

Test(roster, forgets_what_is_removed)
{
	set(balcony, "<item jid='nurse@example.com'/>");
	get(balcony, "");
	fake_forget(fake);
	set(balcony, "<item jid='nurse@example.com' subscription='remove'/>");
	hears_push(balcony, "<item jid='nurse@example.com' subscription='remove'/>");
	HEARS(balcony, RESULT);
	LEAVES(NULL);
	get(balcony, "");
	hears_roster(balcony, "<query xmlns='jabber:iq:roster' ver='" V2 "'/>");
}

static const struct { const char *items, *refusal; } unsound[] = {
	{ "", REFUSED("modify", "bad-request") },
	{ "<item/>", REFUSED("modify", "bad-request") },
	{ "<item jid='a@example.com'/><item jid='b@example.com'/>", REFUSED("modify", "bad-request") },
	{ "<item jid='a@@example.com'/>", REFUSED("modify", "jid-malformed") },
	{ "<item jid=''/>", REFUSED("modify", "jid-malformed") },
	{ "<item jid='juliet@example.org'/>", REFUSED("cancel", "not-allowed") },
	{ "<item jid='a@example.com'><group/></item>", REFUSED("modify", "not-acceptable") },
	{ "<item jid='a@example.com'><group>A</group><group>A</group></item>",
		REFUSED("modify", "bad-request") },
	{ "<item jid='a@example.com' subscription='remove'/>", REFUSED("cancel", "item-not-found") },
};

Test(roster, refuses_unsound_sets_and_stays_as_it_was)
{
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
		set(balcony, unsound[i].items);
		HEARS(balcony, unsound[i].refusal);
	}
	cr_assert_eq(fake_stored(juliet, "roster"), 0);
}

static void set_long(const char *format, int bytes)
{
	char *items = NULL;
	char *text = malloc((size_t)bytes + 1);

	memset(text, 'n', (size_t)bytes);
	text[bytes] = '\0';
	cr_assert(asprintf(&items, format, text) > 0);
	set(balcony, items);
	free(items);
	free(text);
}

Test(roster, refuses_names_and_groups_beyond_the_limit)
{
	set_long("<item jid='a@example.com' name='%s'/>", 1024);
	HEARS(balcony, REFUSED("modify", "not-acceptable"));
	set_long("<item jid='a@example.com'><group>%s</group></item>", 1024);
	HEARS(balcony, REFUSED("modify", "not-acceptable"));
	set_long("<item jid='a@example.com' name='%s'/>", 1023);
	HEARS(balcony, RESULT);
}

Test(roster, refuses_more_groups_than_the_limit)
{
	char items[8192] = "<item jid='a@example.com'>";

	for (int i = 0; i < 65; i++)
		sprintf(items + strlen(items), "<group>%d</group>", i);
	strcat(items, "</item>");
	set(balcony, items);
	HEARS(balcony, REFUSED("modify", "not-acceptable"));
}

Test(roster, is_nobody_elses)
{
	fake_arrive(fake, "<iq type='get' id='g' from='eve@example.com/x' to='juliet@example.org'>"
		"<query xmlns='jabber:iq:roster'/></iq>");
	expect_part(fake_left(fake), "<error type='auth'><forbidden ");
	fake_arrive(fake, "<iq type='set' id='s' from='eve@example.com/x' to='juliet@example.org'>"
		"<query xmlns='jabber:iq:roster'><item jid='eve@example.com'/></query></iq>");
	expect_part(fake_left(fake), "<error type='auth'><forbidden ");
	cr_assert_eq(fake_stored(juliet, "roster"), 0);
}

Test(roster, refuses_a_get_with_items)
{
	fake_send(balcony,
		"<iq type='get' id='s'><query xmlns='jabber:iq:roster'><item/></query></iq>");
	HEARS(balcony, REFUSED("modify", "bad-request"));
}

Test(small_roster, is_full_at_its_limit_and_has_room_after_a_removal)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	set(balcony, "<item jid='a@example.com'/>");
	set(balcony, "<item jid='b@example.com'/>");
	fake_forget(fake);
	set(balcony, "<item jid='c@example.com'/>");
	HEARS(balcony, REFUSED("modify", "policy-violation"));
	set(balcony, "<item jid='b@example.com' name='B'/>");
	HEARS(balcony, RESULT);
	set(balcony, "<item jid='a@example.com' subscription='remove'/>");
	set(balcony, "<item jid='c@example.com'/>");
	HEARS(balcony, RESULT);
	HEARS(balcony, RESULT);
}

Test(roster, stays_as_it_was_when_the_disk_is_full)
{
	set(balcony, "<item jid='a@example.com' name='A'/>");
	get(balcony, "");
	fake_forget(fake);
	fake_fill_disk(fake, 0);
	set(balcony, "<item jid='a@example.com' name='B'/>");
	HEARS(balcony, REFUSED("wait", "resource-constraint"));
	set(balcony, "<item jid='b@example.com'/>");
	HEARS(balcony, REFUSED("wait", "resource-constraint"));
	get(balcony, "");
	hears_roster(balcony, "ver='" V1 "'>"
		"<item jid='a@example.com' name='A' subscription='none'/></query>");
}

static void reopen(void)
{
	fake_end(balcony);
	fake_end(chamber);
	cr_assert_eq(fake_reopen(juliet), 0);
	balcony = fake_session(juliet, "balcony");
	chamber = fake_session(juliet, "chamber");
}

static const char *items_of(const char *roster)
{
	const char *items = strstr(roster, "><item");

	return items ? items : "";
}

/* Whichever of a change's writes is refused, memory and records agree. */
Test(roster, is_the_same_in_memory_and_on_disk_whatever_write_is_refused)
{
	for (int after = 0; after < 3; after++) {
		char before[512];

		fake_fill_disk(fake, after);
		set(balcony, "<item jid='a@example.com' name='A'/>");
		fake_fill_disk(fake, -1);
		fake_forget(fake);
		get(balcony, "");
		snprintf(before, sizeof before, "%s", items_of(fake_heard(balcony)));
		reopen();
		get(balcony, "");
		cr_expect_str_eq(items_of(fake_heard(balcony)), before);
	}
}

Test(roster, survives_a_restart)
{
	set(balcony, "<item jid='nurse@example.com' name='Nurse'><group>Servants</group></item>");
	set(balcony, "<item jid='friar@example.com'/>");
	reopen();
	get(balcony, "");
	hears_roster(balcony, "ver='" V2 "'><item jid='friar@example.com' subscription='none'/>"
		"<item jid='nurse@example.com' name='Nurse' subscription='none'>"
		"<group>Servants</group></item>");
}

/* --- versions (2.6) ------------------------------------------------------------------------ */

#define NOTHING_NEW "<iq id='g' to='juliet@example.org/balcony' type='result'/>"

TestSuite(versions, .init = open, .fini = close);

Test(versions, spare_a_client_that_has_the_latest)
{
	set(balcony, "<item jid='a@example.com'/>");
	fake_forget(fake);
	get(balcony, "ver='" V1 "'");
	HEARS(balcony, NOTHING_NEW);
	HEARS(balcony, NULL);
}

Test(versions, are_made_up_for_by_pushes_in_order)
{
	set(balcony, "<item jid='a@example.com'/>");
	set(balcony, "<item jid='b@example.com'/>");
	set(balcony, "<item jid='c@example.com'/>");
	set(balcony, "<item jid='a@example.com' subscription='remove'/>");
	fake_forget(fake);
	get(balcony, "ver='" V2 "'");
	HEARS(balcony, NOTHING_NEW);
	hears_push(balcony, "ver='" V3 "'><item jid='c@example.com' subscription='none'/>");
	hears_push(balcony, "ver='1800000003'><item jid='a@example.com' subscription='remove'/>");
	HEARS(balcony, NULL);
}

Test(versions, make_a_client_interested_also_when_nothing_is_new)
{
	set(balcony, "<item jid='a@example.com'/>");
	get(chamber, "ver='" V1 "'");
	fake_forget(fake);
	set(balcony, "<item jid='b@example.com'/>");
	hears_push(chamber, "b@example.com");
}

Test(versions, that_the_server_does_not_know_get_the_whole_roster)
{
	static const char *const unknown[] = { "ver=''", "ver='1799999999'", "ver='1800000007'",
		"ver='abc'", "ver='-1'", "ver='1800000000x'", "ver='99999999999999999999'" };

	set(balcony, "<item jid='a@example.com'/>");
	fake_forget(fake);
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		get(balcony, unknown[i]);
		hears_roster(balcony, "ver='" V1 "'><item jid='a@example.com'");
	}
}

Test(versions, survive_a_restart_with_what_was_removed)
{
	set(balcony, "<item jid='a@example.com'/>");
	set(balcony, "<item jid='b@example.com'/>");
	set(balcony, "<item jid='a@example.com' subscription='remove'/>");
	reopen();
	get(balcony, "ver='" V2 "'");
	HEARS(balcony, NOTHING_NEW);
	hears_push(balcony, "ver='" V3 "'><item jid='a@example.com' subscription='remove'/>");
}

Test(versions, count_a_contact_that_comes_back_as_one)
{
	set(balcony, "<item jid='a@example.com'/>");
	set(balcony, "<item jid='b@example.com'/>");
	set(balcony, "<item jid='a@example.com' subscription='remove'/>");
	set(balcony, "<item jid='a@example.com' name='A'/>");
	fake_forget(fake);
	get(balcony, "ver='" V2 "'");
	HEARS(balcony, NOTHING_NEW);
	hears_push(balcony, "<item jid='a@example.com' name='A' subscription='none'/>");
	HEARS(balcony, NULL);
}

/* Many removals: the oldest are forgotten, and with them the differences to older versions. */
Test(versions, before_the_remembered_removals_get_the_whole_roster)
{
	char item[128];

	for (int i = 0; i < 40; i++) {
		sprintf(item, "<item jid='c%d@example.com'/>", i);
		set(balcony, item);
	}
	for (int i = 0; i < 38; i++) {
		sprintf(item, "<item jid='c%d@example.com' subscription='remove'/>", i);
		set(balcony, item);
	}
	cr_expect_eq(fake_stored(juliet, "roster"), 2 + 32 + 1);
	fake_forget(fake);
	get(balcony, "ver='1800000039'");
	hears_roster(balcony, "ver='1800000077'><item jid='c38@example.com'");
	reopen();
	get(balcony, "ver='1800000039'");
	hears_roster(balcony, "ver='1800000077'><item jid='c38@example.com'");
	get(balcony, "ver='1800000076'");
	HEARS(balcony, NOTHING_NEW);
	hears_push(balcony, "<item jid='c37@example.com' subscription='remove'/>");
}

Test(versions, rise_over_the_clock_where_changes_are_quick_and_with_it_where_they_are_slow)
{
	set(balcony, "<item jid='a@example.com'/>");
	set(balcony, "<item jid='b@example.com'/>");
	fake_pass(fake, 60000);
	set(balcony, "<item jid='c@example.com'/>");
	fake_forget(fake);
	get(balcony, "");
	hears_roster(balcony, "ver='1800000060'");
}

/* --- for administrators -------------------------------------------------------------------- */

Test(roster, is_listed_with_a_row_for_each_group)
{
	char *rows;

	set(balcony, "<item jid='nurse@example.com' name='Nurse'><group>Capulet</group>"
		"<group>Old</group></item>");
	set(balcony, "<item jid='romeo@example.com'/>");
	rows = fake_command(tern_entity_host(juliet), juliet, "roster list", NULL);
	cr_expect_str_eq(rows, "nurse@example.com|Nurse|none||Capulet\n"
		"nurse@example.com|Nurse|none||Old\nromeo@example.com||none||\n");
	free(rows);
}

Test(roster, exports_contacts_and_requests_that_wait)
{
	char *xml;

	set(balcony, "<item jid='nurse@example.com' name='Nurse'><group>Capulet</group></item>");
	fake_arrive(fake, "<presence from='romeo@example.com' to='juliet@example.org' "
		"type='subscribe'/>");
	xml = fake_export(juliet, "roster");
	expect_part(xml, "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com' "
		"name='Nurse' subscription='none'><group>Capulet</group></item></query>\n");
	expect_part(xml, "<presence xmlns='jabber:client' ");
	expect_part(xml, "type='subscribe'");
	free(xml);
}

static void exports(const char *part)
{
	char *xml = fake_export(juliet, "roster");

	expect_part(xml, part);
	free(xml);
}

#define REQUEST "<presence xmlns='jabber:client' type='subscribe' from='romeo@example.com'/>"
#define ROSTER(items) "<query xmlns='jabber:iq:roster'>" items "</query>"

Test(roster, takes_requests_and_contacts_over_in_any_order)
{
	cr_assert_eq(fake_import(juliet, REQUEST), 0);
	exports("<query xmlns='jabber:iq:roster'/>\n<presence ");
	cr_assert_eq(fake_import(juliet, ROSTER("<item jid='romeo@example.com' name='R' "
		"subscription='to'><group>A</group></item>")), 0);
	exports(ROSTER("<item jid='romeo@example.com' name='R' subscription='to'><group>A</group>"
		"</item>") "\n<presence ");
	cr_assert_eq(fake_import(juliet, ROSTER("<item jid='@'/>")), -EBADMSG);
	cr_assert_eq(fake_import(juliet, "<presence xmlns='jabber:client' from='a@b'/>"), -EBADMSG);
}

Test(small_roster, takes_no_more_contacts_over_than_it_may_have)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	cr_assert_eq(fake_import(juliet, ROSTER("<item jid='a@b'/><item jid='c@b'/><item jid='d@b'/>")),
		-EFBIG);
	cr_assert_eq(fake_import(juliet, ROSTER("<item jid='a@b' name='A'/>")), 0);
	exports(ROSTER("<item jid='a@b' name='A' subscription='none'/>"
		"<item jid='c@b' subscription='none'/>"));
}
