/* hash.h - a quick hash of bytes, the same on every machine and in every run
 * SPDX-License-Identifier: MIT
 *
 * Not meant to withstand someone who looks for collisions: a table that peers fill
 * bounds its chains or mixes in a secret of its own. */
#ifndef HASH_H
#define HASH_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_mix(uint64_t hash)
{
	hash *= UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ (hash >> 32);
}

static inline uint64_t hash_8_bytes(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return le64toh(word);
}

static inline uint64_t hash_4_bytes(const char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof word);
	return le32toh(word);
}

static inline uint64_t hash_bytes(const char *bytes, size_t len)
{
	uint64_t hash = hash_mix(len + 1);
	const unsigned char *small = (const unsigned char *)bytes;

	if (len >= 8) {
		for (size_t i = 0; i + 8 < len; i += 8)
			hash = hash_mix(hash ^ hash_8_bytes(bytes + i));
		hash ^= hash_8_bytes(bytes + len - 8);
	} else if (len >= 4) {
		hash ^= hash_4_bytes(bytes) | hash_4_bytes(bytes + len - 4) << 32;
	} else if (len > 0) {
		hash ^= (uint64_t)small[0] << 16 | (uint64_t)small[len / 2] << 8 | small[len - 1];
	}
	return hash_mix(hash_mix(hash));
}

#endif
