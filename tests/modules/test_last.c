/* When somebody was last there, for those who may know (XEP-0012).
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

extern const struct tern_module tern_module;

static int answer_subscription(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return strcmp(jid_local(about), "friend") == 0 ? TERN_SUB_FROM :
		strcmp(jid_local(about), "idol") == 0 ? TERN_SUB_TO : 0;
}

static const struct tern_module roster = {
	.name = "others",
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_SUBSCRIPTION, answer_subscription }, { 0 } },
};

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony;
static struct arena *arena;

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, &roster, NULL }, NULL);
	juliet = fake_account(fake, "juliet@example.org");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(last, .init = open, .fini = close);

static void come(void)
{
	balcony = fake_session(juliet, "balcony");
	fake_send(balcony, "<presence/>");
}

static const char *ask_at(const char *from, const char *to)
{
	char xml[512];

	snprintf(xml, sizeof xml, "<iq type='get' id='1' from='%s@example.com/x' "
		"to='%s'><query xmlns='jabber:iq:last'/></iq>", from, to);
	fake_arrive(fake, xml);
	return fake_left(fake);
}

static const char *ask(const char *from)
{
	return ask_at(from, "juliet@example.org");
}

Test(last, counts_from_the_logout_and_gives_the_last_words)
{
	come();
	fake_send(balcony, "<presence type='unavailable'><status>Heading Home</status></presence>");
	fake_pass(fake, 60000);
	fake_end(balcony);
	fake_pass(fake, 903500);
	expect_part(ask("friend"), "<query xmlns='jabber:iq:last' seconds='903'>Heading Home</query>");
}

Test(last, gives_no_words_of_a_client_that_went_without_any)
{
	come();
	fake_send(balcony, "<presence type='unavailable'><status>Heading Home</status></presence>");
	fake_send(balcony, "<presence/>");
	fake_end(balcony);
	expect_part(ask("friend"), "<query xmlns='jabber:iq:last' seconds='0'/>");
}

Test(last, keeps_no_words_that_are_too_many)
{
	char xml[2048] = "<presence type='unavailable'><status>";

	come();
	memset(xml + strlen(xml), 'x', 1024);
	strcat(xml, "</status></presence>");
	fake_send(balcony, xml);
	fake_end(balcony);
	expect_part(ask("friend"), "<query xmlns='jabber:iq:last' seconds='0'/>");
}

Test(last, is_now_while_a_session_is_left)
{
	struct tern_session *chamber = fake_session(juliet, "chamber");

	come();
	fake_pass(fake, 5000);
	fake_end(balcony);
	fake_pass(fake, 5000);
	expect_part(ask("friend"), "seconds='0'/>");
	fake_end(chamber);
	fake_pass(fake, 5000);
	expect_part(ask("friend"), "seconds='5'/>");
}

Test(last, is_not_found_for_who_never_was_there)
{
	expect_part(ask("friend"), "<item-not-found ");
}

Test(last, is_known_of_a_first_login_that_ended_in_a_crash)
{
	come();
	fake_pass(fake, 7000);
	fake_fill_disk(fake, 0);
	fake_end(balcony);
	cr_assert_eq(fake_reopen(juliet), 0);
	expect_part(ask("friend"), "seconds='7'/>");
}

Test(last, outlives_a_restart)
{
	come();
	fake_send(balcony, "<presence type='unavailable'><status>Zzz</status></presence>");
	fake_end(balcony);
	cr_assert_eq(fake_reopen(juliet), 0);
	fake_pass(fake, 3000);
	expect_part(ask("friend"), "seconds='3'>Zzz</query>");
}

static void is_told_administrators(const char *online, uint64_t seconds)
{
	char expected[128], *told = fake_command(tern_entity_host(juliet), juliet, "last seen", NULL);

	snprintf(expected, sizeof expected, "juliet@example.org|%s|%s\n", online,
		tern_datetime(arena, 1000000 * seconds));
	cr_expect_str_eq(told, expected);
	free(told);
}

Test(last, is_told_administrators_as_login_or_logout)
{
	uint64_t now_s = tern_now_us(juliet) / 1000000;

	arena = arena_create(256);
	fake_pass(fake, 10000);
	come();
	fake_pass(fake, 60000);
	is_told_administrators("yes", now_s + 10);
	fake_end(balcony);
	fake_pass(fake, 60000);
	is_told_administrators("no", now_s + 70);
	arena_destroy(arena);
}

Test(last, is_forbidden_to_those_who_may_not_see_presence)
{
	come();
	expect_part(ask("idol"), "<forbidden ");
	expect_part(ask("stranger"), "<forbidden ");
}

Test(last, of_a_resource_is_its_clients_to_tell)
{
	come();
	fake_forget(fake);
	cr_assert_null(ask_at("friend", "juliet@example.org/balcony"));
	HEARS_PART(balcony, "<query xmlns='jabber:iq:last'/>");
}

Test(last, of_a_resource_is_forbidden_as_well_whether_it_is_there_or_not)
{
	come();
	fake_forget(fake);
	expect_part(ask_at("stranger", "juliet@example.org/balcony"), "<forbidden ");
	expect_part(ask_at("stranger", "juliet@example.org/orchard"), "<forbidden ");
	expect_part(ask_at("friend", "juliet@example.org/orchard"), "<service-unavailable ");
	HEARS(balcony, NULL);
}

Test(last, of_the_host_is_its_uptime)
{
	come();
	fake_forget(fake);
	fake_pass(fake, 123456000);
	fake_send(balcony, "<iq type='get' id='1' to='example.org'>"
		"<query xmlns='jabber:iq:last'/></iq>");
	HEARS_PART(balcony, "<query xmlns='jabber:iq:last' seconds='123456'/>");
}

Test(last, of_oneself_is_now)
{
	come();
	fake_forget(fake);
	fake_send(balcony, "<iq type='get' id='1'><query xmlns='jabber:iq:last'/></iq>");
	HEARS_PART(balcony, "seconds='0'/>");
}

/* --- in files ------------------------------------------------------------------------------- */

static int import(const char *attributes, const char *status)
{
	char xml[256];

	snprintf(xml, sizeof xml, "<query xmlns='jabber:iq:last' %s>%s</query>", attributes, status);
	return fake_import(juliet, xml);
}

static void exports(const char *expected)
{
	char *xml = fake_export(juliet, "last");

	cr_assert_str_eq(xml, expected);
	free(xml);
}

Test(last, is_exported_as_it_is_told)
{
	exports("");
	come();
	fake_send(balcony, "<presence type='unavailable'><status>to bed</status></presence>");
	fake_end(balcony);
	fake_pass(fake, 5000);
	exports("<query xmlns='jabber:iq:last' seconds='5'>to bed</query>\n");
}

Test(last, is_imported)
{
	cr_assert_eq(import("seconds='60'", "at mass"), 0);
	fake_pass(fake, 5000);
	exports("<query xmlns='jabber:iq:last' seconds='65'>at mass</query>\n");
	cr_assert_eq(fake_reopen(juliet), 0);
	exports("<query xmlns='jabber:iq:last' seconds='65'>at mass</query>\n");
}

Test(last, is_not_imported_where_it_makes_no_sense)
{
	cr_assert_eq(import("", ""), -EBADMSG);
	cr_assert_eq(import("seconds=''", ""), -EBADMSG);
	cr_assert_eq(import("seconds='-1'", ""), -EBADMSG);
	cr_assert_eq(import("seconds='1x'", ""), -EBADMSG);
	cr_assert_eq(import("seconds='99999999999999999999'", ""), -EBADMSG);
	exports("");
}
