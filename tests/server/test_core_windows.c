/* test_core_windows.c - nobody waits for a shard; sources wait
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "core_stage.h"
#include "session_internal.h"
#include "shard_internal.h"

#define WINDOW 4

/* A broadcast presence goes to everybody. */
static void announce(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct jid *to[] = { jid_new(event->arena, ROSALINE), jid_new(event->arena, NURSE) };

	(void)settings;
	tern_send_many(entity, &(struct tern_broadcast){ .stanza = event->stanza.element,
		.from = tern_session_jid(session), .to = to, .count = 2 });
}

static const struct tern_module announcer = {
	.abi = TERN_MODULE_ABI,
	.name = "announcer",
	.about = "announces presence",
	.watches = (const struct tern_watch[]){ { TERN_ON_AVAILABLE, announce },
		{ TERN_ON_PRESENCE_CHANGED, announce }, { 0 } },
};

#define NS_TALE "urn:example:tale"
#define TALE_BYTES 1000

static tern_store tales;

/* A long answer, which waits for a write. */
static enum tern_verdict tell(struct tern_event *event, const void *settings)
{
	struct element *tale = element_new(event->arena, NS_TALE, "tale");
	char text[TALE_BYTES];

	(void)settings;
	memset(text, 'a', sizeof text);
	element_append_text(tale, text, sizeof text);
	tern_put(event->entity, tales, "told", 4, "", 0);
	return tern_reply(event, tale);
}

static const struct tern_module teller = {
	.abi = TERN_MODULE_ABI,
	.name = "teller",
	.about = "tells tales",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_TALE, "tale", tell }, { 0 } },
	.stores = (const struct tern_store_claim[]){ { "teller", TERN_FETCHED, &tales, NULL }, { 0 } },
};

static struct client *romeo, *nurse, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_keeper, &announcer, &stage_delivery,
		&teller, NULL };

	stage_open(modules);
	stage.server.limits.window_stanzas = WINDOW;
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_windows, .init = set_up, .fini = stage_close);

static void write_to(struct client *from, const char *to, const char *body)
{
	client_says(from, "<message to='%s'><body>%s</body></message>", to, body);
}

Test(core_windows, pauses_a_stream_with_too_many_stanzas_under_way)
{
	for (unsigned i = 0; i < WINDOW; i++) {
		cr_assert_not(client_is_paused(romeo));
		write_to(romeo, ROSALINE, "hello");
	}
	cr_assert(client_is_paused(romeo));
	stage_settle();
	cr_assert_not(client_is_paused(romeo));
	cr_assert_eq(client_session(romeo)->under_way, 0);
	cr_assert_eq(client_session(romeo)->under_way_bytes, 0);
}

Test(core_windows, counts_bytes_too)
{
	char body[2000] = { 0 };

	memset(body, 'x', sizeof body - 1);
	stage.server.limits.window_stanzas = 100;
	stage.server.limits.window_bytes = 12000;
	while (!client_is_paused(romeo))
		write_to(romeo, ROSALINE, body);
	cr_assert_lt(client_session(romeo)->under_way, 6);
	stage_settle();
	cr_assert_not(client_is_paused(romeo));
}

/* Whatever becomes of a stanza, its receipt comes back. */
Test(core_windows, every_path_gives_the_receipt_back)
{
	static const char *const stanzas[] = {
		"<message/>", "<message to='" ROSALINE "'/>", "<message to='" NOBODY "'/>",
		"<message to='far.example'/>", "<message to='x@far.example'/>",
		"<message to='example.org'/>", "<message to='other.example'/>",
		"<message to='x@other.example'/>", "<message to='@'/>", "<message type='error'/>",
		"<message type='error' to='" NOBODY "'/>", "<message to='" ROMEO "/garden'/>",
		"<presence/>", "<presence/>", "<presence to='" ROSALINE "'/>", "<presence type='x'/>",
		"<presence to='far.example'/>", "<presence to='" NOBODY "'/>",
		"<presence type='subscribe'/>", "<presence type='subscribe' to='" ROSALINE "'/>",
		"<presence type='probe' to='example.org'/>", "<presence type='unavailable'/>",
		"<iq type='get' id='1'><x xmlns='x'/></iq>", "<iq type='get' id='1'/>", "<iq/>",
		"<iq type='get' id='1' to='example.org'><x xmlns='x'/></iq>",
		"<iq type='get' id='1' to='" ROSALINE "'><x xmlns='x'/></iq>",
		"<iq type='get' id='1' to='" ROSALINE "/feast'><x xmlns='x'/></iq>",
		"<iq type='get' id='1' to='" ROSALINE "/gone'><x xmlns='x'/></iq>",
		"<iq type='get' id='1' to='far.example'><x xmlns='x'/></iq>",
		"<iq type='get' id='1' to='" NOBODY "'><x xmlns='x'/></iq>",
		"<iq type='result' id='1'/>", "<iq type='result' id='1' to='example.org'/>",
		"<iq type='error' id='1' to='" NOBODY "'/>", "<iq type='result' id='1' to='far.example'/>",
	};

	for (size_t i = 0; i < sizeof stanzas / sizeof *stanzas; i++) {
		client_says(romeo, "%s", stanzas[i]);
		stage_settle();
		cr_assert(client_is_there(romeo), "%s", stanzas[i]);
		cr_expect_eq(client_session(romeo)->under_way, 0, "%s", stanzas[i]);
		client_heard(romeo);
	}
}

/* --- pressure ----------------------------------------------------------------------------- */

static void fill_disk_queue(void)
{
	struct shard *shard = stage.server.shards[1];

	stage.server.limits.batch_bytes = 10;
	write_to(rosaline, ABRAM, "hello");
	cr_assert(shard->pressure.is_raised);
}

Test(core_windows, holds_back_who_posts_to_a_shard_that_is_behind)
{
	fill_disk_queue();
	cr_assert_not(client_is_paused(romeo));
	write_to(romeo, ROSALINE, "hello");
	cr_assert(client_is_paused(romeo));
	write_to(nurse, ROMEO, "hello");
	cr_assert_not(client_is_paused(nurse));
	stage_settle();
	stage_pass(10);
	cr_assert_not(client_is_paused(romeo));
}

Test(core_windows, holds_back_who_broadcasts_to_it)
{
	fill_disk_queue();
	client_says(romeo, "<presence/>");
	cr_assert(client_is_paused(romeo));
	stage_settle();
	stage_pass(10);
	cr_assert_not(client_is_paused(romeo));
}

Test(core_windows, holds_back_its_own_sessions)
{
	struct client *abram = client_open(ABRAM, "street");

	fill_disk_queue();
	client_says(abram, "<presence/>");
	cr_assert(client_is_paused(abram));
	stage_settle();
	stage_pass(10);
	cr_assert_not(client_is_paused(abram));
}

Test(core_windows, forgets_a_session_that_ends_while_it_is_held_back)
{
	fill_disk_queue();
	write_to(romeo, ROSALINE, "hello");
	client_breaks(romeo);
	stage_settle();
	stage_pass(10);
	cr_assert_null(client_session(romeo));
}

/* --- a slow reader ------------------------------------------------------------------------- */

Test(core_windows, of_senders_wait_for_a_peer_that_does_not_read)
{
	client_leaves_unread(rosaline, 100000);
	write_to(nurse, ROSALINE, "noticed");
	stage_settle();
	for (unsigned i = 0; i < WINDOW; i++)
		write_to(romeo, ROSALINE, "hello");
	stage_settle();
	cr_assert(client_is_paused(romeo));
	client_leaves_unread(rosaline, 0);
	stage_settle();
	cr_assert_not(client_is_paused(romeo));
	cr_assert_eq(client_session(romeo)->under_way, 0);
}

Test(core_windows, of_senders_are_free_when_the_slow_peer_ends)
{
	client_leaves_unread(rosaline, 100000);
	write_to(nurse, ROSALINE, "noticed");
	stage_settle();
	for (unsigned i = 0; i < WINDOW; i++)
		write_to(romeo, ROSALINE, "hello");
	stage_settle();
	cr_assert(client_is_paused(romeo));
	client_breaks(rosaline);
	stage_settle();
	cr_assert_not(client_is_paused(romeo));
}

Test(core_windows, end_for_a_peer_that_leaves_far_too_much_unread)
{
	client_leaves_unread(rosaline, (size_t)stage.server.limits.unwritten_bytes + 1);
	write_to(romeo, ROSALINE, "hello");
	stage_settle();
	cr_assert_eq(client_error(rosaline), STREAM_ERROR_RESOURCE_CONSTRAINT);
	cr_assert_not(client_is_paused(romeo));
}

Test(core_windows, of_what_a_peer_asks_for_are_the_streams)
{
	size_t before = client_asked_for(romeo);

	write_to(nurse, ROMEO, "told unasked");
	stage_settle();
	cr_assert_eq(client_asked_for(romeo), before);
	client_says(romeo, "<iq type='get' id='i'><tale xmlns='" NS_TALE "'/></iq>");
	stage_settle();
	cr_assert_geq(client_asked_for(romeo), before + TALE_BYTES);
	cr_assert_eq(client_asked_for(nurse), 0);
}

Test(core_windows, leave_those_alone_who_have_asked_for_much_behind_a_write)
{
	stage.server.limits.unwritten_bytes = 2 * TALE_BYTES;
	stage.server.limits.window_stanzas = 100;
	for (unsigned i = 0; i < 10; i++)
		client_says(romeo, "<iq type='get' id='i'><tale xmlns='" NS_TALE "'/></iq>");
	client_leaves_unread(romeo, 10 * TALE_BYTES);
	stage_settle();
	cr_assert(client_is_there(romeo));
	cr_assert_eq(count_of(client_heard(romeo), "</tale>"), 10);
}
