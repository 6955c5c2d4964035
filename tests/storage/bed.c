/* bed.c - a storage to test, over either engine
 * SPDX-License-Identifier: MIT */
#include "bed.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note_failure(void *context, const char *what, int error)
{
	struct bed *bed = context;
	bed->failures++;
	bed->last_error = error;
}

static void note_full(void *context, bool is_full)
{
	struct bed *bed = context;
	bed->is_full = is_full;
	bed->fulls++;
}

static void prepare(struct bed *bed)
{
	*bed = (struct bed){ 0 };
	bed->options = (struct storage_options){
		.directory = bed->directory,
		.map_bytes = 1u << 30, /* sanitizers leave no room for more */
		.failed = note_failure,
		.full = note_full,
		.context = bed,
	};
}

static void open_it(struct bed *bed)
{
	char *why = NULL;
	int r = bed->disk
		? storage_open_stepped(&bed->options, memory_engine_create(bed->disk), &bed->storage)
		: storage_open(&bed->options, &bed->storage, &why);
	if (r < 0)
		fprintf(stderr, "open: %s\n", why ? why : strerror(-r));
	assert(r == 0);
}

void bed_open_lmdb(struct bed *bed)
{
	prepare(bed);
	bed_directory(bed->directory);
	open_it(bed);
}

void bed_open_memory(struct bed *bed)
{
	prepare(bed);
	bed->disk = memory_disk_create();
	open_it(bed);
}

void bed_reopen(struct bed *bed)
{
	storage_close(bed->storage);
	open_it(bed);
}

void bed_close(struct bed *bed)
{
	storage_close(bed->storage);
	memory_disk_destroy(bed->disk);
	if (bed->directory[0])
		bed_remove(bed->directory);
}

void bed_directory(char directory[64])
{
	strcpy(directory, "/tmp/storage-XXXXXX");
	char *made = mkdtemp(directory);
	assert(made);
	(void)made;
}

void bed_remove(const char *directory)
{
	DIR *dir = opendir(directory);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(directory);
}

static void post(void *context, uint64_t tag)
{
	sem_post(context);
}

void bed_commit(struct bed *bed, struct storage_batch *batch)
{
	sem_t done;
	sem_init(&done, 0, 0);
	storage_submit(bed->storage, batch, post, &done, 0);
	if (bed->disk)
		storage_step(bed->storage, 0);
	while (sem_wait(&done) != 0)
		;
	sem_destroy(&done);
}

void bed_put(struct bed *bed, owner_id owner, uint16_t store, const char *key, const char *value)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	int r = batch_put(batch, owner, store, key, strlen(key), value, strlen(value));
	assert(r == 0);
	(void)r;
	bed_commit(bed, batch);
}

owner_id bed_owner(struct bed *bed, const char *name)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	owner_id owner = 0;
	int r = batch_owner_create(batch, name, &owner);
	assert(r == 0);
	(void)r;
	bed_commit(bed, batch);
	return owner;
}

void bed_append(struct bed *bed, owner_id owner, uint16_t log, uint64_t id, const char *with,
	const char *text)
{
	struct storage_batch *batch = storage_batch_create(bed->storage);
	struct log_entry entry = { id, with, text, strlen(text) };
	int r = batch_append(batch, owner, log, &entry);
	assert(r == 0);
	(void)r;
	bed_commit(bed, batch);
}

char *bed_get(struct bed *bed, owner_id owner, uint16_t store, const char *key)
{
	void *value = NULL;
	size_t len;
	if (storage_get(bed->storage, owner, store, key, strlen(key), &value, &len) < 0)
		return NULL;
	return value;
}

struct text {
	char *bytes;
	size_t len;
	FILE *stream;
};

static void text_open(struct text *text)
{
	text->stream = open_memstream(&text->bytes, &text->len);
}

static char *text_close(struct text *text)
{
	fclose(text->stream);
	return text->bytes;
}

static bool write_record(void *context, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct text *text = context;
	fprintf(text->stream, "%.*s=%.*s ", (int)key_len, (const char *)key, (int)value_len,
		(const char *)value);
	return true;
}

char *bed_list(struct bed *bed, owner_id owner, uint16_t store)
{
	struct text text;
	text_open(&text);
	storage_each(bed->storage, owner, store, write_record, &text);
	return text_close(&text);
}

static bool write_owner(void *context, const char *name, owner_id owner)
{
	struct text *text = context;
	fprintf(text->stream, "%s ", name);
	return true;
}

char *bed_owners(struct bed *bed, const char *domain, uint16_t store, const char *after)
{
	struct text text;
	text_open(&text);
	storage_owners(bed->storage, domain, store, after, write_owner, &text);
	return text_close(&text);
}

static bool write_entry(void *context, const struct log_entry *entry)
{
	struct text *text = context;
	fprintf(text->stream, "%" PRIu64 " ", entry->id);
	return true;
}

char *bed_page(struct bed *bed, owner_id owner, uint16_t log, struct log_page page)
{
	struct text text;
	bool complete = false;
	text_open(&text);
	storage_log_read(bed->storage, owner, log, &page, write_entry, &text, &complete);
	if (complete)
		fputc('.', text.stream);
	return text_close(&text);
}
