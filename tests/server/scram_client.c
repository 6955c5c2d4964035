/* scram_client.c - the client's side of SCRAM
 * SPDX-License-Identifier: MIT */

#include "scram_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define MAX 64

static const struct hash {
	const char *scheme;
	gnutls_mac_algorithm_t mac;
	gnutls_digest_algorithm_t digest;
	size_t size;
} hashes[] = {
	{ "SCRAM-SHA-1", GNUTLS_MAC_SHA1, GNUTLS_DIG_SHA1, 20 },
	{ "SCRAM-SHA-256", GNUTLS_MAC_SHA256, GNUTLS_DIG_SHA256, 32 },
	{ "SCRAM-SHA-512", GNUTLS_MAC_SHA512, GNUTLS_DIG_SHA512, 64 },
};

static const struct hash *hash_of(const struct scram_client *client)
{
	for (size_t i = 0; i < 3; i++)
		if (strcmp(hashes[i].scheme, client->scheme) == 0)
			return &hashes[i];
	abort();
}

const char *base64_of(const char *bytes, size_t len)
{
	static char texts[4][4096];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	gnutls_datum_t in = { (unsigned char *)bytes, (unsigned)len }, out;

	gnutls_base64_encode2(&in, &out);
	snprintf(text, sizeof texts[0], "%.*s", (int)out.size, (char *)out.data);
	gnutls_free(out.data);
	return text;
}

static size_t decode(const char *text, char *bytes, size_t room)
{
	gnutls_datum_t in = { (unsigned char *)text, (unsigned)strlen(text) }, out;

	if (gnutls_base64_decode2(&in, &out) < 0 || out.size >= room)
		abort();
	memcpy(bytes, out.data, out.size);
	bytes[out.size] = '\0';
	gnutls_free(out.data);
	return out.size;
}

const char *scram_client_first(struct scram_client *client)
{
	char message[600];

	snprintf(client->first, sizeof client->first, "n=%s,r=%s", client->user,
		client->nonce ? client->nonce : "fyko+d2lbbFgONRv9qkxdawL");
	snprintf(message, sizeof message, "%s%s", client->gs2, client->first);
	return base64_of(message, strlen(message));
}

static void hmac(const struct hash *hash, const unsigned char *key, const char *text,
	unsigned char *ret)
{
	gnutls_hmac_fast(hash->mac, key, hash->size, text, strlen(text), ret);
}

static const char *binding_of(const struct scram_client *client)
{
	char bytes[512];
	size_t len = strlen(client->gs2);

	memcpy(bytes, client->gs2, len);
	if (client->binding) {
		memcpy(bytes + len, client->binding, strlen(client->binding));
		len += strlen(client->binding);
	}
	return base64_of(bytes, len);
}

const char *scram_client_final(struct scram_client *client, const char *challenge64)
{
	const struct hash *hash = hash_of(client);
	unsigned char salted[MAX], key[MAX], stored[MAX], signature[MAX], server[MAX];
	char nonce[256], salt[128], bare[1024], all[2200];
	gnutls_datum_t password = { (unsigned char *)client->password,
		(unsigned)strlen(client->password) };
	gnutls_datum_t salt_bytes = { (unsigned char *)salt, 0 };

	decode(challenge64, client->challenge, sizeof client->challenge);
	if (sscanf(client->challenge, "r=%255[^,],s=%127[^,],i=%u", nonce, client->salt,
			&client->iterations) != 3)
		abort();
	salt_bytes.size = (unsigned)decode(client->salt, salt, sizeof salt);
	gnutls_pbkdf2(hash->mac, &password, &salt_bytes, client->iterations, salted, hash->size);
	snprintf(bare, sizeof bare, "c=%s,r=%s", binding_of(client), nonce);
	snprintf(all, sizeof all, "%s,%s,%s", client->first, client->challenge, bare);
	hmac(hash, salted, "Client Key", key);
	gnutls_hash_fast(hash->digest, key, hash->size, stored);
	hmac(hash, stored, all, signature);
	for (size_t i = 0; i < hash->size; i++)
		key[i] ^= signature[i];
	hmac(hash, salted, "Server Key", server);
	hmac(hash, server, all, signature);
	snprintf(client->signature, sizeof client->signature, "v=%s",
		base64_of((char *)signature, hash->size));
	snprintf(client->final, sizeof client->final, "%s,p=%s", bare,
		base64_of((char *)key, hash->size));
	return base64_of(client->final, strlen(client->final));
}

bool scram_client_accepts(const struct scram_client *client, const char *success64)
{
	char text[256];

	decode(success64, text, sizeof text);
	return strcmp(text, client->signature) == 0;
}
