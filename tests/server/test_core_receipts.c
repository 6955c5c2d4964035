/* test_core_receipts.c - a stanza that is not dealt with in time is noticed, once
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"
#include "log.h"
#include "shard_internal.h"

static tern_store store;

static enum tern_verdict keep(struct tern_event *event, const void *settings)
{
	tern_put(event->entity, store, "key", 3, "value", 5);
	return TERN_PASS;
}

static const struct tern_module keeper = {
	.abi = TERN_MODULE_ABI,
	.name = "keeper",
	.about = "keeps messages",
	.hooks = (const struct tern_hook[]){ { TERN_IN_RECORD, TERN_MESSAGES, 0, keep }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "keeper", TERN_FETCHED, &store, NULL }, { 0 } },
};

static struct client *romeo;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &keeper, &stage_delivery, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
}

TestSuite(core_receipts, .init = set_up, .fini = stage_close);

static void write_to_nurse(void)
{
	client_says(romeo, "<message to='" NURSE "' type='chat'><body>word</body></message>");
}

static uint64_t late(void)
{
	return counter_sum(&stage.server, COUNT_RECEIPTS_OLD);
}

Test(core_receipts, that_finish_in_time_are_not_late)
{
	for (unsigned i = 0; i < 3; i++) {
		write_to_nurse();
		stage_pass(25000);
		stage_settle();
	}
	stage_pass(60000);
	cr_assert_eq(late(), 0);
}

Test(core_receipts, that_stay_open_are_counted_once)
{
	write_to_nurse();
	stage_pass(29000);
	write_to_nurse();
	cr_assert_eq(late(), 0);
	stage_pass(6000);
	cr_assert_eq(late(), 1);
	stage_pass(25000);
	cr_assert_eq(late(), 2);
	stage_pass(60000);
	cr_assert_eq(late(), 2);
}

Test(core_receipts, outlive_their_session)
{
	write_to_nurse();
	client_breaks(romeo);
	stage_pass(35000);
	cr_assert_eq(late(), 1);
	stage_settle();
	stage_pass(60000);
	cr_assert_eq(late(), 1);
}
