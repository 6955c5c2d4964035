/* test_core_receipts.c - a stanza that is not dealt with in time is noticed, once
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"
#include "shard_internal.h"

static struct client *romeo;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_keeper, &stage_delivery, NULL };

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
