/* What gets into an archive, under which id, and who is told.
 * SPDX-License-Identifier: MIT */

#include "juliet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void open(void)
{
	open_with(NULL);
}

TestSuite(mam, .init = open, .fini = close);
TestSuite(mam_limits, .fini = close);

/* Whatever is to be delivered, is missed here: no module delivers. */
static void arrive(const char *content)
{
	char xml[2048];

	snprintf(xml, sizeof xml, "<message from='romeo@example.com/x' to='juliet@example.org' "
		"type='chat' id='1'>%s</message>", content);
	fake_arrive(fake, xml);
}

static void query(const char *content)
{
	char xml[2048];

	snprintf(xml, sizeof xml, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' "
		"queryid='f27'>%s</query></iq>", content);
	fake_send(balcony, xml);
}

#define ID(number) "180000000000000" #number DRAWN(number)

static void hears_result(const char *id, const char *content)
{
	const char *line = fake_heard(balcony);
	char start[64];

	snprintf(start, sizeof start, "id='%s'", id);
	expect_part(line, start);
	expect_part(line, content);
}

Test(mam, keeps_what_arrives_as_it_was)
{
	arrive("<body>1 &lt; 2</body><x xmlns='urn:x' y='1'/>");
	LEAVES(NULL);
	query("");
	hears_result(ID(0), "<message xmlns='jabber:client' type='chat' id='1' "
		"from='romeo@example.com/x' to='juliet@example.org'><body>1 &lt; 2</body>");
	HEARS_PART(balcony, "complete='true'");
	HEARS(balcony, NULL);
}

Test(mam, keeps_what_is_sent_with_the_full_address_of_the_sender)
{
	fake_send(balcony, "<message to='romeo@example.com' type='chat'><body>B</body></message>");
	expect_part(fake_left(fake), "<body>B</body></message>");
	query("");
	hears_result(ID(0), "<message xmlns='jabber:client' type='chat' "
		"from='juliet@example.org/balcony' to='romeo@example.com'><body>B</body></message>");
}

Test(mam, keeps_once_what_goes_to_the_own_account)
{
	fake_send(balcony, "<message type='chat'><body>note</body></message>");
	fake_send(balcony, "<message type='chat' to='juliet@example.org'><body>x</body></message>");
	cr_assert_eq(fake_stored(juliet, "mam"), 2);
}

Test(mam, keeps_nothing_of_chat_states)
{
	arrive("<composing xmlns='http://jabber.org/protocol/chatstates'/>");
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
	expect_part(fake_left(fake), "<service-unavailable ");
}

Test(mam, says_so_when_the_disk_is_full)
{
	fake_fill_disk(fake, 0);
	arrive("<body>1</body>");
	expect_part(fake_left(fake), "<error type='wait'><resource-constraint ");
	fake_send(balcony, "<message to='romeo@example.com'><body>B</body></message>");
	LEAVES(NULL);
	HEARS_PART(balcony, "<error type='wait'><resource-constraint ");
}

Test(mam, deletes_the_archive_with_the_account)
{
	arrive("<body>1</body>");
	fake_end(balcony);
	fake_delete(juliet);
	juliet = fake_account(fake, "juliet@example.org");
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
}

/* --- stanza ids ---------------------------------------------------------------------------- */

#define SID(by, id) "<stanza-id xmlns='urn:xmpp:sid:0' by='" by "' id='" id "'/>"

Test(mam, removes_false_ids_in_the_name_of_the_account)
{
	arrive("<body>B</body>" SID("juliet@example.org", "1") SID("Juliet@Example.ORG", "2"));
	query("");
	HEARS_PART(balcony, "<body>B</body></message></forwarded>");
}

/* One by one, each with a look at all others, would take minutes. */
Test(mam, removes_very_many_false_ids, .timeout = 20)
{
	enum { PAIRS = 50000 };
	static const char pair[] = SID("a@b", "1") SID("JULIET@example.org", "2");
	char *xml = malloc(PAIRS * sizeof pair + 200), *end = xml;

	end += sprintf(end, "<message to='romeo@example.com'>");
	for (int i = 0; i < PAIRS; i++)
		end = stpcpy(end, pair);
	strcpy(end, SID("juliet@example.org", "3") "<body>B</body></message>");
	fake_send(balcony, xml);
	free(xml);
	xml = strdup(fake_left(fake));
	expect_part(xml, SID("a@b", "1") "<body>B</body></message>");
	cr_assert_null(strstr(xml, "id='2'"));
	cr_assert_null(strstr(xml, "id='3'"));
	free(xml);
}

Test(mam, leaves_the_ids_of_others_and_of_the_origin)
{
	arrive("<body>B</body>" SID("room@muc.example.org", "1")
		"<origin-id xmlns='urn:xmpp:sid:0' id='o'/>");
	query("");
	HEARS_PART(balcony, "<body>B</body>"
		"<stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example.org' id='1'/>"
		"<origin-id xmlns='urn:xmpp:sid:0' id='o'/></message>");
}

Test(mam, lets_no_client_speak_for_its_account)
{
	fake_send(balcony, "<message to='romeo@example.com'><body>B</body>"
		SID("juliet@example.org", "1") "</message>");
	expect_part(fake_left(fake), "<body>B</body></message>");
}

Test(mam, removes_false_ids_also_from_what_it_does_not_keep)
{
	fake_send(balcony, "<message to='romeo@example.com' type='groupchat'><body>B</body>"
		SID("juliet@example.org", "1") "</message>");
	expect_part(fake_left(fake), "<body>B</body></message>");
}

static char *run(const char *words, const char *const *arguments)
{
	return fake_command(tern_entity_host(juliet), juliet, words, arguments);
}

static void answers(const char *words, const char *const *arguments, const char *expected)
{
	char *answer = run(words, arguments);

	cr_assert_str_eq(answer, expected);
	free(answer);
}

static void retain(const char *option, const char *value)
{
	free(run("archive retention", (const char *const[]){ option, value, NULL }));
}

/* --- retention ----------------------------------------------------------------------------- */

#define DAY_MS (24 * 3600 * 1000)

Test(mam_limits, forgets_what_is_too_old)
{
	open_with((const struct fake_option[]){ { "days", "2" }, { 0 } });
	fake_end(balcony);
	fake_reopen(juliet);
	arrive("<body>1</body>");
	fake_pass(fake, DAY_MS);
	arrive("<body>2</body>");
	cr_assert_eq(fake_stored(juliet, "mam"), 2);
	fake_pass(fake, DAY_MS + 2 * 3600 * 1000);
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
	fake_pass(fake, DAY_MS);
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
}

Test(mam_limits, forgets_what_is_too_much_also_after_a_restart)
{
	open_with((const struct fake_option[]){ { "limit", "16" }, { 0 } });
	for (int i = 0; i < 17; i++)
		arrive("<body>1</body>");
	fake_pass(fake, 100);
	cr_assert_eq(fake_stored(juliet, "mam"), 17);
	fake_end(balcony);
	fake_reopen(juliet);
	arrive("<body>2</body>");
	fake_pass(fake, 100);
	cr_assert_eq(fake_stored(juliet, "mam"), 16);
	for (int i = 0; i < 10; i++)
		arrive("<body>3</body>");
	cr_assert_leq(fake_stored(juliet, "mam"), 17);
}

/* An entry of these is about 600 bytes. */
static void arrive_large(int count)
{
	char body[600];

	snprintf(body, sizeof body, "<body>%0500d</body>", 1);
	while (count--)
		arrive(body);
}

Test(mam_limits, forgets_what_takes_too_many_bytes)
{
	open_with((const struct fake_option[]){ { "bytes", "10000" }, { 0 } });
	arrive_large(15);
	fake_pass(fake, 100);
	cr_assert_eq(fake_stored(juliet, "mam"), 15);
	arrive_large(10);
	fake_pass(fake, 100);
	cr_assert_gt(fake_stored(juliet, "mam"), 14);
	cr_assert_lt(fake_stored(juliet, "mam"), 18);
	arrive("<body>1</body>");
	fake_pass(fake, 100);
	cr_assert_gt(fake_stored(juliet, "mam"), 14, "nothing goes while there is room");
}

/* What went by age was counted still, and younger ones went for it. */
Test(mam_limits, keeps_what_is_within_both_limits)
{
	open_with((const struct fake_option[]){ { "days", "2" }, { "limit", "16" }, { 0 } });
	fake_end(balcony);
	fake_reopen(juliet);
	for (int i = 0; i < 10; i++)
		arrive("<body>1</body>");
	fake_pass(fake, DAY_MS);
	for (int i = 0; i < 6; i++)
		arrive("<body>2</body>");
	fake_pass(fake, DAY_MS + 2 * 3600 * 1000);
	cr_assert_eq(fake_stored(juliet, "mam"), 6);
	for (int i = 0; i < 5; i++)
		arrive("<body>3</body>");
	fake_pass(fake, 100);
	cr_assert_eq(fake_stored(juliet, "mam"), 11);
}

Test(mam_limits, holds_where_nobody_writes_any_more)
{
	open_with(NULL);
	arrive_large(20);
	fake_pass(fake, DAY_MS);
	retain("--limit", "4");
	fake_end(balcony);
	fake_reopen(juliet);
	fake_pass(fake, 100);
	fake_go_round(juliet);
	fake_pass(fake, 100);
	cr_assert_eq(fake_stored(juliet, "mam"), 4);
	retain("--limit", "host");
	cr_assert_eq(fake_stored(juliet, "mam/retention"), 0);
}

Test(mam_limits, may_be_others_for_an_account)
{
	open_with((const struct fake_option[]){ { "days", "1" }, { "limit", "16" }, { 0 } });
	answers("archive retention", NULL, "days|1|host\nlimit|16|host\nbytes|0|host\n");
	answers("archive retention", (const char *const[]){ "--days", "0", "--bytes", "5000", NULL },
		"days|0|account\nlimit|16|host\nbytes|5000|account\n");
	arrive_large(4);
	fake_pass(fake, 3 * DAY_MS);
	cr_assert_eq(fake_stored(juliet, "mam"), 4);
	fake_end(balcony);
	fake_reopen(juliet);
	arrive_large(10);
	fake_pass(fake, 100);
	cr_assert_lt(fake_stored(juliet, "mam"), 10);
	answers("archive retention", (const char *const[]){ "--days", "host", "--bytes", "host", NULL },
		"days|1|host\nlimit|16|host\nbytes|0|host\n");
}

Test(mam_limits, is_in_force_at_once)
{
	open_with(NULL);
	arrive_large(8);
	fake_pass(fake, 2 * DAY_MS);
	arrive_large(1);
	retain("--days", "1");
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
	fake_pass(fake, DAY_MS + 2 * 3600 * 1000);
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
	retain("--days", "host");
	cr_assert_eq(fake_timers(fake), 0);
}

Test(mam_limits, are_numbers)
{
	const char *const *const wrong[] = {
		(const char *const[]){ "--days", "x", NULL }, (const char *const[]){ "--days", "-1", NULL },
		(const char *const[]){ "--days", "", NULL }, (const char *const[]){ "--days", NULL },
		(const char *const[]){ "--days", "36501", NULL }, (const char *const[]){ "1", NULL },
		(const char *const[]){ "--bytes", "1099511627777", NULL },
		(const char *const[]){ "--limit", "18446744073709551616", NULL },
	};

	open_with(NULL);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		answers("archive retention", wrong[i], "error: usage: archive retention "
			"JID [--days N|host] [--limit N|host] [--bytes N|host]");
	cr_assert_eq(fake_stored(juliet, "mam/retention"), 0);
}

Test(mam_limits, says_so_when_the_disk_is_full)
{
	open_with(NULL);
	fake_fill_disk(fake, 0);
	answers("archive retention", (const char *const[]){ "--days", "1", NULL },
		"error: it cannot be kept: No space left on device");
	answers("archive retention", NULL, "days|0|host\nlimit|0|host\nbytes|0|host\n");
}

Test(mam_limits, go_with_an_account_to_another_server)
{
	char *xml;

	open_with(NULL);
	retain("--days", "30");
	xml = fake_export(juliet, "mam");
	expect_part(xml, "<retention xmlns='tern:mam:retention' days='30'/>");
	free(xml);
	cr_assert_eq(fake_import(juliet, "<retention xmlns='tern:mam:retention' bytes='5' "
		"limit='0'/>"), 0);
	answers("archive retention", NULL, "days|30|account\nlimit|0|account\nbytes|5|account\n");
	cr_assert_eq(fake_import(juliet, "<retention xmlns='tern:mam:retention' days='x'/>"), -EBADMSG);
}

/* --- for administrators -------------------------------------------------------------------- */

Test(mam, tells_how_large_an_archive_is)
{
	char *answer;

	answers("archive stats", NULL, "0|0||\n");
	arrive("<body>1</body>");
	arrive("<body>2</body>");
	answer = run("archive stats", NULL);
	expect_part(answer, "2|");
	free(answer);
}

Test(mam, tells_a_piece_of_an_archive)
{
	arrive("<body>1</body>");
	arrive("<body>2</body>");
	answers("archive page", (const char *const[]){ "--after", ID(0), "--most", "1", NULL },
		ID(1) "|+0s|romeo@example.com|<message type='chat' id='1' "
		"from='romeo@example.com/x' to='juliet@example.org'><body>2</body></message>\n");
}

Test(mam, wants_numbers_of_an_administrator)
{
	const char *const *const wrong[] = {
		(const char *const[]){ "--after", "x", NULL },
		(const char *const[]){ "--most", "-1", NULL },
		(const char *const[]){ "--most", "0", NULL },
		(const char *const[]){ "--most", "100000", NULL },
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		answers("archive page", wrong[i],
			"error: usage: archive page JID [--after ID] [--most N]");
}

Test(mam, deletes_what_it_is_told_to)
{
	arrive("<body>1</body>");
	answers("archive purge", (const char *const[]){ "--before", "2027-01-15", NULL },
		"juliet@example.org\n");
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
	answers("archive purge", (const char *const[]){ "--before", "2027-01-16", NULL },
		"juliet@example.org\n");
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
	arrive("<body>2</body>");
	answers("archive purge", (const char *const[]){ "--all", NULL }, "juliet@example.org\n");
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
}

Test(mam, deletes_nothing_without_being_told_what)
{
	arrive("<body>1</body>");
	answers("archive purge", NULL, "error: usage: archive purge JID --all | JID --before DATE");
	answers("archive purge", (const char *const[]){ "--before", "yesterday", NULL },
		"error: usage: archive purge JID --all | JID --before DATE");
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
}

Test(mam_limits, counts_again_after_an_administrator_deleted)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	for (int i = 0; i < 2; i++)
		arrive("<body>1</body>");
	answers("archive purge", (const char *const[]){ "--all", NULL }, "juliet@example.org\n");
	for (int i = 0; i < 5; i++)
		arrive("<body>2</body>");
	cr_assert_eq(fake_stored(juliet, "mam"), 2);
}
