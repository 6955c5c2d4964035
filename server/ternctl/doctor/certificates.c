/* doctor/certificates.c - whom certificates name, who vouches for them, and until when
 * SPDX-License-Identifier: MIT */

#include "doctor/internal.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "say.h"

#define DAY_S 86400
#define SOON_DAYS 14
#define CHAIN_MAX 16

struct chain {
	gnutls_x509_crt_t crts[CHAIN_MAX];
	unsigned count;
};

static bool read_chain(struct chain *chain, const char *path)
{
	gnutls_datum_t pem;
	int result;

	chain->count = CHAIN_MAX;
	if (gnutls_load_file(path, &pem) < 0)
		return false;
	result = gnutls_x509_crt_list_import(chain->crts, &chain->count, &pem, GNUTLS_X509_FMT_PEM,
		0);
	gnutls_free(pem.data);
	return result > 0;
}

static void free_chain(struct chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++)
		gnutls_x509_crt_deinit(chain->crts[i]);
}

/* --- names -------------------------------------------------------------------------------- */

static const char *names_of(struct doctor *doctor, gnutls_x509_crt_t leaf)
{
	const char *names = "";

	for (unsigned i = 0;; i++) {
		char name[256];
		size_t size = sizeof name;
		int type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name, &size, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return *names ? names : "no domain at all";
		if (type == GNUTLS_SAN_DNSNAME)
			names = arena_printf(doctor->arena, "%s%s%.*s", names, *names ? ", " : "",
				(int)size, name);
	}
}

/* RFC 9525 2: a common name is none any more, but the library falls back to it. */
static bool has_names(gnutls_x509_crt_t leaf)
{
	char name[256];
	size_t size = sizeof name;

	return gnutls_x509_crt_get_subject_alt_name(leaf, 0, name, &size, NULL) !=
		GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

static void look_at_name(struct doctor *doctor, const char *subject, gnutls_x509_crt_t leaf,
	const char *domain)
{
	if (has_names(leaf) && gnutls_x509_crt_check_hostname(leaf, domain))
		GOOD(doctor, subject, "it names %s", domain);
	else
		FAULT(doctor, subject, arena_printf(doctor->arena, "Get one that names it (for example "
			"certbot certonly -d %s), then run ternctl config reload.", domain),
			"it names %s, and not %s: clients refuse it", names_of(doctor, leaf), domain);
}

/* --- dates -------------------------------------------------------------------------------- */

static const char *date(struct doctor *doctor, time_t when)
{
	char text[32];
	struct tm utc;

	strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&when, &utc));
	return arena_strdup(doctor->arena, text);
}

static void look_at_dates(struct doctor *doctor, const char *subject, gnutls_x509_crt_t crt)
{
	static const char renew[] = "Renew it, then run ternctl config reload.";
	time_t begins = gnutls_x509_crt_get_activation_time(crt);
	time_t ends = gnutls_x509_crt_get_expiration_time(crt);

	if (ends < doctor->now)
		FAULT(doctor, subject, renew, "it ended on %s: clients refuse it", date(doctor, ends));
	else if (begins > doctor->now)
		FAULT(doctor, subject, "Check this machine's clock; else wait, or use the old one.",
			"it is valid from %s only: clients refuse it", date(doctor, begins));
	else if (ends < doctor->now + SOON_DAYS * DAY_S)
		DOUBT(doctor, subject, renew, "it ends on %s", date(doctor, ends));
	else
		GOOD(doctor, subject, "it is valid until %s", date(doctor, ends));
}

/* --- who vouches for it --------------------------------------------------------------------- */

static gnutls_x509_trust_list_t trusted(struct doctor *doctor)
{
	gnutls_x509_trust_list_t list;

	if (gnutls_x509_trust_list_init(&list, 0) < 0)
		return NULL;
	gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	if (doctor->wish->ca)
		gnutls_x509_trust_list_add_trust_file(list, doctor->wish->ca, NULL,
			GNUTLS_X509_FMT_PEM, 0, 0);
	return list;
}

/* Without them a chain would seem to lead nowhere. */
void doctor_refuse_ca(const char *path)
{
	struct chain chain;

	if (path && !read_chain(&chain, path))
		fail("--ca: there is no certificate in %s that can be read", path);
	if (path)
		free_chain(&chain);
}

/* Dates have been judged. */
#define VERIFY_FLAGS (GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS)

static void look_at_chain(struct doctor *doctor, const char *subject, const struct chain *chain)
{
	gnutls_x509_trust_list_t list = trusted(doctor);
	gnutls_x509_crt_t leaf = chain->crts[0];
	unsigned status = 0;

	if (!list)
		return;
	gnutls_x509_trust_list_verify_crt(list, (gnutls_x509_crt_t *)chain->crts, chain->count,
		VERIFY_FLAGS, &status, NULL);
	if (status == 0)
		GOOD(doctor, subject, "an authority that this machine trusts vouches for it");
	else if (gnutls_x509_crt_check_issuer(leaf, leaf))
		DOUBT(doctor, subject, "Get one from an authority (Let's Encrypt is free), unless all "
			"who connect know this one.", "it is signed by itself: clients warn or refuse");
	else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND && chain->count == 1)
		FAULT(doctor, subject, "Use the file with the whole chain (certbot's fullchain.pem).",
			"the certificates between it and its authority are missing from the file");
	else if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		FAULT(doctor, subject, "Put what its authority gave you behind the certificate, in "
			"order.", "its chain ends before an authority that this machine trusts");
	else
		FAULT(doctor, subject, "Get another one.", "its chain does not hold (weak signature, or "
			"a certificate that may not sign others)");
	gnutls_x509_trust_list_deinit(list, 1);
}

static void look_at_strength(struct doctor *doctor, const char *subject, gnutls_x509_crt_t leaf)
{
	unsigned bits = 0;
	int algorithm = gnutls_x509_crt_get_pk_algorithm(leaf, &bits);

	if (algorithm == GNUTLS_PK_RSA && bits < 2048)
		FAULT(doctor, subject, "Get one with an ECDSA key (P-256): it is stronger, and logins "
			"cost a sixth.", "its RSA key has %u bits: clients refuse it", bits);
}

void doctor_look_at_certificates(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->config->host_count; i++) {
		const struct host_config *host = &doctor->config->hosts[i];
		const char *subject = arena_printf(doctor->arena, "certificate of %s", host->domain);
		struct chain chain;

		if (!read_chain(&chain, host->certificate))
			continue; /* the configuration could not be read either */
		look_at_name(doctor, subject, chain.crts[0], host->domain);
		for (unsigned k = 0; k < chain.count; k++)
			look_at_dates(doctor, k ? arena_printf(doctor->arena,
				"%s, number %u of its chain", subject, k + 1) : subject, chain.crts[k]);
		look_at_chain(doctor, subject, &chain);
		look_at_strength(doctor, subject, chain.crts[0]);
		free_chain(&chain);
	}
}
