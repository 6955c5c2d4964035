/* test_link.c - what a link promises to its owner, without TLS
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link_stage.h"
#include "loop_shard.h"

static struct ear ear;
static struct peer peer;

static void connect_plain(void)
{
	stage_open();
	ear = (struct ear){ 0 };
	stage_connect(&ear, &peer, LISTEN_STARTTLS);
}

static void leave(void)
{
	stage_close_with(&ear, &peer);
}

TestSuite(link, .init = connect_plain, .fini = leave, .timeout = 60);

Test(link, offers_what_the_peer_says)
{
	peer_say_text(&peer, "hello");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "hello"));
}

Test(link, writes_at_the_end_of_the_turn)
{
	link_write(ear.link, "one ", 4);
	link_write(ear.link, "two", 3);
	cr_assert_eq(link_unwritten(ear.link), 7);
	stage_settle();
	cr_assert(heard_is(&peer.heard, "one two"));
	cr_assert_eq(link_unwritten(ear.link), 0);
}

Test(link, offers_again_what_was_left_with_what_follows)
{
	ear.appetite = 2;
	peer_say_text(&peer, "abc");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "ab"));
	ear.appetite = 0;
	peer_say_text(&peer, "d");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "abcd"));
}

static bool pause_at_once(struct ear *who, const char *bytes, size_t len)
{
	link_pause(who->link);
	who->when_heard = NULL;
	return true;
}

Test(link, offers_again_after_a_resume_what_was_left)
{
	ear.when_heard = pause_at_once;
	peer_say_text(&peer, "abc");
	stage_settle();
	cr_assert_eq(ear.heard.len, 0);
	link_resume(ear.link);
	cr_assert_eq(ear.heard.len, 0, "not within link_resume");
	stage_settle();
	cr_assert(heard_is(&ear.heard, "abc"));
}

Test(link, counts_pauses)
{
	link_pause(ear.link);
	link_pause(ear.link);
	peer_say_text(&peer, "abc");
	link_resume(ear.link);
	stage_settle();
	cr_assert_eq(ear.heard.len, 0);
	link_resume(ear.link);
	stage_settle();
	cr_assert(heard_is(&ear.heard, "abc"));
}

Test(link, tells_the_owner_of_an_orderly_end_once)
{
	ear.stays_alive = true;
	peer_say_text(&peer, "last words");
	stage_settle();
	shutdown(peer.fd, SHUT_RDWR);
	stage_settle();
	cr_assert(heard_is(&ear.heard, "last words"));
	cr_assert_eq(ear.ended, 1);
	cr_assert_eq(ear.how, LINK_CLOSED_BY_PEER);
}

Test(link, still_answers_a_peer_that_shut_only_its_own_direction)
{
	ear_echoes = true;
	cr_assert_eq(send(peer.fd, "ping", 4, 0), 4);
	shutdown(peer.fd, SHUT_WR);
	stage_settle();
	cr_assert_eq(ear.how, LINK_CLOSED_BY_PEER);
	cr_assert(heard_is(&peer.heard, "ping"));
}

Test(link, can_be_closed_after_the_peer_shut_its_direction)
{
	ear.stays_alive = true;
	shutdown(peer.fd, SHUT_WR);
	stage_settle();
	link_write(ear.link, "ignored", 7);
	link_close(ear.link);
	ear.link = NULL;
	stage_settle();
	cr_assert(peer.has_ended);
}

static bool destroy_at_once(struct ear *who, const char *bytes, size_t len)
{
	link_destroy(who->link);
	who->link = NULL;
	return true;
}

Test(link, may_be_destroyed_in_its_own_callback)
{
	ear.when_heard = destroy_at_once;
	peer_say_text(&peer, "abc");
	stage_settle();
	cr_assert(peer.has_ended);
	cr_assert_eq(ear.ended, 0);
}

static bool close_at_once(struct ear *who, const char *bytes, size_t len)
{
	link_write(who->link, "bye", 3);
	link_close(who->link);
	who->link = NULL;
	return true;
}

Test(link, may_be_closed_in_its_own_callback)
{
	ear.when_heard = close_at_once;
	peer_say_text(&peer, "abc");
	stage_settle();
	cr_assert(heard_is(&peer.heard, "bye"));
	cr_assert(peer.has_ended);
}

Test(link, may_be_destroyed_while_bytes_wait_to_be_offered)
{
	ear.when_heard = pause_at_once;
	peer_say_text(&peer, "abc");
	stage_settle();
	link_resume(ear.link);
	link_destroy(ear.link);
	ear.link = NULL;
	stage_settle();
	cr_assert_eq(ear.heard.len, 0);
}

/* --- more than the kernel takes --------------------------------------------------------- */

#define LARGE (8 * 1024 * 1024)

static char *write_large(void)
{
	char *bytes = malloc(LARGE);

	fill(bytes, LARGE);
	link_write(ear.link, bytes, LARGE);
	return bytes;
}

/* Only the server's side turns: the peer reads nothing. */
static void settle_shards(void)
{
	for (int i = 0; i < 8; i++)
		loop_shard_step(stage.shards[0]);
}

Test(link, carries_large_output_whole)
{
	char *bytes = write_large();

	stage_settle();
	cr_assert_eq(peer.heard.len, LARGE);
	cr_assert_eq(memcmp(buffer_at(&peer.heard), bytes, LARGE), 0);
	cr_assert_eq(loop_shard_timers(stage.shards[0]), 0);
	free(bytes);
}

enum { GREEDY = 3, MUCH = 10 * SHARD_READ_BYTES };

static size_t heard_by(const struct ear *ears)
{
	size_t sum = 0;

	for (int i = 0; i < GREEDY; i++)
		sum += ears[i].heard.len;
	return sum;
}

/* A buffer full of bytes each, at first; then they take turns, and those who say little do not wait. */
Test(link, lets_those_who_say_much_wait_in_line)
{
	static char much[MUCH];
	struct ear ears[GREEDY] = { 0 };
	struct peer peers[GREEDY];

	fill(much, sizeof much);
	for (int i = 0; i < GREEDY; i++) {
		stage_connect(&ears[i], &peers[i], LISTEN_STARTTLS);
		peer_say(&peers[i], much, sizeof much);
	}
	stage_step_peers();
	loop_shard_step(stage.shards[0]);
	cr_assert_eq(heard_by(ears), GREEDY * SHARD_READ_BYTES);
	for (size_t turn = 1; turn < 9; turn++) {
		char text[] = { (char)('0' + turn), '\0' };

		peer_say_text(&peer, text);
		stage_step_peers();
		loop_shard_step(stage.shards[0]);
		cr_assert_eq(ear.heard.len, turn);
		cr_assert_eq(heard_by(ears), (GREEDY + turn) * SHARD_READ_BYTES);
	}
	for (int i = 0; i < GREEDY; i++)
		cr_assert_gt(ears[i].heard.len, SHARD_READ_BYTES);
	stage_settle();
	for (int i = 0; i < GREEDY; i++) {
		cr_assert_eq(ears[i].heard.len, MUCH);
		cr_assert_eq(memcmp(buffer_at(&ears[i].heard), much, MUCH), 0);
		link_destroy(ears[i].link);
		ears[i].link = NULL;
		peer_end(&peers[i]);
		buffer_finish(&ears[i].heard);
	}
}

Test(link, ends_when_the_peer_takes_nothing_for_the_write_timeout)
{
	free(write_large());
	settle_shards();
	cr_assert_gt(link_unwritten(ear.link), 0);
	loop_shard_pass(stage.shards[0], 119999);
	cr_assert_eq(ear.ended, 0);
	loop_shard_pass(stage.shards[0], 1);
	cr_assert_eq(ear.ended, 1);
	cr_assert_eq(ear.how, LINK_TIMED_OUT);
}

Test(link, ends_a_peer_that_takes_nothing_also_while_it_is_paused)
{
	free(write_large());
	link_pause(ear.link);
	settle_shards();
	loop_shard_pass(stage.shards[0], 120000);
	cr_assert_eq(ear.how, LINK_TIMED_OUT);
}

Test(link, lets_a_slow_peer_live_while_it_takes_something)
{
	char some[256 * 1024];

	free(write_large());
	settle_shards();
	for (int i = 0; i < 4; i++) {
		loop_shard_pass(stage.shards[0], 100000);
		cr_assert_gt(recv(peer.fd, some, sizeof some, 0), 0);
		settle_shards();
	}
	cr_assert_eq(ear.ended, 0);
}

Test(link, says_when_all_is_in_the_kernels_hands)
{
	link_want_drained(ear.link, true);
	free(write_large());
	settle_shards();
	cr_assert_eq(ear.drained, 0);
	stage_settle();
	cr_assert_eq(ear.drained, 1);
}

Test(link, says_drained_also_when_nothing_was_waiting)
{
	link_want_drained(ear.link, true);
	stage_settle();
	cr_assert_eq(ear.drained, 1);
	link_write(ear.link, "x", 1);
	stage_settle();
	cr_assert_eq(ear.drained, 2);
}

Test(link, writes_the_rest_before_it_closes)
{
	free(write_large());
	link_close(ear.link);
	ear.link = NULL;
	stage_settle();
	cr_assert_eq(peer.heard.len, LARGE);
	cr_assert(peer.has_ended);
}

Test(link, gives_up_a_close_after_the_close_timeout)
{
	free(write_large());
	link_close(ear.link);
	ear.link = NULL;
	settle_shards();
	loop_shard_pass(stage.shards[0], 5000);
	cr_assert_eq(loop_shard_timers(stage.shards[0]), 0);
}

Test(link, notices_a_peer_that_breaks_off)
{
	link_write(ear.link, "x", 1);
	close(peer.fd);
	peer.fd = -1;
	settle_shards();
	cr_assert_eq(ear.ended, 1);
	cr_assert_eq(ear.how, LINK_BROKEN);
}

Test(link, describes_itself)
{
	cr_assert_str_eq(link_describe(ear.link), "plain");
	cr_assert_eq(link_cipher_bits(ear.link), 0);
	cr_assert_str_eq(link_peer(ear.link), "local");
	cr_assert_null(link_sni_host(ear.link));
	cr_assert_null(link_certificate_jid(ear.link, 0));
}
