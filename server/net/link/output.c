/* output.c - what a link has to say leaves at the turn's end, in one write */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "link_internal.h"

/* So much is encrypted and written at a time, and so much of one link in one turn. */
#define ROUND_BYTES (64 * 1024)
#define TURN_BYTES (1024 * 1024)

/* What goes to the socket next. */
static struct buffer *outlet(struct link *link)
{
	return link->layer == LAYER_PLAIN ? &link->out : &link->wire;
}

/* Bytes that the kernel took; 0 when it is full; -errno. */
static ssize_t send_some(struct link *link)
{
	struct buffer *outlet_of = outlet(link);
	ssize_t sent = send(link->watcher.fd, buffer_at(outlet_of), outlet_of->len, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buffer_consume(outlet_of, (size_t)sent);
	return sent;
}

/* The end of the output's way: the peer learns of our end, and we wait for its own, since a
 * close with bytes unread would reset the connection and could cost it our last words. */
static void shut(struct link *link)
{
	link->is_shut = true;
	if (link->has_ended || shutdown(link->watcher.fd, SHUT_WR) < 0)
		link_destroy(link);
}

static void note_drained(struct link *link)
{
	buffer_trim(&link->out);
	buffer_trim(&link->wire);
	if (link->limit == LIMIT_WRITE)
		link_set_limit(link, LIMIT_NONE);
	if (link->is_closing) {
		shut(link);
	} else if (link->wants_drained && link->owes_drained && !link->has_ended) {
		link->owes_drained = false;
		link->calls->drained(link->owner);
	}
}

static void note_progress(struct link *link)
{
	if (link->limit == LIMIT_WRITE)
		link_set_limit(link, LIMIT_WRITE);
}

static void note_full(struct link *link)
{
	link->wants_write = true;
	link_set_interest(link);
	if (link->limit == LIMIT_NONE && !link->has_ended)
		link_set_limit(link, LIMIT_WRITE);
}

/* True when the rest leaves later. */
static bool stops(struct link *link, size_t *left, ssize_t sent)
{
	if (sent < 0) {
		link_end(link, LINK_BROKEN);
		return true;
	}
	if (sent > 0)
		note_progress(link);
	if (sent == 0 || (size_t)sent >= *left) {
		note_full(link);
		return true;
	}
	*left -= (size_t)sent;
	return false;
}

void link_flush(struct link *link)
{
	size_t left = TURN_BYTES;

	if (link->is_destroyed || link->is_shut || link->wants_write)
		return;
	if (link_unwritten(link) > 0)
		link->owes_drained = true;
	for (;;) {
		if (link->layer == LAYER_SECURE && !link_tls_encrypt(link, ROUND_BYTES))
			return;
		if (link->is_closing && link->out.len == 0)
			link_tls_say_goodbye(link);
		if (outlet(link)->len == 0)
			break;
		if (stops(link, &left, send_some(link)))
			return;
	}
	note_drained(link);
}
