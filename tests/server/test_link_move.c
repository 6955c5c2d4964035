/* test_link_move.c - a link goes to another shard in mid-stream, and nothing is lost
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link_stage.h"
#include "loop_shard.h"

static struct ear ear;
static struct peer peer;

static void begin(void)
{
	stage_open();
	ear = (struct ear){ 0 };
}

static void leave(void)
{
	stage_close_with(&ear, &peer);
}

TestSuite(link_move, .init = begin, .fini = leave, .timeout = 120);

static void note_moved(void *owner, struct shard *to)
{
	struct ear *who = owner;

	cr_assert_eq(shard_self(), to);
	cr_assert_eq(link_shard(who->link), to);
	who->moved++;
}

/* Uses bytes up to the '!', which names the account, so to speak: the rest is heard by the other
 * shard. */
static size_t move_behind_the_mark(void *owner, const char *bytes, size_t len)
{
	struct ear *who = owner;
	const char *mark = memchr(bytes, '!', len);
	size_t used = mark ? (size_t)(mark - bytes) + 1 : len;
	struct shard *here = link_shard(who->link);

	cr_assert_eq(shard_self(), here);
	cr_assert_eq(who->moved > 0, here == stage.shards[1]);
	buffer_add(&who->heard, bytes, used);
	link_write(who->link, bytes, used);
	if (mark)
		link_move(who->link, stage.shards[1], note_moved);
	return used;
}

static void note_end(void *owner, enum link_end how)
{
	((struct ear *)owner)->ended++;
}

static void note_secured(void *owner)
{
	((struct ear *)owner)->secured++;
}

static const struct link_owner mover = {
	.bytes = move_behind_the_mark, .secured = note_secured, .ended = note_end,
};

static const char words[] = "<stream><auth mechanism='PLAIN'>!<next/><and/>";

static void connect_without_handshake(enum listen_tls tls)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	link_destroy(ear.link);
	peer_end(&peer);
	stage_connect(&ear, &peer, tls);
	link_destroy(ear.link);
	close(peer.fd);
	peer.fd = pair[1];
	buffer_finish(&ear.heard);
	ear = (struct ear){ 0 };
	ear.link = link_create(stage.shards[0], pair[0],
		listeners_at(stage.listeners, tls == LISTEN_DIRECT), &mover, &ear);
}

static void connect_mover(enum listen_tls tls)
{
	connect_without_handshake(tls);
	if (tls != LISTEN_DIRECT)
		return;
	peer_start_tls(&peer, &(struct peer_wish){ 0 });
	stage_settle();
	cr_assert_eq(ear.secured, 1);
}

static void check_words(size_t split)
{
	stage_settle();
	cr_assert_eq(ear.moved, 1, "split %zu", split);
	cr_assert(heard_is(&ear.heard, words), "split %zu", split);
	cr_assert(heard_is(&peer.heard, words), "split %zu", split);
	cr_assert_eq(link_shard(ear.link), stage.shards[1]);
}

static void say(const char *bytes, size_t len)
{
	if (len == 0)
		return;
	if (peer.session)
		cr_assert_eq(gnutls_record_send(peer.session, bytes, len), (ssize_t)len);
	else
		cr_assert_eq(send(peer.fd, bytes, len, 0), (ssize_t)len);
}

/* Both parts in one read (settled only after), and each in its own turn. */
static void split_everywhere(enum listen_tls tls)
{
	size_t len = sizeof words - 1;

	for (size_t split = 0; split <= len; split++) {
		connect_mover(tls);
		say(words, split);
		say(words + split, len - split);
		check_words(split);
		connect_mover(tls);
		say(words, split);
		stage_settle();
		say(words + split, len - split);
		check_words(split);
	}
}

Test(link_move, takes_every_byte_with_it_in_the_clear) { split_everywhere(LISTEN_STARTTLS); }
Test(link_move, takes_every_byte_with_it_in_tls) { split_everywhere(LISTEN_DIRECT); }

/* The encrypted bytes themselves are cut anywhere: a record may be half in GnuTLS. */
static char wire[4096];
static size_t wire_len;

static ssize_t catch_wire(gnutls_transport_ptr_t context, const void *bytes, size_t len)
{
	memcpy(wire + wire_len, bytes, len);
	wire_len += len;
	return (ssize_t)len;
}

static void encrypt_words(void)
{
	wire_len = 0;
	gnutls_transport_set_push_function(peer.session, catch_wire);
	for (size_t i = 0; i < sizeof words - 1; i += 10)
		gnutls_record_send(peer.session, words + i,
			sizeof words - 1 - i < 10 ? sizeof words - 1 - i : 10);
}

Test(link_move, takes_with_it_what_is_not_decrypted_yet)
{
	connect_mover(LISTEN_DIRECT);
	encrypt_words();
	for (size_t split = 0, len = wire_len; split <= len; split++) {
		connect_mover(LISTEN_DIRECT);
		encrypt_words();
		cr_assert_eq(send(peer.fd, wire, split, 0), (ssize_t)split);
		loop_shard_step(stage.shards[0]); /* and no turn of the other shard yet */
		cr_assert_eq(send(peer.fd, wire + split, wire_len - split, 0),
			(ssize_t)(wire_len - split));
		check_words(split);
	}
}

Test(link_move, goes_on_with_a_handshake_elsewhere)
{
	connect_without_handshake(LISTEN_DIRECT);
	peer_start_tls(&peer, &(struct peer_wish){ .trickles = true });
	link_move(ear.link, stage.shards[1], note_moved);
	stage_settle();
	cr_assert_eq(ear.secured, 1);
	cr_assert_eq(link_shard(ear.link), stage.shards[1]);
}

#define LARGE (4 * 1024 * 1024)

Test(link_move, takes_unwritten_output_with_it)
{
	char *bytes = malloc(LARGE);

	connect_mover(LISTEN_DIRECT);
	fill(bytes, LARGE);
	link_write(ear.link, bytes, LARGE);
	for (int i = 0; i < 4; i++)
		loop_shard_step(stage.shards[0]); /* the kernel is full: part is encrypted already */
	cr_assert_gt(link_unwritten(ear.link), 0);
	link_move(ear.link, stage.shards[1], note_moved);
	stage_settle();
	cr_assert_eq(ear.moved, 1);
	cr_assert_eq(peer.heard.len, LARGE);
	cr_assert_eq(memcmp(buffer_at(&peer.heard), bytes, LARGE), 0);
	free(bytes);
}

Test(link_move, takes_its_time_limit_with_it)
{
	char *bytes = calloc(1, LARGE);

	connect_mover(LISTEN_STARTTLS);
	link_write(ear.link, bytes, LARGE);
	free(bytes);
	for (int i = 0; i < 4; i++)
		loop_shard_step(stage.shards[0]);
	loop_shard_pass(stage.shards[0], 100000);
	link_move(ear.link, stage.shards[1], note_moved);
	loop_shard_step(stage.shards[1]);
	cr_assert_eq(loop_shard_timers(stage.shards[0]), 0);
	cr_assert_eq(loop_shard_timers(stage.shards[1]), 1);
	loop_shard_pass(stage.shards[1], 19999);
	cr_assert_eq(ear.ended, 0);
	loop_shard_pass(stage.shards[1], 1);
	cr_assert_eq(ear.ended, 1);
}

Test(link_move, keeps_pauses)
{
	connect_mover(LISTEN_STARTTLS);
	link_pause(ear.link);
	link_move(ear.link, stage.shards[1], note_moved);
	say("x", 1);
	stage_settle();
	cr_assert_eq(ear.moved, 1);
	cr_assert_eq(ear.heard.len, 0);
	link_resume(ear.link);
	stage_settle();
	cr_assert(heard_is(&ear.heard, "x"));
}

static void destroy_at_arrival(void *owner, struct shard *to)
{
	struct ear *who = owner;

	link_destroy(who->link);
	who->link = NULL;
}

Test(link_move, may_end_where_it_arrives)
{
	connect_mover(LISTEN_DIRECT);
	link_move(ear.link, stage.shards[1], destroy_at_arrival);
	say("x", 1);
	stage_settle();
	cr_assert(peer.has_ended || peer.error);
}

static void go_back(void *owner, struct shard *to)
{
	struct ear *who = owner;

	if (++who->moved < 7)
		link_move(who->link, stage.shards[who->moved % 2 == 0], go_back);
}

Test(link_move, may_go_on_at_once)
{
	connect_mover(LISTEN_DIRECT);
	say("abc", 3);
	link_move(ear.link, stage.shards[1], go_back);
	stage_settle();
	cr_assert_eq(ear.moved, 7);
	cr_assert(heard_is(&ear.heard, "abc"));
}

/* --- the old shard's epoll set ---------------------------------------------------------- */

static int sets_that_hold(int fd)
{
	DIR *directory = opendir("/proc/self/fdinfo");
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(directory))) {
		char path[300], line[200];
		FILE *info;
		int held;

		snprintf(path, sizeof path, "/proc/self/fdinfo/%s", entry->d_name);
		info = fopen(path, "r");
		while (info && fgets(line, sizeof line, info))
			if (sscanf(line, "tfd: %d", &held) == 1 && held == fd)
				count++;
		if (info)
			fclose(info);
	}
	closedir(directory);
	return count;
}

static int all_entries(void)
{
	int count = 0;

	for (int fd = 3; fd < 64; fd++)
		count += sets_that_hold(fd);
	return count;
}

Test(link_move, leaves_nothing_of_it_in_the_old_shard_s_epoll_set)
{
	int before;

	connect_mover(LISTEN_STARTTLS);
	stage_settle();
	before = all_entries();
	for (int i = 0; i < 5; i++) {
		link_move(ear.link, stage.shards[i % 2 == 0], note_moved);
		stage_settle();
		cr_assert_eq(all_entries(), before, "move %d", i);
	}
}
