/* What a user can rely on who changes a password, or leaves for good (XEP-0077).
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *bill;
static struct tern_session *globe;

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, NULL);
	bill = fake_account(fake, "bill@example.org");
	globe = fake_session(bill, "globe");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(registration, .init = open, .fini = close);

static void set(const char *fields)
{
	char xml[1024];

	snprintf(xml, sizeof xml, "<iq type='set' id='s' to='example.org'>"
		"<query xmlns='jabber:iq:register'>%s</query></iq>", fields);
	fake_send(globe, xml);
}

/* --- strangers ------------------------------------------------------------------------------- */

static int answer_administrator(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return strcmp(jid_bare_text(about), "king@example.org") == 0;
}

static const struct tern_module palace = {
	.abi = TERN_MODULE_ABI,
	.name = "palace",
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_ADMINISTRATOR, answer_administrator },
		{ 0 },
	},
};

static void open_to_all(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, &palace, NULL },
		(const struct fake_option[]){ { "open", "yes" }, { "per-address", "3" },
			{ "reserved", "Admin" }, { 0 } });
	bill = fake_account(fake, "bill@example.org");
}

TestSuite(open_registration, .init = open_to_all, .fini = close);

static const char *asks(const char *fields)
{
	char xml[1024];

	snprintf(xml, sizeof xml, "<iq type='set' id='r'><query xmlns='jabber:iq:register'>%s"
		"</query></iq>", fields);
	return fake_stranger_asks(fake, xml);
}

static void is_refused(const char *fields, const char *error)
{
	expect_part(asks(fields), error);
}

#define FIELDS_ASKED "<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>"
#define MADE "<iq id='r' type='result'/>"

Test(open_registration, says_what_it_needs)
{
	expect_part(fake_stranger_asks(fake, FIELDS_ASKED), "</instructions><username/><password/>");
}

Test(open_registration, makes_an_account)
{
	expect_line(asks("<username>Juliet</username><password>R0m30!</password>"), MADE);
	cr_assert_str_eq(fake_password(fake_find(fake, "juliet@example.org")), "R0m30!");
}

Test(open_registration, makes_none_that_is_there)
{
	is_refused("<username>bill</username><password>m1cro$oft</password>",
		"type='cancel'><conflict");
	cr_assert_null(fake_password(bill));
}

Test(open_registration, gives_reserved_names_to_nobody)
{
	is_refused("<username>ADMIN</username><password>m1cro$oft</password>",
		"type='cancel'><conflict");
}

Test(open_registration, gives_administrators_names_to_nobody)
{
	is_refused("<username>King</username><password>m1cro$oft</password>",
		"type='cancel'><conflict");
}

Test(open_registration, needs_all_fields)
{
	is_refused("<username>juliet</username>", "type='modify'><not-acceptable");
	is_refused("<username>juliet</username><password/>", "type='modify'><not-acceptable");
	is_refused("<password>R0m30!</password>", "type='modify'><not-acceptable");
	is_refused("<username>j@b</username><password>R0m30!</password>",
		"type='modify'><not-acceptable");
	is_refused("<username>juliet</username><password>R0m3</password>",
		"type='modify'><not-acceptable");
}

Test(open_registration, stops_an_address_that_tries_too_often)
{
	expect_line(asks("<username>a</username><password>R0m30!</password>"), MADE);
	is_refused("<username>a</username><password>R0m30!</password>", "conflict");
	expect_line(asks("<username>b</username><password>R0m30!</password>"), MADE);
	is_refused("<username>c</username><password>R0m30!</password>",
		"type='wait'><not-acceptable");
	cr_assert_null(fake_find(fake, "c@example.org"));
}

Test(open_registration, tells_why_it_failed)
{
	fake_refuse_changes(fake, -ENOSPC);
	is_refused("<username>juliet</username><password>R0m30!</password>",
		"type='wait'><resource-constraint");
	fake_refuse_changes(fake, -EALREADY);
	is_refused("<username>juliet</username><password>R0m30!</password>",
		"type='cancel'><not-acceptable");
}

Test(open_registration, removes_nobody)
{
	is_refused("<remove/>", "<unexpected-request");
}

Test(registration, is_closed_unless_it_is_opened)
{
	expect_part(fake_stranger_asks(fake, FIELDS_ASKED), "service-unavailable");
	is_refused("<username>juliet</username><password>R0m30!</password>",
		"service-unavailable");
	cr_assert_null(fake_find(fake, "juliet@example.org"));
}

/* --- whoever is logged in --------------------------------------------------------------------- */

#define RESULT "<iq from='example.org' id='s' to='bill@example.org/globe' type='result'/>"

Test(registration, tells_whoever_has_an_account_so)
{
	fake_send(globe, "<iq type='get' id='g'><query xmlns='jabber:iq:register'/></iq>");
	HEARS_PART(globe, "<query xmlns='jabber:iq:register'><registered/>"
		"<instructions>You have an account here, and may choose another password.</instructions>"
		"<username>bill</username><password/></query>");
}

Test(registration, changes_a_password)
{
	set("<username>bill</username><password>newpass</password>");
	HEARS(globe, RESULT);
	cr_assert_str_eq(fake_password(bill), "newpass");
}

Test(registration, changes_one_password_a_second)
{
	set("<username>bill</username><password>newpass</password>");
	HEARS(globe, RESULT);
	set("<username>bill</username><password>another</password>");
	HEARS_PART(globe, "type='wait'><resource-constraint");
	cr_assert_str_eq(fake_password(bill), "newpass");
	fake_pass(fake, 1000);
	set("<username>bill</username><password>another</password>");
	HEARS(globe, RESULT);
	cr_assert_str_eq(fake_password(bill), "another");
}

Test(registration, takes_the_whole_address_for_a_name)
{
	set("<username>Bill@Example.org</username><password>newpass</password>");
	HEARS(globe, RESULT);
	cr_assert_str_eq(fake_password(bill), "newpass");
}

static void refuses(const char *fields, const char *condition)
{
	set(fields);
	HEARS_PART(globe, condition);
	cr_assert_null(fake_password(bill));
	cr_assert_not(fake_is_deleted(bill));
}

Test(registration, refuses_a_change_that_says_too_little)
{
	refuses("<password>newpass</password>", "bad-request");
	refuses("<username>bill</username>", "bad-request");
	refuses("<username>bill</username><password/>", "bad-request");
	refuses("", "bad-request");
}

Test(registration, refuses_passwords_of_others)
{
	refuses("<username>juliet</username><password>newpass</password>", "forbidden");
	refuses("<username>bill@example.com</username><password>newpass</password>", "forbidden");
}

Test(registration, counts_characters_not_bytes)
{
	refuses("<username>bill</username><password>\u00e4\u00e4\u00e4\u00e4\u00e4</password>",
		"not-acceptable");
	set("<username>bill</username><password>\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4</password>");
	HEARS(globe, RESULT);
}

Test(registration, tells_why_a_change_failed)
{
	fake_refuse_changes(fake, -EINVAL);
	refuses("<username>bill</username><password>newpass</password>", "not-acceptable");
	fake_pass(fake, 1000);
	fake_refuse_changes(fake, -ENOSPC);
	refuses("<username>bill</username><password>newpass</password>", "resource-constraint");
	fake_pass(fake, 1000);
	fake_refuse_changes(fake, -ENOENT);
	refuses("<username>bill</username><password>newpass</password>", "not-allowed");
}

Test(registration, deletes_an_account)
{
	set("<remove/>");
	HEARS(globe, RESULT);
	cr_assert(fake_is_deleted(bill));
}

Test(registration, refuses_a_removal_with_something_beside_it)
{
	refuses("<remove/><username>bill</username>", "bad-request");
}
