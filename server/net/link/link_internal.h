/* link_internal.h - what the parts of a link share
 * SPDX-License-Identifier: MIT
 *
 * Bytes in:  socket -> shard's read buffer -> (GnuTLS, by pull) -> owner; what could not be
 * used stays in `raw` (before TLS) or `plain` (behind it), which are empty in an idle link.
 * Bytes out: link_write -> `out` -> at the turn's end (GnuTLS, by push) -> `wire` -> socket.
 *
 * Whoever calls the owner, or anything that may, stands between link_enter and link_leave:
 * a link that is destroyed or sent away meanwhile goes when the outermost leaves. */
#ifndef LINK_INTERNAL_H
#define LINK_INTERNAL_H

#include <stdint.h>

#include <ev.h>
#include <gnutls/gnutls.h>

#include "buffer.h"
#include "certificate.h"
#include "link.h"
#include "shard.h"

enum link_layer { LAYER_PLAIN, LAYER_HANDSHAKE, LAYER_SECURE };

/* What link->timer measures. */
enum link_limit { LIMIT_NONE, LIMIT_HANDSHAKE, LIMIT_WRITE, LIMIT_CLOSE };

/* What a link has once TLS was started. */
struct link_tls {
	gnutls_session_t session;
	struct certificate *certificate; /* the one that was shown, or NULL */
	struct tern_host *sni_host;           /* named by SNI, or NULL */
	struct tern_host *shown;              /* whose certificate it is */
	char *description;               /* made when asked for */
	char **jids;                     /* of the peer's certificate, ends with NULL; likewise */
	bool has_said_goodbye;
};

struct link {
	ev_io watcher;
	struct shard *shard;
	const struct link_owner *calls; /* NULL: nobody listens any more */
	void *owner;
	const struct listener *listener;
	struct tern_host *preferred;         /* whose certificate is shown without SNI, or NULL */
	struct link_tls *tls;
	struct chore flush, slice;
	struct post wake;               /* to itself: bytes were held back and may be offered now */
	struct timer timer;

	struct buffer out, wire;
	struct buffer raw, plain;
	const char *view;               /* what GnuTLS may pull, during a read */
	size_t view_len;

	struct shard *moving_to;
	void (*moved)(void *owner, struct shard *to);
	uint64_t address_key;
	uint32_t limit_left_ms;         /* of a timer that stands still */
	uint16_t peer_port;
	uint16_t pauses;
	uint8_t depth;                  /* link_enter without link_leave */
	uint8_t layer;                  /* enum link_layer */
	uint8_t limit;                  /* enum link_limit */
	bool is_waking;                 /* `wake` is in the mailbox */
	bool is_closing;                /* link_close: nothing more is offered or taken */
	bool is_shut;                   /* all was written, and the socket shut down for writing */
	bool has_ended;                 /* the owner was told */
	bool is_destroyed;
	bool is_greedy;                 /* the last read filled the buffer: the next one waits in line */
	bool wants_drained;
	bool wants_write;               /* the kernel takes no more for now */
	bool owes_drained;
	char peer[];
};

void link_enter(struct link *link);
void link_leave(struct link *link);

/* Tells the owner, once; a closing link is destroyed instead. Between enter and leave. */
void link_end(struct link *link, enum link_end how);

/* Says to libev what the link waits for. */
void link_set_interest(struct link *link);
bool link_may_read(const struct link *link);

/* The one time limit that runs: LIMIT_NONE stops it. */
void link_set_limit(struct link *link, enum link_limit limit);
/* link_pause, link_move: the time that is left stands still, and goes on. */
void link_hold_limit(struct link *link);
void link_release_limit(struct link *link);

/* input.c */
void link_on_event(struct ev_loop *loop, ev_io *watcher, int revents);
void link_take_input(struct link *link, const char *bytes, size_t len);
void link_run_slice(struct shard *shard, struct chore *chore);
void link_wake(struct link *link); /* offers in a later part of the turn what was held back */
bool link_holds_input(const struct link *link);
/* Offers decrypted bytes; keeps what the owner leaves. */
void link_offer(struct link *link, const char *bytes, size_t len);

/* output.c */
void link_flush(struct link *link);
void link_flush_later(struct link *link);

/* secure.c; encrypt is false when the session is broken and the link has ended by that. */
void link_tls_open(struct link *link);
void link_tls_close(struct link *link);
void link_tls_read(struct link *link);            /* pulls from view */
bool link_tls_encrypt(struct link *link, size_t most); /* from out to wire */
void link_tls_say_goodbye(struct link *link);     /* close_notify to wire */

/* move.c: goes when nothing holds it any more. */
void link_depart(struct link *link);

#endif
