/* lmdb/engine.h - the data in LMDB
 * SPDX-License-Identifier: MIT
 *
 * Tables (numbers in keys are big-endian, so that order of bytes is order of numbers):
 *
 *   meta      "schema", "hash", "owner" (the next id)
 *   stores    name -> number of a store or log
 *   names     domain NUL local -> owner id, name     (long ones: cut, and a digest)
 *   records   owner 4, store 2, key -> value
 *   entries   number -> owner, log, id, with, bytes  in order of commit, all owners'
 *   ids       owner 4, log 2, id 8 -> ids from there on and their entries' numbers (runs.h)
 *   with      owner 4, log 2, digest of `with` 8, id 8 -> the same of one peer
 *   new-ids, new-with: the newest part of these two
 *   trash     owner 4, store 2 (0: all of the owner's) -> what is left to be cleaned
 *
 * The bytes of entries go to the end of one table, where a put is ten times as cheap as
 * in random order; only the two small indices are touched at random, and seldom (runs.h).
 * Digests are keyed with a secret of the data directory, and what they lead to is compared
 * in full.
 *
 * relaxed: LMDB does not sync at commit.  What a killed process committed is there; a
 * power loss costs the last second or so, on file systems that write in order. */
#ifndef STORAGE_LMDB_ENGINE_H
#define STORAGE_LMDB_ENGINE_H

struct storage_engine;
struct storage_options;

/* 0 or as storage_open; *ret_why is set or left alone.  The directory is there and
 * locked. */
int lmdb_engine_open(const struct storage_options *options, struct storage_engine **ret_engine,
	char **ret_why);

#endif
