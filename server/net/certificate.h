/* certificate.h - a host's certificate chain with its key
 * SPDX-License-Identifier: MIT
 *
 * Constant once loaded, and shared: by the host, and by each link whose handshake used it.  So
 * a reload makes a new one, puts it in the host's place while shards stand still, and lets
 * the old one go; nobody is dropped. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <gnutls/gnutls.h>

struct certificate;

struct certificate_files {
	const char *chain;     /* PEM: the host's certificate, then what leads to the root */
	const char *key;       /* PEM, ECDSA, Ed25519 or RSA */
	const char *client_ca; /* PEM; NULL or "": no certificates are asked of clients */
	const char *domain;    /* whom it is for: for the warnings */
};

/* 0 and one reference, or -errno; *ret_why is then a line for the administrator, the caller's to
 * free, and nothing else has changed.  On success *ret_why is NULL, or a warning: the
 * certificate has expired or is not yet valid, or does not name the domain. */
int certificate_load(const struct certificate_files *files, struct certificate **ret_certificate,
	char **ret_why);

/* Any thread; unref takes NULL. */
struct certificate *certificate_ref(struct certificate *certificate);
void certificate_unref(struct certificate *certificate);

/* For gnutls_credentials_set; borrowed while a reference is held. */
gnutls_certificate_credentials_t certificate_credentials(const struct certificate *certificate);

/* True when clients are asked for certificates, which client_ca must vouch for. */
bool certificate_asks_clients(const struct certificate *certificate);

/* Whether the host's own certificate is the same, and clients are asked for theirs alike. */
bool certificate_equal(const struct certificate *a, const struct certificate *b);

/* When the host's own certificate ends: seconds since 1970. */
time_t certificate_ends(const struct certificate *certificate);

/* RFC 5929 4.1, tls-server-end-point: the hash of the host's own certificate; its length, 0
 * where its signature defines no hash.  At most 64 bytes. */
size_t certificate_end_point(const struct certificate *certificate, unsigned char hash[static 64]);

#endif
