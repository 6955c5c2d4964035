/* facts.c - what SASL and session lists want to know of a link's TLS */
/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>

#include "heap.h"
#include "link_internal.h"

#define OID_XMPP_ADDRESS "1.3.6.1.5.5.7.8.5" /* RFC 6120 13.7.1.4 */
#define JIDS_MOST 16

struct tern_host *link_sni_host(const struct link *link)
{
	return link->tls ? link->tls->sni_host : NULL;
}

struct tern_host *link_shown_host(const struct link *link)
{
	return link->tls ? link->tls->shown : NULL;
}

void link_prefer_host(struct link *link, struct tern_host *host)
{
	link->preferred = host;
}

/* --- channel bindings ------------------------------------------------------------------- */

/* RFC 9266 4.2: with TLS 1.2 only where the master secret is tied to the handshake. */
static int exporter(gnutls_session_t session, unsigned char *bytes, size_t *ret_len)
{
	gnutls_datum_t binding;

	if (gnutls_protocol_get_version(session) < GNUTLS_TLS1_3 &&
	    !gnutls_session_ext_master_secret_status(session))
		return -ENOTSUP;
	if (gnutls_session_channel_binding(session, GNUTLS_CB_TLS_EXPORTER, &binding) < 0)
		return -ENOTSUP;
	assert(binding.size <= CHANNEL_BINDING_MAX);
	memcpy(bytes, binding.data, binding.size);
	*ret_len = binding.size;
	gnutls_free(binding.data);
	return 0;
}

int link_channel_binding(const struct link *link, const char *type,
	unsigned char bytes[static CHANNEL_BINDING_MAX], size_t *ret_len)
{
	size_t len;

	if (link->layer != LAYER_SECURE)
		return -ENOTSUP;
	if (strcmp(type, "tls-exporter") == 0)
		return exporter(link->tls->session, bytes, ret_len);
	if (strcmp(type, "tls-server-end-point") != 0)
		return -ENOTSUP;
	len = certificate_end_point(link->tls->certificate, bytes);
	if (len == 0)
		return -ENOTSUP;
	*ret_len = len;
	return 0;
}

unsigned link_cipher_bits(const struct link *link)
{
	if (link->layer != LAYER_SECURE)
		return 0;
	return (unsigned)gnutls_cipher_get_key_size(gnutls_cipher_get(link->tls->session)) * 8;
}

const char *link_describe(const struct link *link)
{
	struct link_tls *tls = link->tls;
	const char *version, *suite;

	if (link->layer != LAYER_SECURE)
		return "plain";
	if (tls->description)
		return tls->description;
	version = gnutls_protocol_get_name(gnutls_protocol_get_version(tls->session));
	suite = gnutls_ciphersuite_get(tls->session);
	if (asprintf(&tls->description, "TLSv%s %s", version ? version + strlen("TLS") : "?",
			suite ? suite : "?") < 0)
		heap_exhausted();
	return tls->description;
}

/* --- the peer's certificate ------------------------------------------------------------- */

static bool is_vouched_for(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT,
	};
	unsigned status = 0;

	return gnutls_certificate_verify_peers(session, &purpose, 1, &status) >= 0 && status == 0;
}

/* The address in one subjectAltName, malloc; NULL when it is another kind of name, or holds
 * a NUL, which would make it look like a different address. */
static char *jid_of_name(gnutls_subject_alt_names_t names, unsigned index, bool *ret_is_end)
{
	gnutls_datum_t name, oid = { 0 }, text;
	unsigned type, virtual_type;
	char *jid = NULL;
	int result = gnutls_subject_alt_names_get(names, index, &type, &name, &oid);

	*ret_is_end = result < 0;
	if (result < 0 || type != GNUTLS_SAN_OTHERNAME ||
	    oid.size < strlen(OID_XMPP_ADDRESS) ||
	    strncmp((const char *)oid.data, OID_XMPP_ADDRESS, oid.size) != 0)
		return NULL;
	if (gnutls_x509_othername_to_virtual(OID_XMPP_ADDRESS, &name, &virtual_type, &text) < 0)
		return NULL;
	if (!memchr(text.data, '\0', text.size)) {
		jid = heap_zalloc(text.size + 1);
		memcpy(jid, text.data, text.size);
	}
	gnutls_free(text.data);
	return jid;
}

static void collect_jids(gnutls_subject_alt_names_t names, char **jids)
{
	size_t count = 0;
	bool is_end = false;

	for (unsigned i = 0; !is_end && count < JIDS_MOST; i++) {
		jids[count] = jid_of_name(names, i, &is_end);
		if (jids[count])
			count++;
	}
}

static void read_jids(const gnutls_datum_t *der, char **jids)
{
	gnutls_x509_crt_t certificate;
	gnutls_subject_alt_names_t names;
	gnutls_datum_t extension = { 0 };

	if (gnutls_x509_crt_init(&certificate) < 0)
		return;
	if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_x509_crt_get_extension_by_oid2(certificate, GNUTLS_X509EXT_OID_SAN, 0,
		    &extension, NULL) >= 0 &&
	    gnutls_subject_alt_names_init(&names) >= 0) {
		if (gnutls_x509_ext_import_subject_alt_names(&extension, names, 0) >= 0)
			collect_jids(names, jids);
		gnutls_subject_alt_names_deinit(names);
	}
	gnutls_free(extension.data);
	gnutls_x509_crt_deinit(certificate);
}

static char **peer_jids(const struct link *link)
{
	struct link_tls *tls = link->tls;
	const gnutls_datum_t *peer;
	unsigned count = 0;

	if (tls->jids)
		return tls->jids;
	tls->jids = heap_zalloc((JIDS_MOST + 1) * sizeof *tls->jids);
	peer = gnutls_certificate_get_peers(tls->session, &count);
	if (peer && count > 0 && is_vouched_for(tls->session))
		read_jids(&peer[0], tls->jids);
	return tls->jids;
}

const char *link_certificate_jid(const struct link *link, size_t index)
{
	char **jids;

	if (link->layer != LAYER_SECURE || !certificate_asks_clients(link->tls->certificate))
		return NULL;
	jids = peer_jids(link);
	for (size_t i = 0; jids[i]; i++)
		if (i == index)
			return jids[i];
	return NULL;
}
