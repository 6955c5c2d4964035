/* test_link_threads.c - links that wander between two shards' threads while their peers talk
 * SPDX-License-Identifier: MIT
 *
 * A plain program: ThreadSanitizer does not run under Criterion. */

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addresses.h"
#include "link_stage.h"
#include "loop_shard.h"
#include "stream.h"

#define LINKS 16
#define MESSAGES 300

/* An owner that echoes, and goes to the other shard after every third call. */
struct wanderer {
	struct link *link;
	unsigned calls;
};

static atomic_int alive;

static void note_moved(void *owner, struct shard *to)
{
	struct wanderer *wanderer = owner;

	assert(shard_self() == to && link_shard(wanderer->link) == to);
}

static size_t wander(void *owner, const char *bytes, size_t len)
{
	struct wanderer *wanderer = owner;
	struct shard *here = link_shard(wanderer->link);
	size_t used = len > 1 && wanderer->calls % 2 ? len / 2 : len;

	assert(shard_self() == here);
	link_write(wanderer->link, bytes, used);
	if (++wanderer->calls % 3 == 0)
		link_move(wanderer->link, stage.shards[here == stage.shards[0]], note_moved);
	else if (used < len)
		return used + wander(owner, bytes + used, len - used);
	return used;
}

static void note_secured(void *owner)
{
}

static void note_end(void *owner, enum link_end how)
{
	struct wanderer *wanderer = owner;

	link_destroy(wanderer->link);
	free(wanderer);
	atomic_fetch_sub(&alive, 1);
}

static const struct link_owner wandering = {
	.bytes = wander, .secured = note_secured, .ended = note_end,
};

/* Links are made on shard 0's thread. */
struct birth {
	struct post post;
	int fd;
};

static void bear(struct shard *shard, struct post *post)
{
	struct birth *birth = (struct birth *)post;
	struct wanderer *wanderer = calloc(1, sizeof *wanderer);

	wanderer->link = link_create(shard, birth->fd, listeners_at(stage.listeners, 1),
		&wandering, wanderer);
	free(birth);
}

static int send_out(void)
{
	struct birth *birth = calloc(1, sizeof *birth);
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	atomic_fetch_add(&alive, 1);
	birth->post.run = bear;
	birth->fd = pair[0];
	/* The peer's end blocks, the link's must not. */
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	if (setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 30, 0 },
			sizeof(struct timeval)) < 0)
		abort();
	shard_post(stage.shards[0], &birth->post);
	return pair[1];
}

static void talk(gnutls_session_t session)
{
	char said[700], heard[700];

	for (int i = 0; i < MESSAGES; i++) {
		size_t len = 1 + (size_t)(i * 37) % sizeof said, got = 0;

		fill(said, len);
		assert(gnutls_record_send(session, said, len / 2 + 1) == (ssize_t)(len / 2 + 1));
		if (len > len / 2 + 1)
			assert(gnutls_record_send(session, said + len / 2 + 1, len - len / 2 - 1) > 0);
		while (got < len) {
			ssize_t some = gnutls_record_recv(session, heard + got, len - got);

			/* A session ticket on its way is said as -EAGAIN. */
			assert(some > 0 || (some < 0 && !gnutls_error_is_fatal((int)some)));
			got += some > 0 ? (size_t)some : 0;
		}
		assert(memcmp(said, heard, len) == 0);
	}
}

static void *be_a_peer(void *context)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	int fd = send_out(), result;

	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	do
		result = gnutls_handshake(session);
	while (result < 0 && !gnutls_error_is_fatal(result));
	assert(result == 0);
	talk(session);
	gnutls_bye(session, GNUTLS_SHUT_WR);
	close(fd);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	return NULL;
}

/* --- the address table under many hands ------------------------------------------------- */

static void *come_and_go(void *context)
{
	for (int i = 0; i < 20000; i++) {
		uint64_t key = 1 + (uint64_t)(i % 1000);

		addresses_enter(key);
		addresses_note_failure(key + 5000, (uint32_t)i);
		addresses_leave(key);
	}
	return NULL;
}

static void run_all(size_t count, void *(*run)(void *))
{
	pthread_t threads[LINKS];

	for (size_t i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, run, NULL);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void test_links(void)
{
	stage_open();
	for (int i = 0; i < 2; i++)
		loop_shard_start(stage.shards[i]);
	run_all(LINKS, be_a_peer);
	while (atomic_load(&alive) > 0)
		poll(NULL, 0, 1);
	for (int i = 0; i < 2; i++)
		loop_shard_stop(stage.shards[i]);
	stage_close();
}

static void test_addresses(void)
{
	addresses_setup(100);
	run_all(4, come_and_go);
	for (uint64_t key = 1; key <= 1000; key++)
		assert(addresses_connections(key) == 0);
	addresses_finish();
}

/* Nobody comes in by a listener here. */
void stream_accept(struct shard *shard, const struct listener *listener, int fd)
{
	abort();
}

int main(void)
{
	test_links();
	test_addresses();
	puts("ok");
	return 0;
}
