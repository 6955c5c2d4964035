/* listener_internal.h - what binding, accepting and refusing share
 * SPDX-License-Identifier: MIT */
#ifndef LISTENER_INTERNAL_H
#define LISTENER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "listener.h"
#include "shard.h"

/* A listener's socket on one shard. */
struct acceptor {
	struct listener *listener;
	struct shard *shard;
	int fd;
	int reserve;        /* given up for a moment when descriptors run out, to refuse */
	ev_io watcher;
	struct timer pause; /* until accepting is tried again */
	struct post start, stop;
};

struct listener {
	char *name;
	char *address;
	uint16_t port;
	enum listen_tls tls;
	struct acceptor *acceptors; /* one a shard */
	size_t acceptor_count;
};

struct listeners {
	struct listener **all;
	size_t count;
};

/* bind.c: sockets of all acceptors on the listener's address; -errno leaves none open. Port 0
 * is replaced by the one that was found. */
int listener_bind(struct listener *listener);
void listener_unbind(struct listener *listener);

/* refuse.c: closes the connection, with that stream error where the peer can read it. */
void refuse(int take_fd, enum listen_tls tls, const char *condition);

#endif
