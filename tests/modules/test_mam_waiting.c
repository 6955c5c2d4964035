/* Which archived messages wait: those of this life one by one, older ones as a stretch.
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "waiting.h"

static struct waiting waiting;

static void begin(void)
{
	waiting = (struct waiting){ 0 };
}

static void end(void)
{
	waiting_finish(&waiting);
}

TestSuite(mam_waiting, .init = begin, .fini = end);

Test(mam_waiting, nothing_waits_at_first)
{
	cr_assert_eq(waiting_first(&waiting), 0);
	cr_assert(!waiting_has(&waiting, 1));
	waiting_remove(&waiting, 1);
}

Test(mam_waiting, the_oldest_is_the_first_and_goes_anywhere)
{
	for (uint64_t id = 1; id <= 100; id++)
		waiting_add(&waiting, id * 10);
	waiting_add(&waiting, 505);
	waiting_add(&waiting, 505);
	cr_assert_eq(waiting_count(&waiting), 101);
	waiting_remove(&waiting, 500);
	waiting_remove(&waiting, 10);
	waiting_remove(&waiting, 1000);
	cr_assert_eq(waiting_first(&waiting), 20);
	cr_assert(waiting_has(&waiting, 505) && !waiting_has(&waiting, 500));
	cr_assert_eq(waiting_count(&waiting), 98);
}

Test(mam_waiting, its_room_does_not_grow_with_what_passes)
{
	for (uint64_t id = 1; id <= 10000; id++) {
		waiting_add(&waiting, id);
		if (id > 5)
			waiting_remove(&waiting, id - 5);
	}
	cr_assert_eq(waiting_count(&waiting), 5);
	cr_assert_leq(waiting.room, 32);
}

Test(mam_waiting, what_is_old_ends_where_the_new_begins)
{
	waiting.old_from = 100;
	cr_assert(waiting_has(&waiting, 5000));
	waiting_note_new(&waiting, 200);
	waiting_note_new(&waiting, 300);
	cr_assert(waiting_has(&waiting, 199) && !waiting_has(&waiting, 200));
	waiting_pass_old(&waiting, 150);
	cr_assert_eq(waiting_first(&waiting), 151);
	waiting_pass_old(&waiting, 199);
	cr_assert_eq(waiting_first(&waiting), 0);
}

Test(mam_waiting, a_long_list_becomes_a_stretch)
{
	for (uint64_t id = 1; id <= 10; id++)
		waiting_add(&waiting, id * 10);
	waiting_fold(&waiting, 50);
	cr_assert_eq(waiting_count(&waiting), 6);
	cr_assert_eq(waiting_first(&waiting), 10);
	cr_assert(waiting_has(&waiting, 40) && !waiting_has(&waiting, 41));
	waiting_fold(&waiting, UINT64_MAX);
	cr_assert_eq(waiting_count(&waiting), 0);
	cr_assert(waiting_has(&waiting, 100) && !waiting_has(&waiting, 101));
}

Test(mam_waiting, a_stretch_without_end_keeps_none_when_a_list_joins_it)
{
	for (uint64_t id = 1; id <= 10; id++)
		waiting_add(&waiting, id * 10);
	waiting.old_from = 200; /* all that is behind waits as well */
	waiting_fold(&waiting, UINT64_MAX);
	cr_assert_eq(waiting_first(&waiting), 10);
	cr_assert(waiting_has(&waiting, 5000));
	waiting_note_new(&waiting, 3000);
	waiting_add(&waiting, 3000);
	waiting_fold(&waiting, UINT64_MAX);
	cr_assert(waiting_has(&waiting, 2999) && waiting_has(&waiting, 3000));
	cr_assert(!waiting_has(&waiting, 3001));
}
