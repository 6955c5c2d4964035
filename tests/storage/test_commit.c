/* test_commit.c - what is acknowledged stands, and nothing else is seen
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "both.h"

struct told {
	uint64_t tags[16];
	size_t count;
};

static void tell(void *context, uint64_t tag)
{
	struct told *told = context;
	told->tags[told->count++] = tag;
}

static void submit_put(struct bed *bed, const char *key, struct told *told, uint64_t tag)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_put(batch, 7, ROSTER, key, strlen(key), "x", 1);
	storage_submit(bed->storage, batch, tell, told, tag);
}

static struct bed bed;
static struct told told;

static void open_memory(void)
{
	bed_open_memory(&bed);
	told = (struct told){ 0 };
}

static void close_memory(void)
{
	bed_close(&bed);
}

static void crash(void)
{
	storage_abandon(bed.storage);
	cr_assert_eq(storage_open_stepped(&bed.options, memory_engine_create(bed.disk),
		&bed.storage), 0);
}

TestSuite(commit, .init = open_memory, .fini = close_memory);

Test(commit, is_not_seen_before_it_is_made)
{
	submit_put(&bed, "a", &told, 1);
	IS(bed_list(&bed, 7, ROSTER), "");
	cr_assert_eq(told.count, 0);
	cr_assert_eq(storage_step(bed.storage, 0), 1);
	IS(bed_list(&bed, 7, ROSTER), "a=x ");
	cr_assert_eq(told.count, 1);
}

Test(commit, tells_in_the_order_of_submission)
{
	for (uint64_t tag = 1; tag <= 5; tag++)
		submit_put(&bed, "a", &told, tag);
	cr_assert_eq(storage_step(bed.storage, 2), 2);
	cr_assert_eq(told.count, 2);
	cr_assert_eq(storage_step(bed.storage, 0), 3);
	cr_assert_eq(storage_step(bed.storage, 0), 0);
	for (uint64_t tag = 1; tag <= 5; tag++)
		cr_assert_eq(told.tags[tag - 1], tag);
}

Test(commit, tells_of_an_empty_batch_in_its_turn)
{
	submit_put(&bed, "a", &told, 1);
	storage_submit(bed.storage, storage_batch_create(bed.storage), tell, &told, 2);
	submit_put(&bed, "b", &told, 3);
	storage_step(bed.storage, 0);
	cr_assert_eq(told.count, 3);
	cr_assert_eq(told.tags[1], 2);
}

Test(commit, is_forgotten_by_a_crash_unless_it_was_made)
{
	submit_put(&bed, "a", &told, 1);
	submit_put(&bed, "b", &told, 2);
	storage_step(bed.storage, 1);
	crash();
	IS(bed_list(&bed, 7, ROSTER), "a=x ");
	cr_assert_eq(told.count, 1);
}

Test(commit, is_made_by_a_graceful_close)
{
	submit_put(&bed, "a", &told, 1);
	bed_reopen(&bed);
	IS(bed_list(&bed, 7, ROSTER), "a=x ");
	cr_assert_eq(told.count, 1);
}

Test(commit, is_tried_again_in_order_when_the_disk_was_full)
{
	submit_put(&bed, "a", &told, 1);
	submit_put(&bed, "b", &told, 2);
	memory_disk_fail_next(bed.disk, -ENOSPC);
	cr_assert_eq(storage_step(bed.storage, 0), 0);
	cr_assert(storage_is_full(bed.storage));
	cr_assert(bed.is_full);
	cr_assert_eq(told.count, 0);
	cr_assert_eq(storage_step(bed.storage, 0), 2);
	cr_assert_not(storage_is_full(bed.storage));
	cr_assert_eq(bed.fulls, 2);
	cr_assert_eq(told.tags[0], 1);
	cr_assert_eq(told.tags[1], 2);
}

Test(commit, that_fails_to_sync_is_never_spoken_of)
{
	submit_put(&bed, "a", &told, 1);
	memory_disk_fail_next(bed.disk, -EIO);
	cr_assert_eq(storage_step(bed.storage, 0), 0);
	cr_assert_eq(bed.failures, 1);
	cr_assert_eq(bed.last_error, -EIO);
	submit_put(&bed, "b", &told, 2);
	cr_assert_eq(storage_step(bed.storage, 0), 0);
	cr_assert_eq(bed.failures, 1);
	crash();
	cr_assert_eq(told.count, 0);
	IS(bed_list(&bed, 7, ROSTER), "");
}

Test(commit, may_stand_though_its_answer_was_lost)
{
	submit_put(&bed, "a", &told, 1);
	memory_disk_lose_next_answer(bed.disk);
	storage_step(bed.storage, 0);
	crash();
	cr_assert_eq(told.count, 0);
	IS(bed_list(&bed, 7, ROSTER), "a=x ");
}

Test(commit, keeps_ids_of_uncommitted_owners_free_for_the_next_start)
{
	owner_id lost, kept;
	struct storage_batch *batch = storage_batch_create(bed.storage);
	batch_owner_create(batch, "a@example.org", &lost);
	storage_submit(bed.storage, batch, tell, &told, 1);
	crash();
	kept = bed_owner(&bed, "b@example.org");
	cr_assert_eq(storage_owner_find(bed.storage, "a@example.org", &lost), -ENOENT);
	cr_assert_eq(storage_owner_find(bed.storage, "b@example.org", &lost), 0);
	cr_assert_eq(lost, kept);
}
