/* test_core_later.c - iqs whose answers come later
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"
#include "shard.h"

#define NS_ASK "tern:test:ask"

static tern_ticket ticket;
static bool answers_at_once;

static enum tern_verdict answer_later(struct tern_event *event, const void *settings)
{
	enum tern_verdict verdict = tern_answer_later(event, &ticket);

	(void)settings;
	if (answers_at_once)
		tern_answer(event->entity, ticket, NULL);
	return verdict;
}

static enum tern_verdict lie(struct tern_event *event, const void *settings)
{
	(void)event;
	(void)settings;
	return TERN_LATER;
}

static enum tern_verdict hold(struct tern_event *event, const void *settings)
{
	(void)settings;
	return tern_hold(event, TERN_PASS, &ticket);
}

static enum tern_verdict answer_message_later(struct tern_event *event, const void *settings)
{
	(void)settings;
	if (event->stanza.type == TERN_ERROR)
		return TERN_PASS;
	return tern_answer_later(event, &ticket);
}

#define ANYWHERE (TERN_AT_HOST | TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT)

static const struct tern_module later = {
	.abi = TERN_MODULE_ABI,
	.name = "later",
	.about = "answers later",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, ANYWHERE, NS_ASK, "later", answer_later },
		{ TERN_GET, ANYWHERE, NS_ASK, "lie", lie },
		{ TERN_GET, ANYWHERE, NS_ASK, "hold", hold },
		{ 0 },
	},
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_CHECK, TERN_MESSAGES, 0, answer_message_later },
		{ 0 },
	},
};

static struct client *romeo, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &later, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_later, .init = set_up, .fini = stage_close);

static void ask(const char *to, const char *what)
{
	client_says(romeo, "<iq type='get' id='q1' to='%s'><%s xmlns='" NS_ASK "'/></iq>", to, what);
}

/* On the shard of the account, as a module's callback would be. */
struct act { struct post post; const char *at; enum tern_condition condition; };

static void answer_on_shard(struct shard *shard, struct post *post)
{
	struct act *act = (struct act *)post;
	struct tern_entity *entity = act->at ? stage_entity(act->at) : NULL;
	struct arena *arena = arena_create(256);

	(void)shard;
	if (act->condition)
		tern_answer_error(entity, ticket, act->condition, "so it is");
	else
		tern_answer(entity, ticket, element_new(arena, NS_ASK, "here"));
	arena_destroy(arena);
}

static void answer(unsigned shard, const char *at, enum tern_condition condition)
{
	struct act act = { .post.run = answer_on_shard, .at = at, .condition = condition };

	shard_post(stage.server.shards[shard], &act.post);
	stage_turns();
}

Test(core_later, is_answered_with_its_ticket)
{
	ask(ROSALINE, "later");
	cr_assert_str_eq(client_heard(romeo), "");
	answer(1, ROSALINE, TERN_NO_CONDITION);
	cr_assert_str_eq(client_heard(romeo), "<iq type='result' id='q1' from='" ROSALINE
		"' to='" ROMEO "/garden'><here xmlns='" NS_ASK "'/></iq>");
}

Test(core_later, is_refused_with_its_ticket)
{
	ask(ROSALINE, "later");
	answer(1, ROSALINE, TERN_FORBIDDEN);
	cr_assert(has(client_heard(romeo), "<forbidden"));
}

Test(core_later, takes_an_answer_before_its_handler_returns)
{
	answers_at_once = true;
	ask(ROSALINE, "later");
	cr_assert_eq(count_of(client_heard(romeo), "type='result'"), 1);
	stage_pass(120000);
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_later, takes_one_answer)
{
	ask(ROSALINE, "later");
	answer(1, ROSALINE, TERN_NO_CONDITION);
	answer(1, ROSALINE, TERN_FORBIDDEN);
	cr_assert_eq(count_of(client_heard(romeo), "<iq"), 1);
}

Test(core_later, takes_no_answer_at_another_entity)
{
	ask(ROSALINE, "later");
	answer(1, ABRAM, TERN_NO_CONDITION);
	answer(0, ROMEO, TERN_NO_CONDITION);
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_later, ends_when_time_is_up)
{
	ask(ROSALINE, "later");
	stage_pass(59000);
	cr_assert_str_eq(client_heard(romeo), "");
	stage_pass(2000);
	cr_assert(has(client_heard(romeo), "<remote-server-timeout"));
	answer(1, ROSALINE, TERN_NO_CONDITION);
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_later, holds_nothing_up)
{
	ask(ROSALINE, "later");
	client_says(romeo, "<presence to='" ROSALINE "'/>");
	cr_assert(has(client_heard(rosaline), "<presence"));
}

Test(core_later, is_answered_for_a_host_without_an_entity)
{
	ask("example.org", "later");
	answer(0, NULL, TERN_NO_CONDITION);
	cr_assert(has(client_heard(romeo), "<here"));
}

Test(core_later, is_answered_to_nobody_when_the_session_has_gone)
{
	ask(ROMEO, "later");
	client_breaks(romeo);
	answer(0, ROMEO, TERN_NO_CONDITION);
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_later, is_refused_when_its_account_is_deleted)
{
	ask(ROSALINE, "later");
	stage_delete(ROSALINE);
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
	answer(1, ROSALINE, TERN_NO_CONDITION);
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_later, needs_a_ticket_and_an_iq)
{
	ask(ROSALINE, "lie");
	cr_assert(has(client_heard(romeo), "<internal-server-error"));
	client_says(romeo, "<message to='" ROSALINE "'/>");
	cr_assert(has(client_heard(romeo), "<internal-server-error"));
	stage_pass(120000);
}

Test(core_later, a_held_iq_that_passes_is_claimed_by_nobody)
{
	ask("example.org", "hold");
	tern_release(stage_entity(ROMEO), ticket, TERN_PASS);
	stage_turns();
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
}
