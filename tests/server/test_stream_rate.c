/* Who sends more than may be read waits, and loses nothing (limits.stanzas-per-second and its kin).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "arena.h"
#include "credentials.h"
#include "jid.h"
#include "stream.h"
#include "stream_world.h"

static void open(void)
{
	world_open();
	world.server.limits.burst_s = 1;
}

TestSuite(stream_rate, .init = open, .fini = world_close);

#define NO_SUCH "<auth " SASL_NS " mechanism='X'/>"

/* Bound, and silent for long enough to have the whole burst. */
static struct link *fresh_client(void)
{
	struct link *link = world_bound_client();

	world_pass(60000);
	return link;
}

static void says_messages(struct link *link, unsigned count)
{
	char text[4096] = "";

	while (count--)
		strcat(text, "<message/>");
	world_says(link, text);
}

static unsigned received(void)
{
	return count_of(fake_accounts.received, "<message");
}

Test(stream_rate, of_stanzas_is_kept_behind_a_burst)
{
	struct link *link;

	world.server.limits.stanza_rate = 10;
	link = fresh_client();
	says_messages(link, 30);
	cr_assert_eq(received(), 11); /* the one that goes too far is read */
	cr_assert_eq(fake_link_pauses(link), 1);
	world_pass(199);
	cr_assert_eq(received(), 11);
	world_pass(1); /* in pieces of 100 ms at least */
	cr_assert_eq(received(), 13);
	for (unsigned i = 0; i < 18; i++)
		world_pass(100);
	cr_assert_eq(received(), 30);
}

Test(stream_rate, of_stanzas_leaves_those_alone_who_keep_it)
{
	struct link *link;

	world.server.limits.stanza_rate = 10;
	link = fresh_client();
	for (unsigned i = 1; i <= 100; i++) {
		says_messages(link, 1);
		cr_assert_eq(fake_link_pauses(link), 0);
		world_pass(100);
	}
	cr_assert_eq(received(), 100);
}

Test(stream_rate, is_not_saved_up_beyond_the_burst)
{
	struct link *link;

	world.server.limits.stanza_rate = 10;
	link = fresh_client();
	world_pass(3600000);
	says_messages(link, 30);
	cr_assert_eq(received(), 11);
}

static void reads_the_next_in_two_seconds(void)
{
	unsigned before = received();

	world_pass(1900);
	cr_assert_eq(received(), before);
	world_pass(300);
	cr_assert_eq(received(), before + 1);
}

static void says_a_long_message(struct link *link, size_t bytes)
{
	char text[4096] = "<message><body>";

	memset(text + strlen(text), 'a', bytes);
	strcat(text, "</body></message>");
	world_says(link, text);
}

Test(stream_rate, of_bytes_is_kept_as_well)
{
	struct link *link;

	world.server.limits.byte_rate = 1000;
	link = fresh_client();
	says_a_long_message(link, 3000);
	says_messages(link, 1);
	cr_assert_eq(received(), 1);
	reads_the_next_in_two_seconds();
}

Test(stream_rate, that_takes_longer_counts)
{
	struct link *link;

	world.server.limits.byte_rate = 1000;
	world.server.limits.stanza_rate = 1;
	link = fresh_client();
	says_messages(link, 1);
	says_a_long_message(link, 1500); /* half a second for its bytes, a whole one for it */
	says_messages(link, 1);
	world_pass(1000);
	cr_assert_eq(received(), 2);
	world_pass(200);
	cr_assert_eq(received(), 3);
}

Test(stream_rate, of_answers_holds_the_next_question_back)
{
	struct link *link;

	world.server.limits.answer_rate = 1000;
	link = fresh_client();
	stream_note_answered(fake_accounts.stream, 1000);
	says_messages(link, 1);
	cr_assert_eq(received(), 1);
	stream_note_answered(fake_accounts.stream, 2000);
	says_messages(link, 1);
	cr_assert_eq(received(), 1);
	reads_the_next_in_two_seconds();
}

Test(stream_rate, of_nought_is_none)
{
	struct link *link;

	world.server.limits.stanza_rate = 0;
	world.server.limits.byte_rate = 0;
	world.server.limits.answer_rate = 0;
	link = fresh_client();
	for (unsigned i = 0; i < 60; i++) {
		*fake_accounts.received = '\0';
		says_messages(link, 50);
		cr_assert_eq(received(), 50);
	}
	cr_assert_eq(fake_link_pauses(link), 0);
}

Test(stream_rate, before_login_is_one_of_its_own)
{
	struct link *link;

	world.server.limits.stanza_rate_before_login = 1;
	link = world_secure_client();
	world_pass(10000);
	cr_assert_eq(count_of(world_says(link, NO_SUCH NO_SUCH NO_SUCH), "<failure"), 2);
	world_pass(1100);
	cr_assert_eq(count_of(fake_link_take(link), "<failure"), 1);
}

/* An account whose home is the other shard. */
static const char *far_name(char *credentials)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
	static char bare[64];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena *arena = arena_create(512);
		bool is_far;

		snprintf(bare, sizeof bare, "%s@example.org", names[i]);
		is_far = jid_hash(jid_new(arena, bare)) % 2 == 1;
		arena_destroy(arena);
		if (!is_far)
			continue;
		fake_account_add(bare, credentials);
		return names[i];
	}
	abort();
}

Test(stream_rate, goes_on_at_the_accounts_home)
{
	char *credentials = credentials_make("pencil", 16);
	struct link *link;

	world.server.limits.stanza_rate_before_login = 1;
	link = world_secure_client();
	world_pass(10000);
	world_says(link, NO_SUCH);
	cr_assert(has(world_says(link, plain_text("", far_name(credentials), "pencil")),
		"<success"));
	cr_assert_eq(fake_link_moves(link), 1);
	cr_assert_eq(fake_shard_timers(world.shards[0]), 0);
	cr_assert_str_eq(world_says(link, HEADER), "");
	world_pass(1100);
	cr_assert(has(fake_link_take(link), "<bind"));
	free(credentials);
}

Test(stream_rate, of_bytes_or_stanzas_is_not_escaped_by_coming_back)
{
	struct link *link;

	world.server.limits.stanza_rate = 10;
	link = fresh_client();
	says_messages(link, 11);
	for (unsigned i = 0; i < 20; i++) {
		fake_link_end(link, LINK_BROKEN);
		link = world_bound_client();
		says_messages(link, 1);
	}
	cr_assert_eq(received(), 11);
	world_pass(5000); /* each has asked for a resource, too */
	cr_assert_eq(received(), 12);
	world_pass(60000);
	says_messages(link, 30);
	cr_assert_eq(received(), 23);
}

Test(stream_rate, ends_with_its_stream)
{
	struct link *link;

	world.server.limits.stanza_rate = 1;
	link = fresh_client();
	says_messages(link, 3);
	fake_link_end(link, LINK_BROKEN);
	world_settle();
	cr_assert_eq(fake_shard_timers(world.shards[0]) + fake_shard_timers(world.shards[1]), 0);
}
