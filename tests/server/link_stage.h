/* link_stage.h - a server's links and their peers on one thread, for tests
 * SPDX-License-Identifier: MIT
 *
 * Two shards, two hosts (example.org and example.net) with certificates, an ear (the owner of
 * a link, which notes what it hears) and a peer (the other end: a socket, or GnuTLS over it). */
#ifndef LINK_STAGE_H
#define LINK_STAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <gnutls/gnutls.h>

#include "buffer.h"
#include "host.h"
#include "link.h"
#include "listener.h"
#include "server.h"

struct stage {
	struct server server;
	struct limits *limits;
	struct shard *shards[2];
	struct tern_host hosts[2], *host_list[2];
	struct listeners *listeners; /* [0] starttls, [1] direct */
};
extern struct stage stage;

void stage_open(void);
void stage_close(void);

/* Turns of all shards and peers until nothing changes any more. */
void stage_settle(void);
bool stage_step_peers(void); /* a turn of these alone; true when it did something */
void stage_pass(unsigned ms);

struct ear {
	struct link *link;
	struct buffer heard;
	int secured, drained, ended, moved;
	enum link_end how;
	size_t appetite;   /* of bytes a call; 0: all */
	bool stays_alive;  /* does not destroy its link when it has ended */
	/* Runs in `bytes` before anything is noted; true: used nothing. */
	bool (*when_heard)(struct ear *ear, const char *bytes, size_t len);
	void (*when_secured)(struct ear *ear);
	void *context;
};
extern const struct link_owner ear_calls;
extern bool ear_echoes; /* all ears send back what they hear */

/* A link on shard 0 whose other end is the peer's. */
struct peer {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	struct buffer heard;
	struct buffer to_say;
	bool is_secure, has_ended, trickles; /* trickles: sends byte by byte */
	size_t sent;    /* bytes of this turn's trickle */
	int error;      /* of GnuTLS */
	struct peer *next;
};
struct peer_wish {
	const char *priority;   /* NULL: NORMAL */
	const char *sni, *alpn;
	const char *certificate;/* of make_certificate */
	const gnutls_datum_t *session;
	bool trickles;
};
void stage_connect(struct ear *ear, struct peer *peer, enum listen_tls tls);
void peer_start_tls(struct peer *peer, const struct peer_wish *wish);
void peer_say(struct peer *peer, const char *bytes, size_t len);
void peer_say_text(struct peer *peer, const char *text);
void peer_end(struct peer *peer);

/* Both ends, and then the stage. */
void stage_close_with(struct ear *ear, struct peer *peer);

bool heard_is(const struct buffer *heard, const char *text);

/* A pattern that betrays lost, doubled and swapped bytes. */
void fill(char *bytes, size_t len);

#endif
