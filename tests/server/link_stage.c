/* link_stage.c - a server's links and their peers on one thread, for tests
 * SPDX-License-Identifier: MIT */

#include "link_stage.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "credentials_maker.h"
#include "loop_shard.h"
#include "tls.h"

struct stage stage;
bool ear_echoes;
static struct peer *peers;

struct tern_host *server_host(const struct server *server, const char *domain)
{
	for (size_t i = 0; i < server->host_count; i++)
		if (strcmp(server->hosts[i]->domain, domain) == 0)
			return server->hosts[i];
	return NULL;
}

static void add_host(int index, char *domain)
{
	struct tern_host *host = &stage.hosts[index];
	struct certificate_files files = { made_path(domain, "crt"), made_path(domain, "key"),
		NULL, domain };
	char *why;

	make_certificate(domain, &(struct certificate_wish){ .domain = domain });
	host->server = &stage.server;
	host->domain = domain;
	if (certificate_load(&files, &host->certificate, &why) < 0)
		abort();
	free(why);
	stage.host_list[index] = host;
}

void stage_open(void)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	static const struct listen_config listens[] = {
		{ "client", addresses, 0, LISTEN_STARTTLS },
		{ "clients", addresses, 0, LISTEN_DIRECT },
	};
	char *why;

	signal(SIGPIPE, SIG_IGN);
	stage = (struct stage){ 0 };
#define X(field, key, preset, least, most, about) stage.server.limits.field = preset;
	LIMITS(X)
#undef X
	stage.limits = &stage.server.limits;
	add_host(0, "example.org");
	add_host(1, "example.net");
	stage.server.hosts = stage.host_list;
	stage.server.host_count = 2;
	for (unsigned i = 0; i < 2; i++)
		stage.shards[i] = loop_shard_create(&stage.server, i);
	stage.server.shards = stage.shards;
	stage.server.shard_count = 2;
	if (tls_setup(NULL, &why) < 0 || listeners_open(listens, 2, 2, &stage.listeners, &why) < 0)
		abort();
	ear_echoes = false;
}

void stage_close(void)
{
	listeners_close(stage.listeners);
	for (int i = 0; i < 2; i++) {
		loop_shard_destroy(stage.shards[i]);
		certificate_unref(stage.hosts[i].certificate);
	}
	tls_finish();
}

const char *config_tls_name(enum listen_tls tls)
{
	return tls == LISTEN_DIRECT ? "direct" : "starttls";
}

/* --- ears ------------------------------------------------------------------------------- */

static size_t ear_bytes(void *owner, const char *bytes, size_t len)
{
	struct ear *ear = owner;

	if (ear->when_heard && ear->when_heard(ear, bytes, len))
		return 0;
	if (ear->appetite && len > ear->appetite)
		len = ear->appetite;
	buffer_add(&ear->heard, bytes, len);
	if (ear_echoes)
		link_write(ear->link, bytes, len);
	return len;
}

static void ear_secured(void *owner)
{
	struct ear *ear = owner;

	ear->secured++;
	if (ear->when_secured)
		ear->when_secured(ear);
}

static void ear_drained(void *owner)
{
	((struct ear *)owner)->drained++;
}

static void ear_ended(void *owner, enum link_end how)
{
	struct ear *ear = owner;

	ear->ended++;
	ear->how = how;
	if (ear->stays_alive)
		return;
	link_destroy(ear->link);
	ear->link = NULL;
}

const struct link_owner ear_calls = { ear_bytes, ear_secured, ear_drained, ear_ended };

/* --- peers ------------------------------------------------------------------------------ */

static ssize_t trickle(gnutls_transport_ptr_t context, const void *bytes, size_t len)
{
	struct peer *peer = context;
	ssize_t result;

	if (peer->trickles) {
		/* One byte a turn: the next only when GnuTLS is called again. */
		if (peer->sent > 0) {
			gnutls_transport_set_errno(peer->session, EAGAIN);
			return -1;
		}
		len = 1;
		peer->sent = 1;
	}
	result = send(peer->fd, bytes, len, MSG_NOSIGNAL);
	if (result < 0)
		gnutls_transport_set_errno(peer->session, errno);
	return result;
}

static ssize_t peer_pull(gnutls_transport_ptr_t context, void *bytes, size_t len)
{
	struct peer *peer = context;
	ssize_t result = recv(peer->fd, bytes, len, 0);

	if (result < 0)
		gnutls_transport_set_errno(peer->session, errno);
	return result;
}

void stage_connect(struct ear *ear, struct peer *peer, enum listen_tls tls)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	*peer = (struct peer){ .fd = pair[1], .next = peers };
	peers = peer;
	ear->link = link_create(stage.shards[0], pair[0],
		listeners_at(stage.listeners, tls == LISTEN_DIRECT), &ear_calls, ear);
}

static void wish_certificate(struct peer *peer, const char *name)
{
	if (gnutls_certificate_set_x509_key_file(peer->credentials, made_path(name, "crt"),
			made_path(name, "key"), GNUTLS_X509_FMT_PEM) < 0)
		abort();
}

void peer_start_tls(struct peer *peer, const struct peer_wish *wish)
{
	gnutls_certificate_allocate_credentials(&peer->credentials);
	gnutls_init(&peer->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (gnutls_priority_set_direct(peer->session, wish->priority ? wish->priority : "NORMAL",
			NULL) < 0)
		abort();
	if (wish->certificate)
		wish_certificate(peer, wish->certificate);
	gnutls_credentials_set(peer->session, GNUTLS_CRD_CERTIFICATE, peer->credentials);
	if (wish->sni)
		gnutls_server_name_set(peer->session, GNUTLS_NAME_DNS, wish->sni, strlen(wish->sni));
	if (wish->alpn) {
		gnutls_datum_t alpn = { (unsigned char *)wish->alpn, (unsigned)strlen(wish->alpn) };

		gnutls_alpn_set_protocols(peer->session, &alpn, 1, 0);
	}
	if (wish->session)
		gnutls_session_set_data(peer->session, wish->session->data, wish->session->size);
	peer->trickles = wish->trickles;
	gnutls_transport_set_ptr(peer->session, peer);
	gnutls_transport_set_push_function(peer->session, trickle);
	gnutls_transport_set_pull_function(peer->session, peer_pull);
}

void peer_say(struct peer *peer, const char *bytes, size_t len)
{
	buffer_add(&peer->to_say, bytes, len);
}

void peer_say_text(struct peer *peer, const char *text)
{
	peer_say(peer, text, strlen(text));
}

void peer_end(struct peer *peer)
{
	for (struct peer **at = &peers; *at; at = &(*at)->next)
		if (*at == peer) {
			*at = peer->next;
			break;
		}
	if (peer->session) {
		gnutls_deinit(peer->session);
		gnutls_certificate_free_credentials(peer->credentials);
	}
	if (peer->fd >= 0)
		close(peer->fd);
	buffer_finish(&peer->heard);
	buffer_finish(&peer->to_say);
}

void stage_close_with(struct ear *ear, struct peer *peer)
{
	link_destroy(ear->link);
	stage_settle();
	peer_end(peer);
	stage_settle();
	buffer_finish(&ear->heard);
	stage_close();
}

static ssize_t say_some(struct peer *peer)
{
	size_t len = peer->to_say.len;
	ssize_t sent;

	if (peer->session)
		return gnutls_record_send(peer->session, buffer_at(&peer->to_say), len);
	if (peer->trickles)
		len = 1;
	sent = send(peer->fd, buffer_at(&peer->to_say), len, MSG_NOSIGNAL);
	return sent < 0 ? GNUTLS_E_AGAIN : sent;
}

static bool peer_speak(struct peer *peer)
{
	ssize_t sent;

	peer->sent = 0;
	if (peer->to_say.len == 0 || peer->error || peer->has_ended)
		return false;
	sent = say_some(peer);
	if (sent > 0)
		buffer_consume(&peer->to_say, (size_t)sent);
	return sent > 0 || peer->sent > 0;
}

static bool peer_listen(struct peer *peer)
{
	char bytes[32768];
	ssize_t len = peer->session ? gnutls_record_recv(peer->session, bytes, sizeof bytes) :
		recv(peer->fd, bytes, sizeof bytes, 0);

	if (len > 0) {
		buffer_add(&peer->heard, bytes, (size_t)len);
		return true;
	}
	if (len == 0) {
		peer->has_ended = true;
		return true;
	}
	if (peer->session && gnutls_error_is_fatal((int)len)) {
		peer->error = (int)len;
		return true;
	}
	return false;
}

static bool peer_shake_hands(struct peer *peer)
{
	int result;

	peer->sent = 0;
	result = gnutls_handshake(peer->session);
	if (result == 0)
		peer->is_secure = true;
	else if (gnutls_error_is_fatal(result))
		peer->error = result;
	return result == 0 || peer->error || peer->sent > 0;
}

static bool peer_step(struct peer *peer)
{
	bool any;

	if (peer->fd < 0 || peer->error || peer->has_ended)
		return false;
	if (peer->session && !peer->is_secure)
		return peer_shake_hands(peer);
	any = peer_speak(peer);
	return peer_listen(peer) || any;
}

/* --- turns ------------------------------------------------------------------------------ */

bool stage_step_peers(void)
{
	bool any = false;

	for (struct peer *peer = peers; peer; peer = peer->next)
		any |= peer_step(peer);
	return any;
}

void stage_settle(void)
{
	int quiet = 0;

	while (quiet < 4) {
		bool any = false;

		for (int i = 0; i < 2; i++)
			any |= loop_shard_step(stage.shards[i]);
		any |= stage_step_peers();
		quiet = any ? 0 : quiet + 1;
	}
}

void stage_pass(unsigned ms)
{
	for (int i = 0; i < 2; i++)
		loop_shard_pass(stage.shards[i], ms);
	stage_settle();
}

bool heard_is(const struct buffer *heard, const char *text)
{
	return heard->len == strlen(text) && memcmp(buffer_at(heard), text, heard->len) == 0;
}

void fill(char *bytes, size_t len)
{
	unsigned state = 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1103515245u + 12345;
		bytes[i] = (char)(state >> 16);
	}
}
