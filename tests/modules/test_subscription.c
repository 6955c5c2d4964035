/* The tables of RFC 6121 appendix A, as the RFC prints them.
 * SPDX-License-Identifier: MIT */

#include "subscription.h"

#include <criterion/criterion.h>
#include <string.h>

/* State before, whether it is routed or delivered, state after. */
struct row { const char *before; bool passes; const char *after; };

static unsigned state_of(const char *name)
{
	static const struct { const char *name; unsigned state; } states[] = {
		{ "None", 0 }, { "None + Pending Out", TERN_SUB_PENDING_OUT },
		{ "None + Pending In", TERN_SUB_PENDING_IN },
		{ "None + Pending Out+In", TERN_SUB_PENDING_OUT | TERN_SUB_PENDING_IN },
		{ "To", TERN_SUB_TO }, { "To + Pending In", TERN_SUB_TO | TERN_SUB_PENDING_IN },
		{ "From", TERN_SUB_FROM },
		{ "From + Pending Out", TERN_SUB_FROM | TERN_SUB_PENDING_OUT },
		{ "Both", TERN_SUB_TO | TERN_SUB_FROM },
	};

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(states[i].name, name) == 0)
			return states[i].state;
	cr_assert_fail("no state %s", name);
	return 0;
}

static void check(enum subscription_way way, enum tern_type type, const struct row rows[9])
{
	for (int i = 0; i < 9; i++) {
		struct subscription_step step = subscription_step(way, type, state_of(rows[i].before));

		cr_expect_eq(step.passes, rows[i].passes, "%s passes", rows[i].before);
		cr_expect_eq(step.next & ~(unsigned)TERN_SUB_APPROVED, state_of(rows[i].after),
			"%s leads to %s", rows[i].before, rows[i].after);
	}
}

Test(appendix_a, a_2_1_outbound_subscribe)
{
	check(SUBSCRIPTION_OUT, TERN_SUBSCRIBE, (const struct row[]){
		{ "None", true, "None + Pending Out" },
		{ "None + Pending Out", true, "None + Pending Out" },
		{ "None + Pending In", true, "None + Pending Out+In" },
		{ "None + Pending Out+In", true, "None + Pending Out+In" },
		{ "To", true, "To" }, { "To + Pending In", true, "To + Pending In" },
		{ "From", true, "From + Pending Out" },
		{ "From + Pending Out", true, "From + Pending Out" }, { "Both", true, "Both" } });
}

Test(appendix_a, a_2_2_outbound_unsubscribe)
{
	check(SUBSCRIPTION_OUT, TERN_UNSUBSCRIBE, (const struct row[]){
		{ "None", true, "None" }, { "None + Pending Out", true, "None" },
		{ "None + Pending In", true, "None + Pending In" },
		{ "None + Pending Out+In", true, "None + Pending In" },
		{ "To", true, "None" }, { "To + Pending In", true, "None + Pending In" },
		{ "From", true, "From" }, { "From + Pending Out", true, "From" },
		{ "Both", true, "From" } });
}

Test(appendix_a, a_2_3_outbound_subscribed)
{
	check(SUBSCRIPTION_OUT, TERN_SUBSCRIBED, (const struct row[]){
		{ "None", false, "None" }, { "None + Pending Out", false, "None + Pending Out" },
		{ "None + Pending In", true, "From" },
		{ "None + Pending Out+In", true, "From + Pending Out" },
		{ "To", false, "To" }, { "To + Pending In", true, "Both" },
		{ "From", false, "From" }, { "From + Pending Out", false, "From + Pending Out" },
		{ "Both", false, "Both" } });
}

Test(appendix_a, a_2_4_outbound_unsubscribed)
{
	check(SUBSCRIPTION_OUT, TERN_UNSUBSCRIBED, (const struct row[]){
		{ "None", false, "None" }, { "None + Pending Out", false, "None + Pending Out" },
		{ "None + Pending In", true, "None" },
		{ "None + Pending Out+In", true, "None + Pending Out" },
		{ "To", false, "To" }, { "To + Pending In", true, "To" },
		{ "From", true, "None" }, { "From + Pending Out", true, "None + Pending Out" },
		{ "Both", true, "To" } });
}

Test(appendix_a, a_3_1_inbound_subscribe)
{
	check(SUBSCRIPTION_IN, TERN_SUBSCRIBE, (const struct row[]){
		{ "None", true, "None + Pending In" },
		{ "None + Pending Out", true, "None + Pending Out+In" },
		{ "None + Pending In", false, "None + Pending In" },
		{ "None + Pending Out+In", false, "None + Pending Out+In" },
		{ "To", true, "To + Pending In" }, { "To + Pending In", false, "To + Pending In" },
		{ "From", false, "From" }, { "From + Pending Out", false, "From + Pending Out" },
		{ "Both", false, "Both" } });
}

Test(appendix_a, a_3_2_inbound_unsubscribe)
{
	check(SUBSCRIPTION_IN, TERN_UNSUBSCRIBE, (const struct row[]){
		{ "None", false, "None" }, { "None + Pending Out", false, "None + Pending Out" },
		{ "None + Pending In", true, "None" },
		{ "None + Pending Out+In", true, "None + Pending Out" },
		{ "To", false, "To" }, { "To + Pending In", true, "To" },
		{ "From", true, "None" }, { "From + Pending Out", true, "None + Pending Out" },
		{ "Both", true, "To" } });
}

Test(appendix_a, a_3_3_inbound_subscribed)
{
	check(SUBSCRIPTION_IN, TERN_SUBSCRIBED, (const struct row[]){
		{ "None", false, "None" }, { "None + Pending Out", true, "To" },
		{ "None + Pending In", false, "None + Pending In" },
		{ "None + Pending Out+In", true, "To + Pending In" },
		{ "To", false, "To" }, { "To + Pending In", false, "To + Pending In" },
		{ "From", false, "From" }, { "From + Pending Out", true, "Both" },
		{ "Both", false, "Both" } });
}

Test(appendix_a, a_3_4_inbound_unsubscribed)
{
	check(SUBSCRIPTION_IN, TERN_UNSUBSCRIBED, (const struct row[]){
		{ "None", false, "None" }, { "None + Pending Out", true, "None" },
		{ "None + Pending In", false, "None + Pending In" },
		{ "None + Pending Out+In", true, "None + Pending In" },
		{ "To", true, "None" }, { "To + Pending In", true, "None + Pending In" },
		{ "From", false, "From" }, { "From + Pending Out", true, "From" },
		{ "Both", true, "From" } });
}

/* --- what follows from the tables, in every state ------------------------------------------ */

static const unsigned states[] = { 0, 1, 2, 3, 4, 6, 8, 9, 12 };
static const enum tern_type stanzas[] = { TERN_SUBSCRIBE, TERN_SUBSCRIBED, TERN_UNSUBSCRIBE,
	TERN_UNSUBSCRIBED };

#define EACH_STEP(way, type, before, step) \
	for (int way = 0; way < 2; way++) \
		for (int t_ = 0; t_ < 4; t_++) \
			for (int s_ = 0; s_ < 18; s_++) \
				for (unsigned type = stanzas[t_], before = states[s_ % 9] | \
						(s_ < 9 ? 0 : TERN_SUB_APPROVED), once_ = 1; once_; once_ = 0) \
					for (struct subscription_step step = subscription_step(way, type, before); \
						once_; once_ = 0)

Test(steps, a_stanza_that_comes_twice_is_delivered_once)
{
	EACH_STEP (way, type, before, step) {
		struct subscription_step again = subscription_step(way, type, step.next);

		cr_expect_eq(again.next, step.next);
		cr_expect(!again.pushes && !again.shows && !again.hides);
		if (way == SUBSCRIPTION_IN)
			cr_expect_not(again.passes);
	}
}

Test(steps, lead_to_states_that_the_tables_know)
{
	EACH_STEP (way, type, before, step) {
		unsigned next = step.next & ~(unsigned)TERN_SUB_APPROVED;
		bool known = false;

		for (int i = 0; i < 9; i++)
			known |= states[i] == next;
		cr_expect(known, "%u leads to %u", before, step.next);
	}
}

Test(steps, push_whatever_a_roster_item_shows)
{
	EACH_STEP (way, type, before, step) {
		unsigned seen = TERN_SUB_TO | TERN_SUB_FROM | TERN_SUB_PENDING_OUT | TERN_SUB_APPROVED;

		cr_expect_eq(step.pushes, ((before ^ step.next) & seen) != 0);
	}
}

Test(steps, show_and_hide_presence_as_the_contact_gains_and_loses_it)
{
	EACH_STEP (way, type, before, step) {
		cr_expect_eq(step.shows, !(before & TERN_SUB_FROM) && (step.next & TERN_SUB_FROM));
		cr_expect_eq(step.hides, (before & TERN_SUB_FROM) && !(step.next & TERN_SUB_FROM));
	}
}

Test(steps, answer_requests_of_subscribers_and_of_the_approved_and_nothing_else)
{
	EACH_STEP (way, type, before, step)
		cr_expect_eq(step.answers, way == SUBSCRIPTION_IN && type == TERN_SUBSCRIBE &&
			(before & (TERN_SUB_FROM | TERN_SUB_APPROVED)) != 0);
}

/* --- pre-approval (3.4) -------------------------------------------------------------------- */

Test(approval, is_kept_where_nobody_has_asked)
{
	static const char *const unasked[] = { "None", "None + Pending Out", "To" };

	for (int i = 0; i < 3; i++) {
		unsigned before = state_of(unasked[i]);
		struct subscription_step step = subscription_step(SUBSCRIPTION_OUT, TERN_SUBSCRIBED,
			before);

		cr_expect_eq(step.next, before | TERN_SUB_APPROVED);
		cr_expect(step.pushes && !step.passes);
	}
}

Test(approval, is_an_ordinary_answer_where_somebody_has)
{
	struct subscription_step step = subscription_step(SUBSCRIPTION_OUT, TERN_SUBSCRIBED,
		TERN_SUB_PENDING_IN);

	cr_assert_eq(step.next, TERN_SUB_FROM);
}

Test(approval, answers_a_request_without_the_user)
{
	struct subscription_step step = subscription_step(SUBSCRIPTION_IN, TERN_SUBSCRIBE,
		TERN_SUB_TO | TERN_SUB_APPROVED);

	cr_assert_eq(step.next, TERN_SUB_TO | TERN_SUB_FROM | TERN_SUB_APPROVED);
	cr_assert(step.answers && step.pushes && step.shows && !step.passes);
}

Test(approval, is_taken_back_by_a_denial)
{
	struct subscription_step step = subscription_step(SUBSCRIPTION_OUT, TERN_UNSUBSCRIBED,
		TERN_SUB_APPROVED);

	cr_assert_eq(step.next, 0);
	cr_assert(step.pushes && !step.passes);
}

Test(names, are_those_of_roster_items)
{
	cr_assert_str_eq(subscription_name(0), "none");
	cr_assert_str_eq(subscription_name(TERN_SUB_PENDING_OUT | TERN_SUB_PENDING_IN), "none");
	cr_assert_str_eq(subscription_name(TERN_SUB_TO | TERN_SUB_PENDING_IN), "to");
	cr_assert_str_eq(subscription_name(TERN_SUB_FROM | TERN_SUB_APPROVED), "from");
	cr_assert_str_eq(subscription_name(TERN_SUB_TO | TERN_SUB_FROM), "both");
}
