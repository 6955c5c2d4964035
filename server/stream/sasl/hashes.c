/* sasl/hashes.c - what SCRAM knows of its hashes, and a line for each
 * SPDX-License-Identifier: MIT */

#include "sasl/hashes.h"

#include <string.h>

#include "base64.h"
#include "buffer.h"

const struct scram_hash scram_hashes[SCRAM_HASH_COUNT] = {
	{ "SCRAM-SHA-1", GNUTLS_MAC_SHA1, GNUTLS_DIG_SHA1, 20,
		MECHANISM_SCRAM_SHA_1, MECHANISM_SCRAM_SHA_1_PLUS },
	{ "SCRAM-SHA-256", GNUTLS_MAC_SHA256, GNUTLS_DIG_SHA256, 32,
		MECHANISM_SCRAM_SHA_256, MECHANISM_SCRAM_SHA_256_PLUS },
	{ "SCRAM-SHA-512", GNUTLS_MAC_SHA512, GNUTLS_DIG_SHA512, 64,
		MECHANISM_SCRAM_SHA_512, MECHANISM_SCRAM_SHA_512_PLUS },
};

const struct scram_hash *scram_hash_of(enum sasl_mechanism mechanism)
{
	for (size_t i = 0; i < SCRAM_HASH_COUNT; i++)
		if (scram_hashes[i].mechanism == mechanism || scram_hashes[i].plus == mechanism)
			return &scram_hashes[i];
	return NULL;
}

void credentials_add_line(struct buffer *out, const struct scram_hash *hash,
	const struct credentials_line *line)
{
	char salt[BASE64_BYTES(SALT_BYTES_MAX)], stored[BASE64_BYTES(SCRAM_HASH_MAX)];
	char server[BASE64_BYTES(SCRAM_HASH_MAX)];

	base64_encode(line->salt, line->salt_len, salt);
	base64_encode(line->stored_key, hash->size, stored);
	base64_encode(line->server_key, hash->size, server);
	buffer_printf(out, "%s$%u:%s$%s:%s\n", hash->scheme, line->iterations, salt, stored,
		server);
}

const char *credentials_find_line(const char *credentials, const struct scram_hash *hash,
	size_t *ret_len)
{
	size_t scheme_len = strlen(hash->scheme);

	while (*credentials) {
		size_t len = strcspn(credentials, "\n");

		if (len > scheme_len && memcmp(credentials, hash->scheme, scheme_len) == 0 &&
		    credentials[scheme_len] == '$') {
			*ret_len = len;
			return credentials;
		}
		credentials += len + (credentials[len] == '\n');
	}
	return NULL;
}
