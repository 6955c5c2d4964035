/* certificate.c - reads certificate, key and client CA of a host, and says what is wrong */
/* SPDX-License-Identifier: MIT */

#include "certificate.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "heap.h"

struct certificate {
	atomic_uint references;
	gnutls_certificate_credentials_t credentials;
	bool asks_clients;
	time_t ends;
	unsigned char end_point[64];
	size_t end_point_len;
};

/* A PEM file's bytes; -errno and a line when it cannot be read. */
static int read_file(const char *path, const char *what, gnutls_datum_t *ret_bytes, char **ret_why)
{
	int result;

	errno = 0;
	result = gnutls_load_file(path, ret_bytes);
	if (result >= 0)
		return 0;
	result = errno ? errno : EIO;
	if (asprintf(ret_why, "the %s %s cannot be read: %s", what, path, strerror(result)) < 0)
		heap_exhausted();
	return -result;
}

static int complain(char **ret_why, const char *what, const char *path, int result)
{
	if (asprintf(ret_why, "%s (%s): %s", what, path, gnutls_strerror(result)) < 0)
		heap_exhausted();
	return result == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EINVAL;
}

/* --- facts of the host's own certificate ------------------------------------------------ */

/* RFC 5929 4.1: the hash of its signature, but SHA-256 in place of MD5 and SHA-1. */
static void note_end_point(struct certificate *certificate, gnutls_x509_crt_t leaf)
{
	int algorithm = gnutls_x509_crt_get_signature_algorithm(leaf);
	gnutls_digest_algorithm_t digest;
	size_t len = sizeof certificate->end_point;

	if (algorithm < 0)
		return;
	digest = gnutls_sign_get_hash_algorithm((gnutls_sign_algorithm_t)algorithm);
	if (digest == GNUTLS_DIG_MD5 || digest == GNUTLS_DIG_SHA1)
		digest = GNUTLS_DIG_SHA256;
	if (digest == GNUTLS_DIG_UNKNOWN || digest == GNUTLS_DIG_NULL)
		return;
	if (gnutls_x509_crt_get_fingerprint(leaf, digest, certificate->end_point, &len) >= 0)
		certificate->end_point_len = len;
}

static void warn(char **ret_why, const char *format, const char *path, const char *about)
{
	if (!*ret_why && asprintf(ret_why, format, path, about) < 0)
		heap_exhausted();
}

static const char *date(time_t when, char text[static 32])
{
	struct tm parts;

	if (!gmtime_r(&when, &parts) || strftime(text, 32, "%Y-%m-%d %H:%M UTC", &parts) == 0)
		strcpy(text, "an unknown date");
	return text;
}

/* A server with such a certificate can start, but clients will not like it. */
static void look_for_doubts(gnutls_x509_crt_t leaf, const struct certificate_files *files,
	char **ret_why)
{
	time_t now = time(NULL), from = gnutls_x509_crt_get_activation_time(leaf);
	time_t until = gnutls_x509_crt_get_expiration_time(leaf);
	char text[32];

	if (until != (time_t)-1 && until < now)
		warn(ret_why, "the certificate %s expired on %s", files->chain, date(until, text));
	if (from != (time_t)-1 && from > now)
		warn(ret_why, "the certificate %s is not valid before %s", files->chain,
			date(from, text));
	if (files->domain && !gnutls_x509_crt_check_hostname(leaf, files->domain))
		warn(ret_why, "the certificate %s does not name %s", files->chain, files->domain);
}

static int read_leaf(struct certificate *certificate, const struct certificate_files *files,
	const gnutls_datum_t *chain, char **ret_why)
{
	gnutls_x509_crt_t *list = NULL;
	unsigned count = 0;
	int result = gnutls_x509_crt_list_import2(&list, &count, chain, GNUTLS_X509_FMT_PEM, 0);

	if (result < 0)
		return complain(ret_why, "not a PEM certificate", files->chain, result);
	note_end_point(certificate, list[0]);
	certificate->ends = gnutls_x509_crt_get_expiration_time(list[0]);
	look_for_doubts(list[0], files, ret_why);
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return 0;
}

/* --- loading ---------------------------------------------------------------------------- */

static int set_pair(struct certificate *certificate, const struct certificate_files *files,
	const gnutls_datum_t *chain, const gnutls_datum_t *key, char **ret_why)
{
	gnutls_x509_privkey_t parsed;
	int result = gnutls_x509_privkey_init(&parsed);

	if (result < 0)
		return complain(ret_why, "no memory for the key", files->key, result);
	result = gnutls_x509_privkey_import2(parsed, key, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_x509_privkey_deinit(parsed);
	if (result < 0)
		return complain(ret_why, "not a PEM private key without a password", files->key,
			result);
	result = gnutls_certificate_set_x509_key_mem(certificate->credentials, chain, key,
		GNUTLS_X509_FMT_PEM);
	if (result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		return complain(ret_why, "the key does not belong to the certificate", files->chain,
			result);
	return result < 0 ? complain(ret_why, "unusable certificate", files->chain, result) : 0;
}

static int load_pair(struct certificate *certificate, const struct certificate_files *files,
	char **ret_why)
{
	gnutls_datum_t chain = { 0 }, key = { 0 };
	char *doubts = NULL;
	int result = read_file(files->chain, "certificate", &chain, ret_why);

	if (result == 0)
		result = read_file(files->key, "key", &key, ret_why);
	if (result == 0)
		result = read_leaf(certificate, files, &chain, &doubts);
	if (result == 0)
		result = set_pair(certificate, files, &chain, &key, ret_why);
	if (!*ret_why) {
		*ret_why = doubts;
		doubts = NULL;
	}
	free(doubts);
	gnutls_free(chain.data);
	if (key.data)
		gnutls_memset(key.data, 0, key.size);
	gnutls_free(key.data);
	return result;
}

static int load_client_ca(struct certificate *certificate, const struct certificate_files *files,
	char **ret_why)
{
	gnutls_datum_t trusted = { 0 };
	char *why = NULL;
	int result;

	if (!files->client_ca || !*files->client_ca)
		return 0;
	result = read_file(files->client_ca, "client CA", &trusted, &why);
	if (result == 0) {
		int count = gnutls_certificate_set_x509_trust_mem(certificate->credentials,
			&trusted, GNUTLS_X509_FMT_PEM);

		if (count <= 0)
			result = complain(&why, "no certificate authority in the client CA",
				files->client_ca, count ? count : GNUTLS_E_NO_CERTIFICATE_FOUND);
	}
	gnutls_free(trusted.data);
	certificate->asks_clients = result == 0;
	if (why) {
		free(*ret_why);
		*ret_why = why;
	}
	return result;
}

int certificate_load(const struct certificate_files *files, struct certificate **ret_certificate,
	char **ret_why)
{
	struct certificate *certificate = heap_zalloc(sizeof *certificate);
	int result;

	atomic_init(&certificate->references, 1);
	*ret_why = NULL;
	if (gnutls_certificate_allocate_credentials(&certificate->credentials) < 0)
		heap_exhausted();
	result = load_pair(certificate, files, ret_why);
	if (result == 0)
		result = load_client_ca(certificate, files, ret_why);
	if (result == 0)
		*ret_certificate = certificate;
	else
		certificate_unref(certificate);
	return result;
}

struct certificate *certificate_ref(struct certificate *certificate)
{
	atomic_fetch_add_explicit(&certificate->references, 1, memory_order_relaxed);
	return certificate;
}

void certificate_unref(struct certificate *certificate)
{
	if (!certificate ||
	    atomic_fetch_sub_explicit(&certificate->references, 1, memory_order_acq_rel) > 1)
		return;
	gnutls_certificate_free_credentials(certificate->credentials);
	free(certificate);
}

gnutls_certificate_credentials_t certificate_credentials(const struct certificate *certificate)
{
	return certificate->credentials;
}

bool certificate_asks_clients(const struct certificate *certificate)
{
	return certificate->asks_clients;
}

size_t certificate_end_point(const struct certificate *certificate, unsigned char hash[static 64])
{
	memcpy(hash, certificate->end_point, certificate->end_point_len);
	return certificate->end_point_len;
}

bool certificate_equal(const struct certificate *a, const struct certificate *b)
{
	return a->ends == b->ends && a->asks_clients == b->asks_clients &&
		a->end_point_len == b->end_point_len &&
		memcmp(a->end_point, b->end_point, a->end_point_len) == 0;
}

time_t certificate_ends(const struct certificate *certificate)
{
	return certificate->ends;
}
