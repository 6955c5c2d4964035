/* test_space.c - a disk or map that runs full, and has room again
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "both.h"

static struct bed bed;

static void open_lmdb(void) { bed_open_lmdb(&bed); }
static void open_memory(void) { bed_open_memory(&bed); }
static void close_bed(void) { bed_close(&bed); }

TestSuite(full_disk, .init = open_lmdb, .fini = close_bed);
TestSuite(full_memory, .init = open_memory, .fini = close_bed);

static int try_put(owner_id owner, const char *key, size_t len)
{
	struct storage_batch *batch = storage_batch_create(bed.storage);
	char *value = calloc(1, len);
	int r = batch_put(batch, owner, ROSTER, key, strlen(key), value, len);
	free(value);
	if (r == 0)
		bed_commit(&bed, batch);
	else
		storage_batch_destroy(batch);
	return r;
}

/* What was in the map before is there after. */
static int fill(owner_id owner, int most)
{
	for (int i = 0; i < most; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%d", i);
		if (try_put(owner, key, 20000) == -ENOSPC)
			return i;
	}
	return most;
}

Test(full_disk, refuses_writes_but_takes_deletions_below_the_reserve)
{
	owner_id owner = bed_owner(&bed, "a@example.org");
	owner_id other;
	bed_put(&bed, owner, ROSTER, "a", "1");
	bed.options.reserve_bytes = UINT64_MAX / 4;
	bed_reopen(&bed);
	cr_assert(storage_is_full(bed.storage));
	cr_assert(bed.is_full);
	struct storage_batch *batch = storage_batch_create(bed.storage);
	struct log_entry entry = { 1, NULL, "", 0 };
	cr_assert_eq(batch_put(batch, owner, ROSTER, "b", 1, "2", 1), -ENOSPC);
	cr_assert_eq(batch_append(batch, owner, ARCHIVE, &entry), -ENOSPC);
	cr_assert_eq(batch_append_more(batch, 0, "more", 4), -ENOSPC);
	cr_assert_eq(batch_owner_create(batch, "b@example.org", &other), -ENOSPC);
	cr_assert(storage_batch_is_empty(batch));
	cr_assert_eq(batch_delete(batch, owner, ROSTER, "a", 1), 0);
	cr_assert_eq(batch_log_expire(batch, owner, ARCHIVE, 9), 0);
	bed_commit(&bed, batch);
	IS(bed_list(&bed, owner, ROSTER), "");
	bed.options.reserve_bytes = 1;
	bed_reopen(&bed);
	cr_assert_eq(try_put(owner, "b", 1), 0);
}

Test(full_disk, refuses_writes_to_a_full_map_until_something_is_deleted)
{
	bed.options.map_bytes = 4u << 20;
	bed_reopen(&bed);
	owner_id owner = bed_owner(&bed, "a@example.org");
	int fitted = fill(owner, 1000);
	cr_assert_gt(fitted, 20);
	cr_assert_lt(fitted, 1000);
	cr_assert(storage_is_full(bed.storage));
	struct storage_batch *batch = storage_batch_create(bed.storage);
	cr_assert_eq(batch_owner_delete(batch, "a@example.org", owner), 0);
	bed_commit(&bed, batch);
	/* The committer cleans by itself; each commit lets it see what came free. */
	for (int i = 0; i < 1000 && storage_is_full(bed.storage); i++)
		bed_commit(&bed, storage_batch_create(bed.storage)),
		storage_clean(bed.storage);
	batch = storage_batch_create(bed.storage);
	batch_delete(batch, owner, ROSTER, "0", 1);
	bed_commit(&bed, batch);
	batch = storage_batch_create(bed.storage);
	batch_delete(batch, owner, ROSTER, "0", 1);
	bed_commit(&bed, batch);
	cr_assert_not(storage_is_full(bed.storage));
	cr_assert_gt(fill(bed_owner(&bed, "b@example.org"), 20), 10);
}

static void post_nothing(void *context, uint64_t tag)
{
	++*(int *)context;
}

/* One batch larger than the map: accepted, never committed, and no harm done. */
Test(full_disk, survives_a_batch_that_does_not_fit)
{
	int done = 0;
	bed.options.map_bytes = 4u << 20;
	bed_reopen(&bed);
	bed_put(&bed, 7, ROSTER, "before", "1");
	struct storage_batch *batch = storage_batch_create(bed.storage);
	char *value = calloc(1, 8u << 20);
	cr_assert_eq(batch_put(batch, 7, ROSTER, "big", 3, value, 8u << 20), 0);
	cr_assert_eq(batch_put(batch, 7, ROSTER, "small", 5, value, 1), 0);
	free(value);
	storage_submit(bed.storage, batch, post_nothing, &done, 0);
	storage_close(bed.storage);
	cr_assert_eq(done, 0);
	cr_assert_eq(bed.failures, 0);
	cr_assert_eq(bed.fulls, 1);
	char *why = NULL;
	cr_assert_eq(storage_open(&bed.options, &bed.storage, &why), 0);
	IS(bed_list(&bed, 7, ROSTER), "before=1 ");
}

/* A map that grows between two runs lets the stuck ones through. */
Test(full_disk, opens_a_full_map_with_a_larger_one)
{
	bed.options.map_bytes = 4u << 20;
	bed_reopen(&bed);
	fill(7, 1000);
	bed.options.map_bytes = 64u << 20;
	bed_reopen(&bed);
	cr_assert_not(storage_is_full(bed.storage));
	cr_assert_eq(try_put(7, "more", 20000), 0);
}

Test(full_memory, tells_when_the_reserve_is_touched_and_when_it_is_not)
{
	bed.options.reserve_bytes = 1000;
	bed_reopen(&bed);
	memory_disk_set_free(bed.disk, 900);
	bed_reopen(&bed);
	cr_assert(bed.is_full);
	cr_assert_eq(try_put(7, "a", 1), -ENOSPC);
	/* Not at the line itself: it would flap. */
	memory_disk_set_free(bed.disk, 1100);
	struct storage_batch *batch = storage_batch_create(bed.storage);
	batch_delete(batch, 7, ROSTER, "a", 1);
	bed_commit(&bed, batch);
	cr_assert(bed.is_full);
	memory_disk_set_free(bed.disk, 1200);
	batch = storage_batch_create(bed.storage);
	batch_delete(batch, 7, ROSTER, "a", 1);
	bed_commit(&bed, batch);
	cr_assert_not(bed.is_full);
	cr_assert_eq(try_put(7, "a", 1), 0);
}
