/* test_batches.c - batches, submitted and not
 * SPDX-License-Identifier: MIT */
#include "both.h"

BOTH(commits, are_counted)
{
	struct storage_stats stats;
	bed_put(bed, 7, ROSTER, "a", "1");
	bed_put(bed, 7, ROSTER, "b", "1");
	storage_stats(bed->storage, &stats);
	cr_assert_eq(stats.commits, 2);
	cr_assert_eq(stats.writes, 2);
	cr_assert_gt(stats.bytes_free, 0);
}

BOTH(batches, that_are_not_submitted_leave_nothing)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_put(batch, 7, ROSTER, "a", 1, "x", 1);
	cr_assert_not(storage_batch_is_empty(batch));
	cr_assert_gt(storage_batch_bytes(batch), 0);
	storage_batch_destroy(batch);
	storage_batch_destroy(NULL);
	bed_reopen(bed);
	IS(bed_list(bed, 7, ROSTER), "");
}
