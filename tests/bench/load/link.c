/* link.c - a connection: a socket, TLS over it when asked, output collected for a turn */
/* SPDX-License-Identifier: MIT */
#include "link.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	INPUT_BYTES = 64 * 1024,
	RECORD_BYTES = 16 * 1024,
	RECORDS_AT_ONCE = 8,
	SOURCE_ADDRESSES = 60000,
	SOURCE_FIRST = 0x7f010002,	/* 127.1.0.2 */
};

static void flush_dirty(struct ev_loop *loop, struct ev_prepare *watcher, int events);
static void pass_timer(struct ev_loop *loop, struct ev_timer *watcher, int events);

void turn_init(struct turn *turn, struct ev_loop *loop)
{
	*turn = (struct turn){ .loop = loop };
	TAILQ_INIT(&turn->dirty);
	turn->input = malloc(INPUT_BYTES);
	turn->plain = malloc(INPUT_BYTES);
	if (!turn->input || !turn->plain)
		abort();
	ev_prepare_init(&turn->before_wait, flush_dirty);
	turn->before_wait.data = turn;
	ev_prepare_start(loop, &turn->before_wait);
	ev_unref(loop);
	ev_timer_init(&turn->at_once, pass_timer, 0., 0.);
}

void turn_finish(struct turn *turn)
{
	ev_ref(turn->loop);
	ev_prepare_stop(turn->loop, &turn->before_wait);
	free(turn->input);
	free(turn->plain);
	buffer_finish(&turn->cipher);
}

static void link_fail(struct link *link, const char *why)
{
	link_close(link);
	link->calls->closed(link, why);
}

/* Sends from a buffer what the socket takes. Returns false when the link is gone. */
static bool send_from(struct link *link, struct buffer *buffer)
{
	ssize_t sent = send(link->fd, buffer_front(buffer), buffer_size(buffer), MSG_NOSIGNAL);

	if (sent >= 0) {
		buffer_consume(buffer, (size_t)sent);
	} else if (errno != EAGAIN && errno != EINTR) {
		link_fail(link, strerror(errno));
		return false;
	}
	return true;
}

/* Sends what GnuTLS has made since the last time, behind what is waiting already: a handshake's
 * flight of six pieces is one segment so. Returns false when the link is gone. */
static bool send_cipher(struct link *link)
{
	struct buffer *cipher = &link->turn->cipher;
	bool is_open = true;

	if (buffer_size(&link->unsent) == 0 && buffer_size(cipher) > 0)
		is_open = send_from(link, cipher);
	if (is_open && buffer_size(cipher) > 0) {
		buffer_append(&link->unsent, buffer_front(cipher), buffer_size(cipher));
		ev_io_start(link->turn->loop, &link->writable);
	}
	buffer_consume(cipher, buffer_size(cipher));
	return is_open;
}

/* Encrypts while the socket takes it. Returns false when the link is gone. */
static bool send_records(struct link *link)
{
	while (buffer_size(&link->unsent) == 0 && buffer_size(&link->output) > 0) {
		for (unsigned i = 0; i < RECORDS_AT_ONCE && buffer_size(&link->output) > 0; i++) {
			size_t size = buffer_size(&link->output);
			ssize_t taken = gnutls_record_send(link->tls, buffer_front(&link->output),
					size < RECORD_BYTES ? size : RECORD_BYTES);

			if (taken < 0) {
				link_fail(link, gnutls_strerror((int)taken));
				return false;
			}
			buffer_consume(&link->output, (size_t)taken);
		}
		if (!send_cipher(link))
			return false;
	}
	return true;
}

static bool link_has_output(const struct link *link)
{
	return buffer_size(&link->unsent) > 0 || buffer_size(&link->output) > 0;
}

static void link_flush(struct link *link)
{
	if (link->is_connecting || !link_has_output(link))
		return;
	if (buffer_size(&link->unsent) > 0 && !send_from(link, &link->unsent))
		return;
	if (buffer_size(&link->unsent) == 0 && !link->is_handshaking &&
	    buffer_size(&link->output) > 0 &&
	    !(link->tls ? send_records(link) : send_from(link, &link->output)))
		return;
	if (buffer_size(&link->unsent) > 0 || (!link->is_handshaking && link_has_output(link))) {
		ev_io_start(link->turn->loop, &link->writable);
		return;
	}
	ev_io_stop(link->turn->loop, &link->writable);
	if (link->calls->drained && !link_has_output(link))
		link->calls->drained(link);
}

static void flush_dirty(struct ev_loop *loop, struct ev_prepare *watcher, int events)
{
	struct turn *turn = watcher->data;
	unsigned number = ++turn->number;
	struct link *link;

	(void)events;
	/* A flush may write again (drained): that is for the next turn. */
	while ((link = TAILQ_FIRST(&turn->dirty)) && link->dirty_in != number) {
		TAILQ_REMOVE(&turn->dirty, link, in_dirty);
		link->is_dirty = false;
		if (!ev_is_active(&link->writable))
			link_flush(link);
	}
	if (link && !ev_is_active(&turn->at_once)) {
		ev_timer_set(&turn->at_once, 0., 0.);
		ev_timer_start(loop, &turn->at_once);
	}
}

static void pass_timer(struct ev_loop *loop, struct ev_timer *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
}

static void shake_hands(struct link *link)
{
	int status = gnutls_handshake(link->tls);

	if (!send_cipher(link) || (status < 0 && !gnutls_error_is_fatal(status)))
		return;
	if (status < 0) {
		link_fail(link, gnutls_strerror(status));
		return;
	}
	link->is_handshaking = false;
	link->calls->secured(link);
}

/* Decrypts what was read; everything in feed is taken into GnuTLS when this returns. */
static void receive_records(struct link *link)
{
	while (link_is_open(link)) {
		ssize_t size;

		if (link->is_handshaking) {
			shake_hands(link);
			if (!link_is_open(link) || link->is_handshaking)
				return;
		}
		size = gnutls_record_recv(link->tls, link->turn->plain, INPUT_BYTES);
		/* A key update is answered in here. */
		if (!send_cipher(link))
			return;
		/* GnuTLS says "again" behind a session ticket too, with more records waiting. */
		if (size == GNUTLS_E_AGAIN && link->feed_size > 0)
			continue;
		if (size == GNUTLS_E_AGAIN)
			return;
		if (size > 0)
			link->calls->received(link, link->turn->plain, (size_t)size);
		else if (size == 0 || gnutls_error_is_fatal((int)size))
			link_fail(link, size ? gnutls_strerror((int)size) : "closed by the peer");
	}
}

static void handle_readable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct link *link = watcher->data;
	ssize_t size = recv(link->fd, link->turn->input, INPUT_BYTES, 0);

	(void)loop, (void)events;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		link_fail(link, size ? strerror(errno) : "closed by the peer");
		return;
	}
	/* The kernel forgets this setting after a while, so it is made again after each read. */
	if (link->turn->quickack)
		setsockopt(link->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
	if (!link->tls) {
		link->calls->received(link, link->turn->input, (size_t)size);
		return;
	}
	link->feed = link->turn->input;
	link->feed_size = (size_t)size;
	receive_records(link);
}

static void finish_connect(struct link *link)
{
	int error = 0;

	getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){ sizeof error });
	if (error) {
		link_fail(link, strerror(error));
		return;
	}
	link->is_connecting = false;
	ev_io_stop(link->turn->loop, &link->writable);
	ev_io_start(link->turn->loop, &link->readable);
	link->calls->connected(link);
}

static void handle_writable(struct ev_loop *loop, struct ev_io *watcher, int events)
{
	struct link *link = watcher->data;

	(void)loop, (void)events;
	if (!link_is_open(link))
		return;
	if (link->is_connecting)
		finish_connect(link);
	else
		link_flush(link);
}

void link_init(struct link *link, struct turn *turn, const struct link_calls *calls)
{
	*link = (struct link){ .turn = turn, .calls = calls, .fd = -1 };
	link->readable.data = link->writable.data = link;
}

void link_take_fd(struct link *link, int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	link->fd = fd;
	link->is_connecting = link->is_handshaking = false;
	link->feed_size = 0;
	ev_io_init(&link->readable, handle_readable, fd, EV_READ);
	ev_io_init(&link->writable, handle_writable, fd, EV_WRITE);
	ev_io_start(link->turn->loop, &link->readable);
}

static void bind_source(int fd)
{
	static unsigned count;
	struct sockaddr_in source = { .sin_family = AF_INET };

	if (count == 0)
		count = (unsigned)getpid() * 7919u;
	source.sin_addr.s_addr = htonl(SOURCE_FIRST + count++ % SOURCE_ADDRESSES);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof(int));
	/* Where it is refused the kernel's own choice serves as well. */
	(void)!bind(fd, (struct sockaddr *)&source, sizeof source);
}

int link_connect(struct link *link, const struct sockaddr_in *target)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (ntohl(target->sin_addr.s_addr) >> 24 == 127)
		bind_source(fd);
	if (connect(fd, (const struct sockaddr *)target, sizeof *target) < 0 &&
	    errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		return -error;
	}
	link_take_fd(link, fd);
	ev_io_stop(link->turn->loop, &link->readable);
	ev_io_start(link->turn->loop, &link->writable);
	link->is_connecting = true;
	return 0;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *bytes, size_t size)
{
	struct link *link = pointer;

	if (link->feed_size == 0) {
		gnutls_transport_set_errno(link->tls, EAGAIN);
		return -1;
	}
	if (size > link->feed_size)
		size = link->feed_size;
	memcpy(bytes, link->feed, size);
	link->feed += size;
	link->feed_size -= size;
	return (ssize_t)size;
}

static ssize_t push(gnutls_transport_ptr_t pointer, const void *bytes, size_t size)
{
	struct link *link = pointer;

	buffer_append(&link->turn->cipher, bytes, size);
	return (ssize_t)size;
}

int link_secure(struct link *link, unsigned flags, gnutls_certificate_credentials_t credentials,
		gnutls_priority_t priority)
{
	int status;

	/* What was said before TLS, the permission to start it, leaves unprotected. */
	if (buffer_size(&link->output) > 0 && !send_from(link, &link->output))
		return 0;
	status = gnutls_init(&link->tls, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

	if (status < 0) {
		link->tls = NULL;
		return -ENOMEM;
	}
	gnutls_priority_set(link->tls, priority);
	gnutls_credentials_set(link->tls, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_ptr(link->tls, link);
	gnutls_transport_set_pull_function(link->tls, pull);
	gnutls_transport_set_push_function(link->tls, push);
	link->is_handshaking = true;
	link->feed_size = 0;
	if (flags & GNUTLS_CLIENT)
		shake_hands(link);
	return 0;
}

struct buffer *link_output(struct link *link)
{
	if (!link->is_dirty) {
		link->is_dirty = true;
		link->dirty_in = link->turn->number;
		TAILQ_INSERT_TAIL(&link->turn->dirty, link, in_dirty);
	}
	return &link->output;
}

void link_pause(struct link *link)
{
	link->is_paused = true;
	ev_io_stop(link->turn->loop, &link->readable);
}

void link_resume(struct link *link)
{
	link->is_paused = false;
	if (link_is_open(link))
		ev_io_start(link->turn->loop, &link->readable);
}

void link_close(struct link *link)
{
	if (!link_is_open(link))
		return;
	if (link->is_dirty)
		TAILQ_REMOVE(&link->turn->dirty, link, in_dirty);
	link->is_dirty = false;
	ev_io_stop(link->turn->loop, &link->readable);
	ev_io_stop(link->turn->loop, &link->writable);
	if (link->tls)
		gnutls_deinit(link->tls);
	link->tls = NULL;
	buffer_finish(&link->output);
	buffer_finish(&link->unsent);
	close(link->fd);
	link->fd = -1;
}
