/* listener.h - where clients come in
 * SPDX-License-Identifier: MIT
 *
 * Each configured address has one socket per shard (SO_REUSEPORT): the kernel spreads new
 * connections, and a connection starts on the shard that accepted it, as a stream
 * (stream_accept).  "*" is all addresses of both families, which makes two listeners.  What
 * is beyond a limit (descriptors of the process, connections of one address) is refused: on
 * a port that speaks XMPP in the clear with a stream error, else by closing. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

struct listener;  /* one address and port; constant while shards run */
struct listeners; /* all of them */
struct server;

/* Binds and listens, for that many shards; port 0 takes a free one, the same for all shards and
 * both families.  0, or -errno and *ret_why, one line for the administrator, the caller's to
 * free; nothing is left open then.  Before privileges are dropped. */
int listeners_open(const struct listen_config *listens, size_t count, size_t shards,
	struct listeners **ret_listeners, char **ret_why);

/* Accepting begins, on each shard of the server, in its next turn. */
void listeners_start(struct listeners *listeners, struct server *server);

/* Accepting ends, and the sockets are closed, on each shard in its next turn. */
void listeners_stop(struct listeners *listeners);

/* When no shard runs any more (or none has yet); takes NULL. */
void listeners_close(struct listeners *listeners);

size_t listeners_count(const struct listeners *listeners);
const struct listener *listeners_at(const struct listeners *listeners, size_t index);

const char *listener_name(const struct listener *listener);    /* the section's title */
const char *listener_address(const struct listener *listener); /* "127.0.0.1", "::" */
uint16_t listener_port(const struct listener *listener);       /* never 0 */
enum listen_tls listener_tls(const struct listener *listener);

#endif
