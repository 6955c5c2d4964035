/* test_core_timers.c - a shard's timers and chores, and receipts that come home
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"
#include "receipt.h"
#include "shard.h"

static struct shard *shard;
static char order[64];
static struct timer timers[3];

static void set_up(void)
{
	static const struct tern_module *const none[] = { NULL };

	stage_open(none);
	shard = stage.server.shards[0];
}

TestSuite(core_timers, .init = set_up, .fini = stage_close);

static void note(struct shard *on, struct timer *timer)
{
	char name[2] = { (char)('a' + (timer - timers)), 0 };

	cr_assert_eq(on, shard);
	strcat(order, name);
}

static void start(unsigned which, uint64_t delay_ms)
{
	timers[which].run = note;
	timer_start(shard, &timers[which], delay_ms);
}

Test(core_timers, run_in_the_order_of_their_time)
{
	start(0, 30);
	start(1, 10);
	start(2, 20);
	stage_pass(15);
	cr_assert_str_eq(order, "b");
	stage_pass(100);
	cr_assert_str_eq(order, "bca");
}

Test(core_timers, are_moved_by_a_second_start_and_stopped_by_a_stop)
{
	start(0, 10);
	start(0, 50);
	start(1, 10);
	timer_stop(shard, &timers[1]);
	stage_pass(20);
	cr_assert_str_eq(order, "");
	cr_assert(timer_is_running(&timers[0]));
	cr_assert_not(timer_is_running(&timers[1]));
	stage_pass(40);
	cr_assert_str_eq(order, "a");
}

static void stop_second(struct shard *on, struct timer *timer)
{
	note(on, timer);
	timer_stop(on, &timers[1]);
}

Test(core_timers, stop_each_other_when_both_are_due)
{
	start(0, 10);
	start(1, 10);
	timers[0].run = stop_second;
	stage_pass(10);
	cr_assert_str_eq(order, "a");
}

Test(core_timers, tell_when_the_next_one_is_due)
{
	uint64_t now = shard_ticks_ms(shard);

	start(0, 5000000);
	start(1, 7);
	cr_assert_eq(shard_next_due(shard), now + 7);
}

/* --- chores ------------------------------------------------------------------------------- */

static struct chore chores[2];
static unsigned chores_done;

static void do_chore(struct shard *on, struct chore *chore)
{
	(void)on;
	(void)chore;
	chores_done++;
}

Test(core_timers, a_chore_asked_for_twice_is_done_once)
{
	chores[0].run = chores[1].run = do_chore;
	shard_at_turn_end(shard, &chores[0]);
	shard_at_turn_end(shard, &chores[0]);
	shard_at_turn_end(shard, &chores[1]);
	shard_forget_chore(shard, &chores[1]);
	stage_turns();
	cr_assert_eq(chores_done, 1);
}

/* --- receipts ----------------------------------------------------------------------------- */

static unsigned finished;

static void note_finished(struct shard *on, struct receipt *receipt)
{
	(void)receipt;
	cr_assert_eq(on, shard);
	cr_assert_eq(shard_self(), shard);
	finished++;
}

Test(core_timers, a_receipt_finishes_at_home_with_its_last_share)
{
	struct receipt receipt;

	receipt_init(&receipt, shard, note_finished);
	receipt_share(&receipt);
	receipt_release(&receipt);
	stage_turns();
	cr_assert_eq(finished, 0);
	receipt_release(&receipt);
	cr_assert_eq(finished, 0);
	stage_turns();
	cr_assert_eq(finished, 1);
}

Test(core_timers, no_receipt_has_no_shares)
{
	cr_assert_null(receipt_share(NULL));
	receipt_release(NULL);
}
