/* test_core_rounds.c - modules see accounts that stay closed, once a day
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "core_stage.h"
#include "entity_internal.h"
#include "jid.h"
#include "shard_internal.h"

static tern_store drawer, diary;
static bool is_needed;
static char seen[256];

static int read_drawer(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	return 0;
}

static void note_seen(const char *where, struct tern_entity *entity)
{
	cr_assert_eq(entity->state, ENTITY_OPEN);
	strcat(seen, where);
	strcat(seen, jid_local(tern_entity_jid(entity)));
	strcat(seen, " ");
}

static void see_drawer(struct tern_entity *entity, const void *settings)
{
	note_seen("drawer:", entity);
}

static void see_diary(struct tern_entity *entity, const void *settings)
{
	note_seen("diary:", entity);
}

static bool look_at_need(const void *settings)
{
	return is_needed;
}

static const struct tern_module tidy = {
	.abi = TERN_MODULE_ABI,
	.name = "tidy",
	.about = "looks after drawers and diaries",
	.stores = (const struct tern_store_claim[]){
		{ "tidy/drawer", TERN_RESIDENT, &drawer, read_drawer },
		{ "tidy/diary", TERN_LOG, &diary, NULL }, { 0 } },
	.rounds = (const struct tern_round[]){ { &drawer, see_drawer, NULL },
		{ &diary, see_diary, look_at_need }, { 0 } },
};

static void put(struct tern_entity *entity)
{
	cr_assert_eq(tern_put(entity, drawer, "k", 1, "v", 1), 0);
}

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &tidy, NULL };
	struct client *romeo, *abram;

	stage_open(modules);
	is_needed = true;
	romeo = client_open(ROMEO, "garden");
	abram = client_open(ABRAM, "street");
	put(stage_entity(ROMEO));
	cr_assert_eq(tern_append(stage_entity(ABRAM), diary, NULL, "x", 1, NULL), 0);
	stage_settle();
	client_breaks(romeo);
	client_breaks(abram);
	stage_settle();
	stage_pass(35000);
	cr_assert_null(stage_entity(ROMEO), "it is closed");
	seen[0] = '\0';
}

TestSuite(core_rounds, .init = set_up, .fini = stage_close);

static void pass(unsigned ms)
{
	for (; ms >= 1000; ms -= 1000)
		stage_pass(1000);
}

static void sees(const char *one, const char *other)
{
	cr_assert_eq(strlen(seen), strlen(one) + strlen(other), "%s", seen);
	cr_assert(has(seen, one) && has(seen, other), "%s", seen);
}

Test(core_rounds, those_who_have_something_are_seen_and_close_again)
{
	pass(30000);
	sees("drawer:romeo ", "diary:abram ");
	pass(40000);
	cr_assert_null(stage_entity(ROMEO));
}

Test(core_rounds, they_are_seen_once_a_day)
{
	pass(40000);
	seen[0] = '\0';
	stage_pass(23 * 3600 * 1000);
	pass(30000);
	sees("", "");
	stage_pass(3600 * 1000);
	pass(30000);
	sees("drawer:romeo ", "diary:abram ");
}

Test(core_rounds, nobody_is_opened_where_it_is_not_needed)
{
	is_needed = false;
	pass(30000);
	sees("drawer:romeo ", "");
	cr_assert_null(stage_entity(ABRAM));
}

Test(core_rounds, who_has_been_deleted_is_not_seen)
{
	cr_assert_eq(stage_delete(ROMEO), 0);
	pass(30000);
	sees("diary:abram ", "");
}
