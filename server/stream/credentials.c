/* credentials.c - salted keys of a password, and the check against them
 * SPDX-License-Identifier: MIT */

#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "base64.h"
#include "buffer.h"
#include "password.h"
#include "sasl/hashes.h"

#define SALT_BYTES 16

struct keys {
	unsigned char stored[SCRAM_HASH_MAX];
	unsigned char server[SCRAM_HASH_MAX];
};

/* RFC 5802 3: SaltedPassword, ClientKey, StoredKey, ServerKey. */
static int derive(const struct scram_hash *hash, const char *password,
	const gnutls_datum_t *salt, unsigned iterations, struct keys *ret_keys)
{
	gnutls_datum_t secret = { (unsigned char *)password, (unsigned)strlen(password) };
	unsigned char salted[SCRAM_HASH_MAX], client[SCRAM_HASH_MAX];
	bool works;

	works = gnutls_pbkdf2(hash->mac, &secret, salt, iterations, salted, hash->size) == 0 &&
		gnutls_hmac_fast(hash->mac, salted, hash->size, "Client Key", 10, client) == 0 &&
		gnutls_hash_fast(hash->digest, client, hash->size, ret_keys->stored) == 0 &&
		gnutls_hmac_fast(hash->mac, salted, hash->size, "Server Key", 10,
			ret_keys->server) == 0;
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client, sizeof client);
	return works ? 0 : -1;
}

static int add_hash(struct buffer *out, const struct scram_hash *hash, const char *password,
	unsigned iterations)
{
	unsigned char bytes[SALT_BYTES];
	gnutls_datum_t salt = { bytes, sizeof bytes };
	struct keys keys;

	if (gnutls_rnd(GNUTLS_RND_NONCE, bytes, sizeof bytes) < 0 ||
	    derive(hash, password, &salt, iterations, &keys) < 0)
		return -1;
	credentials_add_line(out, hash, &(struct credentials_line){
		.salt = bytes, .salt_len = sizeof bytes, .iterations = iterations,
		.stored_key = keys.stored, .server_key = keys.server });
	return 0;
}

static bool has_line(const char *credentials, const struct scram_hash *hash)
{
	size_t len;

	return credentials_find_line(credentials, hash, &len);
}

/* `known`, and behind it the lines that it lacks. */
static char *make(const char *known, const char *password, unsigned iterations)
{
	char *prepared = password_prepare(password, strlen(password));
	struct buffer out = { 0 };
	int result = prepared ? 0 : -1;

	buffer_add(&out, known, strlen(known));
	if (*known && known[strlen(known) - 1] != '\n')
		buffer_add(&out, "\n", 1);
	for (size_t i = 0; i < SCRAM_HASH_COUNT && result == 0; i++) {
		if (!has_line(known, &scram_hashes[i]))
			result = add_hash(&out, &scram_hashes[i], prepared, iterations);
	}
	password_wipe(prepared);
	if (result < 0) {
		buffer_finish(&out);
		return NULL;
	}
	buffer_add(&out, "", 1);
	return out.bytes;
}

char *credentials_make(const char *password, unsigned iterations)
{
	return make("", password, iterations);
}

char *credentials_complete(const char *credentials, const char *password, unsigned iterations)
{
	for (size_t i = 0; i < SCRAM_HASH_COUNT; i++) {
		if (!has_line(credentials, &scram_hashes[i]))
			return make(credentials, password, iterations);
	}
	return NULL;
}

/* "4096:<salt>$<StoredKey>:<ServerKey>" */
struct parsed {
	unsigned iterations;
	unsigned char salt[SALT_BYTES_MAX];
	size_t salt_len;
	unsigned char stored[SCRAM_HASH_MAX];
	size_t stored_len;
};

static bool parse_line(const char *line, size_t len, const struct scram_hash *hash,
	struct parsed *ret)
{
	const char *end = line + len;
	const char *salt, *stored, *server;
	char *digits_end;
	unsigned long iterations;

	line += strlen(hash->scheme) + 1;
	iterations = strtoul(line, &digits_end, 10);
	salt = digits_end + 1;
	if (digits_end == line || *digits_end != ':' || iterations == 0 ||
	    iterations > SCRAM_ITERATIONS_MAX)
		return false;
	stored = memchr(salt, '$', (size_t)(end - salt));
	server = stored ? memchr(stored, ':', (size_t)(end - stored)) : NULL;
	if (!server)
		return false;
	ret->iterations = (unsigned)iterations;
	return base64_decode(salt, (size_t)(stored - salt), ret->salt, sizeof ret->salt,
			&ret->salt_len) == 0 &&
		base64_decode(stored + 1, (size_t)(server - stored - 1), ret->stored,
			sizeof ret->stored, &ret->stored_len) == 0 &&
		ret->stored_len == hash->size;
}

/* What comes from another server may have no line but one. */
static const char *find_any_line(const char *credentials, const struct scram_hash **ret_hash,
	size_t *ret_len)
{
	const char *line;

	*ret_hash = &scram_hashes[SCRAM_HASH_OF_PLAIN];
	line = credentials_find_line(credentials, *ret_hash, ret_len);
	for (size_t i = SCRAM_HASH_COUNT; !line && i-- > 0;) {
		*ret_hash = &scram_hashes[i];
		line = credentials_find_line(credentials, *ret_hash, ret_len);
	}
	return line;
}

bool credentials_match(const char *credentials, const char *password)
{
	const struct scram_hash *hash;
	char *prepared = password_prepare(password, strlen(password));
	struct parsed parsed;
	gnutls_datum_t salt;
	struct keys keys;
	size_t len = 0;
	const char *line = find_any_line(credentials, &hash, &len);
	bool matches = false;

	if (prepared && line && parse_line(line, len, hash, &parsed)) {
		salt = (gnutls_datum_t){ parsed.salt, (unsigned)parsed.salt_len };
		matches = derive(hash, prepared, &salt, parsed.iterations, &keys) == 0 &&
			gnutls_memcmp(keys.stored, parsed.stored, hash->size) == 0;
	}
	password_wipe(prepared);
	return matches;
}
