/* input.c - bytes from the socket, through TLS, to the link's owner */
/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "link_internal.h"

/* True while bytes may be offered: not when the owner has just paused, closed or left. */
static bool may_offer(const struct link *link)
{
	return link_may_read(link) && !link->is_closing;
}

void link_offer(struct link *link, const char *bytes, size_t len)
{
	uint8_t layer = link->layer;
	bool is_kept = link->plain.len > 0;
	size_t used;

	if (is_kept) {
		buffer_add(&link->plain, bytes, len);
		bytes = buffer_at(&link->plain);
		len = link->plain.len;
	}
	used = link->calls->bytes(link->owner, bytes, len);
	assert(used <= len);
	/* STARTTLS throws away what stood behind it; link_close, whatever came. */
	if (link->is_destroyed || link->is_closing || link->layer != layer)
		return;
	if (is_kept) {
		buffer_consume(&link->plain, used);
		buffer_trim(&link->plain);
	} else {
		buffer_add(&link->plain, bytes + used, len - used);
	}
}

/* Bytes of the socket. What cannot be decrypted yet, because the owner paused, is kept. */
void link_take_input(struct link *link, const char *bytes, size_t len)
{
	if (link->is_closing)
		return;
	if (link->layer == LAYER_PLAIN) {
		link_offer(link, bytes, len);
		return;
	}
	link->view = bytes;
	link->view_len = len;
	link_tls_read(link);
	if (!link->is_destroyed && !link->is_closing && !link->has_ended)
		buffer_add(&link->raw, link->view, link->view_len);
	link->view = NULL;
	link->view_len = 0;
}

bool link_holds_input(const struct link *link)
{
	return link->plain.len > 0 || link->raw.len > 0;
}

/* Offers what the owner left, then decrypts what waited behind it. */
static void take_held(struct link *link)
{
	struct buffer raw;

	if (link->plain.len > 0)
		link_offer(link, NULL, 0);
	if (link->raw.len == 0 || !may_offer(link))
		return;
	raw = link->raw;
	link->raw = (struct buffer){ 0 };
	link_take_input(link, buffer_at(&raw), raw.len);
	buffer_finish(&raw);
}

static void read_socket(struct link *link)
{
	char *bytes = shard_read_buffer(link->shard);
	ssize_t len = recv(link->watcher.fd, bytes, SHARD_READ_BYTES, 0);

	link->is_greedy = len == SHARD_READ_BYTES;
	if (len > 0) {
		link_take_input(link, bytes, (size_t)len);
	} else if (len == 0) {
		/* The peer may have shut only its own direction and wait for our last words. */
		if (!link->wants_write && link_unwritten(link) > 0)
			link_flush(link);
		link_end(link, LINK_CLOSED_BY_PEER);
	} else if (errno != EAGAIN && errno != EINTR) {
		link_end(link, LINK_BROKEN);
	}
}

void link_run_slice(struct shard *shard, struct chore *chore)
{
	struct link *link = (struct link *)((char *)chore - offsetof(struct link, slice));

	(void)shard;
	link_enter(link);
	if (may_offer(link) && link_holds_input(link))
		take_held(link);
	else if (link_may_read(link))
		read_socket(link);
	link_leave(link);
}

static void run_wake(struct shard *shard, struct post *post)
{
	struct link *link = (struct link *)((char *)post - offsetof(struct link, wake));

	link->is_waking = false;
	link_enter(link);
	if (may_offer(link) && link->is_greedy)
		shard_wait_in_line(shard, &link->slice);
	else if (may_offer(link))
		take_held(link);
	link_leave(link);
}

void link_wake(struct link *link)
{
	if (link->is_waking)
		return;
	link->is_waking = true;
	link->wake.run = run_wake;
	shard_post(link->shard, &link->wake);
}

/* What was held back comes before what is new. */
static void read_on(struct link *link)
{
	if (link->raw.len > 0)
		take_held(link);
	if (link_may_read(link))
		read_socket(link);
}

void link_on_event(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct link *link = watcher->data;

	link_enter(link);
	if ((revents & EV_WRITE) && !link->is_destroyed) {
		link->wants_write = false;
		link_flush(link);
	}
	if ((revents & EV_READ) && link_may_read(link)) {
		if (link->is_greedy)
			shard_wait_in_line(link->shard, &link->slice);
		else
			read_on(link);
	}
	if (!link->is_destroyed)
		link_set_interest(link);
	link_leave(link);
}
