/* test_core_seen.c - what a client sends once more arrives once
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"
#include "seen_marks.h"

#define ENABLE "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"
#define MESSAGE(id, body) "<message type='chat' to='" NURSE "' id='" id "'><body>" body \
	"</body></message>"
#define NAMED(origin, more) "<message type='chat' to='" NURSE "' id='m'><body>B</body>" more \
	"<origin-id xmlns='urn:xmpp:sid:0' id='" origin "'/></message>"

static struct client *romeo, *nurse;

static void begin(const struct tern_module *const *modules)
{
	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	client_says(romeo, ENABLE);
	stage_settle();
}

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &stage_delivery, NULL };

	begin(modules);
}

TestSuite(core_seen, .init = set_up, .fini = stage_close);

static void say(struct client *client, const char *xml)
{
	client_says(client, "%s", xml);
	stage_settle();
}

/* Romeo's client lost its stream, and begins anew. */
static void begin_anew(void)
{
	client_breaks(romeo);
	stage_settle();
	romeo = client_open(ROMEO, "garden");
	say(romeo, ENABLE);
}

static unsigned heard_bodies(void)
{
	return count_of(client_heard(nurse), "<body>");
}

Test(core_seen, what_comes_again_in_a_new_session_is_acknowledged_and_not_delivered)
{
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 1);
	begin_anew();
	say(romeo, MESSAGE("1", "B"));
	say(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	cr_assert_eq(heard_bodies(), 0);
	cr_assert(has(client_heard(romeo), "h='1'"));
}

Test(core_seen, a_session_that_says_the_same_twice_means_it)
{
	say(romeo, MESSAGE("1", "B"));
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 2);
}

Test(core_seen, another_text_under_the_same_id_is_another_message)
{
	say(romeo, MESSAGE("1", "A"));
	begin_anew();
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 2);
}

/* A client that counts its ids from 1 in each session, and has nothing left to repeat. */
Test(core_seen, a_session_that_was_closed_all_acknowledged_repeats_nothing)
{
	say(romeo, MESSAGE("1", "B"));
	say(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	client_closes(romeo);
	romeo = client_open(ROMEO, "garden");
	say(romeo, ENABLE);
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 2);
	begin_anew(); /* but this one may */
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 0);
}

Test(core_seen, that_it_was_closed_is_known_after_a_restart)
{
	say(romeo, MESSAGE("1", "B"));
	say(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	client_closes(romeo);
	stage_restart();
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	say(romeo, ENABLE);
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 1);
}

Test(core_seen, a_client_that_closes_before_it_is_told_may_repeat)
{
	say(romeo, MESSAGE("1", "B"));
	client_closes(romeo);
	romeo = client_open(ROMEO, "garden");
	say(romeo, ENABLE);
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 1);
}

Test(core_seen, what_another_session_lost_is_known_although_one_was_closed)
{
	struct client *other = client_open(ROMEO, "orchard");

	say(other, ENABLE);
	say(other, MESSAGE("2", "C"));
	client_breaks(other);
	say(romeo, MESSAGE("1", "B"));
	say(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	client_closes(romeo);
	cr_assert_eq(heard_bodies(), 2);
	romeo = client_open(ROMEO, "garden");
	say(romeo, ENABLE);
	say(romeo, MESSAGE("2", "C"));
	cr_assert_eq(heard_bodies(), 0);
}

/* The same words under the same id, closed, then sent again and lost on the way to the nurse. */
Test(core_seen, an_addressee_has_the_copy_of_the_session_that_sent_it)
{
	say(romeo, MESSAGE("1", "B"));
	say(romeo, "<r xmlns='urn:xmpp:sm:3'/>");
	client_closes(romeo);
	romeo = client_open(ROMEO, "garden");
	say(romeo, ENABLE);
	cr_assert_eq(heard_bodies(), 1);
	client_says(romeo, MESSAGE("1", "B"));
	stage_commit(); /* the sender's mark, and not the addressee's */
	stage_kill();
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	say(romeo, ENABLE);
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 1);
	begin_anew();
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 0);
}

Test(core_seen, an_origin_id_is_enough)
{
	say(romeo, NAMED("o1", ""));
	begin_anew();
	say(romeo, NAMED("o1", "<delay xmlns='urn:xmpp:delay' stamp='2026-11-30T00:00:00Z'/>"));
	say(romeo, NAMED("o2", ""));
	cr_assert_eq(heard_bodies(), 2);
}

Test(core_seen, a_bare_id_is_trusted_for_minutes_and_an_origin_id_for_a_day)
{
	say(romeo, MESSAGE("1", "B"));
	say(romeo, NAMED("o1", ""));
	cr_assert_eq(heard_bodies(), 2);
	stage_pass(301 * 1000);
	stage_settle();
	begin_anew();
	say(romeo, MESSAGE("1", "B"));
	say(romeo, NAMED("o1", ""));
	cr_assert_eq(heard_bodies(), 1);
	stage_pass(86401 * 1000);
	stage_settle();
	begin_anew();
	say(romeo, NAMED("o1", ""));
	cr_assert_eq(heard_bodies(), 1);
}

Test(core_seen, ids_of_clients_without_acks_prove_nothing)
{
	struct client *abram = client_open(ABRAM, "street");

	say(abram, MESSAGE("1", "B"));
	client_breaks(abram);
	stage_settle();
	abram = client_open(ABRAM, "street");
	say(abram, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 2);
}

Test(core_seen, ids_of_others_are_their_own)
{
	struct client *abram = client_open(ABRAM, "street");

	say(abram, ENABLE);
	say(romeo, NAMED("o1", ""));
	say(abram, NAMED("o1", ""));
	cr_assert_eq(heard_bodies(), 2);
}

Test(core_seen, it_is_known_after_a_restart)
{
	say(romeo, MESSAGE("1", "B"));
	stage_restart();
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	say(romeo, ENABLE);
	say(romeo, MESSAGE("1", "B"));
	say(romeo, MESSAGE("2", "B"));
	cr_assert_eq(heard_bodies(), 1);
}

static void say_many(unsigned count)
{
	for (unsigned i = 1; i <= count; i++)
		client_says(romeo, "<message type='chat' to='" NURSE "' id='%u'><body>B</body></message>",
			i);
	stage_settle();
}

/* They stand in few entries: those of one batch in one, up to its room. */
Test(core_seen, all_that_went_to_disk_at_once_is_known_after_a_restart)
{
	say_many(70);
	cr_assert_eq(heard_bodies(), 70);
	say(romeo, "<presence/>"); /* another batch */
	stage_restart();
	romeo = client_open(ROMEO, "garden");
	nurse = client_open(NURSE, "house");
	say(romeo, ENABLE);
	say_many(71);
	cr_assert_eq(heard_bodies(), 1);
}

Test(core_seen, an_added_delay_makes_no_other_message)
{
	say(romeo, MESSAGE("1", "B"));
	begin_anew();
	say(romeo, "<message type='chat' to='" NURSE "' id='1'><body>B</body>"
		"<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/></message>");
	cr_assert_eq(heard_bodies(), 1);
}

Test(core_seen, what_goes_to_the_own_account_is_known_too)
{
	static const char own[] = "<message type='chat' to='" ROMEO "' id='1'><body>B</body></message>";

	say(romeo, own);
	cr_assert_eq(count_of(client_heard(romeo), "<body>"), 1);
	say(romeo, "<a xmlns='urn:xmpp:sm:3' h='1'/>");
	begin_anew();
	say(romeo, own);
	cr_assert_eq(count_of(client_heard(romeo), "<body>"), 0);
}

/* The sender's mark is on disk, the addressee's is not: a crash between two commits. */
Test(core_seen, an_addressee_that_lacks_it_gets_it)
{
	client_says(romeo, MESSAGE("1", "B")); /* nothing is committed: it waits at romeo's gate */
	begin_anew();
	cr_assert_eq(heard_bodies(), 1, "its first copy arrives when the sender's mark is safe");
	say(romeo, MESSAGE("1", "B"));
	cr_assert_eq(heard_bodies(), 0);
}

/* --- the set -------------------------------------------------------------------------------- */

Test(core_seen_marks, forgets_the_oldest_and_keeps_the_newest)
{
	struct marks *marks = marks_create();

	cr_assert_null(marks_find(marks, 1));
	for (uint64_t i = 1; i <= MARKS_MOST + 10; i++)
		marks_add(marks, &(struct mark){ i * 7, i, 0 });
	for (uint64_t i = 1; i <= MARKS_MOST + 10; i++)
		cr_assert_eq(marks_find(marks, i * 7) != NULL, i > 10, "%lu", (unsigned long)i);
	marks_destroy(marks);
}

Test(core_seen_marks, finds_the_newest_of_one_mark)
{
	struct marks *marks = marks_create();

	marks_add(marks, &(struct mark){ 7, 1, 0 });
	marks_add(marks, &(struct mark){ 7, 2, 5 });
	cr_assert_eq(marks_find(marks, 7)->session, 5);
	marks_destroy(marks);
}

Test(core_seen_marks, finds_a_message_whichever_session_it_came_from)
{
	struct marks *marks = marks_create();

	marks_add(marks, &(struct mark){ 0x70004, 1, 1 });
	marks_add(marks, &(struct mark){ 0x70008, 2, 2 });
	cr_assert_eq(marks_find_message(marks, 0x7000c)->session, 2);
	cr_assert_eq(marks_find(marks, 0x70004)->session, 1);
	cr_assert_null(marks_find(marks, 0x7000c));
	cr_assert(marks_has(marks, 8, MARK_SESSION));
	cr_assert_not(marks_has(marks, 12, MARK_SESSION));
	marks_destroy(marks);
}
