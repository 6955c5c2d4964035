/* link.h - a connection: a socket, TLS over it when asked, output collected for a turn */
/* SPDX-License-Identifier: MIT */
/*
 * Used at both ends: by the load generator as a client and by the bare relay as a server.
 * What is written in a turn of the loop leaves in one send (or in TLS records of 16 KiB) when the
 * turn ends. Input is read into one buffer that all links share, so an idle link owns no memory
 * but this struct, its TLS session and what it could not send.
 */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include "buffer.h"

#include <ev.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/queue.h>

struct link;

/* What the links of one loop share. */
struct turn {
	struct ev_loop *loop;
	struct ev_prepare before_wait;
	struct ev_timer at_once;
	unsigned number;
	TAILQ_HEAD(dirty_links, link) dirty;
	bool quickack;
	char *input, *plain;
	struct buffer cipher;		/* what GnuTLS made for one link, until that is sent */
};

struct link_calls {
	void (*connected)(struct link *link);	/* TCP stands; clients only */
	void (*secured)(struct link *link);	/* the TLS handshake is complete */
	void (*received)(struct link *link, const char *bytes, size_t size);
	void (*drained)(struct link *link);	/* all output was taken by the kernel; may be NULL */
	/* The peer is gone, or a layer failed. The link is closed already when this runs. */
	void (*closed)(struct link *link, const char *why);
};

struct link {
	struct turn *turn;
	const struct link_calls *calls;
	struct ev_io readable, writable;
	int fd;
	gnutls_session_t tls;
	struct buffer output;
	struct buffer unsent;		/* with TLS: records that met a full socket */
	const char *feed;		/* bytes read and not yet pulled by TLS */
	size_t feed_size;
	TAILQ_ENTRY(link) in_dirty;
	unsigned dirty_in;		/* number of the turn */
	bool is_dirty, is_connecting, is_handshaking, is_paused;
};

void turn_init(struct turn *turn, struct ev_loop *loop);
void turn_finish(struct turn *turn);

void link_init(struct link *link, struct turn *turn, const struct link_calls *calls);

/* Starts to connect from a source address of its own choice in 127.0.0.0/8 when the target is
 * there, so that ports never run out. Returns 0 or -errno; a later failure is told by closed(). */
int link_connect(struct link *link, const struct sockaddr_in *target);

/* Takes over an accepted descriptor. */
void link_take_fd(struct link *link, int fd);

/* Starts TLS on what stands: flags is GNUTLS_CLIENT or GNUTLS_SERVER. */
int link_secure(struct link *link, unsigned flags, gnutls_certificate_credentials_t credentials,
		gnutls_priority_t priority);

/* The buffer to append output to; it is sent at the end of the turn. */
struct buffer *link_output(struct link *link);

/* Stops and resumes reading; what the peer sends meanwhile waits in the kernel. */
void link_pause(struct link *link);
void link_resume(struct link *link);

/* Closes without a call of closed(); does nothing on a closed link. */
void link_close(struct link *link);

static inline bool link_is_open(const struct link *link)
{
	return link->fd >= 0;
}

#endif
