/* test_records.c - records of owners, in order of keys
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "both.h"

BOTH(records, gives_back_what_was_put)
{
	bed_put(bed, 7, ROSTER, "juliet@example.org", "both");
	IS(bed_get(bed, 7, ROSTER, "juliet@example.org"), "both");
}

BOTH(records, keeps_owners_and_stores_apart)
{
	bed_put(bed, 7, ROSTER, "a", "1");
	bed_put(bed, 7, VCARD, "a", "2");
	bed_put(bed, 8, ROSTER, "a", "3");
	IS(bed_list(bed, 7, ROSTER), "a=1 ");
	IS(bed_list(bed, 7, VCARD), "a=2 ");
	IS(bed_list(bed, 8, ROSTER), "a=3 ");
	IS(bed_list(bed, 9, ROSTER), "");
}

BOTH(records, lists_in_order_of_keys)
{
	bed_put(bed, 7, ROSTER, "b", "2");
	bed_put(bed, 7, ROSTER, "c", "3");
	bed_put(bed, 7, ROSTER, "a", "1");
	bed_put(bed, 7, ROSTER, "aa", "1a");
	IS(bed_list(bed, 7, ROSTER), "a=1 aa=1a b=2 c=3 ");
}

BOTH(records, lets_the_later_write_of_a_batch_win)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_put(batch, 7, ROSTER, "a", 1, "old", 3);
	batch_put(batch, 7, ROSTER, "a", 1, "new", 3);
	batch_put(batch, 7, ROSTER, "b", 1, "gone", 4);
	batch_delete(batch, 7, ROSTER, "b", 1);
	bed_commit(bed, batch);
	IS(bed_list(bed, 7, ROSTER), "a=new ");
}

BOTH(records, takes_keys_and_values_of_any_bytes)
{
	char key[STORAGE_KEY_MAX];
	void *value;
	size_t len;
	struct storage_batch *batch = storage_batch_create(bed->storage);
	memset(key, 0, sizeof(key));
	cr_assert_eq(batch_put(batch, 7, ROSTER, key, sizeof(key), "\0x\0", 3), 0);
	cr_assert_eq(batch_put(batch, 7, ROSTER, "", 0, "", 0), 0);
	bed_commit(bed, batch);
	cr_assert_eq(storage_get(bed->storage, 7, ROSTER, key, sizeof(key), &value, &len), 0);
	cr_assert_eq(len, 3);
	cr_assert_eq(memcmp(value, "\0x\0", 4), 0);
	free(value);
	IS(bed_get(bed, 7, ROSTER, ""), "");
}

BOTH(records, keeps_a_value_as_large_as_is_allowed)
{
	char *big = calloc(1, STORAGE_VALUE_MAX);
	void *value;
	size_t len;
	struct storage_batch *batch = storage_batch_create(bed->storage);
	big[STORAGE_VALUE_MAX - 1] = 'z';
	cr_assert_eq(batch_put(batch, 7, VCARD, "photo", 5, big, STORAGE_VALUE_MAX), 0);
	bed_commit(bed, batch);
	cr_assert_eq(storage_get(bed->storage, 7, VCARD, "photo", 5, &value, &len), 0);
	cr_assert_eq(len, STORAGE_VALUE_MAX);
	cr_assert_eq(((char *)value)[len - 1], 'z');
	free(value);
	free(big);
}

BOTH(records, refuses_what_is_too_large_and_leaves_the_batch_as_it_was)
{
	static char key[STORAGE_KEY_MAX + 1];
	struct storage_batch *batch = storage_batch_create(bed->storage);
	cr_assert_eq(batch_put(batch, 7, ROSTER, key, sizeof(key), "", 0), -ENAMETOOLONG);
	cr_assert_eq(batch_delete(batch, 7, ROSTER, key, sizeof(key)), -ENAMETOOLONG);
	cr_assert_eq(batch_put(batch, 7, ROSTER, "a", 1, key, STORAGE_VALUE_MAX + 1), -EFBIG);
	cr_assert(storage_batch_is_empty(batch));
	cr_assert_eq(storage_batch_bytes(batch), 0);
	storage_batch_destroy(batch);
}

BOTH(records, deletes_a_store_and_nothing_else)
{
	bed_put(bed, 7, ROSTER, "a", "1");
	bed_put(bed, 7, ROSTER, "b", "1");
	bed_put(bed, 7, VCARD, "a", "1");
	bed_append(bed, 7, ROSTER, 1, "x@y", "text");
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_delete_store(batch, 7, ROSTER);
	batch_put(batch, 7, ROSTER, "c", 1, "new", 3);
	bed_commit(bed, batch);
	IS(bed_list(bed, 7, ROSTER), "c=new ");
	IS(bed_list(bed, 7, VCARD), "a=1 ");
	IS(bed_page(bed, 7, ROSTER, (struct log_page){ 0 }), ".");
}

static void put_many(struct bed *bed, int count)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	for (int i = 0; i < count; i++) {
		char key[16];
		int len = snprintf(key, sizeof(key), "%06d", i);
		batch_put(batch, 7, ROSTER, key, (size_t)len, "x", 1);
	}
	bed_commit(bed, batch);
}

BOTH(records, hides_a_large_deleted_store_at_once)
{
	put_many(bed, 3000);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_delete_store(batch, 7, ROSTER);
	bed_commit(bed, batch);
	IS(bed_list(bed, 7, ROSTER), "");
	IS(bed_get(bed, 7, ROSTER, "002999"), "(none)");
	while (storage_clean(bed->storage))
		;
	IS(bed_list(bed, 7, ROSTER), "");
}

BOTH(records, keeps_what_is_put_into_a_store_that_is_being_deleted)
{
	put_many(bed, 3000);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_delete_store(batch, 7, ROSTER);
	batch_put(batch, 7, ROSTER, "000001", 6, "new", 3);
	bed_commit(bed, batch);
	while (storage_clean(bed->storage))
		;
	IS(bed_list(bed, 7, ROSTER), "000001=new ");
}

static bool count_two(void *context, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	return ++*(int *)context < 2;
}

BOTH(records, stops_when_told_to)
{
	int seen = 0;
	put_many(bed, 5);
	cr_assert_eq(storage_each(bed->storage, 7, ROSTER, count_two, &seen), 0);
	cr_assert_eq(seen, 2);
}

BOTH(records, stands_after_a_restart)
{
	uint16_t store, again;
	cr_assert_eq(storage_declare(bed->storage, "roster", &store), 0);
	bed_put(bed, 7, store, "a", "1");
	bed_reopen(bed);
	cr_assert_eq(storage_declare(bed->storage, "vcard", &again), 0);
	cr_assert_neq(again, store);
	cr_assert_eq(storage_declare(bed->storage, "roster", &again), 0);
	cr_assert_eq(again, store);
	IS(bed_list(bed, 7, store), "a=1 ");
}
