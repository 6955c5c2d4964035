/* bind.c - the sockets of a listener, one a shard, on one port */
/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener_internal.h"

#define BACKLOG 1024 /* the kernel's own limit may be lower */

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static socklen_t parse(const struct listener *listener, union address *address)
{
	memset(address, 0, sizeof *address);
	if (inet_pton(AF_INET, listener->address, &address->ipv4.sin_addr) == 1) {
		address->ipv4.sin_family = AF_INET;
		address->ipv4.sin_port = htons(listener->port);
		return sizeof address->ipv4;
	}
	if (inet_pton(AF_INET6, listener->address, &address->ipv6.sin6_addr) == 1) {
		address->ipv6.sin6_family = AF_INET6;
		address->ipv6.sin6_port = htons(listener->port);
		return sizeof address->ipv6;
	}
	return 0;
}

static int set_options(int fd, const union address *address)
{
	int on = 1;

	/* Keepalive and no delay are inherited by what is accepted. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0)
		return -errno;
	if (address->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
		return -errno;
	return 0;
}

static int open_socket(const union address *address, socklen_t len)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -errno;
	result = set_options(fd, address);
	if (result == 0 && (bind(fd, &address->any, len) < 0 || listen(fd, BACKLOG) < 0))
		result = -errno;
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

static uint16_t port_of(int fd)
{
	union address address;
	socklen_t len = sizeof address;

	if (getsockname(fd, &address.any, &len) < 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET ?
		address.ipv4.sin_port : address.ipv6.sin6_port);
}

/* SO_REUSEPORT lets another process of the same user share our port, and with it our clients,
 * unnoticed: a socket without it finds that out. */
static int check_free(const union address *address, socklen_t len)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, result = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, &address->any, len) < 0)
		result = -errno;
	close(fd);
	return result;
}

int listener_bind(struct listener *listener)
{
	union address address;
	socklen_t len = parse(listener, &address);
	int result = len == 0 ? -EINVAL : check_free(&address, len);

	for (size_t i = 0; result == 0 && i < listener->acceptor_count; i++) {
		struct acceptor *acceptor = &listener->acceptors[i];

		parse(listener, &address);
		acceptor->fd = open_socket(&address, len);
		if (acceptor->fd < 0)
			result = acceptor->fd;
		else if (listener->port == 0)
			listener->port = port_of(acceptor->fd);
	}
	if (result < 0)
		listener_unbind(listener);
	return result;
}

void listener_unbind(struct listener *listener)
{
	for (size_t i = 0; i < listener->acceptor_count; i++) {
		struct acceptor *acceptor = &listener->acceptors[i];

		if (acceptor->fd >= 0)
			close(acceptor->fd);
		acceptor->fd = -1;
	}
}
