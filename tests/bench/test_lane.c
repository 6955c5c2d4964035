/* test_lane.c - messages lost, repeated or forged are noticed, promised to every reader */
/* SPDX-License-Identifier: MIT */
#include "lane.h"

#include <criterion/criterion.h>
#include <string.h>

static struct options options;
static struct bench bench;
static struct client_site site;
static struct client clients[2];
static struct lane lane;

static void begin(void)
{
	options = options_preset;
	bench = (struct bench){ .options = &options };
	turn_init(&bench.turn, ev_loop_new(EVFLAG_AUTO));
	site = (struct client_site){ .turn = &bench.turn, .domain = "d", .prefix = "u" };
	for (unsigned i = 0; i < 2; i++) {
		client_init(&clients[i], &site, i);
		clients[i].owner = &bench;
	}
	lane_init(&lane, &clients[0], &clients[1], 4, false);
	for (unsigned i = 0; i < 3; i++)
		lane_send(&lane, meter_now_ns());
}

static void end(void)
{
	lane_finish(&lane);
	for (unsigned i = 0; i < 2; i++)
		client_finish(&clients[i]);
	turn_finish(&bench.turn);
	ev_loop_destroy(bench.turn.loop);
}

TestSuite(lane, .init = begin, .fini = end);

static bool receive(unsigned number, const char *from)
{
	char text[256];
	int size = snprintf(text, sizeof text, "<message from='%s' id='%u'><body>%u "
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij</body></message>",
			from, number, number);

	return lane_receive(&lane, &(struct stanza){ text, (size_t)size });
}

Test(lane, takes_messages_in_their_order)
{
	for (unsigned i = 0; i < 3; i++)
		cr_assert(receive(i, "u0@d/b"));
	cr_assert(bench.operations == 3 && bench.latency.count == 3);
	cr_assert(bench.lost + bench.misplaced + bench.errors == 0);
}

Test(lane, counts_a_gap_as_lost)
{
	receive(0, "u0@d/b");
	cr_assert_not(receive(2, "u0@d/b"));
	cr_assert_eq(bench.lost, 1);
}

Test(lane, counts_a_second_coming_as_misplaced)
{
	receive(0, "u0@d/b");
	cr_assert_not(receive(0, "u0@d/b"));
	cr_assert_eq(bench.misplaced, 1);
}

Test(lane, refuses_a_message_that_was_never_sent)
{
	cr_assert_not(receive(3, "u0@d/b"));
	cr_assert_eq(bench.errors, 1);
}

Test(lane, refuses_a_foreign_sender)
{
	cr_assert_not(receive(0, "u2@d/b"));
	cr_assert_eq(bench.errors, 1);
}

Test(lane, refuses_a_body_of_another_size)
{
	options.body = 32;
	cr_assert_not(receive(0, "u0@d/b"));
	cr_assert_eq(bench.errors, 1);
}

Test(lane, knows_how_much_of_a_message_an_archive_keeps)
{
	char text[256];
	static const char id[] = "<stanza-id xmlns='urn:xmpp:sid:0' by='u1@d' id='7'/>";
	int size = snprintf(text, sizeof text, "<message from='u0@d/b' id='0'><body>0 abcdefghij"
			"klmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij</body>%s</message>", id);

	cr_assert(lane_receive(&lane, &(struct stanza){ text, (size_t)size }));
	cr_assert_eq(bench.copy_bytes, (size_t)size - strlen(id));
}
