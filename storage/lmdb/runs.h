/* lmdb/runs.h - the two indices of logs: many ids in one record
 * SPDX-License-Identifier: MIT
 *
 * A run is a record of "ids" or "with".  Its key is a prefix (owner, log; for "with" also the
 * digest) and an id that is not above any in it, its value the ids that follow, up to the next
 * run's, each with the number of its entry.  A record for each id would take four times the
 * room, half as much as most of the messages themselves. */
#ifndef STORAGE_LMDB_RUNS_H
#define STORAGE_LMDB_RUNS_H

#include "lmdb_internal.h"

enum { RUN_MAX = 88 }; /* four of them fill a page */

struct run {
	uint64_t base; /* the id in the key */
	size_t count;
	struct run_place { uint64_t id, number; } places[RUN_MAX + 1];
};

/* All of these return LMDB's errors.  `table` is IDS or WITH. */

/* MDB_KEYEXIST: the id is there. */
int run_insert(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t number);
/* Takes the id out, MDB_NOTFOUND when it is not there. */
int run_delete(struct act *act, enum table table, const struct key *prefix, uint64_t id,
	uint64_t *ret_number);
/* The first key that begins with the prefix, which may be shorter than that of a run, and its
 * first id.  The key is borrowed until the next write. */
int run_first(struct act *act, enum table table, const struct key *prefix, MDB_val *ret_key,
	uint64_t *ret_id);

/* A walk along an index, by ids from `low` to `high`, inclusive. */
struct walk {
	MDB_cursor *cursor;
	struct key prefix;
	uint64_t low, high;
	bool backwards;
	uint64_t id, number; /* where it stands */
	size_t place;
	struct run run;
};

/* 0, or MDB_NOTFOUND at the end.  The cursor is the caller's. */
int walk_first(struct walk *walk);
int walk_next(struct walk *walk);

#endif
