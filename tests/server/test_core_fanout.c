/* test_core_fanout.c - one payload for many: slices, and order by origin
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdio.h>

#include "core_stage.h"
#include "session_internal.h"
#include "shard_internal.h"

#define MANY 200
#define SLICE 40

static bool probes, only_open;
static unsigned probed;

/* "all" goes to everybody on both shards, many of them absent, rosaline being the last. */
static void broadcast(struct tern_event *event)
{
	const struct jid *to[MANY + 2];
	char name[64];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof name, "absent%u@example.org", i);
		to[i] = jid_new(event->arena, name);
	}
	to[MANY] = jid_new(event->arena, "elsewhere@far.example");
	to[MANY + 1] = jid_new(event->arena, ROSALINE);
	tern_send_many(event->entity, &(struct tern_broadcast){ .stanza = event->stanza.element,
		.from = event->stanza.from, .to = to, .count = MANY + 2, .probes = probes,
		.only_open = only_open });
}

static enum tern_verdict obey(struct tern_event *event, const void *settings)
{
	(void)settings;
	if (!event->stanza.to)
		broadcast(event);
	return event->stanza.to ? TERN_PASS : TERN_DONE;
}

static enum tern_verdict count_probes(struct tern_event *event, const void *settings)
{
	(void)settings;
	probed += event->probes;
	return TERN_PASS;
}

static const struct tern_module orders = {
	.abi = TERN_MODULE_ABI,
	.name = "orders",
	.about = "sends to many",
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_CHECK, TERN_MESSAGES | TERN_PRESENCES, 0, obey },
		{ TERN_IN_CHECK, TERN_PRESENCES, 0, count_probes },
		{ 0 },
	},
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

TestSuite(core_fanout, .init = set_up, .fini = stage_close);

static void in_slices(void)
{
	for (unsigned i = 0; i < 2; i++)
		stage.server.shards[i]->fanouts.slice = SLICE;
}

Test(core_fanout, reaches_each_with_its_own_address)
{
	client_says(romeo, "<message><body>all</body></message>");
	cr_assert_str_eq(client_heard(rosaline), "<message from='" ROMEO "/garden' to='" ROSALINE
		"'><body>all</body></message>");
}

Test(core_fanout, opens_nobody_where_it_is_only_for_the_open)
{
	only_open = true;
	client_breaks(rosaline);
	stage_pass(31000);
	stage_pass(31000);
	client_says(romeo, "<presence/>");
	cr_assert_null(stage_entity(ROSALINE));
	cr_assert_null(stage_entity("absent1@example.org"));
}

Test(core_fanout, is_a_probe_where_it_says_so)
{
	probes = true;
	client_says(romeo, "<presence/>");
	cr_assert_eq(probed, 1); /* absent ones run no handlers */
}

Test(core_fanout, goes_in_slices)
{
	in_slices();
	client_posts(romeo, "<message><body>all</body></message>");
	stage_turn();
	stage_turn();
	cr_assert_str_eq(client_heard(rosaline), "");
	stage_turns();
	cr_assert(has(client_heard(rosaline), "all"));
}

Test(core_fanout, keeps_later_posts_of_its_origin_behind_it)
{
	const char *heard;

	in_slices();
	client_posts(romeo, "<message><body>all</body></message>");
	client_posts(romeo, "<message to='" ROSALINE "'><body>second</body></message>");
	client_posts(romeo, "<message><body>all again</body></message>");
	client_posts(romeo, "<message to='" ROSALINE "'><body>last</body></message>");
	stage_turns();
	heard = client_heard(rosaline);
	cr_assert_eq(count_of(heard, "<message"), 4);
	cr_assert_lt(strstr(heard, ">all<"), strstr(heard, "second"));
	cr_assert_lt(strstr(heard, "second"), strstr(heard, "all again"));
	cr_assert_lt(strstr(heard, "all again"), strstr(heard, "last"));
}

Test(core_fanout, lets_other_origins_pass)
{
	in_slices();
	client_posts(romeo, "<message><body>all</body></message>");
	stage_turn();
	client_posts(nurse, "<message to='" ROSALINE "'><body>hello</body></message>");
	stage_turn();
	cr_assert(has(client_heard(rosaline), "hello"));
	stage_turns();
	cr_assert(has(client_heard(rosaline), "all"));
}

Test(core_fanout, finishes_its_senders_receipt)
{
	in_slices();
	client_posts(romeo, "<message><body>all</body></message>");
	stage_turn();
	cr_assert_eq(client_session(romeo)->under_way, 1);
	stage_settle();
	cr_assert_eq(client_session(romeo)->under_way, 0);
}

Test(core_fanout, leaves_nothing_behind_when_the_process_ends)
{
	in_slices();
	client_posts(romeo, "<message><body>all</body></message>");
	client_posts(romeo, "<message to='" ROSALINE "'><body>second</body></message>");
	stage_turn();
	stage_turn();
	shards_end(&stage.server);
}
