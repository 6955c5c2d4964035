/* test_core_acks_pending.c - what was acknowledged to its sender waits until a device has it
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>

#include "core_stage.h"
#include "entity_internal.h"
#include "session_internal.h"

#define ENABLE "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
#define H(number) "<a xmlns='urn:xmpp:sm:3' h='" number "'/>"

static tern_store shelf;
static unsigned written, missed, missed_again, overdue;
static int refusal;
static bool wrong_log;

static int put_aside(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings)
{
	if (refusal < 0)
		return refusal;
	written++;
	*ret_log = wrong_log ? 4711 : shelf;
	return tern_append(event->entity, shelf, NULL, "message", 7, ret_id);
}

static enum tern_verdict deliver(struct tern_event *event, const void *settings)
{
	struct tern_session *session = tern_session_first(event->entity);

	for (; session; session = tern_session_next(session))
		tern_deliver(event, session);
	return TERN_PASS;
}

static enum tern_verdict note_missed(struct tern_event *event, const void *settings)
{
	if (event->awaits_ack) {
		cr_assert(tern_event_pending_id(event) || refusal < 0);
		overdue++;
		return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
	}
	missed++;
	missed_again += tern_event_pending_id(event) != 0;
	return TERN_DONE;
}

static const struct tern_module keeper = {
	.abi = TERN_MODULE_ABI,
	.name = "shelf",
	.about = "keeps messages until somebody has them",
	.hooks = (const struct tern_hook[]){ { TERN_IN_DELIVER, TERN_MESSAGES, 0, deliver },
		{ TERN_IN_MISSED, TERN_MESSAGES, 0, note_missed }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "shelf", TERN_LOG, &shelf, NULL }, { 0 } },
	.pending = put_aside,
};

static struct client *romeo, *nurse;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &keeper, NULL };

	stage_open(modules);
	written = missed = missed_again = overdue = 0;
	refusal = 0;
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
}

TestSuite(core_acks_pending, .init = set_up, .fini = stage_close);

static void note_count(struct tern_entity *entity, void *context,
	const struct tern_entry *entries, size_t count, bool complete, bool cancelled)
{
	*(size_t *)context = count;
}

static size_t waiting(const char *account)
{
	size_t count = 99;

	stage_settle();
	tern_log_page(stage_entity(account), shelf, &(struct tern_page){ 0 }, note_count, &count);
	return count;
}

static void enable(struct client *client)
{
	client_says(client, ENABLE);
	client_heard(client);
}

static void tell_romeo(const char *type)
{
	client_says(nurse, "<message to='" ROMEO "/garden' type='%s' id='m'><body>word</body></message>",
		type);
}

Test(core_acks_pending, a_sender_without_acks_costs_no_write)
{
	enable(romeo);
	tell_romeo("chat");
	cr_assert_eq(written, 0);
	cr_assert(has(client_heard(romeo), "word"));
}

Test(core_acks_pending, what_is_not_words_costs_no_write)
{
	enable(nurse);
	tell_romeo("headline");
	cr_assert_eq(written, 0);
}

Test(core_acks_pending, nothing_is_delivered_before_it_is_on_disk)
{
	enable(nurse);
	tell_romeo("chat");
	cr_assert_str_eq(client_heard(romeo), "");
	stage_settle();
	cr_assert(has(client_heard(romeo), "word"));
}

Test(core_acks_pending, a_write_to_a_link_without_acks_takes_it)
{
	enable(nurse);
	tell_romeo("chat");
	cr_assert_eq(waiting(ROMEO), 0);
	cr_assert_eq(written, 1);
}

Test(core_acks_pending, an_entry_of_no_log_is_none)
{
	wrong_log = true;
	enable(nurse);
	enable(romeo);
	tell_romeo("chat");
	stage_settle();
	cr_assert(has(client_heard(romeo), "word"));
	client_says(romeo, H("1"));
	stage_settle();
	cr_assert_eq(waiting(ROMEO), 1);
}

Test(core_acks_pending, an_ack_takes_it_and_nothing_else_does)
{
	enable(nurse);
	enable(romeo);
	tell_romeo("chat");
	cr_assert_eq(waiting(ROMEO), 1);
	client_says(romeo, H("1"));
	cr_assert_eq(waiting(ROMEO), 0);
}

Test(core_acks_pending, what_is_handed_out_is_marked_so)
{
	struct tern_session *session;

	enable(nurse);
	enable(romeo);
	tell_romeo("normal");
	stage_settle();
	session = client_session(romeo);
	cr_assert(session->entity->handovers);
	client_says(romeo, H("1"));
	cr_assert(session->entity->handovers, "its removal is not on disk");
	stage_settle();
	cr_assert_null(session->entity->handovers);
}

Test(core_acks_pending, what_nobody_took_is_missed_and_stays)
{
	enable(nurse);
	enable(romeo);
	tell_romeo("chat");
	stage_settle();
	client_breaks(romeo);
	stage_pass(301000);
	stage_settle();
	cr_assert_eq(missed, 1);
	cr_assert_eq(missed_again, 1);
	cr_assert_eq(waiting(ROMEO), 1);
}

Test(core_acks_pending, what_is_not_acknowledged_in_time_is_missed_and_can_still_be_taken)
{
	enable(nurse);
	enable(romeo);
	tell_romeo("chat");
	stage_settle();
	stage_pass(9000);
	cr_assert_eq(overdue, 0);
	stage_pass(2000);
	cr_assert_eq(overdue, 1);
	cr_assert_eq(waiting(ROMEO), 1);
	client_says(romeo, H("1"));
	cr_assert_eq(waiting(ROMEO), 0);
	cr_assert_eq(missed, 0);
}

Test(core_acks_pending, a_sender_without_acks_makes_no_difference_to_that)
{
	enable(romeo);
	tell_romeo("chat");
	stage_pass(11000);
	cr_assert_eq(overdue, 1);
	cr_assert_eq(waiting(ROMEO), 1);
	client_says(romeo, H("1"));
	cr_assert_eq(waiting(ROMEO), 0);
}

Test(core_acks_pending, that_happens_once_and_nobody_is_told_of_it)
{
	enable(romeo);
	tell_romeo("chat");
	client_heard(romeo);
	for (unsigned i = 0; i < 5; i++) {
		stage_pass(5000);
		client_says(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	}
	stage_settle();
	cr_assert_eq(overdue, 1);
	cr_assert_str_eq(client_heard(nurse), "");
	cr_assert_not(has(client_heard(romeo), "word"));
}

Test(core_acks_pending, each_is_missed_when_its_own_time_has_come)
{
	enable(romeo);
	tell_romeo("chat");
	stage_pass(6000);
	tell_romeo("chat");
	stage_pass(5000);
	cr_assert_eq(overdue, 1);
	stage_pass(6000);
	cr_assert_eq(overdue, 2);
}

Test(core_acks_pending, many_are_missed_in_more_than_one_turn)
{
	enable(romeo);
	for (unsigned i = 0; i < 100; i++)
		tell_romeo("chat");
	stage_pass(10000);
	cr_assert_lt(overdue, 100);
	stage_pass(2);
	cr_assert_eq(overdue, 100);
}

Test(core_acks_pending, what_another_device_has_is_not_missed)
{
	struct client *other = client_open(ROMEO, "balcony");

	enable(romeo);
	enable(other);
	tell_romeo("chat");
	client_says(other, H("1"));
	stage_pass(11000);
	cr_assert_eq(overdue, 0);
}

Test(core_acks_pending, a_device_that_is_away_misses_it_twice_the_second_time_for_good)
{
	enable(nurse);
	enable(romeo);
	client_breaks(romeo);
	tell_romeo("chat");
	stage_settle();
	stage_pass(11000);
	cr_assert_eq(overdue, 1);
	stage_pass(300000);
	stage_settle();
	cr_assert_eq(overdue, 1);
	cr_assert_eq(missed, 1);
	cr_assert_eq(missed_again, 1);
	cr_assert_eq(waiting(ROMEO), 1);
	cr_assert_eq(written, 1);
}

Test(core_acks_pending, a_log_that_refuses_leaves_it_in_the_queue)
{
	enable(romeo);
	tell_romeo("chat");
	refusal = -ENOSPC;
	stage_pass(11000);
	stage_settle();
	cr_assert_eq(waiting(ROMEO), 0);
	cr_assert_str_eq(client_heard(nurse), "");
}

Test(core_acks_pending, it_survives_a_kill)
{
	enable(nurse);
	enable(romeo);
	tell_romeo("chat");
	stage_settle();
	stage_restart();
	romeo = client_open(ROMEO, "garden");
	cr_assert_eq(waiting(ROMEO), 1);
}

Test(core_acks_pending, what_cannot_be_written_is_refused_and_not_delivered)
{
	enable(nurse);
	refusal = -ENOSPC;
	tell_romeo("chat");
	stage_settle();
	cr_assert(has(client_heard(nurse), "<resource-constraint"));
	cr_assert_not(has(client_heard(romeo), "word"));
}
