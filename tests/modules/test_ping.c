/* Whether the other end is still there (XEP-0199).
 * SPDX-License-Identifier: MIT */

#include "juliet.h"

static void open(void)
{
	open_with((const struct fake_option[]){ { "interval", "60" }, { "timeout", "20" }, { 0 } });
}

TestSuite(ping, .init = open, .fini = close);
TestSuite(silence, .init = open, .fini = close);
TestSuite(no_interval, .fini = close);

#define PING "<ping xmlns='urn:xmpp:ping'/>"

Test(ping, of_a_client_is_answered_for_host_and_account)
{
	fake_send(balcony, "<iq type='get' id='1' to='example.org'>" PING "</iq>");
	HEARS(balcony, "<iq from='example.org' id='1' to='juliet@example.org/balcony' type='result'/>");
	fake_send(balcony, "<iq type='get' id='2'>" PING "</iq>");
	HEARS(balcony, "<iq id='2' to='juliet@example.org/balcony' type='result'/>");
	fake_send(balcony, "<iq type='get' id='3' to='juliet@example.org'>" PING "</iq>");
	HEARS_PART(balcony, "type='result'");
}

Test(ping, of_a_stranger_tells_nothing_of_an_account)
{
	fake_arrive(fake, "<iq type='get' id='1' from='eve@example.com/x' to='juliet@example.org'>"
		PING "</iq>");
	expect_part(fake_left(fake), "<service-unavailable ");
}

#define ASKED "<iq id='asked' to='juliet@example.org/balcony' type='get'>" PING "</iq>"

Test(silence, of_the_interval_brings_a_ping)
{
	fake_pass(fake, 59000);
	HEARS(balcony, NULL);
	fake_pass(fake, 1000);
	HEARS(balcony, ASKED);
	HEARS(balcony, NULL);
}

Test(silence, is_noticed_after_a_restart)
{
	fake_restart(fake);
	fake_pass(fake, 60000);
	HEARS(balcony, ASKED);
	HEARS(balcony, NULL);
}

Test(silence, counts_from_the_last_sign_of_life)
{
	fake_pass(fake, 50000);
	fake_send(balcony, "<presence/>");
	fake_pass(fake, 59000);
	HEARS(balcony, NULL);
	fake_pass(fake, 1000);
	HEARS(balcony, ASKED);
}

Test(silence, that_goes_on_ends_the_session)
{
	fake_pass(fake, 79000);
	cr_assert_null(fake_end_reason(fake));
	fake_pass(fake, 1000);
	cr_assert_str_eq(fake_end_reason(fake), "connection-timeout");
	cr_assert_null(tern_session_first(juliet));
	cr_assert_eq(fake_timers(fake), 0);
}

Test(silence, broken_by_an_answer_starts_anew)
{
	fake_pass(fake, 60000);
	HEARS(balcony, ASKED);
	fake_pass(fake, 10000);
	fake_send(balcony, "<iq type='result' id='asked'/>");
	fake_pass(fake, 59000);
	HEARS(balcony, NULL);
	fake_pass(fake, 1000);
	HEARS(balcony, ASKED);
	cr_assert_null(fake_end_reason(fake));
}

Test(silence, broken_by_an_error_is_broken_too)
{
	fake_pass(fake, 60000);
	fake_send(balcony, "<iq type='error' id='asked'><error type='cancel'/></iq>");
	fake_pass(fake, 30000);
	cr_assert_null(fake_end_reason(fake));
}

Test(silence, broken_by_other_words_does_not_end_the_session)
{
	fake_pass(fake, 60000);
	fake_pass(fake, 10000);
	fake_send(balcony, "<presence/>");
	fake_pass(fake, 15000);
	cr_assert_null(fake_end_reason(fake));
	fake_pass(fake, 45000);
	HEARS(balcony, ASKED);
	HEARS(balcony, ASKED);
}

Test(silence, of_a_session_that_has_ended_is_nobodys)
{
	fake_pass(fake, 60000);
	fake_end(balcony);
	cr_assert_eq(fake_timers(fake), 0);
	fake_pass(fake, 60000);
	cr_assert_null(fake_end_reason(fake));
}

Test(no_interval, is_allowed_where_the_interval_is_zero)
{
	open_with((const struct fake_option[]){ { "interval", "0" }, { 0 } });
	fake_pass(fake, 86400000);
	HEARS(balcony, NULL);
	cr_assert_eq(fake_timers(fake), 0);
}

Test(silence, costs_a_session_one_timer)
{
	cr_assert_eq(fake_timers(fake), 1);
	fake_send(balcony, "<presence/>");
	fake_pass(fake, 30000);
	cr_assert_eq(fake_timers(fake), 1);
}
