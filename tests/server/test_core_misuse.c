/* test_core_misuse.c - calls of a module that cannot be meant do nothing, and the log names it
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "core_stage.h"
#include "shard.h"

#define NS_HASTY "tern:test:hasty"

/* --- a hasty module ---------------------------------------------------------------------- */

static tern_store records, entries;
static tern_state account_state, session_state;
static tern_metric beats;
static unsigned cancelled_count;

static void note_record(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled)
{
	cancelled_count += cancelled;
}

static void note_page(struct tern_entity *entity, void *context, const struct tern_entry *page,
	size_t count, bool complete, bool cancelled)
{
	cancelled_count += cancelled;
}

static void note_due(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	cancelled_count += cancelled;
}

static void note_answer(struct tern_entity *entity, void *context, const struct tern_stanza *answer)
{
	cancelled_count += !answer;
}

static struct element *message_to(struct tern_event *event, const char *to)
{
	struct element *message = element_new(event->arena, NS_CLIENT, "message");

	element_set(message, "to", to);
	return message;
}

/* With whatever entity there is: none, at a host. */
static enum tern_verdict call_all(struct tern_event *event, const void *settings)
{
	struct tern_entity *entity = event->entity;
	const struct jid *const *contacts;

	cr_assert_null(tern_entity_state(entity, account_state));
	cr_assert_null(tern_session_state(NULL, session_state));
	cr_assert_eq(tern_put(entity, records, "k", 1, "v", 1), -EINVAL);
	cr_assert_eq(tern_delete(entity, records, "k", 1), -EINVAL);
	cr_assert_eq(tern_delete_all(entity, records), -EINVAL);
	cr_assert_eq(tern_append(entity, entries, NULL, "v", 1, NULL), -EINVAL);
	cr_assert_eq(tern_log_delete(entity, entries, 1), -EINVAL);
	cr_assert_eq(tern_log_expire(entity, entries, 1), -EINVAL);
	tern_get(entity, records, "k", 1, note_record, NULL);
	tern_log_page(entity, entries, &(struct tern_page){ 0 }, note_page, NULL);
	tern_timer_start(entity, NULL, 1, note_due, NULL);
	tern_timer_stop(entity, 1);
	tern_ask(entity, message_to(event, ROMEO), 1, note_answer, NULL);
	tern_send(entity, message_to(event, ROMEO));
	tern_send_many(entity, &(struct tern_broadcast){ .stanza = message_to(event, ROMEO) });
	cr_assert_eq(tern_send_surely(entity, message_to(event, ROMEO)), -EINVAL);
	cr_assert_eq(tern_question(entity, TERN_ASK_SUBSCRIPTION, event->stanza.from),
		TERN_SUB_UNKNOWN);
	cr_assert_eq(tern_contacts(entity, 0, event->arena, &contacts), 0);
	tern_happen(entity, TERN_ON_BLOCKLIST_CHANGED, event);
	cr_assert_not(tern_is_leaving(entity));
	return tern_reply(event, NULL);
}

static enum tern_verdict speak_at_host(struct tern_event *event, const void *settings)
{
	char bytes[8];

	tern_random(event->entity, bytes, sizeof bytes);
	tern_count(event->entity, beats, 1);
	tern_log(event->entity, TERN_SAY_WARNING, "has been here");
	return tern_reply(event, NULL);
}

static enum tern_verdict mix_up(struct tern_event *event, const void *settings)
{
	struct tern_entity *entity = event->entity;

	cr_assert_eq(tern_put(entity, entries, "k", 1, "v", 1), -EINVAL);
	cr_assert_eq(tern_append(entity, records, NULL, "v", 1, NULL), -EINVAL);
	cr_assert_eq(tern_put(entity, 0, "k", 1, "v", 1), -EINVAL);
	cr_assert_eq(tern_put(entity, 999, "k", 1, "v", 1), -EINVAL);
	cr_assert_null(tern_entity_state(entity, session_state));
	cr_assert_null(tern_entity_state(entity, 0));
	cr_assert_null(tern_session_state(event->session, account_state));
	cr_assert_null(tern_session_state(event->session, 0));
	tern_count(entity, 0, 1);
	tern_happen(entity, TERN_HAPPENING_COUNT, NULL);
	cr_assert_eq(tern_question(entity, TERN_QUESTION_COUNT, NULL), 0);
	tern_session_hand_out(event->session, message_to(event, ROMEO), records, 1);
	tern_session_hand_out(event->session, NULL, entries, 1);
	tern_session_hand_over(event->session, NULL, 1);
	tern_session_send(event->session, NULL);
	tern_send(entity, NULL);
	return tern_reply(event, NULL);
}

static enum tern_verdict use_all(struct tern_event *event, const void *settings)
{
	cr_assert_not_null(tern_entity_state(event->entity, account_state));
	cr_assert_not_null(tern_session_state(event->session, session_state));
	cr_assert_eq(tern_put(event->entity, records, "k", 1, "v", 1), 0);
	cr_assert_eq(tern_append(event->entity, entries, NULL, "v", 1, NULL), 0);
	tern_count(event->entity, beats, 1);
	return tern_reply(event, NULL);
}

static int load_hasty(struct tern_host *host, void **ret_settings)
{
	cr_assert_eq(tern_put(NULL, records, "k", 1, "v", 1), -EINVAL);
	tern_count(NULL, beats, 1);
	tern_log(NULL, TERN_SAY_ERROR, "is being loaded");
	return 0;
}

static const struct tern_module hasty = {
	.abi = TERN_MODULE_ABI,
	.name = "hasty",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, NS_HASTY, "all", call_all },
		{ TERN_GET, TERN_AT_HOST, NS_HASTY, "speak", speak_at_host },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_HASTY, "mixed", mix_up },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_HASTY, "right", use_all },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, 8, &account_state }, { TERN_PER_SESSION, 8, &session_state }, { 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "hasty/records", TERN_FETCHED, &records }, { "hasty/entries", TERN_LOG, &entries },
		{ 0 },
	},
	.metrics = (const struct tern_metric_claim[]){
		{ "hasty_beats", TERN_COUNTER, "beats", &beats }, { 0 },
	},
	.load = load_hasty,
};

static struct client *romeo;
static char said_while_loading[8192];

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &hasty, &stage_delivery, NULL };

	stage_catch_log(LOG_LEVEL_ERROR);
	stage_open(modules);
	snprintf(said_while_loading, sizeof said_while_loading, "%s", logged());
	romeo = client_open(ROMEO, "garden");
	stage_catch_log(LOG_LEVEL_INFO);
}

static void tear_down(void)
{
	stage_close();
}

TestSuite(core_misuse, .init = set_up, .fini = tear_down);

static const char *ask(const char *to, const char *what)
{
	client_says(romeo, "<iq type='get' id='q' to='%s'><%s xmlns='" NS_HASTY "'/></iq>", to, what);
	stage_settle();
	return client_heard(romeo);
}

Test(core_misuse, without_an_entity_is_told_call_by_call)
{
	static const char *const calls[] = { "tern_entity_state", "tern_session_state", "tern_put",
		"tern_delete", "tern_delete_all", "tern_append", "tern_log_delete",
		"tern_log_expire", "tern_get", "tern_log_page", "tern_timer_start", "tern_timer_stop",
		"tern_ask", "tern_send", "tern_send_many", "tern_send_surely", "tern_question",
		"tern_contacts", "tern_happen" };

	cr_assert(has(ask("example.org", "all"), "type='result'"));
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		char line[128];

		snprintf(line, sizeof line, "module hasty: %s: NULL is no entity", calls[i]);
		cr_assert(has(logged(), line), "%s", logged());
	}
	cr_assert_eq(cancelled_count, 4);
}

Test(core_misuse, is_not_what_needs_no_entity)
{
	cr_assert(has(ask("example.org", "speak"), "type='result'"));
	cr_assert(has(logged(), "module hasty: has been here"));
	cr_assert_eq(count_of(logged(), "\n"), 1, "%s", logged());
}

Test(core_misuse, is_told_while_a_module_is_loaded)
{
	static const char *const lines[] = { "tern_put: NULL", "tern_count: NULL", "is being loaded" };

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		cr_assert(has(said_while_loading, lines[i]), "%s", said_while_loading);
	cr_assert_eq(count_of(said_while_loading, "module hasty: "), count_of(said_while_loading, "\n"));
}

Test(core_misuse, of_handles_is_told)
{
	static const char *const faults[] = { "tern_put: this store is claimed to be a TERN_LOG",
		"tern_append: this store is claimed to have records",
		"tern_put: this is no handle of a store", "tern_entity_state: there is no such state",
		"tern_session_state: there is no such state", "tern_count: this number means nothing",
		"tern_happen: this number", "tern_question: this number",
		"tern_session_hand_out: this store", "tern_session_hand_out: NULL",
		"tern_session_hand_over: NULL", "tern_session_send: NULL", "tern_send: NULL" };

	cr_assert_eq(count_of(ask(ROMEO, "mixed"), "<"), 1);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		cr_assert(has(logged(), faults[i]), "%s\n%s", faults[i], logged());
	cr_assert_eq(count_of(logged(), "module hasty: "), count_of(logged(), "\n"));
}

Test(core_misuse, is_none_of_the_right_ones)
{
	cr_assert(has(ask(ROMEO, "right"), "type='result'"));
	cr_assert_str_eq(logged(), "");
}
