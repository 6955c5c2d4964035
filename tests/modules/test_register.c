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

#define RESULT "<iq from='example.org' id='s' to='bill@example.org/globe' type='result'/>"

Test(registration, tells_whoever_has_an_account_so)
{
	fake_send(globe, "<iq type='get' id='g'><query xmlns='jabber:iq:register'/></iq>");
	HEARS_PART(globe, "<query xmlns='jabber:iq:register'><registered/>"
		"<username>bill</username><password/></query>");
}

Test(registration, changes_a_password)
{
	set("<username>bill</username><password>newpass</password>");
	HEARS(globe, RESULT);
	cr_assert_str_eq(fake_password(bill), "newpass");
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
	fake_refuse_changes(fake, -ENOSPC);
	refuses("<username>bill</username><password>newpass</password>", "resource-constraint");
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
