/* lmdb/runs.h - the two indices of logs: many ids in one record
 * SPDX-License-Identifier: MIT
 *
 * A run is a record of "ids" or "with".  Its key is a prefix (owner, log; for "with" also the
 * digest) and an id that is not above any in it, its value the ids that follow, up to the next
 * run's, each with the number of its entry.  A record for each id would take four times the
 * room, half as much as most of the messages themselves.
 *
 * What is new goes to a small table of the same form, "new-ids" or "new-with".  A commit so
 * changes few pages, where each entry would change two of its own; and each page of the large
 * tables is written once for all that came to its owner meanwhile, a slice with each commit.
 * Readers walk both at once. */
#ifndef STORAGE_LMDB_RUNS_H
#define STORAGE_LMDB_RUNS_H

#include "lmdb_internal.h"

enum { RUN_MAX = 88 }; /* four of them fill a page */

struct run {
	uint64_t base; /* the id in the key */
	size_t count;
	struct run_place { uint64_t id, number; } places[RUN_MAX + 1];
};

/* All of these return LMDB's errors, MDB_CORRUPTED when they meet a value that no run has.
 * `table` is IDS or WITH, and means its new part too. */

/* What a record holds whose key ends in `base`; that its ids ascend is not asked. */
int run_unpack(struct run *run, uint64_t base, const MDB_val *value);

/* MDB_KEYEXIST: the id is there; only told of IDS, which is asked first. */
int run_insert(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t number);
/* Takes the id out, MDB_NOTFOUND when it is not there. */
int run_delete(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t *ret_number);
/* The lowest id of a log, or one of any log when the prefix is an owner alone, and the key of
 * its run, borrowed until the next write. */
int run_first(struct act *act, enum table table, const struct key *prefix, MDB_val *ret_key,
	uint64_t *ret_id);

/* Ends a commit of so many entries: where the new part has grown too large, some of it is
 * settled.  A commit of few entries changes nearly all pages of the new part, which is kept
 * small then; one of many gains by a large one. */
int runs_settle_some(struct act *act, uint64_t entries);
/* Moves up to so many new runs of each index to where they stay. */
int runs_settle(struct act *act, size_t most);

/* A walk along an index, by ids from `low` to `high`, inclusive. */
struct walk {
	struct key prefix;
	uint64_t low, high;
	bool backwards;
	uint64_t id, number; /* where it stands */
	struct level {
		MDB_cursor *cursor;
		int rc; /* 0: it has something */
		size_t place;
		struct run run;
	} levels[2], *level;
};

int walk_open(struct act *act, enum table table, struct walk *walk); /* no cursor on failure */
void walk_close(struct walk *walk);
/* Between walk_open and walk_close the range may change, and walk_first begin again. */
/* 0, or MDB_NOTFOUND at the end. */
int walk_first(struct walk *walk);
int walk_next(struct walk *walk);

#endif
