/* test_core_outbox.c - commit, then speak: nobody hears of a write that can still be lost
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <limits.h>

#include "core_stage.h"
#include "entity_internal.h"
#include "shard_internal.h"
#include "storage.h"

static tern_store store;

static void say(struct tern_entity *entity, const char *text)
{
	struct arena *arena = arena_create(256);
	struct element *message = element_new(arena, NS_CLIENT, "message");

	element_add_text(message, "body", text);
	if (tern_session_first(entity))
		tern_session_send(tern_session_first(entity), message);
	arena_destroy(arena);
}

static void put(struct tern_entity *entity, const char *value)
{
	cr_assert_eq(tern_put(entity, store, "key", 3, value, strlen(value)), 0);
}

static void say_what_stands(struct tern_entity *entity, void *context, const void *value,
	size_t len, bool cancelled)
{
	(void)context;
	(void)len;
	cr_assert_not(cancelled);
	say(entity, value ? value : "nothing");
}

static void put_later(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	(void)session;
	(void)context;
	if (!cancelled)
		put(entity, "late");
}

/* Words of a message to oneself are orders: write, get, late; everything else is said. */
static enum tern_verdict obey(struct tern_event *event, const void *settings)
{
	const char *order = element_find_text(event->stanza.element, NULL, "body");

	(void)settings;
	if (!tern_event_is_own(event))
		return TERN_PASS;
	if (strncmp(order, "write ", 6) == 0)
		put(event->entity, order + 6);
	else if (strcmp(order, "get") == 0)
		tern_get(event->entity, store, "key", 3, say_what_stands, NULL);
	else if (strcmp(order, "late") == 0)
		tern_timer_start(event->entity, NULL, 1000, put_later, NULL);
	else
		say(event->entity, order);
	return TERN_DONE;
}

static const struct tern_module orders = {
	.abi = TERN_MODULE_ABI,
	.name = "orders",
	.about = "writes and speaks as it is told",
	.hooks = (const struct tern_hook[]){ { TERN_IN_CHECK, TERN_MESSAGES, 0, obey }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "orders", TERN_FETCHED, &store, NULL }, { 0 } },
};

static struct client *romeo, *nurse, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &orders, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_outbox, .init = set_up, .fini = stage_close);

static void order(struct client *client, const char *text)
{
	client_says(client, "<message><body>%s</body></message>", text);
}

static bool commit_one(void)
{
	bool any = storage_step(stage.server.storage, 1) > 0;

	stage_turns();
	return any;
}

Test(core_outbox, lets_words_pass_where_nothing_is_written)
{
	order(romeo, "hello");
	cr_assert(has(client_heard(romeo), "hello"));
}

Test(core_outbox, keeps_words_until_the_write_before_them_is_on_disk)
{
	order(romeo, "write a");
	order(romeo, "hello");
	cr_assert_str_eq(client_heard(romeo), "");
	cr_assert(commit_one());
	cr_assert(has(client_heard(romeo), "hello"));
}

Test(core_outbox, does_not_delay_others_on_the_same_shard)
{
	order(romeo, "write a");
	order(nurse, "hello");
	cr_assert(has(client_heard(nurse), "hello"));
}

Test(core_outbox, keeps_posts_to_other_accounts_too)
{
	order(romeo, "write a");
	client_says(romeo, "<message to='" ROSALINE "'><body>a secret</body></message>");
	cr_assert_str_eq(client_heard(rosaline), "");
	commit_one();
	cr_assert(has(client_heard(rosaline), "a secret"));
}

Test(core_outbox, lets_each_word_go_with_its_own_batch)
{
	order(romeo, "write a");
	order(romeo, "first");
	order(romeo, "write b");
	order(romeo, "second");
	commit_one();
	cr_assert(has(client_heard(romeo), "first"));
	cr_assert_str_eq(client_heard(romeo), "");
	commit_one();
	cr_assert(has(client_heard(romeo), "second"));
}

Test(core_outbox, reads_behind_the_entitys_own_writes)
{
	order(romeo, "write a");
	order(romeo, "get");
	cr_assert_str_eq(client_heard(romeo), "");
	commit_one();
	cr_assert(has(client_heard(romeo), "<body>a</body>"));
}

Test(core_outbox, puts_what_an_item_says_at_its_place)
{
	const char *heard;

	order(romeo, "write a");
	order(romeo, "before");
	order(romeo, "get");
	order(romeo, "after");
	order(romeo, "write b");
	order(romeo, "last");
	stage_settle();
	heard = client_heard(romeo);
	cr_assert_lt(strstr(heard, "before"), strstr(heard, "<body>a</body>"));
	cr_assert_lt(strstr(heard, "<body>a</body>"), strstr(heard, "after"));
	cr_assert_lt(strstr(heard, "after"), strstr(heard, "last"));
}

Test(core_outbox, drops_words_for_sessions_that_have_gone)
{
	order(romeo, "write a");
	order(romeo, "hello");
	client_breaks(romeo);
	stage_settle();
	cr_assert_str_eq(client_heard(romeo), "");
}

Test(core_outbox, lets_an_entity_rest_that_wrote_and_said_nothing)
{
	order(romeo, "late");
	client_breaks(romeo);
	stage_pass(1000);
	cr_assert_not_null(stage_entity(ROMEO));
	stage_settle();
	stage_pass(60000);
	cr_assert_null(stage_entity(ROMEO));
}

Test(core_outbox, lets_batches_grow_while_the_disk_is_behind)
{
	unsigned batches = 0;

	stage.server.limits.window_stanzas = 2 * GATE_REMEMBERS;
	stage.server.limits.window_bytes = LONG_MAX;
	for (unsigned i = 0; i < GATE_REMEMBERS + 200; i++)
		order(romeo, "write a");
	order(romeo, "hello");
	cr_assert_str_eq(client_heard(romeo), "");
	while (commit_one())
		batches++;
	cr_assert_leq(batches, GATE_REMEMBERS);
	cr_assert(has(client_heard(romeo), "hello"));
}

Test(core_outbox, counts_uncommitted_bytes_down_to_nothing)
{
	struct gate *gate = &stage_entity(ROMEO)->shard->gate;

	order(romeo, "write a");
	order(romeo, "write b");
	cr_assert_gt(gate_uncommitted(gate), 0);
	stage_settle();
	cr_assert_eq(gate_uncommitted(gate), 0);
}

Test(core_outbox, is_quiet_when_everything_is_on_disk)
{
	struct shard *shard = stage_entity(ROMEO)->shard;

	cr_assert(shard_is_quiet(shard));
	order(romeo, "write a");
	cr_assert_not(shard_is_quiet(shard));
	stage_settle();
	cr_assert(shard_is_quiet(shard));
}
