/* refuse.c - the last words to a connection that is one too many */
/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listener_internal.h"

/* RFC 6120 4.9.1.2: an error may come first, but behind a stream header of ours. */
#define FAREWELL \
	"<?xml version='1.0'?><stream:stream xmlns='jabber:client' " \
	"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:error>" \
	"<%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"

void refuse(int fd, enum listen_tls tls, const char *condition)
{
	char text[400], dropped[4096];
	int len = snprintf(text, sizeof text, FAREWELL, condition);

	if (tls != LISTEN_DIRECT && len > 0) {
		/* Bytes left unread would turn the close into a reset, which costs the peer
		 * our words. */
		while (recv(fd, dropped, sizeof dropped, MSG_DONTWAIT) == sizeof dropped)
			;
		if (send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) == len)
			shutdown(fd, SHUT_WR);
	}
	close(fd);
}
