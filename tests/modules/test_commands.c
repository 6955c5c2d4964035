/* What a host's administrators can do from their clients, and nobody else (XEP-0050, XEP-0133).
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

#define NS "http://jabber.org/protocol/commands"
#define ADMIN "http://jabber.org/protocol/admin#"
#define COLUMNS(...) (const char *const[]){ __VA_ARGS__, NULL }

extern const struct tern_module tern_module;

static const struct tern_command_claim orders[] = {
	{ "user add", "JID", "adds", TERN_COMMAND_AT_ACCOUNT, COLUMNS("added") },
	{ "user del", "JID", "deletes", TERN_COMMAND_AT_ACCOUNT, COLUMNS("jid") },
	{ "user disable", "JID", "disables", TERN_COMMAND_AT_ACCOUNT, COLUMNS("jid") },
	{ "user list", "HOST", "lists", TERN_COMMAND_AT_HOST, COLUMNS("jid") },
	{ "session list", "HOST", "lists", TERN_COMMAND_AT_HOST,
		COLUMNS("jid", "priority", "address", "security", "show") },
	{ "roster list", "JID", "lists", TERN_COMMAND_AT_ACCOUNT,
		COLUMNS("jid", "name", "subscription", "ask", "group") },
	{ "announce", "HOST", "announces", TERN_COMMAND_AT_HOST, COLUMNS("sessions") },
	{ "archive purge", "JID", "deletes messages", TERN_COMMAND_AT_ACCOUNT,
		COLUMNS("jid", "count"), .is_final = true,
		.fields = (const struct tern_command_field[]){
			{ "--before", "Before", TERN_FIELD_TEXT },
			{ "--all", "All", TERN_FIELD_FLAG },
			{ 0 },
		} },
	{ "greet", "HOST WHOM", "greets", TERN_COMMAND_AT_HOST, COLUMNS("word"),
		.fields = (const struct tern_command_field[]){
			{ "WHOM", "Whom", TERN_FIELD_TEXT, true }, { 0 } } },
	{ 0 },
};

static struct fake *fake;
static struct tern_entity *bard;
static struct tern_session *globe, *other;

static enum tern_verdict answer_node(struct tern_event *event, const void *settings)
{
	const struct element *asked = element_first(event->stanza.element);
	bool items = strcmp(element_name(asked), "items") == 0;
	struct element *query = element_new(event->arena, "urn:disco", "query");
	enum tern_verdict verdict =
		tern_event_node(event, items, element_get(asked, "node"), query);

	return verdict == TERN_DONE ? tern_reply(event, query) : verdict == TERN_PASS ?
		tern_reject(event, TERN_ITEM_NOT_FOUND, NULL) : verdict;
}

static const struct tern_module disco = {
	.name = "disco",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, "urn:disco", "items", answer_node },
		{ TERN_GET, TERN_AT_HOST, "urn:disco", "info", answer_node },
		{ 0 },
	},
};

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, &disco, NULL },
		(const struct fake_option[]){ { "admins", "Bard@example.org" }, { 0 } });
	fake_know_orders(fake, orders);
	bard = fake_account(fake, "bard@example.org");
	globe = fake_session(bard, "globe");
	other = fake_session(bard, "rose");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(commands, .init = open, .fini = close);

static const char *hears(struct tern_session *session)
{
	const char *heard = fake_heard(session);

	return heard ? heard : "";
}

/* What a client is answered at once, or "". */
static const char *send(struct tern_session *session, const char *attributes, const char *inside)
{
	size_t size = strlen(attributes) + strlen(inside) + 256;
	char *xml = malloc(size);

	snprintf(xml, size, "<iq type='set' id='c' to='example.org'><command xmlns='" NS "' %s>%s"
		"</command></iq>", attributes, inside);
	fake_send(session, xml);
	free(xml);
	return hears(session);
}

static char dialog[64];

/* Executes the node; the id of what has begun is kept. */
static const char *execute(struct tern_session *session, const char *node)
{
	char attributes[256];
	const char *answer, *id;

	snprintf(attributes, sizeof attributes, "node='%s'", node);
	answer = send(session, attributes, "");
	id = strstr(answer, "sessionid='");
	if (id)
		sscanf(id, "sessionid='%32[0-9a-f]", dialog);
	return answer;
}

static const char *go_on(struct tern_session *session, const char *node, const char *action,
	const char *inside)
{
	char attributes[256];

	snprintf(attributes, sizeof attributes, "node='%s' sessionid='%s' %s%s%s", node, dialog,
		*action ? "action='" : "", action, *action ? "'" : "");
	return send(session, attributes, inside);
}

#define FORM(fields) "<x xmlns='jabber:x:data' type='submit'>" fields "</x>"
#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"
#define ERROR(type, condition, application) "type='error'><error type='" type "'><" condition \
	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><" application " xmlns='" NS "'/>"

/* --- who ----------------------------------------------------------------------------------- */

Test(commands, knows_administrators_that_are_still_to_come)
{
	struct tern_entity *anybody = fake_account(fake, "romeo@example.org");

	cr_assert_eq(fake_ask(anybody, TERN_ASK_ADMINISTRATOR, "bard@example.org"), 1);
	cr_assert_eq(fake_ask(anybody, TERN_ASK_ADMINISTRATOR, "romeo@example.org"), 0);
}

Test(commands, are_forbidden_to_others)
{
	struct tern_session *iago = fake_session(fake_account(fake, "iago@example.org"), "x");

	expect_part(execute(iago, ADMIN "delete-user"), "<error type='cancel'><forbidden");
	expect_part(execute(iago, "no such"), "<error type='cancel'><forbidden");
	cr_expect_null(fake_order(fake));
}

Test(commands, are_listed_to_administrators_alone)
{
	struct tern_session *iago = fake_session(fake_account(fake, "iago@example.org"), "x");

	fake_send(globe, "<iq type='get' id='d' to='example.org'><items xmlns='urn:disco' "
		"node='" NS "'/></iq>");
	HEARS_PART(globe, "<item jid='example.org' name='Delete users' node='" ADMIN "delete-user'/>");
	fake_send(iago, "<iq type='get' id='d' to='example.org'><items xmlns='urn:disco' "
		"node='" NS "'/></iq>");
	HEARS(iago, "<iq from='example.org' id='d' to='iago@example.org/x' type='result'>"
		"<query xmlns='urn:disco'/></iq>");
	fake_send(iago, "<iq type='get' id='d' to='example.org'><info xmlns='urn:disco' "
		"node='greet'/></iq>");
	HEARS_PART(iago, "<error type='cancel'><forbidden");
}

/* Those whose command of ternctl is not there, and those that XEP-0133 has a name for already. */
Test(commands, are_listed_where_the_host_has_them)
{
	const char *list;

	fake_send(globe, "<iq type='get' id='d' to='example.org'><items xmlns='urn:disco' "
		"node='" NS "'/></iq>");
	list = hears(globe);
	cr_expect_not_null(strstr(list, "node='archive purge'"));
	cr_expect_not_null(strstr(list, "node='session list'"));
	cr_expect_null(strstr(list, "node='user del'"));
	cr_expect_null(strstr(list, "reenable-user"));
	cr_expect_null(strstr(list, "get-user-lastlogin"));
}

Test(commands, say_what_they_are)
{
	fake_send(globe, "<iq type='get' id='d' to='example.org'><info xmlns='urn:disco' "
		"node='archive purge'/></iq>");
	HEARS_PART(globe, "<identity category='automation' name='Deletes messages' "
		"type='command-node'/><feature var='" NS "'/><feature var='jabber:x:data'/>");
	fake_send(globe, "<iq type='get' id='d' to='example.org'><info xmlns='urn:disco' "
		"node='" NS "'/></iq>");
	HEARS_PART(globe, "type='command-list'");
	fake_send(globe, "<iq type='get' id='d' to='example.org'><info xmlns='urn:disco' "
		"node='none'/></iq>");
	HEARS_PART(globe, "item-not-found");
}

/* --- errors of XEP-0050 -------------------------------------------------------------------- */

Test(commands, refuse_what_makes_no_sense)
{
	expect_part(send(globe, "", ""), "bad-request");
	expect_part(send(globe, "node='none'", ""), "<error type='cancel'><item-not-found");
	expect_part(send(globe, "node='" ADMIN "get-user-password'", ""),
		"<error type='cancel'><feature-not-implemented");
	expect_part(send(globe, "node='greet' action='dance'", ""),
		ERROR("modify", "bad-request", "malformed-action"));
	expect_part(send(globe, "node='greet' action='next'", ""),
		ERROR("modify", "bad-request", "bad-action"));
	expect_part(send(globe, "node='greet' sessionid='x'", ""),
		ERROR("modify", "bad-request", "bad-sessionid"));
	expect_part(send(globe, "node='greet' sessionid=''", ""),
		ERROR("modify", "bad-request", "bad-sessionid"));
	expect_part(send(globe, "node='greet' xml:lang='fr-ca'", ""),
		ERROR("modify", "bad-request", "bad-locale"));
	expect_part(send(globe, "node='greet' xml:lang='en-us'", ""), "status='executing'");
}

Test(commands, refuse_forms_that_are_not_theirs)
{
	static const char *const forms[] = { "", FORM(""), FORM(FIELD("accountjids", "@")),
		FORM(FIELD("FORM_TYPE", "urn:other") FIELD("accountjids", "a@example.org")),
		"<x xmlns='jabber:x:data' type='result'>" FIELD("accountjids", "a@example.org") "</x>" };

	execute(globe, ADMIN "delete-user");
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		expect_part(go_on(globe, ADMIN "delete-user", "", forms[i]),
			ERROR("modify", "bad-request", "bad-payload"));
	cr_expect_null(fake_order(fake));
	go_on(globe, ADMIN "delete-user", "", FORM(FIELD("accountjids", "a@example.org")));
	cr_expect_not_null(fake_order(fake));
}

Test(commands, have_no_say_at_other_hosts)
{
	execute(globe, ADMIN "delete-user");
	expect_part(go_on(globe, ADMIN "delete-user", "", FORM("<field var='accountjids'>"
		"<value>a@example.org</value><value>b@example.com</value></field>")),
		"<error type='cancel'><not-allowed");
	cr_expect_null(fake_order(fake));
}

/* --- dialogs ------------------------------------------------------------------------------- */

Test(commands, belong_to_the_resource_that_began_them)
{
	execute(globe, ADMIN "delete-user");
	expect_part(go_on(other, ADMIN "delete-user", "", FORM(FIELD("accountjids", "a@example.org"))),
		ERROR("modify", "bad-request", "bad-sessionid"));
	expect_part(go_on(globe, ADMIN "disable-user", "", FORM(FIELD("accountjids", "a@example.org"))),
		ERROR("modify", "bad-request", "bad-sessionid"));
	expect_part(go_on(globe, ADMIN "delete-user", "cancel", ""), "status='canceled'");
}

Test(commands, have_ids_that_nobody_guesses)
{
	char first[64];

	execute(globe, "greet");
	strcpy(first, dialog);
	execute(globe, "greet");
	cr_expect_eq(strlen(first), 32);
	cr_expect_str_neq(first, dialog);
}

Test(commands, end_when_they_are_cancelled)
{
	execute(globe, "greet");
	expect_part(go_on(globe, "greet", "cancel", ""), "node='greet' sessionid='");
	expect_part(go_on(globe, "greet", "cancel", ""),
		ERROR("cancel", "not-allowed", "session-expired"));
}

Test(commands, end_when_nobody_goes_on_with_them)
{
	execute(globe, "greet");
	fake_pass(fake, 600000);
	expect_part(go_on(globe, "greet", "", FORM(FIELD("WHOM", "x"))),
		ERROR("cancel", "not-allowed", "session-expired"));
}

Test(commands, end_with_their_session)
{
	execute(globe, ADMIN "delete-user");
	go_on(globe, ADMIN "delete-user", "", FORM(FIELD("accountjids", "a@example.org")));
	cr_expect_not_null(fake_order(fake));
	fake_end(globe);
	cr_expect_null(fake_order(fake));
	cr_expect_eq(fake_timers(fake), 0);
}

Test(commands, make_room_for_new_ones)
{
	char first[64];

	execute(globe, "greet");
	strcpy(first, dialog);
	for (int i = 0; i < 1000; i++)
		expect_part(execute(globe, "greet"), "status='executing'");
	strcpy(dialog, first);
	expect_part(go_on(globe, "greet", "", FORM(FIELD("WHOM", "x"))), "bad-sessionid");
	cr_expect_leq(fake_timers(fake), 5);
}

Test(commands, are_refused_beyond_what_can_be_at_work)
{
	for (int i = 0; i < 5; i++)
		expect_line(execute(globe, ADMIN "get-registered-users-num"), "");
	expect_part(execute(globe, ADMIN "get-registered-users-num"), "resource-constraint");
	fake_answer_order(fake, "");
	expect_part(hears(globe), "status='completed'");
	expect_line(execute(globe, ADMIN "get-registered-users-num"), "");
}

Test(commands, do_what_they_do_once)
{
	execute(globe, ADMIN "delete-user");
	go_on(globe, ADMIN "delete-user", "", FORM(FIELD("accountjids", "a@example.org")));
	expect_part(go_on(globe, ADMIN "delete-user", "", FORM(FIELD("accountjids", "a@example.org"))),
		ERROR("modify", "bad-request", "bad-action"));
	fake_answer_order(fake, "a@example.org");
	expect_part(hears(globe), "status='completed'");
	cr_expect_null(fake_order(fake));
	expect_part(go_on(globe, ADMIN "delete-user", "", FORM(FIELD("accountjids", "a@example.org"))),
		ERROR("cancel", "not-allowed", "session-expired"));
}

/* --- what cannot be undone ----------------------------------------------------------------- */

#define PURGE FORM(FIELD("accountjid", "a@example.org") FIELD("all", "true"))

Test(commands, ask_twice_before_they_destroy)
{
	expect_part(execute(globe, "archive purge"), "<actions execute='next'><next/></actions>");
	expect_part(go_on(globe, "archive purge", "complete", PURGE), "bad-action");
	expect_part(go_on(globe, "archive purge", "next", PURGE),
		"<actions execute='complete'><prev/><complete/></actions>");
	cr_expect_null(fake_order(fake));
	expect_part(go_on(globe, "archive purge", "next", ""), "bad-action");
	go_on(globe, "archive purge", "", "");
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: archive purge a@example.org --all");
	fake_answer_order(fake, "a@example.org|7\n");
	expect_part(hears(globe), "<x xmlns='jabber:x:data' type='result'><reported>"
		"<field label='jid' var='jid'/><field label='count' var='count'/></reported><item>"
		"<field var='jid'><value>a@example.org</value></field>"
		"<field var='count'><value>7</value></field></item></x>");
}

Test(commands, go_back_to_what_was_filled_in)
{
	expect_part(execute(globe, "archive purge"), "executing");
	expect_part(go_on(globe, "archive purge", "prev", ""), "bad-action");
	go_on(globe, "archive purge", "next", PURGE);
	expect_part(go_on(globe, "archive purge", "prev", ""),
		"<required/><value>a@example.org</value>");
	go_on(globe, "archive purge", "next", FORM(FIELD("accountjid", "b@example.org")
		FIELD("before", "2026-11-30") FIELD("all", "0")));
	go_on(globe, "archive purge", "complete", "");
	cr_expect_str_eq(fake_order(fake),
		"bard@example.org/globe: archive purge b@example.org --before 2026-11-30");
}

/* --- service administration ---------------------------------------------------------------- */

Test(commands, add_a_user)
{
	execute(globe, ADMIN "add-user");
	expect_part(go_on(globe, ADMIN "add-user", "", FORM(FIELD("accountjid", "a@example.org")
		FIELD("password", "p") FIELD("password-verify", "q"))), "bad-payload");
	go_on(globe, ADMIN "add-user", "complete", FORM(FIELD("accountjid", "a@example.org")
		FIELD("password", "p") FIELD("password-verify", "p") FIELD("email", "a@b")));
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: user add a@example.org --password p");
	fake_answer_order(fake, "1|0|0\n");
	expect_part(hears(globe), "status='completed' xml:lang='en'/></iq>");
}

Test(commands, tell_whom_they_cannot_add)
{
	static const struct { int result; const char *answer; } cases[] = {
		{ -EEXIST, "<error type='cancel'><conflict" },
		{ -ENOENT, "<error type='cancel'><item-not-found" },
		{ -ENOSPC, "<error type='wait'><resource-constraint" },
		{ -EINVAL, "status='completed' xml:lang='en'><note type='error'>why" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		execute(globe, ADMIN "add-user");
		go_on(globe, ADMIN "add-user", "", FORM(FIELD("accountjid", "a@example.org")
			FIELD("password", "p")));
		fake_refuse_order(fake, cases[i].result, "why");
		expect_part(hears(globe), cases[i].answer);
	}
}

Test(commands, delete_one_after_another)
{
	execute(globe, ADMIN "delete-user");
	go_on(globe, ADMIN "delete-user", "", FORM("<field var='accountjids'>"
		"<value>a@example.org</value><value>b@example.org</value></field>"));
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: user del a@example.org");
	fake_refuse_order(fake, -ENOENT, "there is no a");
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: user del b@example.org");
	fake_answer_order(fake, "b@example.org\n");
	expect_part(hears(globe), "<note type='error'>there is no a</note></command>");
}

Test(commands, give_a_roster_as_clients_know_it)
{
	execute(globe, ADMIN "get-user-roster");
	go_on(globe, ADMIN "get-user-roster", "", FORM(FIELD("accountjids", "a@example.org")));
	fake_answer_order(fake, "r@b|Romeo|both||Friends\nr@b|Romeo|both||Lovers\nm@b||none|subscribe|\n");
	expect_part(hears(globe), "<field var='accountjids'><value>a@example.org</value></field>"
		"<query xmlns='jabber:iq:roster'><item jid='r@b' name='Romeo' subscription='both'>"
		"<group>Friends</group><group>Lovers</group></item>"
		"<item ask='subscribe' jid='m@b' subscription='none'/></query>");
}

Test(commands, tell_a_users_statistics)
{
	execute(globe, ADMIN "user-stats");
	go_on(globe, ADMIN "user-stats", "", FORM(FIELD("accountjid", "a@example.org")));
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: session list a@example.org");
	fake_answer_order(fake, "a@example.org/work|0|127.0.0.1:5|TLS|\na@example.org/home||[::1]:6||\n");
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: roster list a@example.org");
	fake_answer_order(fake, "r@b|Romeo|both||Friends\nr@b|Romeo|both||Lovers\nm@b||none||\n");
	expect_part(hears(globe),
		"<field var='ipaddresses'><value>127.0.0.1</value><value>::1</value></field>"
		"<field var='onlineresources'><value>work</value><value>home</value></field>"
		"<field var='rostersize'><value>2</value></field>");
}

#define SESSIONS "b@x/1|0|||available\na@x/1|0|||away\na@x/2|||| \nb@x/2|0|||xa\nc@x/1|0|||dnd\n" \
	"d@x/1||||\n"

static void numbers(const char *node, const char *var, const char *number)
{
	char expected[128];

	snprintf(expected, sizeof expected, "var='%s'><value>%s</value></field>", var, number);
	execute(globe, node);
	fake_answer_order(fake, SESSIONS);
	expect_part(hears(globe), expected);
}

Test(commands, count_users)
{
	numbers(ADMIN "get-registered-users-num", "registeredusersnum", "6");
	numbers(ADMIN "get-online-users-num", "onlineusersnum", "4");
}

static const char *lists(const char *node, const char *form)
{
	execute(globe, node);
	go_on(globe, node, "", form);
	fake_answer_order(fake, "b@x/1|0|||available\na@x/1|0|||away\nb@x/2|0|||xa\nc@x/1|0|||dnd\n"
		"d@x/1||||\n");
	return hears(globe);
}

Test(commands, tell_the_active_from_the_idle)
{
	expect_part(lists(ADMIN "get-active-users", FORM("")),
		"var='activeuserjids'><value>b@x</value><value>c@x</value></field>");
	expect_part(lists(ADMIN "get-idle-users", FORM("")),
		"var='idleuserjids'><value>a@x</value><value>d@x</value></field>");
	expect_part(lists(ADMIN "get-online-users-list", FORM(FIELD("max_items", "none"))),
		"<value>a@x</value><value>b@x</value><value>c@x</value><value>d@x</value>");
}

Test(commands, know_how_long_a_list_can_be)
{
	execute(globe, ADMIN "get-online-users-list");
	expect_part(go_on(globe, ADMIN "get-online-users-list", "", FORM(FIELD("max_items", "3"))),
		"bad-payload");
}

Test(commands, cut_lists_where_they_are_asked_to)
{
	char rows[1024] = "";

	for (int i = 0; i < 30; i++)
		sprintf(rows + strlen(rows), "u%02d@x\n", i);
	execute(globe, ADMIN "get-registered-users-list");
	go_on(globe, ADMIN "get-registered-users-list", "", FORM(FIELD("max_items", "25")));
	fake_answer_order(fake, rows);
	expect_part(hears(globe), "<value>u24@x</value></field></x><note type='warn'>25 of 30 are shown");
}

Test(commands, announce_lines_as_one_text)
{
	execute(globe, ADMIN "announce");
	expect_part(go_on(globe, ADMIN "announce", "", FORM(FIELD("announcement", ""))), "bad-payload");
	go_on(globe, ADMIN "announce", "", FORM("<field var='announcement'><value>Log off!</value>"
		"<value/><value>Sorry.</value></field>"));
	cr_expect_str_eq(fake_order(fake),
		"bard@example.org/globe: announce example.org --text Log off!\n\nSorry.");
}

Test(commands, of_modules_have_forms_of_their_own)
{
	expect_part(execute(globe, "greet"), "<field label='Whom' type='text-single' var='WHOM'>"
		"<required/></field>");
	go_on(globe, "greet", "", FORM(FIELD("WHOM", "--x")));
	cr_expect_str_eq(fake_order(fake), "bard@example.org/globe: greet example.org --x");
}

/* --- configuration ------------------------------------------------------------------------- */

Test(commands, refuse_administrators_that_are_no_accounts)
{
	struct arena *arena = arena_create(512);
	const struct tern_option *option = tern_module.options;

	cr_expect_str_eq(option->name, "admins");
	cr_expect_null(option->refuse(arena, "juliet@example.org"));
	cr_expect_not_null(option->refuse(arena, "example.org"));
	cr_expect_not_null(option->refuse(arena, "juliet@example.org/balcony"));
	cr_expect_not_null(option->refuse(arena, "ju@liet@example.org"));
	arena_destroy(arena);
}
