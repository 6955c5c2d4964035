/* credentials_maker.h - certificates and keys for tests, in files
 * SPDX-License-Identifier: MIT */
#ifndef CREDENTIALS_MAKER_H
#define CREDENTIALS_MAKER_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

/* What a certificate says; all but the domain or the jid may be left out. */
struct certificate_wish {
	const char *domain;      /* dNSName */
	const char *jid;         /* id-on-xmppAddr */
	const char *other_jid;   /* a second one */
	gnutls_pk_algorithm_t pk;/* 0: ECDSA */
	long valid_from_s;       /* from now; 0 and 0: a day around now */
	long valid_until_s;
	bool is_authority;
	const char *signer;      /* the name of one made before; NULL: signed by itself */
};

/* Makes <name>.crt and <name>.key in a directory of this process that ends with it. */
void make_certificate(const char *name, const struct certificate_wish *wish);

/* The path of a file there; good until the next but seven calls. */
const char *made_path(const char *name, const char *suffix);
void made_file(const char *name, const char *suffix, const char *content);

#endif
