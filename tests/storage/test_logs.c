/* test_logs.c - entries of logs, by id, direction and peer
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "both.h"

/* Ids 10, 20 ... 100; each third one with romeo, the others with juliet. */
static void fill(struct bed *bed)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	for (uint64_t i = 1; i <= 10; i++) {
		struct log_entry entry = { i * 10, i % 3 ? "juliet@capulet" : "romeo@montague",
			"hi", 2 };
		batch_append(batch, 7, ARCHIVE, &entry);
		entry.id++;
		batch_append(batch, 8, ARCHIVE, &entry);
	}
	bed_commit(bed, batch);
}

static const struct {
	struct log_page page;
	const char *expected;
} pages[] = {
	{ { 0 }, "10 20 30 40 50 60 70 80 90 100 ." },
	{ { .backwards = true }, "100 90 80 70 60 50 40 30 20 10 ." },
	{ { .most = 3 }, "10 20 30 " },
	{ { .most = 10 }, "10 20 30 40 50 60 70 80 90 100 ." },
	{ { .most = 3, .backwards = true }, "100 90 80 " },
	{ { .after_id = 70 }, "80 90 100 ." },
	{ { .after_id = 75 }, "80 90 100 ." },
	{ { .after_id = 70, .most = 2 }, "80 90 " },
	{ { .before_id = 30 }, "10 20 ." },
	{ { .before_id = 35, .backwards = true, .most = 2 }, "30 20 " },
	{ { .before_id = 30, .backwards = true, .most = 2 }, "20 10 ." },
	{ { .after_id = 20, .before_id = 60 }, "30 40 50 ." },
	{ { .after_id = 20, .before_id = 60, .backwards = true }, "50 40 30 ." },
	{ { .after_id = 20, .before_id = 60, .most = 3 }, "30 40 50 ." },
	{ { .after_id = 20, .before_id = 21 }, "." },
	{ { .after_id = 60, .before_id = 20 }, "." },
	{ { .after_id = 100 }, "." },
	{ { .after_id = UINT64_MAX }, "." },
	{ { .before_id = 1 }, "." },
	{ { .with = "romeo@montague" }, "30 60 90 ." },
	{ { .with = "romeo@montague", .backwards = true, .most = 2 }, "90 60 " },
	{ { .with = "romeo@montague", .after_id = 30, .most = 2 }, "60 90 ." },
	{ { .with = "romeo@montague", .after_id = 31, .before_id = 90 }, "60 ." },
	{ { .with = "romeo@montague", .before_id = 30, .backwards = true }, "." },
	{ { .with = "nurse@capulet" }, "." },
};

BOTH(logs, gives_the_page_that_was_asked_for)
{
	fill(bed);
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		IS(bed_page(bed, 7, ARCHIVE, pages[i].page), pages[i].expected);
}

static bool compare_entry(void *context, const struct log_entry *entry)
{
	const struct log_entry *expected = context;
	cr_assert_eq(entry->id, expected->id);
	cr_assert_eq(entry->len, expected->len);
	cr_assert_eq(memcmp(entry->bytes, expected->bytes, entry->len), 0);
	cr_assert_eq(!entry->with, !expected->with);
	if (entry->with)
		cr_assert_str_eq(entry->with, expected->with);
	return true;
}

BOTH(logs, gives_entries_as_they_were)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	struct log_entry alone = { UINT64_MAX - 1, NULL, "a\0b", 3 };
	struct log_entry empty = { 1, "romeo@montague", "", 0 };
	batch_append(batch, 7, PENDING, &empty);
	batch_append(batch, 7, ARCHIVE, &alone);
	bed_commit(bed, batch);
	struct log_page page = { 0 };
	storage_log_read(bed->storage, 7, ARCHIVE, &page, compare_entry, &alone, NULL);
	storage_log_read(bed->storage, 7, PENDING, &page, compare_entry, &empty, NULL);
}

BOTH(logs, take_more_bytes_as_long_as_there_is_room)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	struct log_entry grown = { 5, NULL, "abcdefgh", 8 }, other = { 6, NULL, "other", 5 };
	size_t place;
	batch_append_roomy(batch, 7, ARCHIVE, &(struct log_entry){ 5, NULL, "abc", 3 }, 5, &place);
	for (unsigned i = 0; i < 100; i++) /* the batch moves */
		batch_append(batch, 8, ARCHIVE, &(struct log_entry){ i + 1, "x@y", "other", 5 });
	cr_assert_eq(batch_append_more(batch, place, "de", 2), 0);
	cr_assert_eq(batch_append_more(batch, place, "fgh", 3), 0);
	cr_assert_eq(batch_append_more(batch, place, "0123456789", 10), -ENOBUFS);
	batch_append(batch, 7, PENDING, &other);
	bed_commit(bed, batch);
	storage_log_read(bed->storage, 7, ARCHIVE, &(struct log_page){ 0 }, compare_entry, &grown,
		NULL);
	storage_log_read(bed->storage, 7, PENDING, &(struct log_page){ 0 }, compare_entry, &other,
		NULL);
}

BOTH(logs, tells_peers_with_long_names_apart)
{
	char with[2][STORAGE_NAME_MAX + 2];
	for (int i = 0; i < 2; i++) {
		memset(with[i], 'a', STORAGE_NAME_MAX);
		with[i][STORAGE_NAME_MAX] = '\0';
		with[i][STORAGE_NAME_MAX - 1] = (char)('x' + i);
		bed_append(bed, 7, ARCHIVE, (uint64_t)i + 1, with[i], "hi");
	}
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .with = with[0] }), "1 .");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .with = with[1] }), "2 .");
	struct storage_batch *batch = storage_batch_create(bed->storage);
	strcat(with[0], "a");
	struct log_entry entry = { 3, with[0], "", 0 };
	cr_assert_eq(batch_append(batch, 7, ARCHIVE, &entry), -ENAMETOOLONG);
	storage_batch_destroy(batch);
}

BOTH(logs, knows_the_newest_id)
{
	uint64_t id = 1;
	cr_assert_eq(storage_log_last(bed->storage, 7, ARCHIVE, &id), 0);
	cr_assert_eq(id, 0);
	fill(bed);
	cr_assert_eq(storage_log_last(bed->storage, 7, ARCHIVE, &id), 0);
	cr_assert_eq(id, 100);
	cr_assert_eq(storage_log_last(bed->storage, 8, ARCHIVE, &id), 0);
	cr_assert_eq(id, 101);
}

BOTH(logs, deletes_one_entry)
{
	fill(bed);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_log_delete(batch, 7, ARCHIVE, 30);
	batch_log_delete(batch, 7, ARCHIVE, 31);
	bed_commit(bed, batch);
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .most = 3 }), "10 20 40 ");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .with = "romeo@montague" }), "60 90 .");
	IS(bed_page(bed, 8, ARCHIVE, (struct log_page){ .most = 3 }), "11 21 31 ");
}

BOTH(logs, expires_from_the_old_end)
{
	fill(bed);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_log_expire(batch, 7, ARCHIVE, 60);
	bed_commit(bed, batch);
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ 0 }), "70 80 90 100 .");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .with = "romeo@montague" }), "90 .");
	IS(bed_page(bed, 8, ARCHIVE, (struct log_page){ .most = 1 }), "11 ");
}

static void fill_large(struct bed *bed)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	for (uint64_t id = 1; id <= 3000; id++)
		batch_append(batch, 7, ARCHIVE, &(struct log_entry){ id, "romeo@montague", "x", 1 });
	bed_commit(bed, batch);
}

static void check_large(struct bed *bed)
{
	struct log_page page = { .with = "romeo@montague" };
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ 0 }), "2998 2999 3000 .");
	IS(bed_page(bed, 7, ARCHIVE, page), "2998 2999 3000 .");
	page.backwards = true;
	IS(bed_page(bed, 7, ARCHIVE, page), "3000 2999 2998 .");
}

BOTH(logs, hides_what_expired_before_it_is_cleaned)
{
	fill_large(bed);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_log_expire(batch, 7, ARCHIVE, 2997);
	bed_commit(bed, batch);
	check_large(bed);
	while (storage_clean(bed->storage))
		;
	check_large(bed);
}

BOTH(logs, keeps_what_is_appended_to_a_log_that_is_being_deleted)
{
	uint64_t id;
	fill_large(bed);
	struct storage_batch *batch = storage_batch_create(bed->storage);
	batch_delete_store(batch, 7, ARCHIVE);
	bed_commit(bed, batch);
	cr_assert_eq(storage_log_last(bed->storage, 7, ARCHIVE, &id), 0);
	cr_assert_eq(id, 0);
	bed_append(bed, 7, ARCHIVE, 1500, "romeo@montague", "early");
	bed_append(bed, 7, ARCHIVE, 4000, "romeo@montague", "late");
	while (storage_clean(bed->storage))
		;
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ 0 }), "1500 4000 .");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .with = "romeo@montague" }),
		"1500 4000 .");
}

BOTH(logs, replaces_an_entry_that_is_appended_again)
{
	struct log_entry entry = { 5, "romeo@montague", "new", 3 };
	bed_append(bed, 7, ARCHIVE, 5, "juliet@capulet", "old");
	bed_append(bed, 7, ARCHIVE, 5, "romeo@montague", "new");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ 0 }), "5 .");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .with = "juliet@capulet" }), ".");
	storage_log_read(bed->storage, 7, ARCHIVE, &(struct log_page){ 0 }, compare_entry, &entry,
		NULL);
}

BOTH(logs, counts_where_that_costs_no_scan)
{
	uint64_t count;
	fill(bed);
	int r = storage_log_count(bed->storage, 7, ARCHIVE, &count);
	cr_assert(r == -ENOTSUP || (r == 0 && count == 10));
}

BOTH(logs, stands_after_a_restart)
{
	fill(bed);
	bed_reopen(bed);
	bed_append(bed, 7, ARCHIVE, 110, NULL, "hi");
	IS(bed_page(bed, 7, ARCHIVE, (struct log_page){ .after_id = 80 }), "90 100 110 .");
}

/* --- many, in any order: what one engine says, the other says too ------------------ */

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

/* Mostly at the end, at times in the middle, beyond what a run spans, or there already. */
static uint64_t draw_id(uint64_t *newest)
{
	uint64_t kind = draw(300);
	if (kind == 0)
		return *newest += UINT64_C(1) << (40 + draw(12));
	return kind < 40 ? 1 + draw(*newest) : (*newest += 1 + draw(1000));
}

static void write_some(struct storage_batch *batches[2], uint64_t *newest)
{
	static const char *const peers[] = { "juliet@capulet", "romeo@montague", NULL };
	for (int writes = 0; writes < 800; writes++) {
		owner_id owner = 7 + (owner_id)draw(2);
		uint64_t id = draw_id(newest);
		struct log_entry entry = { id, peers[draw(3)], "hi", 2 };
		bool is_deletion = draw(6) == 0, is_expiry = draw(2000) == 0;
		for (int i = 0; i < 2; i++) {
			if (is_expiry)
				batch_log_expire(batches[i], owner, ARCHIVE, id / 2);
			else if (is_deletion)
				batch_log_delete(batches[i], owner, ARCHIVE, id);
			else
				batch_append(batches[i], owner, ARCHIVE, &entry);
		}
	}
}

static void compare_pages(struct bed beds[2], uint64_t newest)
{
	for (int pages_left = 40; pages_left > 0; pages_left--) {
		struct log_page page = {
			.after_id = draw(2) ? draw(newest) : 0, .before_id = draw(2) ? draw(newest) : 0,
			.with = draw(2) ? "romeo@montague" : NULL, .backwards = draw(2),
			.most = draw(120),
		};
		owner_id owner = 7 + (owner_id)draw(2);
		char *expected = bed_page(&beds[1], owner, ARCHIVE, page);
		IS(bed_page(&beds[0], owner, ARCHIVE, page), expected);
		free(expected);
	}
}

/* The owners have numbers here and no names, which is a fault; those of indices are told. */
static void tell_index(void *context, const char *line)
{
	bool is_scope = strstr(line, "nobody has this number") || strstr(line, "has no name");
	cr_assert(is_scope, "%s", line);
}

/* In a copy: LMDB wants a directory opened once in a process. */
static void check_indices(struct bed *bed)
{
	struct storage_findings findings = { 0 };
	char copy[64];
	bed_directory(copy);
	cr_assert_eq(storage_backup(bed->storage, copy, NULL), 0);
	cr_assert_eq(storage_verify(copy, tell_index, NULL, &findings), 0);
	cr_assert_gt(findings.entries, 0);
	bed_remove(copy);
}

Test(logs, are_the_same_in_both_engines, .timeout = 120)
{
	for (uint64_t run = 1; run <= 3; run++) {
		struct bed beds[2];
		uint64_t newest = 1000;
		seed = run;
		bed_open_lmdb(&beds[0]);
		bed_open_memory(&beds[1]);
		for (int commits = 0; commits < 16; commits++) {
			struct storage_batch *batches[2] = {
				storage_batch_create(beds[0].storage),
				storage_batch_create(beds[1].storage),
			};
			write_some(batches, &newest);
			for (int i = 0; i < 2; i++)
				bed_commit(&beds[i], batches[i]);
			compare_pages(beds, newest);
			check_indices(&beds[0]);
		}
		for (int i = 0; i < 2; i++)
			bed_close(&beds[i]);
	}
}
