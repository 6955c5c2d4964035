/* tls.h - what all TLS sessions of the process share
 * SPDX-License-Identifier: MIT
 *
 * Versions and ciphers (a GnuTLS priority string) and the key of session tickets.  Set up by
 * main before shards run, or changed while they stand still. */
#ifndef TLS_H
#define TLS_H

#include <gnutls/gnutls.h>

#include "certificate.h"

/* TLS 1.2 and 1.3, AEAD ciphers with forward secrecy, X25519 first: it makes a handshake a
 * fifth cheaper than P-256 alone. */
#define TLS_PRIORITY_PRESET \
	"NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD" \
	":+ECDHE-ECDSA:+ECDHE-RSA:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1" \
	":+SIGN-ALL:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:+COMP-NULL" \
	":+CTYPE-X509:%SERVER_PRECEDENCE"

/* `priority` NULL or "": the preset.  0, or -EINVAL and *ret_why, a line for the
 * administrator, the caller's to free: the string is wrong, or allows less than TLS 1.2. */
int tls_setup(const char *priority, char **ret_why);

/* What tls_setup would answer; nothing is set up. */
int tls_try(const char *priority, char **ret_why);
void tls_finish(void);

/* A new ticket key: when certificates change, no session made with the old one is resumed. */
void tls_forget_tickets(void);

/* A server's session with all of that in it; the certificate is chosen by its user.  NULL
 * when GnuTLS has no memory for it. */
gnutls_session_t tls_session_open(void);

/* A failed call of GnuTLS as one of ours: -EAGAIN (it needs more bytes), 0 (nothing lost: call
 * again), -EPIPE (the peer ended), -ENOMEM, -EPROTO (the peer broke the protocol or gave up). */
int tls_errno(int gnutls_result);

#endif
