/* scram.c - the client's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677) */
/* SPDX-License-Identifier: MIT */
#include "scram.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_MAX = 32, KEY_LINE = 512 };

static const struct {
	gnutls_mac_algorithm_t mac;
	gnutls_digest_algorithm_t digest;
	size_t size;
} hashes[] = {
	[SCRAM_SHA_1] = { GNUTLS_MAC_SHA1, GNUTLS_DIG_SHA1, 20 },
	[SCRAM_SHA_256] = { GNUTLS_MAC_SHA256, GNUTLS_DIG_SHA256, 32 },
};

/* One salted password: the key is "hash iterations salt password". */
struct salted {
	char *key;
	unsigned char bytes[DIGEST_MAX];
};

static void *salted_tree;
static FILE *salted_file;

static int compare_salted(const void *a, const void *b)
{
	return strcmp(((const struct salted *)a)->key, ((const struct salted *)b)->key);
}

static struct salted *keep_salted(const char *key, const unsigned char *bytes)
{
	struct salted *salted = calloc(1, sizeof *salted);

	if (!salted || !(salted->key = strdup(key)))
		abort();
	memcpy(salted->bytes, bytes, DIGEST_MAX);
	return *(struct salted **)tsearch(salted, &salted_tree, compare_salted);
}

void scram_keys_open(const char *path)
{
	char line[KEY_LINE];

	salted_file = fopen(path, "a+");
	if (!salted_file)
		return;
	rewind(salted_file);
	while (fgets(line, sizeof line, salted_file)) {
		unsigned char bytes[DIGEST_MAX] = { 0 };
		char *space = strchr(line, '\t');
		gnutls_datum_t hex = { (unsigned char *)line, space ? (unsigned)(space - line) : 0 };
		size_t size = sizeof bytes;

		line[strcspn(line, "\n")] = '\0';
		if (space && gnutls_hex_decode(&hex, bytes, &size) == 0)
			keep_salted(space + 1, bytes);
	}
}

static void destroy_salted(void *node)
{
	struct salted *salted = node;

	free(salted->key);
	free(salted);
}

void scram_keys_close(void)
{
	if (salted_file)
		fclose(salted_file);
	salted_file = NULL;
	tdestroy(salted_tree, destroy_salted);
	salted_tree = NULL;
}

static void file_salted(const struct salted *salted)
{
	char hex[2 * DIGEST_MAX + 1];
	size_t size = sizeof hex;
	gnutls_datum_t bytes = { (unsigned char *)salted->bytes, DIGEST_MAX };

	if (salted_file && gnutls_hex_encode(&bytes, hex, &size) == 0)
		fprintf(salted_file, "%s\t%s\n", hex, salted->key);
}

static int salt_password(const struct scram *scram, const gnutls_datum_t *salt64,
		unsigned iterations, unsigned char *ret_salted)
{
	char key[KEY_LINE];
	struct salted probe = { .key = key }, **found, *made;
	gnutls_datum_t salt, password = { (unsigned char *)scram->password,
		(unsigned)strlen(scram->password) };

	snprintf(key, sizeof key, "%d %u %.*s %s", scram->hash, iterations, (int)salt64->size,
			(char *)salt64->data, scram->password);
	found = tfind(&probe, &salted_tree, compare_salted);
	if (!found) {
		unsigned char bytes[DIGEST_MAX] = { 0 };

		if (gnutls_base64_decode2(salt64, &salt) < 0)
			return -EPROTO;
		gnutls_pbkdf2(hashes[scram->hash].mac, &password, &salt, iterations, bytes,
				hashes[scram->hash].size);
		gnutls_free(salt.data);
		made = keep_salted(key, bytes);
		file_salted(made);
		found = &made;
	}
	memcpy(ret_salted, (*found)->bytes, DIGEST_MAX);
	return 0;
}

static void encode64(const void *bytes, size_t size, char *ret_text, size_t text_size)
{
	gnutls_datum_t in = { (unsigned char *)bytes, (unsigned)size }, out;

	ret_text[0] = '\0';
	if (gnutls_base64_encode2(&in, &out) < 0)
		return;
	snprintf(ret_text, text_size, "%.*s", (int)out.size, (char *)out.data);
	gnutls_free(out.data);
}

void scram_start(struct scram *scram, char *message, size_t size)
{
	char first[256];
	unsigned char random[16];

	gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(scram->nonce + 2 * i, 3, "%02x", random[i]);
	snprintf(first, sizeof first, "n,,n=%s,r=%s", scram->user, scram->nonce);
	encode64(first, strlen(first), message, size);
}

static void hmac(const struct scram *scram, const unsigned char *key, const void *text,
		size_t size, unsigned char *ret_mac)
{
	gnutls_hmac_fast(hashes[scram->hash].mac, key, hashes[scram->hash].size, text, size,
			ret_mac);
}

/* RFC 5802, 3: proof = ClientKey xor HMAC(H(ClientKey), AuthMessage). */
static void prove(struct scram *scram, const unsigned char *salted, const char *transcript,
		char *ret_proof, size_t proof_size)
{
	size_t size = hashes[scram->hash].size;
	unsigned char client_key[DIGEST_MAX], stored_key[DIGEST_MAX], signature[DIGEST_MAX];
	unsigned char server_key[DIGEST_MAX];

	hmac(scram, salted, "Client Key", 10, client_key);
	gnutls_hash_fast(hashes[scram->hash].digest, client_key, size, stored_key);
	hmac(scram, stored_key, transcript, strlen(transcript), signature);
	for (size_t i = 0; i < size; i++)
		client_key[i] ^= signature[i];
	encode64(client_key, size, ret_proof, proof_size);
	hmac(scram, salted, "Server Key", 10, server_key);
	hmac(scram, server_key, transcript, strlen(transcript), signature);
	encode64(signature, size, scram->expected, sizeof scram->expected);
}

int scram_answer(struct scram *scram, const char *challenge, size_t challenge_size,
		char *message, size_t size)
{
	gnutls_datum_t in = { (unsigned char *)challenge, (unsigned)challenge_size }, out;
	char first[512], final[512], transcript[1200], proof[64], nonce[256], salt[128];
	unsigned char salted[DIGEST_MAX];
	gnutls_datum_t salt64 = { (unsigned char *)salt, 0 };
	unsigned iterations;

	if (gnutls_base64_decode2(&in, &out) < 0)
		return -EPROTO;
	snprintf(first, sizeof first, "%.*s", (int)out.size, (char *)out.data);
	gnutls_free(out.data);
	if (sscanf(first, "r=%255[^,],s=%127[^,],i=%u", nonce, salt, &iterations) != 3 ||
	    strncmp(nonce, scram->nonce, strlen(scram->nonce)) != 0)
		return -EPROTO;
	salt64.size = (unsigned)strlen(salt);
	if (salt_password(scram, &salt64, iterations, salted) < 0)
		return -EPROTO;
	snprintf(transcript, sizeof transcript, "n=%s,r=%s,%s,c=biws,r=%s", scram->user,
			scram->nonce, first, nonce);
	prove(scram, salted, transcript, proof, sizeof proof);
	snprintf(final, sizeof final, "c=biws,r=%s,p=%s", nonce, proof);
	encode64(final, strlen(final), message, size);
	return 0;
}

bool scram_accepts(const struct scram *scram, const char *success, size_t size)
{
	gnutls_datum_t in = { (unsigned char *)success, (unsigned)size }, out;
	bool is_right;

	if (size == 0 || gnutls_base64_decode2(&in, &out) < 0)
		return false;
	is_right = out.size == strlen(scram->expected) + 2 && memcmp(out.data, "v=", 2) == 0 &&
		memcmp(out.data + 2, scram->expected, out.size - 2) == 0;
	gnutls_free(out.data);
	return is_right;
}
