/* test_core_entities.c - entities open, fail to, rest and close
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "core_stage.h"
#include "entity_internal.h"
#include "shard_internal.h"

struct memory { char word[16]; };

static tern_store store;
static tern_state state;
static unsigned states_finished, opened;
static bool fails;

static int read_word(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t len)
{
	struct memory *memory = tern_entity_state(entity, state);

	(void)key, (void)key_len;
	memcpy(memory->word, value, len);
	return fails ? -EPROTO : 0;
}

static void finish(void *memory)
{
	(void)memory;
	states_finished++;
}

static void note_opened(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	(void)entity, (void)session, (void)event, (void)settings;
	opened++;
}

/* A message to oneself is remembered; an empty one asks what is. */
static enum tern_verdict remember(struct tern_event *event, const void *settings)
{
	const char *word = element_find_text(event->stanza.element, NULL, "body");
	struct memory *memory = tern_entity_state(event->entity, state);
	struct element *answer;

	(void)settings;
	if (!tern_event_is_own(event) || !event->session)
		return TERN_PASS;
	if (word && tern_put(event->entity, store, "word", 4, word, strlen(word)) == 0) {
		snprintf(memory->word, sizeof memory->word, "%s", word);
		return TERN_DONE;
	}
	answer = element_new(event->arena, NS_CLIENT, "message");
	element_add_text(answer, "body", memory->word);
	tern_session_send(event->session, answer);
	return TERN_DONE;
}

static const struct tern_module words = {
	.abi = TERN_MODULE_ABI,
	.name = "words",
	.about = "remembers a word",
	.hooks = (const struct tern_hook[]){ { TERN_OUT_CHECK, TERN_MESSAGES, 0, remember }, { 0 } },
	.watches = (const struct tern_watch[]){ { TERN_ON_ENTITY_OPENED, note_opened }, { 0 } },
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct memory), &state, finish }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "words", TERN_RESIDENT, &store, read_word },
		{ 0 } },
};

static const struct tern_module *const modules[] = { &words, NULL };
static const struct tern_module *const delivering[] = { &stage_delivery, NULL };

static void set_up(void)
{
	stage_open(modules);
	stage_restart(); /* nothing is open */
	opened = states_finished = 0;
}

TestSuite(core_entities, .init = set_up, .fini = stage_close);

static void let_rest(void)
{
	stage_settle();
	for (unsigned i = 0; i < 4; i++)
		stage_pass(10000);
}

Test(core_entities, close_when_they_are_idle_and_keep_what_is_on_disk)
{
	struct client *romeo = client_open(ROMEO, "garden");

	client_says(romeo, "<message><body>rose</body></message>");
	client_breaks(romeo);
	stage_settle();
	cr_assert_not_null(stage_entity(ROMEO));
	let_rest();
	cr_assert_null(stage_entity(ROMEO));
	cr_assert_eq(states_finished, 1);
	romeo = client_open(ROMEO, "garden");
	cr_assert_eq(opened, 2);
	client_says(romeo, "<message/>");
	cr_assert(has(client_heard(romeo), "rose"));
}

Test(core_entities, do_not_close_while_a_session_is_there)
{
	client_open(ROMEO, "garden");
	let_rest();
	cr_assert_not_null(stage_entity(ROMEO));
}

Test(core_entities, do_not_close_while_a_write_is_under_way)
{
	struct client *romeo = client_open(ROMEO, "garden");

	client_says(romeo, "<message><body>rose</body></message>");
	client_breaks(romeo);
	for (unsigned i = 0; i < 4; i++)
		stage_pass(10000);
	cr_assert_not_null(stage_entity(ROMEO));
	let_rest();
	cr_assert_null(stage_entity(ROMEO));
}

/* --- opening ------------------------------------------------------------------------------ */

static void open_later(void)
{
	for (unsigned i = 0; i < 2; i++)
		stage.server.shards[i]->entities.opens_later = true;
}

#define ASK(to) "<iq type='get' id='q' to='" to "'><q xmlns='tern:none'/></iq>"

Test(core_entities, let_what_arrives_wait_until_they_are_open)
{
	struct client *romeo;

	open_later();
	romeo = client_open(ROMEO, "garden");
	cr_assert(client_is_there(romeo));
	client_says(romeo, ASK(ROSALINE));
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
}

Test(core_entities, refuse_what_waits_beyond_the_limit)
{
	struct client *romeo = client_open(ROMEO, "garden");

	open_later();
	stage.server.limits.waiting_events = 2;
	for (unsigned i = 0; i < 5; i++)
		client_posts(romeo, ASK(ROSALINE));
	stage_settle();
	cr_assert_eq(count_of(client_heard(romeo), "<resource-constraint"), 3);
}

Test(core_entities, that_cannot_be_read_say_so_and_try_again)
{
	struct client *rosaline = client_open(ROSALINE, "feast"), *romeo = client_open(ROMEO, "garden");

	client_says(rosaline, "<message><body>rose</body></message>");
	client_breaks(rosaline);
	let_rest();
	fails = true;
	client_says(romeo, ASK(ROSALINE));
	cr_assert(has(client_heard(romeo), "<internal-server-error"));
	cr_assert_not(client_is_there(client_open(ROSALINE, "feast")));
	fails = false;
	stage_pass(6000);
	cr_assert(client_is_there(client_open(ROSALINE, "feast")));
}

Test(core_entities, beyond_the_resident_limit_can_be_read_and_shrink_but_not_grow)
{
	struct client *rosaline = client_open(ROSALINE, "feast");

	client_says(rosaline, "<message><body>rose</body></message>");
	client_breaks(rosaline);
	let_rest();
	stage.server.limits.resident_bytes = 4;
	rosaline = client_open(ROSALINE, "feast");
	cr_assert(client_is_there(rosaline));
	client_says(rosaline, "<message><body>roses</body></message>");
	cr_assert(has(client_heard(rosaline), "<body>rose</body>"));
	client_says(rosaline, "<message><body>ros</body></message>");
	client_says(rosaline, "<message/>");
	stage_settle();
	cr_assert(has(client_heard(rosaline), "<body>ros</body>"));
}

Test(core_entities, keep_no_more_than_they_could_read_again)
{
	struct client *romeo = client_open(ROMEO, "garden");

	stage.server.limits.resident_bytes = 16;
	client_says(romeo, "<message><body>a rose by</body></message>");
	client_says(romeo, "<message><body>any other</body></message>"); /* not on disk yet */
	client_says(romeo, "<message/>");
	cr_assert_str_eq(client_heard(romeo), "");
	stage_settle();
	cr_assert(has(client_heard(romeo), "a rose by"));
	client_says(romeo, "<message><body>far too long a name</body></message>");
	client_says(romeo, "<message><body>name</body></message>");
	stage_settle();
	client_heard(romeo);
	client_breaks(romeo);
	let_rest();
	romeo = client_open(ROMEO, "garden");
	cr_assert(client_is_there(romeo));
	client_says(romeo, "<message/>");
	cr_assert(has(client_heard(romeo), "<body>name</body>")); /* a smaller one always may */
}

/* --- those that do not exist -------------------------------------------------------------- */

Test(core_entities, that_do_not_exist_refuse_requests)
{
	struct client *romeo = client_open(ROMEO, "garden");

	client_says(romeo, ASK(NOBODY));
	client_says(romeo, "<message to='" NOBODY "'/>");
	cr_assert_eq(count_of(client_heard(romeo), "<service-unavailable"), 1);
	cr_assert_eq(opened, 1);
}

Test(core_entities, that_do_not_exist_close_before_idle_ones)
{
	struct client *romeo = client_open(ROMEO, "garden");

	client_says(romeo, ASK(ROSALINE));
	client_says(romeo, ASK(NOBODY));
	stage_pass(6000);
	cr_assert_not_null(stage_entity(ROSALINE));
	for (unsigned i = 0; i < 2; i++)
		cr_assert_eq(stage.server.shards[i]->entities.idle_absent, 0);
	cr_assert_null(stage_entity(NOBODY));
}

Test(core_entities, that_do_not_exist_are_bounded_in_number)
{
	struct client *romeo = client_open(ROMEO, "garden");

	for (unsigned i = 0; i < 10000; i++) {
		client_says(romeo, "<iq type='get' id='q' to='x%u@example.org'><q xmlns='x'/></iq>", i);
		client_heard(romeo);
	}
	for (unsigned i = 0; i < 2; i++)
		cr_assert_lt(stage.server.shards[i]->entities.count, 2000);
}

Test(core_entities, answer_a_message_to_nobody_where_nothing_is_stored)
{
	struct client *romeo;

	stage_close();
	stage_open(delivering);
	romeo = client_open(ROMEO, "garden");
	client_says(romeo, "<message type='chat' to='" NOBODY "'/>");
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
	client_says(romeo, "<message type='error' to='" NOBODY "'/>");
	client_says(romeo, "<presence to='" NOBODY "'/>");
	cr_assert_str_eq(client_heard(romeo), "");
}
