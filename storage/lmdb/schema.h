/* lmdb/schema.h - the version of the tables, and the way up from older ones
 * SPDX-License-Identifier: MIT
 *
 * Version 0 is a data file without a version: a new one.  Step n leads from version n
 * to n + 1, in one transaction with the new number, so an upgrade that is cut short is
 * taken up where it stopped. */
#ifndef STORAGE_LMDB_SCHEMA_H
#define STORAGE_LMDB_SCHEMA_H

#include <lmdb.h>
#include <stdint.h>

typedef int schema_step(MDB_txn *txn); /* 0 or LMDB's error */

extern schema_step *const schema_steps[];
extern const uint32_t schema_version; /* their number */

/* The version of a data file, 0 when it has none.  0 or LMDB's error. */
int schema_read(MDB_txn *txn, uint32_t *ret_version);

/* 0, -EPROTO (newer than `count`), or -errno; *ret_found is the version found. */
int schema_upgrade(MDB_env *env, schema_step *const *steps, uint32_t count,
	uint32_t *ret_found);

#endif
