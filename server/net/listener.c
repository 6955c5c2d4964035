/* listener.c - accepts connections on each shard, within the process's and a peer's limits */
/* SPDX-License-Identifier: MIT */

#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addresses.h"
#include "descriptors.h"
#include "heap.h"
#include "listener/listener_internal.h"
#include "log.h"
#include "server.h"
#include "stream.h"

#define ACCEPTS_PER_TURN 32
#define PAUSE_MS 200    /* after descriptors ran out */
#define PORT_TRIES 16   /* to find a port that is free in both families */
#define LOG_EVERY_MS 60000

size_t listeners_count(const struct listeners *listeners) { return listeners->count; }
const char *listener_name(const struct listener *listener) { return listener->name; }
const char *listener_address(const struct listener *listener) { return listener->address; }
uint16_t listener_port(const struct listener *listener) { return listener->port; }
enum listen_tls listener_tls(const struct listener *listener) { return listener->tls; }

const struct listener *listeners_at(const struct listeners *listeners, size_t index)
{
	return listeners->all[index];
}

/* --- accepting -------------------------------------------------------------------------- */

/* True once a minute for the whole process: who attacks must not fill the log too. */
static bool may_log(_Atomic uint64_t *last, uint64_t now_ms)
{
	uint64_t before = atomic_load(last);

	return (before == 0 || now_ms - before >= LOG_EVERY_MS) &&
		atomic_compare_exchange_strong(last, &before, now_ms);
}

static void log_exhausted(struct acceptor *acceptor, const char *why)
{
	static _Atomic uint64_t last;

	if (may_log(&last, shard_ticks_ms(acceptor->shard)))
		log_error("listener", acceptor->listener->name,
			"connections are refused: %s; %ld are open", why, descriptors_in_use());
}

static void log_crowd(struct acceptor *acceptor, unsigned connections)
{
	static _Atomic uint64_t last;

	if (may_log(&last, shard_ticks_ms(acceptor->shard)))
		log_warn("listener", acceptor->listener->name, "connections are refused: one "
			"address has %u already (limits connections-per-address)", connections);
}

static void watch(struct acceptor *acceptor, bool on)
{
	struct ev_loop *loop = shard_loop(acceptor->shard);

	if (on)
		ev_io_start(loop, &acceptor->watcher);
	else
		ev_io_stop(loop, &acceptor->watcher);
}

static void end_pause(struct shard *shard, struct timer *timer)
{
	struct acceptor *acceptor =
		(struct acceptor *)((char *)timer - offsetof(struct acceptor, pause));

	watch(acceptor, true);
}

static void begin_pause(struct acceptor *acceptor)
{
	watch(acceptor, false);
	timer_start(acceptor->shard, &acceptor->pause, PAUSE_MS);
}

static int open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The kernel gives no descriptor: the spare one lets us take the connection and refuse it, so
 * that the peer need not guess.  -EAGAIN when there was none to refuse (the kernel looks for a
 * descriptor before it looks for a connection). */
static int refuse_with_reserve(struct acceptor *acceptor)
{
	int fd, result;

	if (acceptor->reserve >= 0)
		close(acceptor->reserve);
	fd = accept4(acceptor->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	result = fd < 0 ? -errno : 0;
	if (fd >= 0)
		refuse(fd, acceptor->listener->tls, "resource-constraint");
	acceptor->reserve = open_reserve();
	return result;
}

static bool shed_one(struct acceptor *acceptor, int error)
{
	int result = refuse_with_reserve(acceptor);

	if (result == -EAGAIN)
		return false;
	log_exhausted(acceptor, strerror(error));
	if (result < 0)
		begin_pause(acceptor);
	return result == 0;
}

static bool is_too_many(struct acceptor *acceptor, const struct sockaddr *peer)
{
	long most = shard_server(acceptor->shard)->limits.connections_per_address;
	unsigned connections = addresses_connections(address_key(peer));

	if ((long)connections < most)
		return false;
	log_crowd(acceptor, connections);
	return true;
}

static void welcome(struct acceptor *acceptor, int fd, const struct sockaddr *peer)
{
	enum listen_tls tls = acceptor->listener->tls;
	int on = 1;

	if (!descriptors_left()) {
		log_exhausted(acceptor, "no descriptors are left for more (RLIMIT_NOFILE)");
		refuse(fd, tls, "resource-constraint");
		return;
	}
	if (is_too_many(acceptor, peer)) {
		refuse(fd, tls, "policy-violation");
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	stream_accept(acceptor->shard, acceptor->listener, fd);
}

/* False when there is nothing to accept for now. */
static bool accept_one(struct acceptor *acceptor)
{
	union { struct sockaddr any; struct sockaddr_storage storage; } peer;
	socklen_t len = sizeof peer;
	int fd = accept4(acceptor->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		welcome(acceptor, fd, &peer.any);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return shed_one(acceptor, errno);
	default:
		return true; /* that connection is gone already: accept(2) names a dozen reasons */
	}
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct acceptor *acceptor = watcher->data;

	for (int i = 0; i < ACCEPTS_PER_TURN && ev_is_active(watcher); i++)
		if (!accept_one(acceptor))
			return;
}

/* --- starting and stopping, on the acceptor's shard ------------------------------------- */

static void start(struct shard *shard, struct post *post)
{
	struct acceptor *acceptor =
		(struct acceptor *)((char *)post - offsetof(struct acceptor, start));

	acceptor->pause.run = end_pause;
	acceptor->reserve = open_reserve();
	ev_io_init(&acceptor->watcher, on_readable, acceptor->fd, EV_READ);
	acceptor->watcher.data = acceptor;
	watch(acceptor, true);
}

static void stop(struct shard *shard, struct post *post)
{
	struct acceptor *acceptor =
		(struct acceptor *)((char *)post - offsetof(struct acceptor, stop));

	timer_stop(shard, &acceptor->pause);
	watch(acceptor, false);
	close(acceptor->fd);
	acceptor->fd = -1;
	if (acceptor->reserve >= 0)
		close(acceptor->reserve);
	acceptor->reserve = -1;
}

void listeners_start(struct listeners *listeners, struct server *server)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = listeners->all[i];

		for (size_t k = 0; k < listener->acceptor_count; k++) {
			struct acceptor *acceptor = &listener->acceptors[k];

			acceptor->shard = server->shards[k];
			acceptor->start.run = start;
			shard_post(acceptor->shard, &acceptor->start);
		}
		log_info("listener", listener->name, "listening on %s port %u (%s)",
			listener->address, listener->port, config_tls_name(listener->tls));
	}
}

void listeners_stop(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = listeners->all[i];

		for (size_t k = 0; k < listener->acceptor_count; k++) {
			struct acceptor *acceptor = &listener->acceptors[k];

			acceptor->stop.run = stop;
			shard_post(acceptor->shard, &acceptor->stop);
		}
	}
}

/* --- opening and closing ---------------------------------------------------------------- */

static struct listener *create(const struct listen_config *config, const char *address,
	uint16_t port, size_t shards)
{
	struct listener *listener = heap_zalloc(sizeof *listener);

	listener->name = heap_strdup(config->name);
	listener->address = heap_strdup(address);
	listener->port = port;
	listener->tls = config->tls;
	listener->acceptors = heap_zalloc(shards * sizeof *listener->acceptors);
	listener->acceptor_count = shards;
	for (size_t i = 0; i < shards; i++)
		listener->acceptors[i] = (struct acceptor){
			.listener = listener, .fd = -1, .reserve = -1 };
	return listener;
}

static void destroy(struct listener *listener)
{
	listener_unbind(listener);
	for (size_t i = 0; i < listener->acceptor_count; i++)
		if (listener->acceptors[i].reserve >= 0)
			close(listener->acceptors[i].reserve);
	free(listener->acceptors);
	free(listener->address);
	free(listener->name);
	free(listener);
}

static void add(struct listeners *listeners, struct listener *listener)
{
	listeners->all = heap_resize(listeners->all,
		(listeners->count + 1) * sizeof *listeners->all);
	listeners->all[listeners->count++] = listener;
}

/* Listens on one address; the listener, or NULL and *ret_error. */
static struct listener *open_one(const struct listen_config *config, const char *address,
	uint16_t port, size_t shards, int *ret_error)
{
	struct listener *listener = create(config, address, port, shards);
	int result = listener_bind(listener);

	if (result == 0)
		return listener;
	*ret_error = result;
	destroy(listener);
	return NULL;
}

static bool has_no_ipv6(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

/* All addresses of both families; a port that the kernel chose for one must be free in the
 * other too.  A machine without IPv6 does with IPv4. */
static int open_both(struct listeners *listeners, const struct listen_config *config, size_t shards)
{
	int error = 0;

	for (int i = 0; i < PORT_TRIES; i++) {
		struct listener *ipv4, *ipv6;

		ipv4 = open_one(config, "0.0.0.0", (uint16_t)config->port, shards, &error);
		if (!ipv4)
			return error;
		ipv6 = open_one(config, "::", ipv4->port, shards, &error);
		if (ipv6 || has_no_ipv6(error)) {
			add(listeners, ipv4);
			if (ipv6)
				add(listeners, ipv6);
			return 0;
		}
		destroy(ipv4);
		if (config->port != 0)
			return error;
	}
	return error;
}

static int open_address(struct listeners *listeners, const struct listen_config *config,
	const char *address, size_t shards)
{
	struct listener *listener;
	int error;

	if (strcmp(address, "*") == 0)
		return open_both(listeners, config, shards);
	listener = open_one(config, address, (uint16_t)config->port, shards, &error);
	if (!listener)
		return error;
	add(listeners, listener);
	return 0;
}

static void explain(char **ret_why, const struct listen_config *config, const char *address,
	int error)
{
	if (asprintf(ret_why, "listen \"%s\": %s port %ld: %s", config->name, address, config->port,
			error == -EINVAL ? "not an address" : strerror(-error)) < 0)
		heap_exhausted();
}

int listeners_open(const struct listen_config *listens, size_t count, size_t shards,
	struct listeners **ret_listeners, char **ret_why)
{
	struct listeners *listeners = heap_zalloc(sizeof *listeners);

	for (size_t i = 0; i < count; i++) {
		for (const char *const *address = listens[i].addresses; *address; address++) {
			int result = open_address(listeners, &listens[i], *address, shards);

			if (result == 0)
				continue;
			explain(ret_why, &listens[i], *address, result);
			listeners_close(listeners);
			return result;
		}
	}
	*ret_listeners = listeners;
	return 0;
}

void listeners_close(struct listeners *listeners)
{
	if (!listeners)
		return;
	for (size_t i = 0; i < listeners->count; i++)
		destroy(listeners->all[i]);
	free(listeners->all);
	free(listeners);
}
