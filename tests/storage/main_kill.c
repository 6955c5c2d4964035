/* main_kill.c - kill -9 at random moments: what was acknowledged is there
 * SPDX-License-Identifier: MIT
 *
 * A child writes to its storage, and each number that is acknowledged down a pipe; the
 * parent kills it, opens the data and looks for every one of them.  The data grows over
 * all rounds, so each start after a kill is also a test of the next. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bed.h"

enum { ROUNDS = 60, OWNERS = 5, LOG = 1, STORE = 2 };

static int wrong;

static void fail(const char *what, uint64_t id)
{
	fprintf(stderr, "wrong: %s (%" PRIu64 ")\n", what, id);
	wrong++;
}

/* Child, committer's thread. */
static void acknowledge(void *context, uint64_t tag)
{
	int fd = *(int *)context;
	if (write(fd, &tag, sizeof(tag)) != sizeof(tag))
		_exit(3);
}

/* A write in three places: all of it or nothing is there. */
static void submit(struct storage *storage, uint64_t id, int *fd)
{
	char key[24];
	size_t len = (size_t)snprintf(key, sizeof(key), "%" PRIu64, id);
	owner_id owner = (owner_id)(id % OWNERS) + 2;
	struct storage_batch *batch = storage_batch_create(storage);
	batch_append(batch, owner, LOG, &(struct log_entry){ id, "x@y", key, len });
	batch_put(batch, owner, STORE, key, len, key, len);
	batch_put(batch, 1, STORE, "last", 4, &id, sizeof(id));
	storage_submit(storage, batch, acknowledge, fd, id);
}

static void child(const struct storage_options *options, uint64_t next, int fd)
{
	struct storage *storage;
	if (storage_open(options, &storage, NULL) < 0)
		_exit(2);
	for (uint64_t id = next;; id++) {
		submit(storage, id, &fd);
		/* Now and then it stops for the disk, so that small commits are killed too. */
		if (id % 64 == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 300000 }, NULL);
	}
}

static uint64_t drain(int fd)
{
	uint64_t id, last = 0;
	while (read(fd, &id, sizeof(id)) == sizeof(id)) {
		if (last && id != last + 1)
			fail("order of acknowledgements", id);
		last = id;
	}
	return last;
}

/* Runs a child for up to 25 ms of writing; the last id it acknowledged. */
static uint64_t live_and_die(const struct storage_options *options, uint64_t next)
{
	int pipes[2];
	uint64_t first = 0;
	if (pipe(pipes) < 0)
		exit(EXIT_FAILURE);
	pid_t pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		child(options, next, pipes[1]);
	}
	close(pipes[1]);
	if (read(pipes[0], &first, sizeof(first)) != sizeof(first))
		fail("the child wrote nothing", next);
	nanosleep(&(struct timespec){ .tv_nsec = rand() % 25000000 }, NULL);
	kill(pid, SIGKILL);
	uint64_t last = drain(pipes[0]);
	close(pipes[0]);
	waitpid(pid, NULL, 0);
	return last ? last : first;
}

static bool note_id(void *context, const struct log_entry *entry)
{
	uint64_t *last = context;
	if (entry->id != *last + OWNERS)
		fail("a gap in a log", entry->id);
	*last = entry->id;
	return true;
}

static void check_log(struct bed *bed, owner_id owner, uint64_t first, uint64_t newest)
{
	uint64_t last = first - OWNERS, by_peer = first - OWNERS, index = owner - 2;
	uint64_t expected = newest - (newest + OWNERS - index) % OWNERS;
	struct log_page page = { .after_id = first > 1 ? first - 1 : 0 };
	storage_log_read(bed->storage, owner, LOG, &page, note_id, &last, NULL);
	page.with = "x@y";
	storage_log_read(bed->storage, owner, LOG, &page, note_id, &by_peer, NULL);
	if (last != expected || by_peer != expected)
		fail("the newest entry of a log", last);
}

/* Everything up to `newest`, the last that is committed at all, is there in full. */
static uint64_t check(struct bed *bed, uint64_t from, uint64_t acknowledged)
{
	uint64_t newest = 0;
	void *value;
	size_t len;
	if (storage_get(bed->storage, 1, STORE, "last", 4, &value, &len) == 0) {
		memcpy(&newest, value, sizeof(newest));
		free(value);
	}
	if (newest < acknowledged)
		fail("acknowledged and lost", acknowledged);
	for (owner_id owner = 2; owner < 2 + OWNERS; owner++) {
		uint64_t first = from + (owner - 2 + OWNERS - from % OWNERS) % OWNERS;
		if (first <= newest)
			check_log(bed, owner, first, newest);
	}
	for (uint64_t id = from; id <= newest; id++) {
		char key[24];
		snprintf(key, sizeof(key), "%" PRIu64, id);
		char *record = bed_get(bed, (owner_id)(id % OWNERS) + 2, STORE, key);
		if (!record || strcmp(record, key) != 0)
			fail("a record", id);
		free(record);
	}
	return newest;
}

int main(void)
{
	char directory[64];
	uint64_t newest = OWNERS, total = 0;
	bed_directory(directory);
	struct storage_options options = { .directory = directory, .map_bytes = 1u << 30 };
	unsigned seed = (unsigned)time(NULL);
	printf("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < ROUNDS && wrong == 0; round++) {
		struct bed bed = { 0 };
		uint64_t from = newest + 1;
		options.relaxed = round % 4 == 3; /* outlives a kill as well */
		uint64_t acknowledged = live_and_die(&options, from);
		char *why = NULL;
		if (storage_open(&options, &bed.storage, &why) < 0) {
			fprintf(stderr, "%s\n", why);
			return EXIT_FAILURE;
		}
		newest = check(&bed, from, acknowledged);
		total += acknowledged - from + 1;
		storage_close(bed.storage);
	}
	bed_remove(directory);
	printf("%d kills, %" PRIu64 " acknowledged, %d wrong\n", ROUNDS, total, wrong);
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
