/* fake_link.h - connections in memory
 * SPDX-License-Identifier: MIT
 *
 * Implements net/link.h.  TLS is a switch; a move needs the test to run the link. */
#ifndef FAKE_LINK_H
#define FAKE_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "link.h"

struct listener { enum listen_tls tls; };

/* What links know of their peers; changed before a connection is made. */
struct fake_tls {
	const char *exporter;      /* channel bindings, NULL: none */
	const char *end_point;
	const char *jids[4];       /* of the client's certificate */
	struct tern_host *shown;   /* where no header preferred another */
};
extern struct fake_tls fake_tls;

/* The link that was made last, and the end of all (memory is kept until then). */
struct link *fake_link_newest(void);
void fake_links_finish(void);

/* Bytes of the peer; offered at once unless the link is paused. */
void fake_link_feed(struct link *link, const char *bytes, size_t len);
void fake_link_end(struct link *link, enum link_end how);

/* The handshake that link_start_tls began, or direct TLS, ends well. */
void fake_link_secure(struct link *link);

/* Carries out a move, offers what waits.  False when there was nothing to do. */
bool fake_link_run(struct link *link);

/* What was written since the last call; borrowed until the next. */
const char *fake_link_take(struct link *link);
bool fake_link_is_closed(const struct link *link);
bool fake_link_is_in_handshake(const struct link *link);
unsigned fake_link_moves(const struct link *link);
unsigned fake_link_pauses(const struct link *link);
size_t fake_link_waiting(const struct link *link); /* bytes not used by the owner */

/* What each failed login from the address costs from now on. */
extern unsigned fake_address_delay_ms;
extern unsigned fake_address_registrations; /* so many were tried from the address */

#endif
