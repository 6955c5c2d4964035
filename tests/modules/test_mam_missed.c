/* What came while nobody was there: once, from the archive, to those who do not read it.
 * SPDX-License-Identifier: MIT */

#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony;

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, NULL);
	juliet = fake_account(fake, "juliet@example.org");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(mam_missed, .init = open, .fini = close);

static void arrive(int number)
{
	char xml[256];

	snprintf(xml, sizeof xml, "<message from='romeo@example.com/x' to='juliet@example.org' "
		"type='chat'><body>%d</body></message>", number);
	fake_arrive(fake, xml);
	fake_pass(fake, 1000);
}

static void log_in(const char *presence)
{
	balcony = fake_session(juliet, "balcony");
	fake_send(balcony, presence);
}

static void query(const char *content)
{
	char xml[1024];

	snprintf(xml, sizeof xml, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'>%s</query></iq>",
		content);
	fake_send(balcony, xml);
	fake_forget(fake);
}

static void hears_only(struct tern_session *session, const char *bodies)
{
	for (; *bodies; bodies++) {
		char body[] = "<body>?</body>";

		body[6] = *bodies;
		HEARS_PART(session, body);
	}
	HEARS(session, NULL);
}

Test(mam_missed, is_never_refused_and_given_with_its_id_and_time)
{
	arrive(1);
	LEAVES(NULL);
	log_in("<presence/>");
	HEARS(balcony, "<message from='romeo@example.com/x' to='juliet@example.org' type='chat'>"
		"<body>1</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp='+0s'/>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='1800000000000000" DRAWN(0) "'/>"
		"</message>");
	HEARS(balcony, NULL);
}

Test(mam_missed, is_given_in_order_and_once)
{
	for (int i = 0; i < 8; i++)
		arrive(i);
	log_in("<presence/>");
	hears_only(balcony, "01234567");
	fake_send(balcony, "<presence type='unavailable'/>");
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
	cr_assert_eq(fake_stored(juliet, "mam"), 8);
}

Test(mam_missed, survives_a_restart)
{
	arrive(1);
	arrive(2);
	fake_reopen(juliet);
	log_in("<presence/>");
	hears_only(balcony, "12");
}

Test(mam_missed, waits_while_the_priority_is_negative)
{
	arrive(1);
	log_in("<presence><priority>-1</priority></presence>");
	HEARS(balcony, NULL);
	fake_send(balcony, "<presence/>");
	hears_only(balcony, "1");
}

Test(mam_missed, is_left_to_a_client_that_reads_the_archive)
{
	arrive(1);
	balcony = fake_session(juliet, "balcony");
	query("");
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
}

Test(mam_missed, is_left_to_a_client_that_read_the_archive_before_a_restart)
{
	arrive(1);
	balcony = fake_session(juliet, "balcony");
	query("");
	fake_restart(fake);
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
}

#define SET(content) "<set xmlns='http://jabber.org/protocol/rsm'>" content "</set>"
#define FORM(name, value) "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>" \
	"<value>urn:xmpp:mam:2</value></field><field var='" name "'><value>" value "</value></field></x>"
#define ID(number) "180000000" #number "000000" DRAWN(number)

/* Of the messages 0 to 4, a second each. */
static const struct { const char *first, *second, *missed; } readings[] = {
	{ "", NULL, "" },
	{ SET("<max>2</max>"), NULL, "234" },
	{ SET("<max>2</max>"), SET("<max>2</max><after>" ID(1) "</after>"), "4" },
	{ SET("<max>2</max>"), SET("<after>" ID(1) "</after>"), "" },
	{ SET("<max>1</max><before/>"), NULL, "0123" },
	{ SET("<max>2</max><before/>"), SET("<max>2</max><before>" ID(3) "</before>"), "0" },
	{ SET("<before/>"), NULL, "" },
	{ SET("<max>2</max><after>" ID(1) "</after>"), NULL, "014" },
	{ SET("<after>1800000001000000-0000000000000001</after>"), NULL, "01234" },
	{ FORM("with", "nobody@example.com"), NULL, "01234" },
	{ FORM("with", "romeo@example.com"), NULL, "01234" },
	{ FORM("ids", ID(3)), NULL, "01234" },
	{ FORM("start", "2027-01-15T08:00:03Z"), NULL, "012" },
	{ FORM("end", "2027-01-15T08:00:01Z"), NULL, "234" },
	{ FORM("end", "2999-01-15T08:00:01Z"), NULL, "" },
	{ FORM("start", "2999-01-15T08:00:01Z"), NULL, "01234" },
};

Test(mam_missed, is_what_nobody_has_read)
{
	for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
		close();
		open();
		for (int number = 0; number < 5; number++)
			arrive(number);
		balcony = fake_session(juliet, "balcony");
		query(readings[i].first);
		if (readings[i].second)
			query(readings[i].second);
		fake_send(balcony, "<presence/>");
		hears_only(balcony, readings[i].missed);
		cr_expect_eq(fake_stored(juliet, "mam/missed"), 0, "%s", readings[i].first);
	}
}

/* Between its query and its presence, and while it was not available. */
Test(mam_missed, is_what_came_after_a_client_had_read_all)
{
	arrive(0);
	balcony = fake_session(juliet, "balcony");
	query("");
	arrive(1);
	fake_send(balcony, "<presence/>");
	hears_only(balcony, "1");
	fake_send(balcony, "<presence type='unavailable'/>");
	arrive(2);
	fake_send(balcony, "<presence/>");
	hears_only(balcony, "2");
}

Test(mam_missed, is_not_taken_by_a_client_that_counts)
{
	arrive(1);
	balcony = fake_session(juliet, "balcony");
	fake_send(balcony, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'>"
		"<set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set></query></iq>");
	fake_forget(fake);
	fake_send(balcony, "<presence/>");
	hears_only(balcony, "1");
}

Test(mam_missed, is_not_what_the_user_sent)
{
	arrive(1);
	balcony = fake_session(juliet, "balcony");
	fake_send(balcony, "<message to='romeo@example.com' type='chat'><body>2</body></message>");
	fake_arrive(fake, "<message from='romeo@example.com/x' to='juliet@example.org/balcony' "
		"type='chat'><body>3</body></message>");
	arrive(4);
	fake_forget(fake);
	fake_send(balcony, "<presence/>");
	hears_only(balcony, "134");
}

Test(mam_missed, is_marked_anew_after_it_was_taken)
{
	arrive(1);
	log_in("<presence/>");
	fake_end(balcony);
	arrive(2);
	log_in("<presence/>");
	hears_only(balcony, "2");
}

Test(mam_missed, is_given_in_pages_and_with_what_is_missed_meanwhile)
{
	for (int i = 1; i < 6; i++)
		arrive(i);
	fake_hold_pages(fake);
	log_in("<presence/>");
	arrive(6);
	fake_let_pages_go(fake);
	hears_only(balcony, "123456");
	fake_end(balcony);
	log_in("<presence/>");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
}

Test(mam_missed, is_recorded_before_delivery_where_the_sender_counts_acks)
{
	fake_hold_acks(fake);
	log_in("<presence/>");
	fake_arrive_acked(fake, "<message from='romeo@example.com/x' to='juliet@example.org' "
		"type='chat'><body>1</body></message>");
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 1);
	fake_acknowledge(fake);
	fake_pass(fake, 20);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 1, "no module delivers here: it waits");
	fake_forget(fake);
	fake_send(balcony, "<presence type='unavailable'/>");
	fake_send(balcony, "<presence/>");
	hears_only(balcony, "1");
	fake_pass(fake, 20);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
}

Test(mam_missed, is_not_given_again_while_it_is_under_way)
{
	arrive(1);
	fake_hold_acks(fake);
	log_in("<presence/>");
	hears_only(balcony, "1");
	fake_send(balcony, "<presence type='unavailable'/>");
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 1);
	fake_acknowledge(fake);
	fake_pass(fake, 20);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
}

Test(mam_missed, is_given_again_after_a_crash_when_no_device_took_it)
{
	arrive(1);
	arrive(2);
	fake_hold_acks(fake);
	log_in("<presence/>");
	hears_only(balcony, "12");
	fake_end(balcony);
	fake_reopen(juliet);
	log_in("<presence/>");
	HEARS(balcony, NULL);
}

Test(mam_missed, goes_to_the_next_when_the_session_ends_while_it_is_read)
{
	arrive(1);
	fake_hold_pages(fake);
	log_in("<presence/>");
	fake_end(balcony);
	fake_let_pages_go(fake);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 1);
	log_in("<presence/>");
	hears_only(balcony, "1");
}

Test(mam_missed, is_read_for_whoever_comes_next_where_it_could_not_be_read)
{
	arrive(1);
	fake_fail_pages(fake, true);
	log_in("<presence/>");
	HEARS(balcony, NULL);
	fake_fail_pages(fake, false);
	fake_end(balcony);
	log_in("<presence/>");
	hears_only(balcony, "1");
}

Test(mam_missed, is_never_refused_once_it_is_archived)
{
	fake_fill_disk(fake, 1);
	arrive(1);
	LEAVES(NULL);
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
	fake_fill_disk(fake, -1);
	arrive(2);
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 1);
	fake_reopen(juliet);
	log_in("<presence/>");
	hears_only(balcony, "12");
}

/* What a device of an earlier life had not acknowledged is missed in this one: what others took
 * before and after it does not wait again. */
Test(mam_missed, does_not_drag_along_what_was_taken_in_an_earlier_life)
{
	arrive(1);
	arrive(2);
	arrive(3);
	log_in("<presence/>");
	hears_only(balcony, "123");
	fake_end(balcony);
	fake_reopen(juliet);
	fake_miss(juliet, UINT64_C(1800000000000000) + 1000000);
	fake_reopen(juliet);
	log_in("<presence/>");
	hears_only(balcony, "2");
}

Test(mam_missed, is_left_to_others_when_it_is_not_kept)
{
	fake_arrive(fake, "<message from='romeo@example.com/x' to='juliet@example.org' type='chat'>"
		"<body>1</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>");
	expect_part(fake_left(fake), "<service-unavailable ");
	cr_assert_eq(fake_stored(juliet, "mam/missed"), 0);
}

/* --- files --------------------------------------------------------------------------------- */

Test(mam_missed, is_exported_with_its_id_and_time)
{
	char *xml;

	arrive(1);
	arrive(2);
	xml = fake_export(juliet, "mam");
	expect_part(xml, "<offline-messages xmlns='urn:xmpp:pie:0'><message xmlns='jabber:client' ");
	expect_part(xml, "<body>1</body><stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='");
	expect_part(xml, "'/><delay xmlns='urn:xmpp:delay' from='example.org' stamp='");
	expect_part(xml, "<body>2</body>");
	free(xml);
}

Test(mam_missed, is_exported_until_somebody_has_it)
{
	char *xml;

	arrive(1);
	log_in("<presence/>");
	fake_forget(fake);
	xml = fake_export(juliet, "mam");
	cr_assert_str_eq(xml, "");
	free(xml);
}

#define RESULT(stamp, message) "<result xmlns='urn:xmpp:mam:2'><forwarded " \
	"xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='" stamp "'/>" message \
	"</forwarded></result>"
#define ARCHIVE(results) "<archive xmlns='urn:xmpp:pie:0#mam'>" results "</archive>"
#define FROM_A "<message xmlns='jabber:client' from='a@b'><body>x</body></message>"

Test(mam_missed, is_nothing_that_came_from_a_file)
{
	cr_assert_eq(fake_import(juliet, ARCHIVE(RESULT("2020-01-01T00:00:00Z", FROM_A))), 0);
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
	log_in("<presence/>");
	hears_only(balcony, "");
}

#define IDED(id, message) "<result xmlns='urn:xmpp:mam:2' id='" id "'><forwarded " \
	"xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/>" \
	message "</forwarded></result>"

static const struct { const char *before, *after; } moved[] = {
	{ "1577836800000000-00000000000000aa", "1577836800000000-00000000000000aa" },
	{ "1577836800000000", "1577836800000000" }, /* as ejabberd has them */
	{ "1577836800000001", "1577836800000000" DRAWN(0) }, /* its time was another */
	{ "zcWnPz-9_Ku2bTlPCcGEEoYu", "1577836800000000" DRAWN(1) },
	{ "", "1577836800000000" DRAWN(2) },
};

/* A client asks a moved archive for what came behind the last message that it has. */
Test(mam_missed, keeps_the_ids_of_a_file_where_it_can)
{
	for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
		char jid[] = "0@example.org", xml[1024];
		struct tern_entity *account;
		struct tern_session *desk;

		jid[0] = (char)('0' + i);
		account = fake_account(fake, jid);
		snprintf(xml, sizeof xml, ARCHIVE(IDED("%s", FROM_A)), moved[i].before);
		cr_assert_eq(fake_import(account, xml), 0);
		desk = fake_session(account, "desk");
		fake_send(desk, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
		snprintf(xml, sizeof xml, "<result xmlns='urn:xmpp:mam:2' id='%s'>", moved[i].after);
		HEARS_PART(desk, xml);
	}
}

/* XEP-0359 3: another server gave it in the account's name. */
Test(mam_missed, loses_false_ids_on_its_way_from_a_file)
{
	cr_assert_eq(fake_import(juliet, ARCHIVE(RESULT("2020-01-01T00:00:00Z",
		"<message xmlns='jabber:client' from='a@b'><body>x</body>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='theirs'/>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='2'/></message>"))), 0);
	balcony = fake_session(juliet, "balcony");
	fake_send(balcony, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
	HEARS_PART(balcony, "<body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='a@b' id='2'/></message>");
}

Test(mam_missed, is_taken_over_in_pieces_that_are_whole)
{
	static const char *const damaged[] = {
		"<x xmlns='urn:x'/>", RESULT("soon", FROM_A), RESULT("2020-01-01T00:00:00Z", ""),
		RESULT("2020-01-01T00:00:00Z", "<message xmlns='jabber:client' from='@'/>"),
		"<result xmlns='urn:xmpp:mam:2'/>",
	};
	char xml[2048];

	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
		snprintf(xml, sizeof xml, ARCHIVE("%s%s"), RESULT("2020-01-01T00:00:00Z", FROM_A),
			damaged[i]);
		cr_assert_eq(fake_import(juliet, xml), -EBADMSG, "%s", damaged[i]);
	}
	fake_fill_disk(fake, 1);
	cr_assert_eq(fake_import(juliet, ARCHIVE(RESULT("2020-01-01T00:00:00Z", FROM_A)
		RESULT("2020-01-01T00:00:00Z", FROM_A))), -ENOSPC);
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
}
