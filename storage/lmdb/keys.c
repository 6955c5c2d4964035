/* lmdb/keys.c - makes and reads the keys of the tables
 * SPDX-License-Identifier: MIT */
#include "keys.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "siphash.h"

void key_add_bytes(struct key *key, const void *bytes, size_t len)
{
	assert(key->len + len <= sizeof(key->bytes));
	if (len)
		memcpy(key->bytes + key->len, bytes, len);
	key->len += len;
}

void key_add_id(struct key *key, uint64_t id)
{
	uint64_t big = htobe64(id);
	key_add_bytes(key, &big, sizeof(big));
}

void key_start(struct key *key, owner_id owner, uint16_t store)
{
	uint32_t big_owner = htobe32(owner);
	uint16_t big_store = htobe16(store);
	key->len = 0;
	key_add_bytes(key, &big_owner, sizeof(big_owner));
	key_add_bytes(key, &big_store, sizeof(big_store));
}

static void add_cut(struct key *key, const char *text, size_t len)
{
	size_t room = NAME_KEY_PLAIN_MAX - key->len;
	key_add_bytes(key, text, len < room ? len : room);
}

void key_of_domain(struct key *key, const char *domain)
{
	key->len = 0;
	add_cut(key, domain, strlen(domain) + 1);
}

void key_of_name(struct key *key, const unsigned char *secret, const char *name)
{
	const char *at = strchr(name, '@');
	size_t local_len = at ? (size_t)(at - name) : 0;
	size_t len = strlen(name);
	key_of_domain(key, at ? at + 1 : name);
	add_cut(key, name, local_len);
	if (len + !at <= NAME_KEY_PLAIN_MAX)
		return;
	uint64_t digest[2] = { siphash(secret, name, len), siphash(secret + 16, name, len) };
	key_add_bytes(key, digest, sizeof(digest));
}

bool name_is_in(const char *name, const char *domain)
{
	const char *at = strchr(name, '@');
	return strcmp(at ? at + 1 : name, domain) == 0;
}

bool key_is_prefix(const struct key *prefix, const MDB_val *key)
{
	return key->mv_size >= prefix->len && memcmp(key->mv_data, prefix->bytes, prefix->len) == 0;
}

owner_id key_owner(const MDB_val *key)
{
	uint32_t owner;
	memcpy(&owner, key->mv_data, sizeof(owner));
	return be32toh(owner);
}

uint16_t key_store(const MDB_val *key)
{
	uint16_t store;
	memcpy(&store, (const char *)key->mv_data + 4, sizeof(store));
	return be16toh(store);
}

uint64_t key_last_id(const MDB_val *key)
{
	uint64_t id;
	memcpy(&id, (const char *)key->mv_data + key->mv_size - sizeof(id), sizeof(id));
	return be64toh(id);
}
