/* test_core_acks.c - what an ack promises, and what waits for one
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "acks_internal.h"
#include "core_stage.h"
#include "session_internal.h"

#define ENABLE "<enable xmlns='urn:xmpp:sm:3'/>"
#define REQUEST "<r xmlns='urn:xmpp:sm:3'/>"
#define H(number) "<a xmlns='urn:xmpp:sm:3' h='" number "'/>"
#define MESSAGE(to) "<message to='" to "' type='chat'><body>word</body></message>"

static struct client *romeo, *nurse;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_keeper, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	client_says(romeo, ENABLE);
	client_heard(romeo);
}

TestSuite(core_acks, .init = set_up, .fini = stage_close);

/* --- in --------------------------------------------------------------------------------------- */

Test(core_acks, answers_a_request_with_what_is_finished)
{
	client_says(romeo, REQUEST);
	cr_assert(has(client_heard(romeo), H("0")));
	client_says(romeo, "<presence/>");
	client_says(romeo, REQUEST);
	cr_assert(has(client_heard(romeo), H("1")));
}

Test(core_acks, answers_again_unasked_when_the_rest_is_on_disk)
{
	client_says(romeo, MESSAGE(NURSE));
	client_says(romeo, REQUEST);
	cr_assert(has(client_heard(romeo), H("0")));
	stage_settle();
	cr_assert(has(client_heard(romeo), H("1")));
}

Test(core_acks, counts_no_further_than_the_first_that_is_under_way)
{
	client_says(romeo, MESSAGE(NURSE));
	client_says(romeo, "<presence/>");
	client_says(romeo, REQUEST);
	cr_assert(has(client_heard(romeo), H("0")));
	stage_settle();
	cr_assert(has(client_heard(romeo), H("2")));
}

Test(core_acks, goes_round_at_the_end_of_the_numbers)
{
	client_session(romeo)->acks->received = UINT32_MAX;
	client_says(romeo, "<presence/>");
	client_says(romeo, REQUEST);
	cr_assert(has(client_heard(romeo), H("0")));
}

Test(core_acks, counts_what_is_refused)
{
	client_says(romeo, "<iq type='get' id='x'/>");
	client_says(romeo, REQUEST);
	cr_assert(has(client_heard(romeo), H("1")));
}

Test(core_acks, refuses_a_second_enable_and_ends)
{
	client_says(romeo, ENABLE);
	cr_assert(has(client_heard(romeo), "<unexpected-request"));
	cr_assert_eq(client_error(romeo), STREAM_ERROR_POLICY_VIOLATION);
}

Test(core_acks, has_nothing_to_say_before_enable)
{
	client_says(nurse, REQUEST);
	cr_assert(has(client_heard(nurse), "<unexpected-request"));
	client_says(nurse, H("0"));
	cr_assert(has(client_heard(nurse), "<unexpected-request"));
	cr_assert(client_is_there(nurse));
}

/* --- out ----------------------------------------------------------------------------------------- */

static void tell_romeo(void)
{
	client_says(nurse, MESSAGE(ROMEO "/garden"));
	stage_settle();
}

Test(core_acks, asks_once_until_it_is_answered)
{
	tell_romeo();
	tell_romeo();
	cr_assert_eq(count_of(client_heard(romeo), REQUEST), 1);
	client_says(romeo, H("1"));
	cr_assert_eq(count_of(client_heard(romeo), REQUEST), 1);
	client_says(romeo, H("2"));
	cr_assert_not(has(client_heard(romeo), REQUEST));
}

Test(core_acks, asks_who_says_nothing_new_after_pauses_that_grow)
{
	tell_romeo();
	client_heard(romeo);
	for (unsigned pause_ms = 1000; pause_ms < 64000; pause_ms *= 2) {
		unsigned most_ms = pause_ms < 30000 ? pause_ms : 30000;

		client_says(romeo, H("0"));
		stage_pass(most_ms - 1);
		client_says(romeo, H("0"));
		cr_assert_not(has(client_heard(romeo), REQUEST), "%u ms", most_ms);
		stage_pass(1);
		cr_assert_eq(count_of(client_heard(romeo), REQUEST), 1, "%u ms", most_ms);
	}
	stage_pass(31000);
	cr_assert_eq(client_error(romeo), STREAM_ERROR_CONNECTION_TIMEOUT);
}

Test(core_acks, asks_at_once_when_there_is_more_to_ask_for)
{
	tell_romeo();
	client_says(romeo, H("0"));
	client_heard(romeo);
	tell_romeo();
	cr_assert_eq(count_of(client_heard(romeo), REQUEST), 1);
	client_says(romeo, H("1"));
	cr_assert_eq(count_of(client_heard(romeo), REQUEST), 1, "it has counted something");
	client_says(romeo, H("1"));
	client_says(romeo, H("2"));
	stage_pass(60000);
	cr_assert_not(has(client_heard(romeo), REQUEST));
}

Test(core_acks, forgets_what_is_acknowledged)
{
	tell_romeo();
	tell_romeo();
	client_says(romeo, H("1"));
	cr_assert_eq(acks_sent(client_session(romeo)), 2);
	cr_assert_eq(acks_acked(client_session(romeo)), 1);
	client_says(romeo, H("0"));
	cr_assert_eq(acks_acked(client_session(romeo)), 1, "an old answer says nothing new");
	client_says(romeo, H("2"));
	cr_assert_null(client_session(romeo)->acks->first);
	cr_assert_eq(client_session(romeo)->acks->bytes, 0);
}

Test(core_acks, understands_answers_beyond_the_end_of_the_numbers)
{
	struct acks *acks = client_session(romeo)->acks;

	acks->sent = acks->acked = UINT32_MAX;
	tell_romeo();
	tell_romeo();
	client_says(romeo, H("1"));
	cr_assert_eq(acks->acked, acks->sent);
}

Test(core_acks, closes_on_an_answer_beyond_what_was_sent)
{
	tell_romeo();
	client_says(romeo, H("2"));
	cr_assert(has(client_heard(romeo), "<handled-count-too-high xmlns='urn:xmpp:sm:3' h='2' "
		"send-count='1'/>"));
	cr_assert_not(client_is_there(romeo));
}

Test(core_acks, closes_on_an_answer_without_a_number)
{
	client_says(romeo, "<a xmlns='urn:xmpp:sm:3'/>");
	cr_assert_eq(client_error(romeo), STREAM_ERROR_BAD_FORMAT);
}

Test(core_acks, closes_when_too_many_wait)
{
	stage.server.limits.unacked_stanzas = 3;
	for (int i = 0; i < 4; i++)
		tell_romeo();
	cr_assert_eq(client_error(romeo), STREAM_ERROR_RESOURCE_CONSTRAINT);
	cr_assert_null(client_session(romeo));
}

Test(core_acks, closes_when_too_many_bytes_wait)
{
	stage.server.limits.unacked_bytes = 10;
	tell_romeo();
	cr_assert_eq(client_error(romeo), STREAM_ERROR_RESOURCE_CONSTRAINT);
}

Test(core_acks, lets_senders_wait_when_much_is_unacknowledged)
{
	stage.server.limits.unacked_stanzas = 8;
	stage.server.limits.window_stanzas = 2;
	for (int i = 0; i < 7; i++)
		tell_romeo();
	cr_assert(client_is_paused(nurse));
	client_says(romeo, H("7"));
	stage_settle();
	cr_assert_not(client_is_paused(nurse));
}

Test(core_acks, notices_a_dead_connection)
{
	tell_romeo();
	stage_pass(29000);
	cr_assert(client_is_there(romeo));
	stage_pass(2000);
	cr_assert_eq(client_error(romeo), STREAM_ERROR_CONNECTION_TIMEOUT);
}

Test(core_acks, is_patient_with_who_says_something_else)
{
	tell_romeo();
	stage_pass(20000);
	client_says(romeo, "<presence/>");
	stage_pass(20000);
	cr_assert(client_is_there(romeo));
}
