/* test_core_asks.c - iqs that the server asks, and timers of modules
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>

#include "core_stage.h"
#include "shard.h"

#define NS_ASK "tern:test:ask"

static char notes[256];

static void note_answer(struct tern_entity *entity, void *context, const struct tern_stanza *answer)
{
	cr_assert_not_null(entity);
	strcat(notes, context);
	strcat(notes, !answer ? "nothing" : answer->type == TERN_RESULT ? "result" : "error");
	strcat(notes, " ");
}

static void note_timer(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	(void)entity;
	strcat(notes, context);
	strcat(notes, cancelled ? "-cancelled" : "-due");
	strcat(notes, session ? "-session " : " ");
}

static tern_timer other;

static void stop_other(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	note_timer(entity, session, context, cancelled);
	tern_timer_stop(entity, other);
}

static void start_again(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	note_timer(entity, session, context, cancelled);
	if (cancelled && !strstr(notes, "again"))
		tern_timer_start(entity, NULL, 1000, note_timer, "again");
}

static void ask(struct tern_entity *entity, const char *to)
{
	struct arena *arena = arena_create(256);
	struct element *iq = element_new(arena, NS_CLIENT, "iq");

	element_set(iq, "type", "get");
	element_set(iq, "to", to);
	element_add(iq, NS_ASK, "well");
	tern_ask(entity, iq, 5000, note_answer, "");
	arena_destroy(arena);
}

/* Orders that a client gives to its own account. */
static enum tern_verdict obey(struct tern_event *event, const void *settings)
{
	const char *order = element_find_text(event->stanza.element, NULL, "body");
	struct tern_entity *entity = event->entity;

	(void)settings;
	if (!tern_event_is_own(event))
		return TERN_PASS;
	if (strncmp(order, "ask ", 4) == 0)
		ask(entity, order + 4);
	else if (strcmp(order, "end") == 0)
		tern_session_end(event->session ? event->session : tern_session_first(entity),
			"policy-violation", NULL);
	else if (strcmp(order, "timer") == 0)
		tern_timer_start(entity, NULL, 1000, note_timer, "entity");
	else if (strcmp(order, "session timer") == 0)
		tern_timer_start(entity, tern_session_first(entity), 1000, note_timer, "timer");
	else if (strcmp(order, "timers") == 0) {
		other = tern_timer_start(entity, tern_session_first(entity), 1000, stop_other, "second");
		other = tern_timer_start(entity, tern_session_first(entity), 1000, stop_other, "first");
	} else if (strcmp(order, "stubborn") == 0) {
		tern_timer_start(entity, NULL, 10000000, start_again, "stubborn");
	}
	return TERN_DONE;
}

static const struct tern_module orders = {
	.abi = TERN_MODULE_ABI,
	.name = "orders",
	.about = "asks as it is told",
	.hooks = (const struct tern_hook[]){ { TERN_OUT_CHECK, TERN_MESSAGES, 0, obey }, { 0 } },
};

static struct client *romeo, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &orders, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_asks, .init = set_up, .fini = stage_close);

static void order(const char *text)
{
	client_says(romeo, "<message><body>%s</body></message>", text);
}

/* The id of the iq that the client heard. */
static const char *id_of(struct client *client)
{
	static char id[64];
	const char *heard = strstr(client_heard(client), "id='");

	cr_assert_not_null(heard);
	sscanf(heard, "id='%63[^']", id);
	return id;
}

Test(core_asks, asks_its_own_session_in_the_hosts_name)
{
	order("ask " ROMEO "/garden");
	client_says(romeo, "<iq type='result' to='example.org' id='%s'/>", id_of(romeo));
	cr_assert_str_eq(notes, "result ");
}

Test(core_asks, asks_others_and_hears_errors)
{
	order("ask " ROSALINE "/feast");
	client_says(rosaline, "<iq type='error' to='" ROMEO "' id='%s'><error/></iq>", id_of(rosaline));
	cr_assert_str_eq(notes, "error ");
}

Test(core_asks, ignores_answers_from_the_wrong_address)
{
	struct client *hall = client_open(ROSALINE, "hall");
	const char *id;

	order("ask " ROSALINE "/feast");
	id = id_of(rosaline);
	client_says(hall, "<iq type='result' to='" ROMEO "' id='%s'/>", id);
	cr_assert_str_eq(notes, "");
	client_says(rosaline, "<iq type='result' to='" ROMEO "' id='%s'/>", id);
	client_says(rosaline, "<iq type='result' to='" ROMEO "' id='%s'/>", id);
	cr_assert_str_eq(notes, "result ");
}

Test(core_asks, ignores_answers_to_the_wrong_account)
{
	const char *id;

	order("ask " ROSALINE "/feast");
	id = id_of(rosaline);
	client_says(rosaline, "<iq type='result' to='" NURSE "' id='%s'/>", id);
	client_says(rosaline, "<iq type='result' to='" ROMEO "' id='tern-'/>");
	client_says(rosaline, "<iq type='result' to='" ROMEO "' id='tern-zz'/>");
	cr_assert_str_eq(notes, "");
}

Test(core_asks, hears_nothing_when_time_is_up)
{
	order("ask " ROSALINE "/feast");
	stage_pass(4000);
	cr_assert_str_eq(notes, "");
	stage_pass(2000);
	cr_assert_str_eq(notes, "nothing ");
}

Test(core_asks, hears_an_error_from_an_account_that_is_not_there)
{
	order("ask " NOBODY);
	cr_assert_str_eq(notes, "error ");
}

Test(core_asks, is_told_once_when_the_account_is_deleted)
{
	order("ask " ROSALINE "/feast");
	stage_delete(ROMEO);
	cr_assert_str_eq(notes, "nothing ");
	stage_pass(10000);
	cr_assert_str_eq(notes, "nothing ");
}

Test(core_asks, lets_the_entity_rest_afterwards)
{
	order("ask " ROSALINE "/feast");
	client_breaks(romeo);
	stage_pass(6000);
	cr_assert_not_null(stage_entity(ROMEO));
	stage_pass(60000);
	cr_assert_null(stage_entity(ROMEO));
}

/* --- timers of modules ---------------------------------------------------------------------- */

Test(core_asks, a_timer_is_due_once)
{
	order("session timer");
	stage_pass(1000);
	cr_assert_str_eq(notes, "timer-due-session ");
	stage_pass(5000);
	cr_assert_str_eq(notes, "timer-due-session ");
}

Test(core_asks, a_timer_of_a_session_is_cancelled_with_it)
{
	order("session timer");
	order("timer");
	client_breaks(romeo);
	cr_assert_str_eq(notes, "timer-cancelled-session ");
	stage_pass(5000);
	cr_assert_str_eq(notes, "timer-cancelled-session entity-due ");
}

Test(core_asks, timers_stop_each_other_while_they_are_cancelled)
{
	order("timers");
	client_breaks(romeo);
	cr_assert_eq(count_of(notes, "cancelled"), 2); /* "first" stops itself, which changes nothing */
	stage_pass(5000);
	cr_assert_eq(count_of(notes, "due"), 0);
}

Test(core_asks, a_timer_is_cancelled_when_its_account_is_deleted)
{
	order("timer");
	stage_delete(ROMEO);
	cr_assert_str_eq(notes, "entity-cancelled ");
}

Test(core_asks, a_timer_does_not_keep_its_entity_open)
{
	order("stubborn");
	client_breaks(romeo);
	stage_pass(31000);
	stage_pass(31000);
	cr_assert(has(notes, "stubborn-cancelled "));
	stage_pass(31000);
	stage_pass(31000);
	cr_assert_null(stage_entity(ROMEO));
}

Test(core_asks, a_handler_may_end_the_session_that_it_serves)
{
	order("session timer");
	order("end");
	cr_assert_not(client_is_there(romeo));
	cr_assert_eq(client_error(romeo), STREAM_ERROR_POLICY_VIOLATION);
	cr_assert_str_eq(notes, "timer-cancelled-session ");
}
