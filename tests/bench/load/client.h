/* client.h - one XMPP session of the generator: connect, TLS, SASL, bind, then stanzas */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "link.h"
#include "scan.h"
#include "scram.h"

#include <stdint.h>

#define CLIENT_RESOURCE "b"

struct client;

enum client_tls { CLIENT_TLS_STARTTLS, CLIENT_TLS_DIRECT, CLIENT_TLS_NONE };

/* What all clients share: where they go, as whom, and who is told. */
struct client_site {
	struct turn *turn;
	struct sockaddr_in address;
	const char *domain, *prefix, *password;	/* an account is prefix + number @ domain */
	const char *mechanism;			/* NULL: the best that is offered */
	enum client_tls tls;
	unsigned acks;				/* XEP-0198: ask after so many stanzas; 0: without */
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	void (*ready)(struct client *client);	/* the resource is bound */
	void (*stanza)(struct client *client, const struct stanza *stanza);
	/* Closed by either side; why is NULL when client_leave() asked for it. */
	void (*gone)(struct client *client, const char *why);
	void (*drained)(struct client *client);
};

enum client_state {
	CLIENT_CLOSED, CLIENT_CONNECTING, CLIENT_WAITS_FEATURES, CLIENT_WAITS_PROCEED,
	CLIENT_WAITS_HANDSHAKE, CLIENT_WAITS_SASL, CLIENT_WAITS_BIND, CLIENT_WAITS_ENABLED,
	CLIENT_READY, CLIENT_LEAVES,
};

struct client {
	struct link link;
	struct scan scan;
	struct scram scram;
	const struct client_site *site;
	unsigned number;		/* of the account */
	enum client_state state;
	bool is_authenticated, sasl_has_signature, offers_acks;
	uint32_t sent, acked, handled;	/* XEP-0198: ours, those acknowledged, the server's */
	char user[24];
	uint64_t began_ns;
	void *owner, *role;		/* the bench, and what the scenario makes of this client */
};

void client_init(struct client *client, const struct client_site *site, unsigned number);
void client_finish(struct client *client);

/* Starts to log in; ready() or gone() tells how it went. */
void client_enter(struct client *client);

/* Ends the stream; gone() follows when the server has closed it too. */
void client_leave(struct client *client);

void client_send(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What was appended to the link's output was one stanza: counts it and asks for an ack in time. */
void client_count_stanza(struct client *client);
void client_ask_ack(struct client *client);

#endif
