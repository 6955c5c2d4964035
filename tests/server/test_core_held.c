/* test_core_held.c - events that cannot be decided yet, and what waits behind them
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"

/* What bodies say: "hold" is held (its ticket taken), "hold-own" already where it leaves. */
static tern_ticket tickets[8];
static unsigned ticket_count;
static enum tern_verdict promised = TERN_PASS;
static bool releases_at_once;

static bool says(const struct tern_event *event, const char *word)
{
	const char *body = element_find_text(event->stanza.element, NULL,
		event->stanza.kind == TERN_MESSAGE ? "body" : "status");

	return body && strcmp(body, word) == 0;
}

static enum tern_verdict hold(struct tern_event *event)
{
	tern_ticket ticket;
	enum tern_verdict verdict;

	tern_reject(event, TERN_NOT_ALLOWED, NULL);
	verdict = tern_hold(event, promised, &ticket);
	tickets[ticket_count++] = ticket;
	if (releases_at_once)
		tern_release(event->entity, ticket, TERN_PASS);
	return verdict;
}

static enum tern_verdict hold_leaving(struct tern_event *event, const void *settings)
{
	(void)settings;
	return says(event, "hold-own") ? hold(event) : TERN_PASS;
}

static enum tern_verdict hold_arriving(struct tern_event *event, const void *settings)
{
	(void)settings;
	if (says(event, "lie"))
		return TERN_HOLD;
	if (says(event, "forget")) {
		hold(event);
		return TERN_PASS;
	}
	return says(event, "hold") ? hold(event) : TERN_PASS;
}

static const struct tern_module holder = {
	.abi = TERN_MODULE_ABI,
	.name = "holder",
	.about = "holds what asks for it",
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_CHECK, TERN_MESSAGES | TERN_PRESENCES, 0, hold_leaving },
		{ TERN_IN_CHECK, TERN_MESSAGES | TERN_PRESENCES, 0, hold_arriving },
		{ 0 },
	},
};

static struct client *romeo, *nurse, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &holder, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_held, .init = set_up, .fini = stage_close);

static void write_to(struct client *from, const char *to, const char *body)
{
	client_says(from, "<message to='%s' type='chat'><body>%s</body></message>", to, body);
}

static void release(const char *at, unsigned which, enum tern_verdict verdict)
{
	tern_release(stage_entity(at), tickets[which], verdict);
	stage_turns();
}

Test(core_held, keeps_what_the_same_sender_sends_behind_it)
{
	const char *heard;

	write_to(romeo, ROSALINE, "hold");
	write_to(romeo, ROSALINE, "second");
	write_to(romeo, ROSALINE, "third");
	cr_assert_str_eq(client_heard(rosaline), "");
	release(ROSALINE, 0, TERN_PASS);
	heard = client_heard(rosaline);
	cr_assert_lt(strstr(heard, "hold"), strstr(heard, "second"));
	cr_assert_lt(strstr(heard, "second"), strstr(heard, "third"));
}

Test(core_held, lets_others_and_other_addressees_pass)
{
	write_to(romeo, ROSALINE, "hold");
	write_to(nurse, ROSALINE, "hello");
	cr_assert(has(client_heard(rosaline), "hello"));
	release(ROSALINE, 0, TERN_PASS);
}

/* RFC 6120 10.1: account and resource are one addressee. */
Test(core_held, keeps_the_order_between_account_and_resource)
{
	write_to(romeo, ROSALINE, "hold");
	write_to(romeo, ROSALINE "/feast", "to one");
	cr_assert_str_eq(client_heard(rosaline), "");
	release(ROSALINE, 0, TERN_PASS);
	cr_assert(has(client_heard(rosaline), "to one"));
}

Test(core_held, is_let_go_on_refused_or_swallowed)
{
	write_to(romeo, ROSALINE, "hold");
	release(ROSALINE, 0, TERN_PASS);
	cr_assert(has(client_heard(rosaline), "hold"));
	write_to(romeo, ROSALINE, "hold");
	release(ROSALINE, 1, TERN_DONE);
	write_to(romeo, ROSALINE, "hold");
	release(ROSALINE, 2, TERN_REJECT);
	cr_assert_str_eq(client_heard(rosaline), "");
	cr_assert_eq(count_of(client_heard(romeo), "<not-allowed"), 1);
}

Test(core_held, goes_on_with_the_promised_verdict_when_time_is_up)
{
	promised = TERN_REJECT;
	write_to(romeo, ROSALINE, "hold");
	write_to(romeo, ROSALINE, "second");
	stage_pass(9000);
	cr_assert_str_eq(client_heard(rosaline), "");
	stage_pass(2000);
	cr_assert_eq(count_of(client_heard(rosaline), "<message"), 1);
	cr_assert(has(client_heard(romeo), "<not-allowed"));
	release(ROSALINE, 0, TERN_PASS);
	cr_assert_str_eq(client_heard(rosaline), "");
}

Test(core_held, is_released_once)
{
	write_to(romeo, ROSALINE, "hold");
	release(ROSALINE, 0, TERN_PASS);
	release(ROSALINE, 0, TERN_PASS);
	cr_assert_eq(count_of(client_heard(rosaline), "<message"), 1);
}

Test(core_held, may_be_released_before_its_handler_returns)
{
	releases_at_once = true;
	write_to(romeo, ROSALINE, "hold");
	cr_assert(has(client_heard(rosaline), "hold"));
}

Test(core_held, counts_a_broadcast_as_sent_to_all)
{
	client_says(romeo, "<presence><status>hold-own</status></presence>");
	write_to(romeo, ROSALINE, "hello");
	cr_assert_str_eq(client_heard(rosaline), "");
	release(ROMEO, 0, TERN_PASS);
	cr_assert(has(client_heard(rosaline), "hello"));
}

Test(core_held, keeps_what_follows_a_broadcast_that_waits_itself)
{
	write_to(romeo, ROSALINE, "hold-own");
	client_says(romeo, "<presence/>");
	write_to(romeo, NURSE, "hello");
	cr_assert_str_eq(client_heard(nurse), "");
	release(ROMEO, 0, TERN_PASS);
	cr_assert(has(client_heard(nurse), "hello"));
}

Test(core_held, keeps_order_where_one_waits_behind_two)
{
	write_to(romeo, ROSALINE, "hold-own");
	write_to(romeo, NURSE, "hold-own");
	client_says(romeo, "<presence><priority>5</priority></presence>"); /* behind the second */
	write_to(romeo, ROSALINE, "late");
	release(ROMEO, 1, TERN_PASS);
	cr_assert_eq(tern_session_priority(client_session(romeo)), 0);
	cr_assert_str_eq(client_heard(rosaline), "");
	release(ROMEO, 0, TERN_PASS);
	cr_assert_eq(tern_session_priority(client_session(romeo)), 5);
	cr_assert_eq(count_of(client_heard(rosaline), "<message"), 2);
}

Test(core_held, keeps_what_its_session_sends_for_the_account)
{
	write_to(romeo, ROSALINE, "hold-own");
	client_says(romeo, "<presence type='subscribe' to='" ROSALINE "'/>");
	cr_assert_str_eq(client_heard(rosaline), "");
	release(ROMEO, 0, TERN_PASS);
	cr_assert(has(client_heard(rosaline), "subscribe"));
}

Test(core_held, is_bounded_in_number)
{
	stage.server.limits.waiting_events = 3;
	write_to(romeo, ROSALINE, "hold");
	for (unsigned i = 0; i < 5; i++)
		write_to(romeo, ROSALINE, "more");
	cr_assert_eq(count_of(client_heard(romeo), "<resource-constraint"), 2);
	release(ROSALINE, 0, TERN_PASS);
	cr_assert_eq(count_of(client_heard(rosaline), "<message"), 4);
	write_to(romeo, ROSALINE, "again");
	cr_assert(has(client_heard(rosaline), "again"));
}

Test(core_held, goes_on_without_the_session_that_sent_it)
{
	write_to(romeo, ROSALINE, "hold-own");
	write_to(romeo, ROSALINE, "second");
	client_breaks(romeo);
	release(ROMEO, 0, TERN_PASS);
	cr_assert_eq(count_of(client_heard(rosaline), "<message"), 2);
}

Test(core_held, ends_presence_of_a_session_that_has_gone)
{
	client_says(romeo, "<presence to='" ROSALINE "'><status>hold-own</status></presence>");
	client_says(romeo, "<presence to='" ROSALINE "'/>");
	client_breaks(romeo);
	release(ROMEO, 0, TERN_PASS);
	cr_assert_str_eq(client_heard(rosaline), "");
}

Test(core_held, is_refused_when_its_account_is_deleted)
{
	write_to(romeo, ROSALINE, "hold");
	write_to(romeo, ROSALINE, "second");
	cr_assert_eq(stage_delete(ROSALINE), 0);
	cr_assert_eq(count_of(client_heard(romeo), "<service-unavailable"), 2);
	release(ROSALINE, 0, TERN_PASS);
	stage_pass(20000);
}

Test(core_held, keeps_its_entity_open)
{
	write_to(romeo, ROSALINE, "hold");
	client_breaks(rosaline);
	stage.server.limits.hold_s = 600;
	stage_pass(8000);
	cr_assert_not_null(stage_entity(ROSALINE));
}

Test(core_held, needs_a_ticket)
{
	write_to(romeo, ROSALINE, "lie");
	cr_assert(has(client_heard(romeo), "<internal-server-error"));
}

Test(core_held, ends_with_a_handler_that_decides_after_all)
{
	write_to(romeo, ROSALINE, "forget");
	write_to(romeo, ROSALINE, "second");
	cr_assert_eq(count_of(client_heard(rosaline), "<message"), 2);
}

Test(core_held, leaves_nothing_behind_when_the_process_ends)
{
	write_to(romeo, ROSALINE, "hold");
	write_to(romeo, ROSALINE, "second");
	client_says(romeo, "<presence><status>hold-own</status></presence>");
}
