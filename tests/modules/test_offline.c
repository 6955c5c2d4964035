/* What waits for whoever was away (XEP-0160).
 * SPDX-License-Identifier: MIT */

#include "storable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, options);
	juliet = fake_account(fake, "juliet@example.org");
}

static void open(void)
{
	open_with(NULL);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(offline, .init = open, .fini = close);
TestSuite(small_store, .fini = close);
TestSuite(large_store, .fini = close);

static void arrive(const char *type, const char *content)
{
	char xml[1024];

	snprintf(xml, sizeof xml, "<message from='romeo@example.com/x' to='juliet@example.org' "
		"type='%s' id='1'>%s</message>", type, content);
	fake_arrive(fake, xml);
}

static void log_in(const char *priority)
{
	char xml[128];

	balcony = fake_session(juliet, "balcony");
	snprintf(xml, sizeof xml, "<presence><priority>%s</priority></presence>", priority);
	fake_send(balcony, xml);
}

#define REFUSAL "<error type='cancel'><service-unavailable "

static void hears_waited(const char *content, const char *stamp)
{
	const char *line = fake_heard(balcony);

	expect_part(line, content);
	expect_part(line, stamp);
	expect_part(line, "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='");
}

Test(offline, keeps_words_until_the_user_is_there_and_says_since_when)
{
	arrive("chat", "<body>O blessed night</body>");
	LEAVES(NULL);
	fake_pass(fake, 60000);
	arrive("chat", "<body>I am afeard</body>");
	log_in("0");
	hears_waited("<body>O blessed night</body>", "stamp='+0s'");
	hears_waited("<body>I am afeard</body>", "stamp='+60s'");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
}

Test(offline, a_log_that_could_not_be_read_is_read_for_whoever_comes_next)
{
	arrive("chat", "<body>O blessed night</body>");
	fake_fail_pages(fake, true);
	log_in("0");
	HEARS(balcony, NULL);
	fake_fail_pages(fake, false);
	fake_end(balcony);
	log_in("0");
	hears_waited("<body>O blessed night</body>", "stamp='+0s'");
	HEARS(balcony, NULL);
}

Test(offline, gives_everything_as_it_was)
{
	arrive("chat", "<subject xml:lang='cs'>A &amp; B</subject><body>&lt;3 'x' \"y\"</body>"
		"<x xmlns='urn:x' y='1'><z/></x>");
	log_in("0");
	HEARS_PART(balcony, "<message from='romeo@example.com/x' id='1' to='juliet@example.org' "
		"type='chat'><subject xml:lang='cs'>A &amp; B</subject>");
}

static void gives_in_order(int count)
{
	char body[64];

	for (int i = 0; i < count; i++) {
		snprintf(body, sizeof body, "<body>%d</body>", i);
		arrive("normal", body);
	}
	log_in("1");
	for (int i = 0; i < count; i++) {
		snprintf(body, sizeof body, "<body>%d</body>", i);
		HEARS_PART(balcony, body);
	}
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
}

Test(offline, gives_many_in_the_order_in_which_they_came)
{
	gives_in_order(80);
}

/* More than a page has, of messages or of bytes. */
Test(large_store, gives_many_in_pages)
{
	open_with((const struct fake_option[]){ { "limit", "2000" }, { 0 } });
	gives_in_order(1100);
}

Test(offline, gives_large_ones_in_pages)
{
	static char xml[250000];

	for (int i = 0; i < 11; i++) {
		snprintf(xml, sizeof xml, "<message from='romeo@example.com/x' type='chat' "
			"to='juliet@example.org'><body>%d %0240000d</body></message>", i, 0);
		fake_arrive(fake, xml);
	}
	log_in("0");
	for (int i = 0; i < 11; i++) {
		snprintf(xml, sizeof xml, "<body>%d 000", i);
		HEARS_PART(balcony, xml);
	}
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
}

Test(offline, survives_a_restart)
{
	arrive("chat", "<body>1</body>");
	cr_assert_eq(fake_reopen(juliet), 0);
	log_in("0");
	HEARS_PART(balcony, "<body>1</body>");
}

Test(offline, gives_nothing_twice)
{
	arrive("chat", "<body>1</body>");
	log_in("0");
	fake_forget(fake);
	fake_send(balcony, "<presence type='unavailable'/>");
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
}

/* It was missed when the page that is on its way had been read. */
Test(offline, gives_what_came_meanwhile_to_whoever_is_there_then)
{
	struct tern_session *chamber = fake_session(juliet, "chamber");

	arrive("chat", "<body>1</body>");
	fake_hold_written(fake);
	log_in("0");
	fake_send(balcony, "<presence type='unavailable'/>");
	arrive("chat", "<body>2</body>");
	fake_send(chamber, "<presence/>");
	fake_forget(fake);
	fake_let_written_go(fake);
	HEARS(balcony, NULL);
	HEARS_PART(chamber, "<body>2</body>");
	HEARS(chamber, NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
}

Test(offline, gives_nothing_twice_after_a_restart)
{
	log_in("0");
	arrive("chat", "<body>1</body>");
	fake_forget(fake);
	fake_restart(fake);
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 1);
}

Test(offline, waits_while_the_priority_is_negative)
{
	arrive("chat", "<body>1</body>");
	log_in("-1");
	HEARS(balcony, NULL);
	fake_send(balcony, "<presence><priority>0</priority></presence>");
	HEARS_PART(balcony, "<body>1</body>");
}

Test(offline, gives_what_was_missed_while_the_session_did_not_want_it)
{
	log_in("0");
	fake_send(balcony, "<presence><priority>-1</priority></presence>");
	arrive("chat", "<body>1</body>");
	HEARS(balcony, NULL);
	fake_send(balcony, "<presence/>");
	HEARS_PART(balcony, "<body>1</body>");
}

Test(offline, says_that_it_keeps_messages)
{
	cr_assert_eq(fake_ask(juliet, TERN_ASK_STORES_MISSED, NULL), 1);
}

/* --- what is kept -------------------------------------------------------------------------- */

#define STATE "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
#define ORIGIN_ID "<origin-id xmlns='urn:xmpp:sid:0' id='1'/>"
#define HINT(name) "<" name " xmlns='urn:xmpp:hints'/>"

static const struct { const char *type, *content; enum offline_choice choice; } choices[] = {
	{ "chat", "<body>x</body>", OFFLINE_KEEP },
	{ "chat", "<body>x</body>" STATE, OFFLINE_KEEP },
	{ "chat", STATE, OFFLINE_DROP },
	{ "chat", STATE "<thread>1</thread>", OFFLINE_DROP },
	{ "chat", STATE HINT("store"), OFFLINE_KEEP },
	{ "chat", HINT("store"), OFFLINE_KEEP },
	{ "chat", STATE HINT("no-copy"), OFFLINE_DROP },
	{ "chat", STATE ORIGIN_ID, OFFLINE_DROP },
	{ "chat", "<body>x</body>" ORIGIN_ID, OFFLINE_KEEP },
	{ "chat", "", OFFLINE_DROP },
	{ "chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", OFFLINE_KEEP },
	{ "chat", "<body>x</body>" HINT("no-store"), OFFLINE_REFUSE },
	{ "chat", "<body>x</body>" HINT("no-permanent-store"), OFFLINE_KEEP },
	{ "chat", "<body>x</body>" HINT("no-copy"), OFFLINE_KEEP },
	{ "normal", "<body>x</body>", OFFLINE_KEEP },
	{ "normal", "<event xmlns='urn:x'/>", OFFLINE_KEEP },
	{ "normal", "<body>x</body>" HINT("no-store"), OFFLINE_REFUSE },
	{ "groupchat", "<body>x</body>", OFFLINE_REFUSE },
	{ "groupchat", "<body>x</body>" HINT("store"), OFFLINE_REFUSE },
	{ "headline", "<body>x</body>", OFFLINE_REFUSE },
	{ "headline", "<body>x</body>" HINT("store"), OFFLINE_KEEP },
	{ "headline", "<body>x</body>" HINT("store") HINT("no-store"), OFFLINE_REFUSE },
};

Test(offline, keeps_words_drops_chat_states_and_leaves_the_rest_alone)
{
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		size_t before = fake_stored(juliet, "offline");
		const char *left;

		arrive(choices[i].type, choices[i].content);
		left = fake_left(fake);
		cr_expect_eq(fake_stored(juliet, "offline") - before, choices[i].choice == OFFLINE_KEEP,
			"%s %s", choices[i].type, choices[i].content);
		cr_expect_eq(left != NULL, choices[i].choice == OFFLINE_REFUSE, "%s %s",
			choices[i].type, choices[i].content);
	}
}

Test(offline, never_answers_an_error)
{
	arrive("error", "<body>x</body>");
	LEAVES(NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
}

/* --- limits -------------------------------------------------------------------------------- */

Test(small_store, is_full_at_its_limit_also_after_a_restart)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	arrive("chat", "<body>1</body>");
	cr_assert_eq(fake_reopen(juliet), 0);
	arrive("chat", "<body>2</body>");
	LEAVES(NULL);
	arrive("chat", "<body>3</body>");
	expect_part(fake_left(fake), REFUSAL);
	cr_assert_eq(fake_stored(juliet, "offline"), 2);
	log_in("0");
	fake_end(balcony);
	arrive("chat", "<body>4</body>");
	LEAVES(NULL);
}

Test(small_store, is_full_after_a_restart_however_many_pages_it_has)
{
	open_with((const struct fake_option[]){ { "limit", "10" }, { 0 } });
	for (int i = 0; i < 10; i++)
		arrive("chat", "<body>1</body>");
	LEAVES(NULL);
	cr_assert_eq(fake_reopen(juliet), 0);
	fake_pass(fake, 10);
	arrive("chat", "<body>2</body>");
	expect_part(fake_left(fake), REFUSAL);
	cr_assert_eq(fake_stored(juliet, "offline"), 10);
}

Test(offline, says_so_when_the_disk_is_full)
{
	fake_fill_disk(fake, 0);
	arrive("chat", "<body>1</body>");
	expect_part(fake_left(fake), "<error type='wait'><resource-constraint ");
}

Test(offline, goes_on_behind_a_damaged_message)
{
	uint64_t id;

	arrive("chat", "<body>1</body>");
	tern_append(juliet, 0, NULL, "<message><bro", 13, &id);
	arrive("chat", "<body>2</body>");
	log_in("0");
	HEARS_PART(balcony, "<body>1</body>");
	HEARS_PART(balcony, "<body>2</body>");
	HEARS(balcony, NULL);
}

/* --- for administrators -------------------------------------------------------------------- */

static void answers(const char *words, const char *part)
{
	char *answer = fake_command(tern_entity_host(juliet), juliet, words, NULL);

	expect_part(answer, part);
	free(answer);
}

Test(offline, lists_who_wrote_and_when_but_not_what)
{
	arrive("chat", "<body>secret</body>");
	answers("offline list", "+0s|romeo@example.com\n");
}

Test(offline, lists_more_than_a_page)
{
	size_t lines = 0;
	char *answer;

	for (int i = 0; i < 100; i++)
		arrive("chat", "<body>1</body>");
	tern_append(juliet, 0, "tybalt@example.com", "<message/>", 10, &(uint64_t){ 0 });
	answer = fake_command(tern_entity_host(juliet), juliet, "offline list", NULL);
	for (const char *at = answer; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert_eq(lines, 101);
	expect_part(answer, "|tybalt@example.com\n");
	free(answer);
}

Test(offline, deletes_what_waits_when_it_is_told_to)
{
	arrive("chat", "<body>1</body>");
	answers("offline delete", "juliet@example.org\n");
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
	log_in("0");
	HEARS(balcony, NULL);
}

Test(offline, counts_what_it_keeps_and_gives)
{
	arrive("chat", "<body>1</body>");
	arrive("chat", "<body>2</body>");
	cr_assert_eq(fake_metric(fake, "offline_kept"), 2);
	cr_assert_eq(fake_metric(fake, "offline_given"), 0);
	log_in("0");
	cr_assert_eq(fake_metric(fake, "offline_given"), 2);
}

Test(offline, exports_what_waits_with_the_time_since_when)
{
	char *xml;

	arrive("chat", "<body>1</body>");
	arrive("chat", "<body>2</body>");
	xml = fake_export(juliet, "offline");
	cr_assert_eq(strncmp(xml, "<offline-messages xmlns='urn:xmpp:pie:0'><message "
		"xmlns='jabber:client' ", 70), 0, "%s", xml);
	expect_part(xml, "<body>1</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp=");
	expect_part(xml, "<body>2</body>");
	free(xml);
}

#define WAITING(messages) "<offline-messages xmlns='urn:xmpp:pie:0'>" messages "</offline-messages>"
#define MESSAGE(from, content) "<message xmlns='jabber:client' from='" from "' type='chat'>" content \
	"</message>"
#define DELAY(from, stamp) "<delay xmlns='urn:xmpp:delay' from='" from "' stamp='" stamp "'/>"

Test(offline, takes_messages_over_in_order_with_the_time_since_when)
{
	const char *line;

	cr_assert_eq(fake_import(juliet, WAITING(
		MESSAGE("b@example.com", "<body>2</body>" DELAY("example.org", "2020-01-02T00:00:00Z"))
		MESSAGE("a@example.com/x", "<body>1</body>" DELAY("example.com", "2019-01-01T00:00:00Z")
			DELAY("example.org", "2020-01-01T00:00:00.5Z")))), 0);
	cr_assert_eq(fake_stored(juliet, "offline"), 2);
	log_in("0");
	line = fake_heard(balcony);
	expect_part(line, "from='a@example.com/x' to='juliet@example.org'");
	expect_part(line, "<body>1</body><delay xmlns='urn:xmpp:delay' from='example.com' ");
	expect_part(line, "/><delay xmlns='urn:xmpp:delay' from='example.org' stamp='");
	HEARS_PART(balcony, "<body>2</body><delay ");
	HEARS(balcony, NULL);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
}

Test(offline, takes_no_ids_over_that_its_archive_never_gave)
{
	char *xml;

	cr_assert_eq(fake_import(juliet, WAITING(MESSAGE("a@example.com", "<body>1</body>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='17960'/>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='juliet@example.org' id='U7kp4'/>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='room@example.com' id='abc'/>"))), 0);
	xml = fake_export(juliet, "offline");
	expect_part(xml, "id='17960'");
	expect_part(xml, "id='abc'");
	cr_assert_null(strstr(xml, "U7kp4"), "%s", xml);
	free(xml);
}

Test(offline, takes_all_messages_over_or_none)
{
	cr_assert_eq(fake_import(juliet, WAITING(MESSAGE("a@example.com", "<body>1</body>")
		MESSAGE("@", "<body>2</body>"))), -EBADMSG);
	cr_assert_eq(fake_import(juliet, WAITING("<message xmlns='jabber:client'/>")), -EBADMSG);
	cr_assert_eq(fake_import(juliet, WAITING("<iq xmlns='jabber:client' from='a@b'/>")), -EBADMSG);
	fake_fill_disk(fake, 1);
	cr_assert_eq(fake_import(juliet, WAITING(MESSAGE("a@example.com", "<body>1</body>")
		MESSAGE("a@example.com", "<body>2</body>"))), -ENOSPC);
	cr_assert_eq(fake_stored(juliet, "offline"), 0);
	fake_fill_disk(fake, -1);
	cr_assert_eq(fake_import(juliet, WAITING("")), 0);
}

Test(small_store, counts_what_it_took_over)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	cr_assert_eq(fake_import(juliet, WAITING(MESSAGE("a@b", "<body>1</body>")
		MESSAGE("a@b", "<body>2</body>") MESSAGE("a@b", "<body>3</body>"))), 0);
	cr_assert_eq(fake_stored(juliet, "offline"), 3);
	arrive("chat", "<body>4</body>");
	expect_part(fake_left(fake), REFUSAL);
}

Test(offline, exports_nothing_where_nothing_waits)
{
	char *xml = fake_export(juliet, "offline");

	cr_assert_str_eq(xml, "");
	free(xml);
}
