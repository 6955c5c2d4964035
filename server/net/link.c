/* link.c - the life of a connection: made, paused, limited in time, ended */
/* SPDX-License-Identifier: MIT */

#include "link.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addresses.h"
#include "descriptors.h"
#include "heap.h"
#include "link/link_internal.h"
#include "listener.h"
#include "server.h"

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
	struct sockaddr_storage storage;
};

/* "192.0.2.1" also for a peer that came to an IPv6 socket. */
static uint16_t describe_peer(const union address *address, char text[static INET6_ADDRSTRLEN])
{
	const unsigned char *bytes = address->ipv6.sin6_addr.s6_addr;

	switch (address->any.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->ipv4.sin_addr, text, INET6_ADDRSTRLEN);
		return ntohs(address->ipv4.sin_port);
	case AF_INET6:
		if (IN6_IS_ADDR_V4MAPPED(&address->ipv6.sin6_addr))
			inet_ntop(AF_INET, bytes + 12, text, INET6_ADDRSTRLEN);
		else
			inet_ntop(AF_INET6, bytes, text, INET6_ADDRSTRLEN);
		return ntohs(address->ipv6.sin6_port);
	default:
		strcpy(text, "local");
		return 0;
	}
}

static void run_flush(struct shard *shard, struct chore *chore);
static void run_timer(struct shard *shard, struct timer *timer);

#define container_of(member_of, type, member) \
	((type *)((char *)(member_of) - offsetof(type, member)))

struct link *link_create(struct shard *shard, int fd, const struct listener *listener,
	const struct link_owner *calls, void *owner)
{
	char peer[INET6_ADDRSTRLEN];
	union address address = { .any.sa_family = AF_UNSPEC };
	socklen_t address_len = sizeof address;
	struct link *link;
	uint16_t port;

	if (getpeername(fd, &address.any, &address_len) < 0)
		address.any.sa_family = AF_UNSPEC; /* gone already: reading will tell */
	port = describe_peer(&address, peer);
	link = heap_zalloc(sizeof *link + strlen(peer) + 1);
	strcpy(link->peer, peer);
	link->peer_port = port;
	link->shard = shard;
	link->listener = listener;
	link->calls = calls;
	link->owner = owner;
	link->flush.run = run_flush;
	link->slice.run = link_run_slice;
	link->timer.run = run_timer;
	link->address_key = address_key(&address.any);
	addresses_enter(link->address_key);
	descriptors_note(1);
	ev_io_init(&link->watcher, link_on_event, fd, EV_READ);
	link->watcher.data = link;
	if (listener && listener_tls(listener) == LISTEN_DIRECT)
		link_tls_open(link);
	link_set_interest(link);
	return link;
}

static void release(struct link *link)
{
	link_tls_close(link);
	buffer_finish(&link->out);
	buffer_finish(&link->wire);
	buffer_finish(&link->raw);
	buffer_finish(&link->plain);
	free(link);
}

void link_enter(struct link *link)
{
	assert(link->depth < UINT8_MAX);
	link->depth++;
}

void link_leave(struct link *link)
{
	assert(link->depth > 0);
	if (--link->depth > 0 || link->is_waking)
		return;
	if (link->is_destroyed)
		release(link);
	else if (link->moving_to)
		link_depart(link);
}

void link_destroy(struct link *link)
{
	if (!link)
		return;
	assert(!link->is_destroyed);
	link_enter(link);
	link->is_destroyed = true;
	link->calls = NULL;
	link->moving_to = NULL;
	if (link->watcher.fd >= 0) {
		link_set_interest(link);
		addresses_leave(link->address_key); /* before the peer can know that it may come again */
		close(link->watcher.fd); /* the last copy: leaves the epoll set by that */
		link->watcher.fd = -1;
		descriptors_note(-1);
	}
	link_set_limit(link, LIMIT_NONE);
	shard_forget_chore(link->shard, &link->flush);
	shard_forget_chore(link->shard, &link->slice);
	link_leave(link);
}

void link_close(struct link *link)
{
	assert(!link->is_destroyed && !link->is_closing);
	link->is_closing = true;
	link->calls = NULL;
	link->moving_to = NULL;
	buffer_finish(&link->plain);
	buffer_finish(&link->raw);
	/* Reading goes on, whatever paused it, to see the peer's end of it; the bytes are
	 * dropped. */
	link->pauses = 0;
	link_set_limit(link, LIMIT_CLOSE);
	link_set_interest(link);
	link_flush_later(link);
}

void link_end(struct link *link, enum link_end how)
{
	const struct link_owner *calls = link->calls;

	assert(link->depth > 0);
	if (link->is_destroyed)
		return;
	if (link->is_closing) {
		link_destroy(link);
		return;
	}
	if (link->has_ended)
		return;
	link->has_ended = true;
	link_set_limit(link, LIMIT_NONE);
	link_set_interest(link);
	calls->ended(link->owner, how);
}

/* --- the chore and the loop ------------------------------------------------------------- */

static void run_flush(struct shard *shard, struct chore *chore)
{
	struct link *link = container_of(chore, struct link, flush);

	link_enter(link);
	link_flush(link);
	link_leave(link);
}

void link_flush_later(struct link *link)
{
	shard_at_turn_end(link->shard, &link->flush);
}

bool link_may_read(const struct link *link)
{
	return link->pauses == 0 && !link->has_ended && !link->is_destroyed;
}

void link_set_interest(struct link *link)
{
	int wanted = (link_may_read(link) ? EV_READ : 0) |
		(link->wants_write && !link->is_destroyed ? EV_WRITE : 0);
	int present = ev_is_active(&link->watcher) ? link->watcher.events & (EV_READ | EV_WRITE) : 0;
	struct ev_loop *loop = shard_loop(link->shard);

	if (wanted == present)
		return;
	if (present)
		ev_io_stop(loop, &link->watcher);
	if (wanted) {
		ev_io_modify(&link->watcher, wanted); /* not _set: a pause and a resume in one turn
						       * then cost no system call */
		ev_io_start(loop, &link->watcher);
	}
}

/* --- time ------------------------------------------------------------------------------- */

static uint64_t limit_ms(const struct link *link, enum link_limit limit)
{
	const struct limits *limits = &shard_server(link->shard)->limits;

	switch (limit) {
	case LIMIT_NONE: return 0;
	case LIMIT_HANDSHAKE: return (uint64_t)limits->handshake_s * 1000;
	case LIMIT_WRITE: return (uint64_t)limits->write_s * 1000;
	case LIMIT_CLOSE: return (uint64_t)limits->close_s * 1000;
	}
	return 0;
}

/* What the peer does not read counts also while we do not read: else a link that is paused
 * because its own peer stands still would live for ever. */
static bool stands_still(const struct link *link)
{
	return link->limit == LIMIT_HANDSHAKE && link->pauses > 0;
}

void link_set_limit(struct link *link, enum link_limit limit)
{
	link->limit = limit;
	if (limit == LIMIT_NONE) {
		timer_stop(link->shard, &link->timer);
		return;
	}
	link->limit_left_ms = (uint32_t)limit_ms(link, limit);
	if (stands_still(link))
		timer_stop(link->shard, &link->timer);
	else
		timer_start(link->shard, &link->timer, link->limit_left_ms);
}

void link_hold_limit(struct link *link)
{
	uint64_t now = shard_ticks_ms(link->shard);

	if (!timer_is_running(&link->timer))
		return;
	link->limit_left_ms = link->timer.seat.due_ms > now ?
		(uint32_t)(link->timer.seat.due_ms - now) : 0;
	timer_stop(link->shard, &link->timer);
}

void link_release_limit(struct link *link)
{
	if (link->limit != LIMIT_NONE && !stands_still(link) && !timer_is_running(&link->timer))
		timer_start(link->shard, &link->timer, link->limit_left_ms);
}

static void run_timer(struct shard *shard, struct timer *timer)
{
	struct link *link = container_of(timer, struct link, timer);

	link_enter(link);
	link_end(link, LINK_TIMED_OUT);
	link_leave(link);
}

/* --- the owner's wishes ----------------------------------------------------------------- */

void link_pause(struct link *link)
{
	assert(link->pauses < UINT16_MAX);
	if (link->is_closing)
		return;
	link->pauses++;
	if (stands_still(link))
		link_hold_limit(link);
	link_set_interest(link);
}

void link_resume(struct link *link)
{
	if (link->is_closing)
		return;
	assert(link->pauses > 0);
	if (--link->pauses > 0)
		return;
	link_release_limit(link);
	link_set_interest(link);
	if (link_holds_input(link))
		link_wake(link);
}

void link_write(struct link *link, const char *bytes, size_t len)
{
	assert(!link->is_destroyed && !link->is_closing);
	if (len == 0 || link->has_ended)
		return;
	buffer_add(&link->out, bytes, len);
	if (!link->wants_write)
		link_flush_later(link);
}

size_t link_unwritten(const struct link *link)
{
	return link->out.len + link->wire.len;
}

void link_want_drained(struct link *link, bool wanted)
{
	link->wants_drained = wanted;
	link->owes_drained = wanted;
	if (wanted && !link->wants_write)
		link_flush_later(link);
}

void link_start_tls(struct link *link)
{
	assert(link->layer == LAYER_PLAIN && !link->is_closing);
	/* RFC 6120 5.4.3.3: nothing that came before the handshake may survive it. */
	buffer_finish(&link->plain);
	buffer_finish(&link->raw);
	link->wire = link->out;
	link->out = (struct buffer){ 0 };
	link_tls_open(link);
}

/* --- plain facts ------------------------------------------------------------------------ */

struct shard *link_shard(const struct link *link) { return link->shard; }
bool link_is_secure(const struct link *link) { return link->layer == LAYER_SECURE; }
const struct listener *link_listener(const struct link *link) { return link->listener; }
const char *link_peer(const struct link *link) { return link->peer; }
uint16_t link_peer_port(const struct link *link) { return link->peer_port; }

/* --- failed logins ---------------------------------------------------------------------- */

static uint32_t now_s(const struct link *link)
{
	return (uint32_t)(shard_ticks_ms(link->shard) / 1000);
}

static unsigned delay_ms(const struct link *link, unsigned failures)
{
	long most = shard_server(link->shard)->limits.failed_logins_per_address;

	return address_delay_ms(failures, (unsigned)most);
}

unsigned link_login_delay_ms(const struct link *link)
{
	return delay_ms(link, addresses_failures(link->address_key, now_s(link)));
}

unsigned link_note_login_failure(struct link *link)
{
	return delay_ms(link, addresses_note_failure(link->address_key, now_s(link)));
}

unsigned link_note_registration(struct link *link)
{
	return addresses_note_registration(link->address_key, now_s(link));
}
