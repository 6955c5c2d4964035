/* secure.c - the TLS layer of a link: GnuTLS between its buffers */
/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "heap.h"
#include "host.h"
#include "jid.h"
#include "link_internal.h"
#include "listener.h"
#include "log.h"
#include "server.h"
#include "tls.h"

#define RECORD_BYTES 16384

/* --- GnuTLS reads and writes ------------------------------------------------------------ */

/* The default transport would read each record's head alone; here both come from what one
 * read of the socket brought, in the shard's buffer. */
static ssize_t pull(gnutls_transport_ptr_t context, void *bytes, size_t len)
{
	struct link *link = context;

	if (link->view_len == 0) {
		gnutls_transport_set_errno(link->tls->session, EAGAIN);
		return -1;
	}
	if (len > link->view_len)
		len = link->view_len;
	memcpy(bytes, link->view, len);
	link->view += len;
	link->view_len -= len;
	return (ssize_t)len;
}

static int pull_timeout(gnutls_transport_ptr_t context, unsigned ms)
{
	const struct link *link = context;

	return link->view_len > 0;
}

static ssize_t push(gnutls_transport_ptr_t context, const giovec_t *pieces, int count)
{
	struct link *link = context;
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		buffer_add(&link->wire, pieces[i].iov_base, pieces[i].iov_len);
		len += pieces[i].iov_len;
	}
	return (ssize_t)len;
}

/* --- whose certificate ------------------------------------------------------------------ */

/* The host that the client named (RFC 6066 3), normalised as hosts are. */
static struct tern_host *host_of_sni(struct link *link, gnutls_session_t session)
{
	char name[256];
	size_t len = sizeof name - 1;
	unsigned type = 0;
	struct arena *arena;
	const char *domain;
	struct tern_host *found = NULL;

	if (gnutls_server_name_get(session, name, &len, &type, 0) < 0 || type != GNUTLS_NAME_DNS)
		return NULL;
	name[sizeof name - 1] = '\0';
	arena = arena_create(ARENA_SMALL);
	domain = jid_prepare_domain(arena, name, strnlen(name, len));
	if (domain)
		found = server_host(shard_server(link->shard), domain);
	arena_destroy(arena);
	return found;
}

/* A client that names no host of ours gets a certificate all the same: the stream header will
 * say whom it wants, and answer host-unknown if need be. */
static struct tern_host *host_to_show(struct link *link)
{
	struct server *server = shard_server(link->shard);

	if (link->tls->sni_host && link->tls->sni_host->certificate)
		return link->tls->sni_host;
	if (link->preferred && link->preferred->certificate)
		return link->preferred;
	for (size_t i = 0; i < server->host_count; i++)
		if (server->hosts[i]->certificate)
			return server->hosts[i];
	return NULL;
}

static int on_client_hello(gnutls_session_t session)
{
	struct link *link = gnutls_session_get_ptr(session);
	struct link_tls *tls = link->tls;

	tls->sni_host = host_of_sni(link, session);
	tls->shown = host_to_show(link);
	if (!tls->shown)
		return GNUTLS_E_NO_CERTIFICATE_FOUND;
	certificate_unref(tls->certificate); /* of a first hello that asked for another group */
	tls->certificate = certificate_ref(tls->shown->certificate);
	if (certificate_asks_clients(tls->certificate))
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
		certificate_credentials(tls->certificate));
}

/* --- opening and closing ---------------------------------------------------------------- */

/* XEP-0368 3: on a direct TLS port a client may say that it wants XMPP; who says that it
 * wants something else is refused (RFC 7301 3.2), so that no other protocol's client can be
 * led here. */
static void offer_alpn(gnutls_session_t session)
{
	gnutls_datum_t protocol = { (unsigned char *)"xmpp-client", strlen("xmpp-client") };

	gnutls_alpn_set_protocols(session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
}

void link_tls_open(struct link *link)
{
	gnutls_session_t session = tls_session_open();

	if (!session)
		heap_exhausted();
	link->tls = heap_zalloc(sizeof *link->tls);
	link->tls->session = session;
	link->layer = LAYER_HANDSHAKE;
	gnutls_session_set_ptr(session, link);
	gnutls_transport_set_ptr(session, link);
	gnutls_transport_set_pull_function(session, pull);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
	gnutls_transport_set_vec_push_function(session, push);
	gnutls_handshake_set_post_client_hello_function(session, on_client_hello);
	if (link->listener && listener_tls(link->listener) == LISTEN_DIRECT)
		offer_alpn(session);
	link_set_limit(link, LIMIT_HANDSHAKE);
}

static void free_jids(char **jids)
{
	for (char **jid = jids; jid && *jid; jid++)
		free(*jid);
	free(jids);
}

void link_tls_close(struct link *link)
{
	struct link_tls *tls = link->tls;

	if (!tls)
		return;
	gnutls_deinit(tls->session);
	certificate_unref(tls->certificate);
	free_jids(tls->jids);
	free(tls->description);
	free(tls);
	link->tls = NULL;
}

/* --- the handshake, records ------------------------------------------------------------- */

static void fail(struct link *link, int result)
{
	log_debug("link", link->peer, "TLS: %s", gnutls_strerror(result));
	if (tls_errno(result) == -EPROTO)
		gnutls_alert_send_appropriate(link->tls->session, result);
	link_flush(link);
	link_end(link, LINK_BROKEN);
}

static void secured(struct link *link)
{
	link->layer = LAYER_SECURE;
	link_set_limit(link, link->wants_write ? LIMIT_WRITE : LIMIT_NONE);
	if (link->out.len > 0)
		link_flush_later(link);
	link->calls->secured(link->owner);
}

/* Both: true while there may be more to do with the bytes at hand. */
static bool shake_hands(struct link *link)
{
	int result = gnutls_handshake(link->tls->session);

	if (result >= 0) {
		secured(link);
		return true;
	}
	switch (tls_errno(result)) {
	case -EAGAIN:
		return false;
	case 0:
		return true;
	default:
		fail(link, result);
		return false;
	}
}

static bool read_record(struct link *link)
{
	gnutls_packet_t packet = NULL;
	gnutls_datum_t content;
	ssize_t result = gnutls_record_recv_packet(link->tls->session, &packet);

	if (result > 0) {
		gnutls_packet_get(packet, &content, NULL);
		link_offer(link, (const char *)content.data, content.size);
		gnutls_packet_deinit(packet);
		return true;
	}
	if (packet)
		gnutls_packet_deinit(packet);
	if (result == 0) {
		if (link_unwritten(link) > 0)
			link_flush(link);
		link_end(link, LINK_CLOSED_BY_PEER);
		return false;
	}
	switch (tls_errno((int)result)) {
	case -EAGAIN:
		return false;
	case 0:
		return true;
	default:
		fail(link, (int)result);
		return false;
	}
}

void link_tls_read(struct link *link)
{
	bool more = true;

	while (more && link_may_read(link) && !link->is_closing)
		more = link->layer == LAYER_SECURE ? read_record(link) : shake_hands(link);
	if (link->wire.len > 0 && !link->wants_write && !link->is_destroyed)
		link_flush_later(link);
}

bool link_tls_encrypt(struct link *link, size_t most)
{
	while (link->out.len > 0 && link->wire.len < most) {
		size_t len = link->out.len < RECORD_BYTES ? link->out.len : RECORD_BYTES;
		ssize_t sent = gnutls_record_send(link->tls->session, buffer_at(&link->out), len);

		if (sent == GNUTLS_E_INTERRUPTED || sent == GNUTLS_E_AGAIN)
			continue;
		if (sent <= 0) {
			buffer_finish(&link->out);
			link_end(link, LINK_BROKEN);
			return false;
		}
		buffer_consume(&link->out, (size_t)sent);
	}
	return true;
}

void link_tls_say_goodbye(struct link *link)
{
	if (link->layer != LAYER_SECURE || link->tls->has_said_goodbye)
		return;
	link->tls->has_said_goodbye = true;
	gnutls_bye(link->tls->session, GNUTLS_SHUT_WR);
}
