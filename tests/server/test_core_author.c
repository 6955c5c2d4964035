/* test_core_author.c - what a module does wrong has a defined answer, and the log names the module
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "call.h"
#include "core_stage.h"
#include "loader.h"
#include "shard.h"
#include "turnover.h"

#define NS_WRONG "tern:test:wrong"

/* --- the log --------------------------------------------------------------------------- */

static bool blames(const char *what)
{
	return has(logged(), "author") && has(logged(), what);
}

/* --- a careless module -------------------------------------------------------------------- */

static tern_ticket ticket;

static enum tern_verdict silent(struct tern_event *event, const void *settings)
{
	return TERN_DONE;
}

static enum tern_verdict twice(struct tern_event *event, const void *settings)
{
	tern_reply(event, NULL);
	return tern_reply(event, NULL);
}

static enum tern_verdict both(struct tern_event *event, const void *settings)
{
	tern_reply(event, NULL);
	return tern_reject(event, TERN_FORBIDDEN, NULL);
}

static enum tern_verdict answer_and_pass(struct tern_event *event, const void *settings)
{
	tern_reply(event, NULL);
	return TERN_PASS;
}

static enum tern_verdict now_and_later(struct tern_event *event, const void *settings)
{
	enum tern_verdict verdict = tern_answer_later(event, &ticket);

	tern_reply(event, NULL);
	return verdict;
}

static enum tern_verdict odd(struct tern_event *event, const void *settings)
{
	return (enum tern_verdict)17;
}

static enum tern_verdict two_tickets(struct tern_event *event, const void *settings)
{
	tern_ticket first;

	tern_answer_later(event, &first);
	return tern_answer_later(event, &ticket);
}

static enum tern_verdict held_for_good(struct tern_event *event, const void *settings)
{
	return tern_hold(event, TERN_DONE, &ticket);
}

static enum tern_verdict held_to_reject(struct tern_event *event, const void *settings)
{
	return tern_hold(event, TERN_REJECT, &ticket);
}

static enum tern_verdict delivered(struct tern_event *event, const void *settings)
{
	tern_deliver(event, tern_session_first(event->entity));
	return TERN_DONE;
}

static enum tern_verdict sent_to_nobody(struct tern_event *event, const void *settings)
{
	tern_send(event->entity, element_new(event->arena, NS_CLIENT, "message"));
	cr_assert_lt(tern_send_surely(event->entity, element_new(event->arena, NS_CLIENT,
		"presence")), 0);
	return tern_reply(event, NULL);
}

static void note_answer(struct tern_entity *entity, void *context, const struct tern_stanza *answer)
{
	*(bool *)context = answer == NULL;
}

static enum tern_verdict asks_nobody(struct tern_event *event, const void *settings)
{
	bool is_answered = false;

	tern_ask(event->entity, element_new(event->arena, NS_CLIENT, "iq"), 1000, note_answer,
		&is_answered);
	cr_assert(is_answered);
	return tern_reply(event, NULL);
}

static enum tern_verdict reply_to_message(struct tern_event *event, const void *settings)
{
	const char *body = element_find_text(event->stanza.element, NULL, "body");

	return body && strcmp(body, "reply") == 0 ? tern_reply(event, NULL) : TERN_PASS;
}

static enum tern_verdict swallow(struct tern_event *event, const void *settings)
{
	const struct element *payload = element_first(event->stanza.element);

	return payload && strcmp(element_name(payload), "swallowed") == 0 ? TERN_DONE : TERN_PASS;
}

#define ANYWHERE (TERN_AT_HOST | TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT)
#define ANSWERS(name, run) { TERN_GET, ANYWHERE, NS_WRONG, name, run }

static const struct tern_module author = {
	.abi = TERN_MODULE_ABI,
	.name = "author",
	.iqs = (const struct tern_iq[]){
		ANSWERS("silent", silent), ANSWERS("twice", twice), ANSWERS("both", both),
		ANSWERS("passed", answer_and_pass),
		ANSWERS("now-and-later", now_and_later), ANSWERS("odd", odd),
		ANSWERS("two-tickets", two_tickets), ANSWERS("held", held_for_good),
		ANSWERS("held-to-reject", held_to_reject), ANSWERS("to-nobody", sent_to_nobody),
		ANSWERS("asks-nobody", asks_nobody),
		{ TERN_GET, TERN_AT_RESOURCE, NS_WRONG, "delivered", delivered },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, reply_to_message },
		{ TERN_IN_CHECK, TERN_IQS, 0, swallow },
		{ 0 },
	},
};

static struct client *romeo, *rosaline;
static struct arena *arena;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &author, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	rosaline = client_open(ROSALINE, "feast");
	arena = arena_create(256);
	stage_catch_log(LOG_LEVEL_INFO);
}

static void tear_down(void)
{
	arena_destroy(arena);
	stage_close();
}

TestSuite(core_author, .init = set_up, .fini = tear_down);

/* --- iqs --------------------------------------------------------------------------------- */

static const char *ask(const char *to, const char *what)
{
	client_says(romeo, "<iq type='get' id='q' to='%s'><%s xmlns='" NS_WRONG "'/></iq>", to, what);
	stage_settle();
	return client_heard(romeo);
}

static const char *const everywhere[] = { "example.org", ROMEO, ROSALINE };

Test(core_author, an_iq_that_it_is_done_with_unanswered_is_refused)
{
	for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++)
		cr_assert(has(ask(everywhere[i], "silent"), "<internal-server-error"));
	cr_assert(blames("DONE with an iq"));
}

Test(core_author, an_iq_that_a_hook_swallows_is_refused)
{
	cr_assert(has(ask(ROSALINE, "swallowed"), "<internal-server-error"));
	cr_assert(blames("DONE with an iq"));
}

Test(core_author, answers_of_clients_may_be_swallowed)
{
	client_says(romeo, "<iq type='result' id='q' to='" ROSALINE "/feast'>"
		"<swallowed xmlns='" NS_WRONG "'/></iq>");
	cr_assert_str_eq(client_heard(romeo), "");
	cr_assert_str_eq(logged(), "");
}

Test(core_author, an_iq_that_it_delivers_itself_is_dealt_with)
{
	cr_assert_str_eq(ask(ROSALINE "/feast", "delivered"), "");
	cr_assert(has(client_heard(rosaline), "<delivered"));
	cr_assert_str_eq(logged(), "");
}

Test(core_author, an_iq_is_answered_once)
{
	static const char *const ways[] = { "twice", "both", "passed" };

	for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++) {
		for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
			const char *heard = ask(everywhere[i], ways[k]);

			cr_assert_eq(count_of(heard, "<iq"), 1, "%s", heard);
			cr_assert(has(heard, "type='result'"));
		}
	}
	cr_assert(blames("answers what has been answered"));
	cr_assert_eq(count_of(logged(), "module `author`"), count_of(logged(), "\n"), "%s", logged());
	cr_assert_eq(count_of(logged(), "does not say DONE"), 6);
}

static void answer(struct shard *shard, void *context)
{
	tern_answer(stage_entity(ROMEO), ticket, NULL);
}

Test(core_author, an_iq_is_answered_now_or_later)
{
	cr_assert_eq(count_of(ask(ROMEO, "now-and-later"), "<iq"), 1);
	tern_answer(stage_entity(ROMEO), ticket, NULL); /* on no shard */
	shard_act(stage.server.shards[0], answer, NULL);
	stage_pass(120000);
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_author, what_is_no_verdict_is_refused)
{
	cr_assert(has(ask(ROSALINE, "odd"), "<internal-server-error"));
	cr_assert(blames("no verdict"));
}

Test(core_author, an_iq_has_one_ticket)
{
	cr_assert_str_eq(ask(ROMEO, "two-tickets"), "");
	cr_assert(blames("second ticket"));
	stage_pass(120000);
	cr_assert_eq(count_of(client_heard(romeo), "<remote-server-timeout"), 1);
	cr_assert(blames("in time"));
}

static void is_refused_when_released(const char *what, enum tern_verdict verdict,
	const char *complaint)
{
	cr_assert_str_eq(ask(ROMEO, what), "");
	tern_release(stage_entity(ROMEO), ticket, verdict);
	stage_turns();
	cr_assert(has(client_heard(romeo), "<internal-server-error"));
	cr_assert(blames(complaint));
}

Test(core_author, a_held_iq_is_answered_all_the_same)
{
	is_refused_when_released("held", TERN_DONE, "DONE with an iq");
}

Test(core_author, a_held_stanza_is_refused_without_a_condition)
{
	is_refused_when_released("held-to-reject", TERN_REJECT, "without tern_reject");
}

/* --- other stanzas -------------------------------------------------------------------------- */

Test(core_author, a_reply_to_a_message_refuses_it)
{
	client_says(romeo, "<message to='" ROSALINE "' id='m'><body>reply</body></message>");
	cr_assert(has(client_heard(romeo), "<internal-server-error"));
	cr_assert_str_eq(client_heard(rosaline), "");
	cr_assert(blames("replies to a <message/>"));
}

Test(core_author, a_stanza_to_nobody_is_not_sent)
{
	cr_assert_eq(count_of(ask(ROMEO, "to-nobody"), "<iq"), 1);
	cr_assert(blames("sent a <message/> to nobody"));
	cr_assert(blames("sent a <presence/> to nobody"));
}

Test(core_author, an_iq_that_asks_nobody_has_no_answer)
{
	cr_assert_eq(count_of(ask(ROMEO, "asks-nobody"), "<iq"), 1);
	cr_assert(blames("asks nobody"));
}

/* --- records that it cannot read --------------------------------------------------------------- */

static tern_store hoard;
static bool is_broken;

static int read_hoard(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	return is_broken ? -EBADMSG : 0;
}

static enum tern_verdict keep(struct tern_event *event, const void *settings)
{
	cr_assert_eq(tern_put(event->entity, hoard, "k", 1, "v", 1), 0);
	return tern_reply(event, NULL);
}

static const struct tern_module hoarder = {
	.abi = TERN_MODULE_ABI,
	.name = "hoarder",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_WRONG, "keep", keep }, { 0 } },
	.stores = (const struct tern_store_claim[]){
		{ "hoarder/gold", TERN_RESIDENT, &hoard, read_hoard }, { 0 } },
};

static void have(const struct tern_module *module)
{
	const struct wanted_module wanted[] = { { &author, NULL }, { module, NULL } };
	const char *why = "";

	cr_assert_eq(turnover_stepped(arena, stage.host, wanted, module ? 2 : 1, &why), 0, "%s", why);
	stage_settle();
}

Test(core_author, records_that_it_cannot_read_end_the_sessions_of_their_account)
{
	have(&hoarder);
	cr_assert(has(ask(ROMEO, "keep"), "type='result'"));
	have(NULL);
	is_broken = true;
	have(&hoarder);
	cr_assert_eq(client_error(romeo), STREAM_ERROR_INTERNAL_SERVER_ERROR);
	cr_assert(client_is_there(rosaline));
	cr_assert(has(logged(), ROMEO ": cannot be read: `read` of store `hoarder/gold` of module "
		"`hoarder`: Bad message"), "%s", logged());
	cr_assert(has(logged(), "its sessions end (1): module `hoarder` was loaded"));
	cr_assert_not(client_is_there(client_open(ROMEO, "garden")));
	is_broken = false;
}

/* --- commands --------------------------------------------------------------------------------- */

static char told[512];
static struct tern_command *kept;

static void note_row(void *context, const char *const *cells)
{
	snprintf(told + strlen(told), sizeof told - strlen(told), "[%s|%s]", cells[0], cells[1]);
}

static void note_end(struct errand *errand, void *context)
{
	call_rows(errand, note_row, NULL);
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s.",
		call_error(errand) ? call_error(errand) : "ended");
	call_destroy(errand);
}

static void end_twice(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	tern_command_end(command);
	tern_command_row(command, (const char *const[]){ "a", "b" });
	cr_assert_null(tern_command_argument(command, 0));
	cr_assert_not_null(tern_command_arena(command));
	tern_command_end(command);
}

static void fail_and_end(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	tern_command_fail(command, "no");
	tern_command_end(command);
}

static void tell_too_little(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	tern_command_row(command, (const char *const[]){ "a", NULL });
	tern_command_row(command, (const char *const[]){ NULL });
	tern_command_row(command, (const char *const[]){ "a", "b" });
	tern_command_element(command, element_new(tern_command_arena(command), NS_WRONG, "x"));
	tern_command_end(command);
}

static void forget(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	kept = command;
}

/* At the host, or at an account. */
static const char *give(enum tern_command_place at, void (*run)(struct tern_command *,
	struct tern_entity *, const void *))
{
	const struct tern_command_claim claim = { "author do", "JID", "does", at,
		(const char *const[]){ "one", "two", NULL }, run };

	told[0] = '\0';
	call_start(&(struct call){ .claim = &claim, .host = stage.host,
		.owner = host_find_loaded(stage.host, &author),
		.account = at == TERN_COMMAND_AT_ACCOUNT ? jid_new(arena, ROMEO) : NULL,
		.ended = note_end });
	stage_settle();
	return told;
}

static const enum tern_command_place places[] = { TERN_COMMAND_AT_HOST, TERN_COMMAND_AT_ACCOUNT };

Test(core_author, a_command_ends_once)
{
	for (size_t i = 0; i < 2; i++) {
		cr_assert_str_eq(give(places[i], end_twice), "ended.");
		cr_assert_str_eq(give(places[i], fail_and_end), "no.");
	}
	cr_assert(blames("command `author do`: it has ended, and is ended once more"));
	cr_assert(blames("is told a row"));
}

Test(core_author, missing_cells_are_empty)
{
	for (size_t i = 0; i < 2; i++)
		cr_assert_str_eq(give(places[i], tell_too_little),
			"[a|][|][a|b][<x xmlns='" NS_WRONG "'/>|]ended.");
	cr_assert(blames("a row ends after 1 of 2 cells"));
}

Test(core_author, a_command_at_a_host_ends_within_its_handler)
{
	cr_assert_str_eq(give(TERN_COMMAND_AT_HOST, forget),
		"the module `author` has not ended `author do`.");
	cr_assert(blames("command `author do`: it has not been ended"));
	tern_command_end(kept); /* finds nothing */
	cr_assert(has(logged(), "a command that has ended is ended once more"));
}

Test(core_author, a_command_at_an_account_fails_when_it_has_told_nothing_for_long)
{
	cr_assert_str_eq(give(TERN_COMMAND_AT_ACCOUNT, forget), "");
	stage_pass(299000);
	tern_command_row(kept, (const char *const[]){ "a", "b" });
	stage_pass(299000);
	cr_assert_str_eq(told, "");
	stage_pass(2000);
	stage_settle();
	cr_assert_str_eq(told, "[a|b]the module `author` has not ended `author do` for 300 s.");
	cr_assert(blames("command `author do`: it has not been ended"));
}

Test(core_author, a_command_that_ends_too_late_does_no_harm)
{
	const char *before;

	give(TERN_COMMAND_AT_ACCOUNT, forget);
	stage_pass(301000);
	stage_settle();
	before = arena_strdup(arena, logged());
	told[0] = '\0';
	cr_assert_not_null(tern_command_arena(kept));
	cr_assert_null(tern_command_argument(kept, 0));
	tern_command_row(kept, (const char *const[]){ "a", "b" });
	tern_command_fail(kept, "late");
	stage_settle();
	cr_assert_str_eq(told, "");
	cr_assert_str_eq(logged(), before);
	tern_command_end(kept);
	tern_command_misused(kept);
	tern_command_row(kept, NULL);
	cr_assert_null(tern_command_option(kept, "--x"));
	cr_assert_not_null(tern_command_arena(kept));
	cr_assert(has(logged(), "a command that has ended is told a row"));
}

Test(core_author, a_command_ends_with_its_module)
{
	const char *why = "";

	give(TERN_COMMAND_AT_ACCOUNT, forget);
	cr_assert_eq(turnover_stepped(arena, stage.host, NULL, 0, &why), 0, "%s", why);
	stage_settle();
	cr_assert_str_eq(told, "the module `author` has just been unloaded.");
	tern_command_end(kept);
	cr_assert(has(logged(), "has ended is ended once more"));
}
