/* fake_link.c - connections in memory
 * SPDX-License-Identifier: MIT */

#include "fake_link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "listener.h"
#include "shard.h"

struct link {
	struct link *older;
	struct shard *shard;
	const struct listener *listener;
	const struct link_owner *calls; /* NULL when closed */
	void *owner;
	struct buffer in, out;
	char *taken;
	struct shard *move_to;
	void (*moved)(void *owner, struct shard *to);
	unsigned pauses, moves;
	struct tern_host *preferred;
	bool is_secure, is_in_handshake, is_offering, discards;
};

struct fake_tls fake_tls;
unsigned fake_address_delay_ms;
static unsigned login_failures;
unsigned fake_address_registrations;
static struct link *newest;

struct link *fake_link_newest(void) { return newest; }

struct link *link_create(struct shard *shard, int take_fd, const struct listener *listener,
	const struct link_owner *calls, void *owner)
{
	struct link *link = calloc(1, sizeof *link);

	link->older = newest;
	newest = link;
	link->shard = shard;
	link->listener = listener;
	link->calls = calls;
	link->owner = owner;
	link->is_in_handshake = listener->tls == LISTEN_DIRECT;
	return link;
}

void fake_links_finish(void)
{
	while (newest) {
		struct link *link = newest;

		newest = link->older;
		buffer_finish(&link->in);
		buffer_finish(&link->out);
		free(link->taken);
		free(link);
	}
}

void link_destroy(struct link *link)
{
	if (link)
		link->calls = NULL;
}

void link_close(struct link *link)
{
	assert(link->calls);
	link->calls = NULL;
}

void link_write(struct link *link, const char *bytes, size_t len)
{
	assert(link->calls);
	buffer_add(&link->out, bytes, len);
}

size_t link_unwritten(const struct link *link) { return link->out.len; }
void link_want_drained(struct link *link, bool wanted) { }

static bool may_offer(const struct link *link)
{
	return link->calls && link->pauses == 0 && !link->move_to && !link->is_in_handshake &&
		!link->is_offering && link->in.len > 0;
}

static bool offer(struct link *link)
{
	struct buffer bytes = link->in;
	size_t used;

	if (!may_offer(link))
		return false;
	/* Memory of the very size, so that a checker sees what reads behind the end. */
	link->in = (struct buffer){ 0 };
	link->is_offering = true;
	link->discards = false;
	used = link->calls->bytes(link->owner, buffer_at(&bytes), bytes.len);
	link->is_offering = false;
	assert(used <= bytes.len);
	if (link->calls && !link->discards)
		buffer_add(&link->in, buffer_at(&bytes) + used, bytes.len - used);
	buffer_finish(&bytes);
	return used > 0;
}

void fake_link_feed(struct link *link, const char *bytes, size_t len)
{
	if (!link->calls)
		return;
	buffer_add(&link->in, bytes, len);
	offer(link);
}

void fake_link_end(struct link *link, enum link_end how)
{
	if (link->calls)
		link->calls->ended(link->owner, how);
}

void fake_link_secure(struct link *link)
{
	assert(link->is_in_handshake);
	link->is_in_handshake = false;
	link->is_secure = true;
	link->calls->secured(link->owner);
}

bool fake_link_run(struct link *link)
{
	struct shard *to = link->move_to;

	if (!link->calls)
		return false;
	if (!to)
		return offer(link);
	link->move_to = NULL;
	link->shard = to;
	link->moves++;
	link->moved(link->owner, to);
	return true;
}

const char *fake_link_take(struct link *link)
{
	free(link->taken);
	buffer_add(&link->out, "", 1);
	link->taken = strdup(buffer_at(&link->out));
	buffer_finish(&link->out);
	return link->taken;
}

bool fake_link_is_closed(const struct link *link) { return !link->calls; }
bool fake_link_is_in_handshake(const struct link *link) { return link->is_in_handshake; }
unsigned fake_link_moves(const struct link *link) { return link->moves; }
unsigned fake_link_pauses(const struct link *link) { return link->pauses; }
size_t fake_link_waiting(const struct link *link) { return link->in.len; }

void link_pause(struct link *link)
{
	link->pauses++;
}

void link_resume(struct link *link)
{
	assert(link->pauses > 0);
	link->pauses--;
}

void link_start_tls(struct link *link)
{
	assert(link->pauses == 0 && !link->is_secure);
	link->is_in_handshake = true;
	link->discards = true;
	buffer_finish(&link->in);
}

void link_move(struct link *link, struct shard *to, void (*moved)(void *owner, struct shard *to))
{
	assert(link->pauses == 0);
	link->move_to = to;
	link->moved = moved;
}

void link_prefer_host(struct link *link, struct tern_host *host) { link->preferred = host; }
struct tern_host *link_shown_host(const struct link *link)
{
	return link->preferred ? link->preferred : fake_tls.shown;
}

enum listen_tls listener_tls(const struct listener *listener) { return listener->tls; }
struct shard *link_shard(const struct link *link) { return link->shard; }
bool link_is_secure(const struct link *link) { return link->is_secure; }
const struct listener *link_listener(const struct link *link) { return link->listener; }
const char *link_peer(const struct link *link) { return "192.0.2.1"; }
uint16_t link_peer_port(const struct link *link) { return 5000; }
const char *link_describe(const struct link *link) { return link->is_secure ? "TLS" : ""; }
unsigned link_note_login_failure(struct link *link)
{
	login_failures++;
	return fake_address_delay_ms;
}

unsigned link_login_delay_ms(const struct link *link)
{
	return login_failures ? fake_address_delay_ms : 0;
}
unsigned link_note_registration(struct link *link) { return ++fake_address_registrations; }

int link_channel_binding(const struct link *link, const char *type,
	unsigned char bytes[static CHANNEL_BINDING_MAX], size_t *ret_len)
{
	const char *data = strcmp(type, "tls-exporter") == 0 ? fake_tls.exporter :
		strcmp(type, "tls-server-end-point") == 0 ? fake_tls.end_point : NULL;

	if (!data)
		return -ENOTSUP;
	*ret_len = strlen(data);
	memcpy(bytes, data, *ret_len);
	return 0;
}

const char *link_certificate_jid(const struct link *link, size_t index)
{
	return fake_tls.jids[index];
}
