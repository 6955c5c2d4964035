/* link.h - a connection: bytes of a peer, over TCP and TLS
 * SPDX-License-Identifier: MIT
 *
 * A link is a stack of layers (socket; TLS on it once it has been started) below one
 * owner, a stream (stream.h), which gets decrypted bytes and writes plain ones.  Writes
 * collect in the link and leave at the turn's end, one write per link (or TLS records of
 * up to 16 KiB).  A link lives on one shard at a time; link_move takes it to another
 * with everything that is under way in it. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct tern_host;
struct link;
struct listener;
struct shard;

enum link_end {
	LINK_CLOSED_BY_PEER, /* orderly: FIN or TLS close_notify */
	LINK_BROKEN,         /* reset, TLS alert, bad record */
	LINK_TIMED_OUT,      /* the peer reads nothing for limits.write-timeout */
};

/* What the owner is told, on the link's shard. */
struct link_owner {
	/* Decrypted bytes, borrowed for the call; how many were used (the link keeps the
	 * rest and offers it again, with what follows, after link_resume or in link_moved). */
	size_t (*bytes)(void *owner, const char *bytes, size_t len);
	/* The TLS handshake has ended well. */
	void (*secured)(void *owner);
	/* All output that was written so far is in the kernel's hands: for draining and for
	 * the pending log of a link without acks. Called only while link_want_drained. */
	void (*drained)(void *owner);
	/* The link is dead; the owner calls link_destroy, now or later.  After
	 * LINK_CLOSED_BY_PEER link_close does as well: the peer may have shut only its own
	 * direction, and still gets what was written. */
	void (*ended)(void *owner, enum link_end how);
};

/* A link over a connected, non-blocking socket, taken; on the calling shard.  With
 * `direct_tls` the handshake starts at once. */
struct link *link_create(struct shard *shard, int take_fd, const struct listener *listener,
	const struct link_owner *calls, void *owner);

/* Closes the socket at once (what is not written yet is lost) and frees. Takes NULL. */
void link_destroy(struct link *link);

/* Writes the rest, says TLS close_notify, and destroys the link: at the latest after
 * limits.close-timeout.  The owner hears nothing more. */
void link_close(struct link *link);

void link_write(struct link *link, const char *bytes, size_t len);
size_t link_unwritten(const struct link *link); /* bytes that wait in the link */
void link_want_drained(struct link *link, bool wanted);

/* Reading stops and goes on; while stopped, the owner is offered nothing, and the handshake's
 * time limit stands still (not the one for output: a link may be paused because its own peer
 * does not read).  Pauses count: each needs its resume. */
void link_pause(struct link *link);
void link_resume(struct link *link);

/* STARTTLS: what was written so far leaves in the clear; the peer's bytes that stand in
 * the link unread are thrown away with the parser (RFC 6120 5.4.3.3); then the handshake. */
void link_start_tls(struct link *link);

/* To another shard.  Called from within `bytes` or outside of it; the link pauses, and
 * `moved(owner)` runs on the new shard, which then owns link and owner; bytes that were
 * not used are offered afterwards.  With it go the TLS session, output and input. */
void link_move(struct link *link, struct shard *to, void (*moved)(void *owner, struct shard *to));

struct shard *link_shard(const struct link *link);
bool link_is_secure(const struct link *link);
const struct listener *link_listener(const struct link *link);

/* The peer's address as text ("192.0.2.1", "2001:db8::1"), and the port. */
const char *link_peer(const struct link *link);
uint16_t link_peer_port(const struct link *link);

/* The host named by SNI, or NULL; certificates are chosen by it. */
struct tern_host *link_sni_host(const struct link *link);

/* Before link_start_tls: whose certificate a client is shown that names no host by SNI (the
 * stream header's `to`).  Without it, the first host's. */
void link_prefer_host(struct link *link, struct tern_host *host);

/* The host whose certificate was shown, or NULL. */
struct tern_host *link_shown_host(const struct link *link);

/* A login failed here: how long the answer to the next one should wait, since the peer's
 * address had so many of late (limits.failed-logins-per-address). */
unsigned link_note_login_failure(struct link *link);
unsigned link_login_delay_ms(const struct link *link); /* without one more */

/* Somebody tries to get an account here: how many did so from the peer's address of late. */
unsigned link_note_registration(struct link *link);

/* Facts for SASL.  Channel bindings: 0 and the bytes, or -ENOTSUP: "tls-exporter" (RFC 9266;
 * TLS 1.3, and 1.2 with extended master secret) and "tls-server-end-point" (RFC 5929). */
#define CHANNEL_BINDING_MAX 64
int link_channel_binding(const struct link *link, const char *type,
	unsigned char bytes[static CHANNEL_BINDING_MAX], size_t *ret_len);
unsigned link_cipher_bits(const struct link *link); /* 0 without TLS */

/* The XMPP addresses in the peer's verified certificate (RFC 6120 13.7.1.4: id-on-xmppAddr),
 * one after another by index; NULL when there is none (or no certificate, or one that the
 * host's client-ca does not vouch for).  The host is link_shown_host: a login to another one
 * must not rest on it. */
const char *link_certificate_jid(const struct link *link, size_t index);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", for logs and session lists. */
const char *link_describe(const struct link *link);

#endif
