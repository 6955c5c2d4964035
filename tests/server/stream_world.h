/* stream_world.h - a small server with its fakes, and what clients say to it
 * SPDX-License-Identifier: MIT
 *
 * Two shards, the hosts example.org and other.example, the account romeo with the password
 * "pencil". */
#ifndef STREAM_WORLD_H
#define STREAM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_account.h"
#include "fake_link.h"
#include "fake_shard.h"
#include "host.h"
#include "server.h"

#define HEADER_TO(to) "<?xml version='1.0'?><stream:stream to='" to "' version='1.0' " \
	"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
#define HEADER HEADER_TO("example.org")
#define SASL_NS "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define BIND(payload) "<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" \
	payload "</bind></iq>"
#define FAILURE(condition) "<failure " SASL_NS "><" condition "/></failure>"
#define STREAM_ERROR_IS(condition) "<stream:error><" condition \
	" xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"

struct world {
	struct server server;
	struct tern_host example, other;
	struct tern_host *hosts[2];
	struct shard *shards[2];
	struct listener listeners[3]; /* by enum listen_tls */
};
extern struct world world;

void world_open(void);
void world_close(void);

/* A new connection on shard 0; with LISTEN_DIRECT the handshake has ended. */
struct link *world_connect(enum listen_tls tls);

/* Runs shards and links until nothing moves. */
void world_settle(void);
void world_pass(uint64_t ms);

/* Says it, lets the server work; what the server said.  Borrowed until the next call. */
const char *world_says(struct link *link, const char *text);
const char *world_says_bytes(struct link *link, const char *bytes, size_t len);

/* A connection with TLS that has read the mechanisms; one that is logged in as romeo (with
 * PLAIN) and has read the features; one that is bound. */
struct link *world_secure_client(void);
struct link *world_login(void);
struct link *world_bound_client(void);

/* <auth/> of a mechanism with what it carries. */
const char *auth_text(const char *mechanism, const char *initial);
/* PLAIN's message in an <auth/>. */
const char *plain_text(const char *authzid, const char *name, const char *password);

/* What stands in the first element of that name, or NULL. */
const char *content_of(const char *text, const char *name);

bool has(const char *text, const char *part);
unsigned count_of(const char *text, const char *part);

#endif
