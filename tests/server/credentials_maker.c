/* credentials_maker.c - certificates and keys for tests, in files
 * SPDX-License-Identifier: MIT */

#include "credentials_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>

#define OID_XMPP_ADDRESS "1.3.6.1.5.5.7.8.5"

static char directory[64];

static void remove_directory(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	(void)!system(command);
}

static const char *made_directory(void)
{
	if (!directory[0]) {
		strcpy(directory, "/tmp/tern-test-XXXXXX");
		if (!mkdtemp(directory))
			abort();
		atexit(remove_directory);
	}
	return directory;
}

const char *made_path(const char *name, const char *suffix)
{
	static char paths[8][160];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s.%s", made_directory(), name, suffix);
	return path;
}

void made_file(const char *name, const char *suffix, const char *content)
{
	FILE *file = fopen(made_path(name, suffix), "w");

	fputs(content, file);
	fclose(file);
}

static void check(int result)
{
	if (result < 0) {
		fprintf(stderr, "making a certificate: %s\n", gnutls_strerror(result));
		abort();
	}
}

static gnutls_x509_privkey_t make_key(gnutls_pk_algorithm_t pk)
{
	gnutls_x509_privkey_t key;
	unsigned bits = pk == GNUTLS_PK_RSA ? 2048 :
		pk == GNUTLS_PK_EDDSA_ED25519 ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519) :
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	check(gnutls_x509_privkey_init(&key));
	check(gnutls_x509_privkey_generate(key, pk ? pk : GNUTLS_PK_ECDSA, bits, 0));
	return key;
}

static void add_jid(gnutls_x509_crt_t certificate, const char *jid)
{
	if (jid)
		check(gnutls_x509_crt_set_subject_alt_othername(certificate, OID_XMPP_ADDRESS, jid,
			(unsigned)strlen(jid), GNUTLS_FSAN_APPEND | GNUTLS_FSAN_ENCODE_UTF8_STRING));
}

static void describe(gnutls_x509_crt_t certificate, const struct certificate_wish *wish)
{
	const char *name = wish->domain ? wish->domain : wish->jid ? wish->jid : "Tern Test CA";
	time_t now = time(NULL);
	long until = wish->valid_until_s ? wish->valid_until_s : 86400;
	long from = wish->valid_from_s ? wish->valid_from_s : -86400;

	check(gnutls_x509_crt_set_version(certificate, 3));
	check(gnutls_x509_crt_set_serial(certificate, &now, sizeof now));
	check(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
		(unsigned)strlen(name)));
	check(gnutls_x509_crt_set_activation_time(certificate, now + from));
	check(gnutls_x509_crt_set_expiration_time(certificate, now + until));
	check(gnutls_x509_crt_set_ca_status(certificate, wish->is_authority));
	if (wish->domain)
		check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, wish->domain,
			(unsigned)strlen(wish->domain), GNUTLS_FSAN_APPEND));
	add_jid(certificate, wish->jid);
	add_jid(certificate, wish->other_jid);
}

static gnutls_datum_t read_made(const char *name, const char *suffix)
{
	gnutls_datum_t bytes;

	check(gnutls_load_file(made_path(name, suffix), &bytes));
	return bytes;
}

static void sign(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const char *signer)
{
	gnutls_digest_algorithm_t digest =
		gnutls_x509_privkey_get_pk_algorithm(key) == GNUTLS_PK_EDDSA_ED25519 ?
		GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256;
	gnutls_datum_t pem;
	gnutls_x509_crt_t issuer;
	gnutls_x509_privkey_t issuer_key;

	if (!signer) {
		check(gnutls_x509_crt_sign2(certificate, certificate, key, digest, 0));
		return;
	}
	check(gnutls_x509_crt_init(&issuer));
	check(gnutls_x509_privkey_init(&issuer_key));
	pem = read_made(signer, "crt");
	check(gnutls_x509_crt_import(issuer, &pem, GNUTLS_X509_FMT_PEM));
	gnutls_free(pem.data);
	pem = read_made(signer, "key");
	check(gnutls_x509_privkey_import(issuer_key, &pem, GNUTLS_X509_FMT_PEM));
	gnutls_free(pem.data);
	check(gnutls_x509_crt_sign2(certificate, issuer, issuer_key, GNUTLS_DIG_SHA256, 0));
	gnutls_x509_crt_deinit(issuer);
	gnutls_x509_privkey_deinit(issuer_key);
}

static void write_out(const char *name, const char *suffix, gnutls_datum_t *pem)
{
	FILE *file = fopen(made_path(name, suffix), "w");

	fwrite(pem->data, 1, pem->size, file);
	fclose(file);
	gnutls_free(pem->data);
}

void make_certificate(const char *name, const struct certificate_wish *wish)
{
	gnutls_x509_privkey_t key = make_key(wish->pk);
	gnutls_x509_crt_t certificate;
	gnutls_datum_t pem;

	check(gnutls_x509_crt_init(&certificate));
	describe(certificate, wish);
	check(gnutls_x509_crt_set_key(certificate, key));
	sign(certificate, key, wish->signer);
	check(gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &pem));
	write_out(name, "crt", &pem);
	check(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
		GNUTLS_PKCS_PLAIN, &pem));
	write_out(name, "key", &pem);
	gnutls_x509_crt_deinit(certificate);
	gnutls_x509_privkey_deinit(key);
}
