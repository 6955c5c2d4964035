/* test_backup.c - a copy of the data, made while it is written to
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "both.h"

static struct bed bed;
static char copy[64];

static void make(void)
{
	uint16_t store;
	bed_open_lmdb(&bed);
	for (int i = 1; i <= ARCHIVE; i++) {
		char name[2] = { (char)('a' + i), '\0' };
		cr_assert_eq(storage_declare(bed.storage, name, &store), 0);
	}
	cr_assert_eq(store, ARCHIVE);
	bed_directory(copy);
}

static void clear(void)
{
	bed_close(&bed);
	bed_remove(copy);
}

TestSuite(backup, .init = make, .fini = clear);

static void count_fault(void *context, const char *line)
{
	fprintf(stderr, "%s\n", line);
	++*(int *)context;
}

static struct storage_findings verified(void)
{
	struct storage_findings findings = { 0 };
	int faults = 0;
	cr_assert_eq(storage_verify(copy, count_fault, &faults, &findings), 0);
	cr_assert_eq(faults, 0);
	return findings;
}

static void fill(owner_id owner, uint64_t from, uint64_t count)
{
	static char text[1000];
	struct storage_batch *batch = storage_batch_create(bed.storage);
	for (uint64_t id = from; id < from + count; id++)
		batch_append(batch, owner, ARCHIVE,
			&(struct log_entry){ id, "romeo@montague", text, sizeof(text) });
	bed_commit(&bed, batch);
}

Test(backup, is_a_data_directory)
{
	struct bed other = { 0 };
	struct storage_options options = bed.options;
	owner_id owner = bed_owner(&bed, "a@example.org");
	bed_append(&bed, owner, ARCHIVE, 5, "romeo@montague", "hi");
	cr_assert_eq(storage_backup(bed.storage, copy, NULL), 0);
	bed_append(&bed, owner, ARCHIVE, 6, "romeo@montague", "later");
	options.directory = copy;
	cr_assert_eq(storage_open(&options, &other.storage, NULL), 0);
	IS(bed_page(&other, owner, ARCHIVE, (struct log_page){ .with = "romeo@montague" }), "5 .");
	storage_close(other.storage);
}

Test(backup, wants_an_empty_directory)
{
	cr_assert_eq(storage_backup(bed.storage, copy, NULL), 0);
	cr_assert_eq(storage_backup(bed.storage, copy, NULL), -ENOTEMPTY);
}

Test(backup, that_cannot_be_written_says_why)
{
	cr_assert_eq(storage_backup(bed.storage, "/proc/nowhere", NULL), -ENOENT);
}

Test(backup, of_what_is_in_memory_is_refused)
{
	struct bed memory;
	bed_open_memory(&memory);
	cr_assert_eq(storage_backup(memory.storage, copy, NULL), -ENOTSUP);
	bed_close(&memory);
}

Test(backup, leaves_nothing_behind_when_it_is_stopped)
{
	atomic_bool stop = true;
	fill(bed_owner(&bed, "a@example.org"), 1, 2000);
	cr_assert_eq(storage_backup(bed.storage, copy, &(struct storage_pace){ .stop = &stop }),
		-ECANCELED);
	cr_assert_eq(rmdir(copy), 0);
	cr_assert_eq(storage_backup(bed.storage, copy, NULL), 0);
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

Test(backup, is_no_faster_than_its_pace)
{
	uint64_t began;
	fill(bed_owner(&bed, "a@example.org"), 1, 4000);
	began = now_ms();
	cr_assert_eq(storage_backup(bed.storage, copy,
		&(struct storage_pace){ .bytes_per_s = 16u << 20 }), 0);
	/* Over 4 MB: a quarter of a second. */
	cr_assert_geq(now_ms() - began, 240);
}

/* --- beside a writer -------------------------------------------------------------- */

struct writer {
	owner_id owner;
	atomic_bool stop;
	uint64_t written;
};

static void *write_on(void *context)
{
	struct writer *writer = context;
	while (!writer->stop) {
		fill(writer->owner, 1 + writer->written, 20);
		writer->written += 20;
		if (writer->written % 1000 == 0) {
			struct storage_batch *batch = storage_batch_create(bed.storage);
			batch_log_expire(batch, writer->owner, ARCHIVE, writer->written / 2);
			bed_commit(&bed, batch);
		}
	}
	return NULL;
}

Test(backup, is_one_moment_of_data_that_change)
{
	struct writer writer = { .owner = bed_owner(&bed, "a@example.org") };
	pthread_t thread;
	fill(bed_owner(&bed, "b@example.org"), 1, 4000);
	pthread_create(&thread, NULL, write_on, &writer);
	cr_assert_eq(storage_backup(bed.storage, copy,
		&(struct storage_pace){ .bytes_per_s = 32u << 20 }), 0);
	writer.stop = true;
	pthread_join(thread, NULL);
	struct storage_findings findings = verified();
	cr_assert_eq(findings.owners, 2);
	cr_assert_geq(findings.entries, 4000);
	cr_assert_gt(writer.written, 0);
}
