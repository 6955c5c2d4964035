/* lmdb/keys.h - the keys of the tables, all shorter than LMDB's 511 bytes
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_LMDB_KEYS_H
#define STORAGE_LMDB_KEYS_H

#include <lmdb.h>
#include <stdbool.h>

#include "storage.h"

enum {
	SCOPE_LEN = 6, /* owner, store */
	NAME_KEY_MAX = 496,
	NAME_KEY_PLAIN_MAX = NAME_KEY_MAX - 16, /* longer ones are cut here and get a digest */
};

struct key {
	size_t len;
	unsigned char bytes[NAME_KEY_MAX];
};

#define KEY_VAL(key) (&(MDB_val){ (key)->len, (key)->bytes })

void key_start(struct key *key, owner_id owner, uint16_t store);
void key_add_id(struct key *key, uint64_t id);
void key_add_bytes(struct key *key, const void *bytes, size_t len);

/* Of an owner's name; `secret` is 32 bytes. */
void key_of_name(struct key *key, const unsigned char *secret, const char *name);
/* What the keys of all names in the domain begin with (of few others, too). */
void key_of_domain(struct key *key, const char *domain);
bool name_is_in(const char *name, const char *domain);

bool key_is_prefix(const struct key *prefix, const MDB_val *key);
owner_id key_owner(const MDB_val *key);
uint16_t key_store(const MDB_val *key);
uint64_t key_last_id(const MDB_val *key);

#endif
