/* sasl/hashes.h - the hashes of SCRAM, and lines of stored credentials
 * SPDX-License-Identifier: MIT */
#ifndef SASL_HASHES_H
#define SASL_HASHES_H

#include <stddef.h>

#include <gnutls/gnutls.h>

#include "sasl_policy.h"

#define SCRAM_HASH_COUNT 3
#define SCRAM_HASH_MAX 64 /* bytes */
#define SALT_BYTES_MAX 64
#define SCRAM_ITERATIONS_MAX 10000000
#define SCRAM_HASH_OF_PLAIN 1 /* SHA-256: PLAIN is checked against its line, where there is one */

struct buffer;

struct scram_hash {
	const char *scheme; /* "SCRAM-SHA-256": also the mechanism's name */
	gnutls_mac_algorithm_t mac;
	gnutls_digest_algorithm_t digest;
	size_t size;
	enum sasl_mechanism mechanism, plus;
};

extern const struct scram_hash scram_hashes[SCRAM_HASH_COUNT];

/* NULL when the mechanism is not a SCRAM. */
const struct scram_hash *scram_hash_of(enum sasl_mechanism mechanism);

struct credentials_line {
	const unsigned char *salt;
	size_t salt_len;
	unsigned iterations;
	const unsigned char *stored_key, *server_key;
};

/* One line with its line break. */
void credentials_add_line(struct buffer *out, const struct scram_hash *hash,
	const struct credentials_line *line);

/* The line of that hash in a record, not NUL-terminated; NULL when there is none. */
const char *credentials_find_line(const char *credentials, const struct scram_hash *hash,
	size_t *ret_len);

#endif
