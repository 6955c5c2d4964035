/* test_listener.c - where clients come in, and what is refused
 * SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addresses.h"
#include "descriptors.h"
#include "link_stage.h"
#include "loop_shard.h"
#include "stream.h"

/* What was accepted, in order. */
static struct {
	struct shard *shard;
	const struct listener *listener;
	struct link *link;
} accepted[256];
static size_t accepted_count;
static struct ear ear;

void stream_accept(struct shard *shard, const struct listener *listener, int fd)
{
	accepted[accepted_count].shard = shard;
	accepted[accepted_count].listener = listener;
	accepted[accepted_count].link = link_create(shard, fd, listener, &ear_calls, &ear);
	accepted_count++;
}

static struct listeners *listeners;

static const char *const loopback[] = { "127.0.0.1", NULL };
static const char *const everywhere[] = { "*", NULL };
static const char *const nonsense[] = { "example.org", NULL };
static const struct listen_config client = { "client", loopback, 0, LISTEN_STARTTLS };
static const struct listen_config direct = { "clients", loopback, 0, LISTEN_DIRECT };

static void listen_as(const struct listen_config *config)
{
	char *why = NULL;

	cr_assert_eq(listeners_open(config, 1, 2, &listeners, &why), 0, "%s", why);
	listeners_start(listeners, &stage.server);
	stage_settle();
}

static void begin(void)
{
	stage_open();
	addresses_setup(1000);
	ear = (struct ear){ .stays_alive = true };
}

static void leave(void)
{
	for (size_t i = 0; i < accepted_count; i++)
		link_destroy(accepted[i].link);
	if (listeners)
		listeners_stop(listeners);
	stage_settle();
	listeners_close(listeners);
	addresses_finish();
	stage_close();
}

TestSuite(listener, .init = begin, .fini = leave, .timeout = 60);

static int dial(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static uint16_t port(void)
{
	return listener_port(listeners_at(listeners, 0));
}

Test(listener, accepts_on_a_free_port)
{
	int fd, on = 0;
	socklen_t len = sizeof on;

	listen_as(&client);
	cr_assert_neq(port(), 0);
	fd = dial(port());
	stage_settle();
	cr_assert_eq(accepted_count, 1);
	cr_assert_eq(listener_tls(accepted[0].listener), LISTEN_STARTTLS);
	cr_assert_str_eq(link_peer(accepted[0].link), "127.0.0.1");
	cr_assert_neq(link_peer_port(accepted[0].link), 0);
	cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	close(fd);
}

Test(listener, spreads_connections_over_shards)
{
	int fds[64], on_first = 0;

	listen_as(&client);
	for (int i = 0; i < 64; i++)
		fds[i] = dial(port());
	stage_settle();
	cr_assert_eq(accepted_count, 64);
	for (int i = 0; i < 64; i++) {
		on_first += accepted[i].shard == stage.shards[0];
		close(fds[i]);
	}
	cr_assert(on_first > 0 && on_first < 64);
}

Test(listener, listens_in_both_families_on_one_port)
{
	struct listen_config config = { "client", everywhere, 0, LISTEN_NONE };

	listen_as(&config);
	if (listeners_count(listeners) == 1)
		return; /* a machine without IPv6 */
	cr_assert_eq(listeners_count(listeners), 2);
	cr_assert_eq(listener_port(listeners_at(listeners, 1)), port());
	cr_assert_str_eq(listener_address(listeners_at(listeners, 1)), "::");
	close(dial(port()));
	stage_settle();
	cr_assert_eq(accepted_count, 1);
}

Test(listener, says_that_a_port_is_taken)
{
	struct listen_config again = client;
	struct listeners *second = NULL;
	char *why = NULL;

	listen_as(&client);
	again.port = port();
	cr_assert_eq(listeners_open(&again, 1, 2, &second, &why), -EADDRINUSE);
	cr_assert_not_null(strstr(why, "listen \"client\": 127.0.0.1 port"), "%s", why);
	free(why);
}

Test(listener, says_that_an_address_is_none)
{
	struct listen_config config = { "client", nonsense, 0, LISTEN_NONE };
	char *why = NULL;

	cr_assert_eq(listeners_open(&config, 1, 2, &listeners, &why), -EINVAL);
	cr_assert_not_null(strstr(why, "example.org port 0: not an address"), "%s", why);
	free(why);
	listeners = NULL;
}

static bool reads(int fd, const char *part)
{
	char text[2048];
	ssize_t len = recv(fd, text, sizeof text - 1, 0);

	if (len < 0)
		return false;
	text[len] = '\0';
	return strstr(text, part);
}

Test(listener, refuses_what_is_beyond_the_connections_of_one_address)
{
	int fds[3];

	stage.limits->connections_per_address = 2;
	listen_as(&client);
	for (int i = 0; i < 3; i++) {
		fds[i] = dial(port());
		stage_settle();
	}
	cr_assert_eq(accepted_count, 2);
	cr_assert(reads(fds[2], "<policy-violation"));
	close(fds[0]);
	link_destroy(accepted[0].link);
	accepted[0].link = NULL;
	fds[0] = dial(port());
	stage_settle();
	cr_assert_eq(accepted_count, 3);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

Test(listener, refuses_by_closing_on_a_direct_port)
{
	char byte;
	int fd;

	stage.limits->connections_per_address = 0;
	listen_as(&direct);
	fd = dial(port());
	stage_settle();
	cr_assert_eq(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

/* --- descriptors ------------------------------------------------------------------------ */

static void limit_descriptors(rlim_t most)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void unlimit_descriptors(void)
{
	limit_descriptors(RLIM_INFINITY);
}

Test(listener, refuses_when_the_process_has_no_descriptors_for_more)
{
	int all, fd;

	listen_as(&client);
	all = (int)descriptors_setup();
	descriptors_note(all); /* more than there may be: some are kept for files */
	fd = dial(port());
	stage_settle();
	cr_assert_eq(accepted_count, 0);
	cr_assert(reads(fd, "<resource-constraint"));
	descriptors_note(-all);
	close(fd);
	fd = dial(port());
	stage_settle();
	cr_assert_eq(accepted_count, 1);
	close(fd);
}

Test(listener, refuses_with_its_spare_descriptor_when_the_kernel_gives_none)
{
	int fd, fill_up[256], filled = 0;

	listen_as(&client);
	fd = dial(port());
	limit_descriptors(100);
	while (filled < 256 && (fill_up[filled] = dup(0)) >= 0)
		filled++;
	stage_settle();
	cr_assert_eq(accepted_count, 0);
	cr_assert(reads(fd, "<resource-constraint"));
	while (filled > 0)
		close(fill_up[--filled]);
	unlimit_descriptors();
	close(fd);
	fd = dial(port());
	stage_settle();
	cr_assert_eq(accepted_count, 1);
	close(fd);
}

Test(listener, pauses_instead_of_spinning_when_not_even_that_helps)
{
	int fd, fill_up[256], filled = 0;

	/* Nothing can be opened at all: the limit lies below what is open. */
	listen_as(&client);
	fd = dial(port());
	while (filled < 256 && (fill_up[filled] = dup(0)) >= 0 && filled < 50)
		filled++;
	limit_descriptors(3);
	stage_settle();
	cr_assert_eq(accepted_count, 0);
	cr_assert_geq(loop_shard_timers(stage.shards[0]) + loop_shard_timers(stage.shards[1]), 1);
	while (filled > 0)
		close(fill_up[--filled]);
	unlimit_descriptors();
	close(fd);
}

Test(listener, raises_the_limit_of_descriptors_as_far_as_it_goes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	setrlimit(RLIMIT_NOFILE, &limit);
	cr_assert_eq(descriptors_setup(), (long)limit.rlim_max);
	getrlimit(RLIMIT_NOFILE, &limit);
	cr_assert_eq(limit.rlim_cur, limit.rlim_max);
}

Test(listener, stops_listening)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	listen_as(&client);
	address.sin_port = htons(port());
	listeners_stop(listeners);
	stage_settle();
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
	cr_assert_eq(errno, ECONNREFUSED);
	close(fd);
	listeners_close(listeners);
	listeners = NULL;
}
