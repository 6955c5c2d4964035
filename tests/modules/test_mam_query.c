/* Pages, filters and ids of an archive's query.
 * SPDX-License-Identifier: MIT */

#include "expect.h"

#include <stdio.h>

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony;

static void arrive_from(const char *from, int number)
{
	char xml[512];

	snprintf(xml, sizeof xml, "<message from='%s' to='juliet@example.org' type='chat'>"
		"<body>%d</body></message>", from, number);
	fake_arrive(fake, xml);
}

/* Ten messages, one a second, from 2027-01-15T08:00:00Z on: 0, 2.. from x, 1, 3.. from y. */
static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL },
		(const struct fake_option[]){ { "page", "4" }, { "page-most", "6" }, { 0 } });
	juliet = fake_account(fake, "juliet@example.org");
	balcony = fake_session(juliet, "balcony");
	for (int i = 0; i < 10; i++) {
		arrive_from(i % 2 ? "nurse@example.org/y" : "romeo@example.com/x", i);
		fake_pass(fake, 1000);
	}
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(mam_query, .init = open, .fini = close);

/* Of the message that came as that one. */
#define ID(number) "180000000" #number "000000" DRAWN(number)
#define FIELD(name, value) "<field var='" name "'><value>" value "</value></field>"
#define FORM(fields) "<x xmlns='jabber:x:data' type='submit'>" \
	FIELD("FORM_TYPE", "urn:xmpp:mam:2") fields "</x>"
#define RSM(content) "<set xmlns='http://jabber.org/protocol/rsm'>" content "</set>"

static void query(const char *content)
{
	static char xml[20000];

	snprintf(xml, sizeof xml,
		"<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'>%s</query></iq>", content);
	fake_send(balcony, xml);
}

/* Bodies, a digit each, in the order in which they came; then the end. */
static const char *hear_bodies(char *bodies)
{
	const char *line, *body;

	while ((line = fake_heard(balcony)) && (body = strstr(line, "<body>")))
		*bodies++ = body[6];
	*bodies = '\0';
	return line;
}

#define EMPTY(attributes) "<iq id='q' to='juliet@example.org/balcony' type='result'>" \
	"<fin xmlns='urn:xmpp:mam:2'" attributes "><set xmlns='http://jabber.org/protocol/rsm'/>" \
	"</fin></iq>"
#define FIN(attributes, content) "<iq id='q' to='juliet@example.org/balcony' type='result'>" \
	"<fin xmlns='urn:xmpp:mam:2'" attributes "><set xmlns='http://jabber.org/protocol/rsm'>" \
	content "</set></fin></iq>"
#define COMPLETE " complete='true'"
#define FIRST(id) "<first>" id "</first>"
#define START(id) "<first index='0'>" id "</first>"
#define LAST(id) "<last>" id "</last>"

static const struct {
	const char *query, *bodies, *fin; /* `fin` NULL: not looked at */
} cases[] = {
	/* pages */
	{ "", "0123", FIN("", START(ID(0)) LAST(ID(3))) },
	{ RSM("<max>2</max>"), "01", FIN("", START(ID(0)) LAST(ID(1))) },
	{ RSM("<max>100</max>"), "012345", NULL },
	{ RSM("<max>2</max><after>" ID(1) "</after>"), "23", FIN("", FIRST(ID(2)) LAST(ID(3))) },
	{ RSM("<max>4</max><after>" ID(5) "</after>"), "6789",
		FIN(COMPLETE, FIRST(ID(6)) LAST(ID(9))) },
	{ RSM("<after>" ID(9) "</after>"), "", EMPTY(COMPLETE) },
	{ RSM("<max>3</max><before/>"), "789", FIN("", FIRST(ID(7)) LAST(ID(9))) },
	{ RSM("<max>3</max><before>" ID(7) "</before>"), "456",
		FIN("", FIRST(ID(4)) LAST(ID(6))) },
	{ RSM("<max>3</max><before>" ID(2) "</before>"), "01",
		FIN(COMPLETE, FIRST(ID(0)) LAST(ID(1))) },
	{ RSM("<before>" ID(0) "</before>"), "", EMPTY(COMPLETE) },
	{ RSM("<max>0</max>"), "", EMPTY("") },
	{ RSM("<max>2</max><before/>") "<flip-page/>", "98", FIN("", FIRST(ID(8)) LAST(ID(9))) },
	{ RSM("<max>2</max>") "<flip-page/>", "10", FIN("", START(ID(0)) LAST(ID(1))) },
	/* who */
	{ FORM(FIELD("with", "romeo@example.com")), "0246", NULL },
	{ FORM(FIELD("with", "Romeo@Example.COM")), "0246", NULL },
	{ FORM(FIELD("with", "romeo@example.com")) RSM("<max>6</max>"), "02468",
		FIN(COMPLETE, START(ID(0)) LAST(ID(8)) "<count>5</count>") },
	{ FORM(FIELD("with", "nurse@example.org")) RSM("<max>2</max><before/>"), "79",
		FIN("", FIRST(ID(7)) LAST(ID(9))) },
	{ FORM(FIELD("with", "romeo@example.com")) RSM("<after>" ID(5) "</after>"), "68", NULL },
	{ FORM(FIELD("with", "nobody@example.com")), "", FIN(COMPLETE, "<count>0</count>") },
	{ FORM(FIELD("with", "juliet@example.org")), "", NULL },
	{ FORM(FIELD("with", "nobody@example.com")) RSM("<max>0</max>"), "",
		FIN(COMPLETE, "<count>0</count>") },
	/* when */
	{ FORM(FIELD("start", "2027-01-15T08:00:07Z")), "789", NULL },
	{ FORM(FIELD("start", "2027-01-15T08:00:07.000001Z")), "89",
		FIN(COMPLETE, START(ID(8)) LAST(ID(9)) "<count>2</count>") },
	{ FORM(FIELD("end", "2027-01-15T08:00:01Z")), "01", NULL },
	{ FORM(FIELD("start", "2027-01-15T08:00:02Z") FIELD("end", "2027-01-15T09:00:04+01:00")),
		"234", NULL },
	{ FORM(FIELD("start", "2027-01-15T08:00:04Z") FIELD("end", "2027-01-15T08:00:02Z")), "",
		NULL },
	{ FORM(FIELD("start", "1960-01-01T00:00:00Z")), "0123", NULL },
	{ FORM(FIELD("end", "1960-01-01T00:00:00Z")), "", NULL },
	/* between ids */
	{ FORM(FIELD("after-id", ID(6))), "789", NULL },
	{ FORM(FIELD("before-id", ID(2))), "01", FIN(COMPLETE,
		START(ID(0)) LAST(ID(1)) "<count>2</count>") },
	{ FORM(FIELD("after-id", ID(2)) FIELD("before-id", ID(5))), "34", NULL },
	{ FORM(FIELD("after-id", ID(5)) FIELD("before-id", ID(2))), "", NULL },
	{ FORM(FIELD("after-id", ID(2))) RSM("<max>2</max><before/>"), "89", NULL },
	{ FORM(FIELD("before-id", ID(8))) RSM("<max>2</max><after>" ID(4) "</after>"), "56", NULL },
	/* ids */
	{ FORM("<field var='ids'><value>" ID(7) "</value><value>" ID(2) "</value><value>" ID(7)
		"</value></field>"), "27", FIN(COMPLETE, START(ID(2)) LAST(ID(7)) "<count>2</count>") },
	{ FORM("<field var='ids'><value>" ID(7) "</value><value>" ID(2) "</value></field>"
		FIELD("with", "romeo@example.com")), "2", NULL },
	{ FORM("<field var='ids'><value>" ID(7) "</value><value>" ID(2) "</value></field>")
		RSM("<max>1</max>"), "2", FIN("", START(ID(2)) LAST(ID(2))) },
	{ FORM("<field var='ids'><value>" ID(7) "</value><value>" ID(2) "</value></field>")
		RSM("<max>1</max><before/>"), "7", FIN("", FIRST(ID(7)) LAST(ID(7))) },
	/* forms that say little */
	{ FORM(""), "0123", NULL },
	{ FORM("<field var='with'/>"), "0123", NULL },
	{ FORM(FIELD("include-groupchat", "true")), "0123", NULL },
	{ RSM(""), "0123", NULL },
};

Test(mam_query, gives_the_page_that_was_asked_for)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char bodies[16];
		const char *fin;

		query(cases[i].query);
		fin = hear_bodies(bodies);
		cr_expect_str_eq(bodies, cases[i].bodies, "%s: %s", cases[i].query, bodies);
		expect_part(fin, "<fin ");
		if (cases[i].fin)
			expect_line(fin, cases[i].fin);
	}
}

static const struct { const char *query, *condition; } refusals[] = {
	/* ids that do not exist */
	{ RSM("<after>1</after>"), "item-not-found" },
	{ RSM("<before>1800000000000001</before>"), "item-not-found" },
	{ RSM("<after>no-such</after>"), "item-not-found" },
	{ RSM("<after>18446744073709551615</after>"), "item-not-found" },
	{ RSM("<after>99999999999999999999</after>"), "item-not-found" },
	{ RSM("<after>0" ID(3) "</after>"), "item-not-found" },
	{ RSM("<after>1800000003000000</after>"), "item-not-found" },
	{ RSM("<after>1800000003000000" DRAWN(4) "</after>"), "item-not-found" },
	{ RSM("<before>1800000003000000" DRAWN(4) "</before>"), "item-not-found" },
	{ RSM("<before>" ID(3) "0</before>"), "item-not-found" },
	{ RSM("<before>1800000003000000-5A5A5A5A5A5A5A59</before>"), "item-not-found" },
	{ RSM("<before>1800000003000000-</before>"), "item-not-found" },
	{ RSM("<before>1800000003000000-0000000000000000</before>"), "item-not-found" },
	{ FORM(FIELD("after-id", "1800000003000000" DRAWN(4))), "item-not-found" },
	{ FORM(FIELD("before-id", "1800000003000000" DRAWN(4))), "item-not-found" },
	{ FORM("<field var='ids'><value>" ID(2) "</value><value>1800000003000000" DRAWN(4)
		"</value></field>"), "item-not-found" },
	{ FORM("<field var='ids'><value>1800000003000000" DRAWN(4) "</value><value>" ID(3)
		"</value></field>"), "item-not-found" },
	{ RSM("<after> " ID(3) "</after>"), "item-not-found" },
	{ FORM(FIELD("after-id", "1")), "item-not-found" },
	{ FORM(FIELD("before-id", "no-such")), "item-not-found" },
	{ FORM("<field var='ids'><value>" ID(2) "</value><value>7</value></field>"),
		"item-not-found" },
	{ FORM(FIELD("ids", "no-such")), "item-not-found" },
	{ FORM(FIELD("ids", "")), "item-not-found" },
	{ FORM(FIELD("after-id", "1")) RSM("<max>0</max>"), "item-not-found" },
	/* forms */
	{ FORM(FIELD("with", "a@@b")), "bad-request" },
	{ FORM(FIELD("with", "")), "bad-request" },
	{ FORM(FIELD("start", "yesterday")), "bad-request" },
	{ FORM(FIELD("end", "2027-01-15")), "bad-request" },
	{ FORM(FIELD("include-groupchat", "perhaps")), "bad-request" },
	{ FORM(FIELD("with", "a@b") FIELD("with", "c@d")), "bad-request" },
	{ FORM(FIELD("{http://example.com/}free-text-search", "x")), "feature-not-implemented" },
	{ FORM("<field><value>x</value></field>"), "feature-not-implemented" },
	{ "<x xmlns='jabber:x:data' type='submit'/>", "bad-request" },
	{ "<x xmlns='jabber:x:data'/>", "bad-request" },
	{ "<x xmlns='jabber:x:data' type='cancel'/>", "bad-request" },
	{ "<x xmlns='jabber:x:data' type='submit'>" FIELD("FORM_TYPE", "urn:x") "</x>",
		"bad-request" },
	/* result sets */
	{ RSM("<max>x</max>"), "bad-request" },
	{ RSM("<max>-1</max>"), "bad-request" },
	{ RSM("<max/>"), "bad-request" },
	{ RSM("<index>3</index>"), "feature-not-implemented" },
	{ RSM("<before/><after>" ID(3) "</after>"), "bad-request" },
};

Test(mam_query, refuses_what_cannot_be_answered)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		char part[64];
		const char *line;

		query(refusals[i].query);
		line = fake_heard(balcony);
		snprintf(part, sizeof part, "<%s ", refusals[i].condition);
		cr_expect(line && strstr(line, part), "%s: %s", refusals[i].query, line);
		HEARS(balcony, NULL);
	}
}

Test(mam_query, sifts_the_resources_of_a_peer)
{
	char bodies[16];

	arrive_from("romeo@example.com/z", 1);
	arrive_from("romeo@example.com", 2);
	arrive_from("romeo@example.com/x", 3);
	query(FORM(FIELD("with", "romeo@example.com/x")) RSM("<max>6</max>"));
	fake_pass(fake, 100);
	expect_part(hear_bodies(bodies), COMPLETE);
	cr_expect_str_eq(bodies, "024683");
	query(FORM(FIELD("with", "romeo@example.com/x")) RSM("<max>2</max><before/>"));
	fake_pass(fake, 100);
	expect_part(hear_bodies(bodies), "<fin xmlns='urn:xmpp:mam:2'>");
	cr_expect_str_eq(bodies, "83");
	query(FORM(FIELD("with", "romeo@example.com/x")) RSM("<max>5</max>"));
	fake_pass(fake, 100);
	expect_part(hear_bodies(bodies), "<fin xmlns='urn:xmpp:mam:2'>");
	cr_expect_str_eq(bodies, "02468");
	query(FORM(FIELD("with", "romeo@example.com/z")) RSM("<max>1</max>"));
	fake_pass(fake, 100);
	expect_part(hear_bodies(bodies), COMPLETE);
	cr_expect_str_eq(bodies, "1");
}

static void arrive_large(const char *from, int number)
{
	static char body[400001], xml[400200];

	memset(body, 'x', sizeof body - 1);
	snprintf(xml, sizeof xml, "<message from='%s' type='chat' to='juliet@example.org'>"
		"<body>%d%s</body></message>", from, number, body);
	fake_arrive(fake, xml);
}

Test(mam_query, passes_over_large_messages_of_other_resources)
{
	char bodies[16];

	arrive_from("paris@example.org/a", 1);
	for (int i = 0; i < 6; i++)
		arrive_large("paris@example.org/b", i);
	arrive_from("paris@example.org/a", 2);
	query(FORM(FIELD("with", "paris@example.org/a")));
	fake_pass(fake, 100);
	expect_part(hear_bodies(bodies), COMPLETE);
	cr_assert_str_eq(bodies, "12");
}

/* What is heard of the ids, as values of a form; where they end. */
static char *copy_ids(char *values)
{
	static const char start[] = "<result xmlns='urn:xmpp:mam:2' id='";
	const char *line, *id;

	while ((line = fake_heard(balcony)) && (id = strstr(line, start)))
		values += sprintf(values, "<value>%.33s</value>", id + sizeof start - 1);
	return values;
}

Test(mam_query, lists_no_more_than_a_page_has_bytes)
{
	static char content[2048];
	char *end = stpcpy(content, "<x xmlns='jabber:x:data' type='submit'>"
		FIELD("FORM_TYPE", "urn:xmpp:mam:2") "<field var='ids'>");
	char bodies[16];

	for (int i = 0; i < 5; i++)
		arrive_large("paris@example.org/p", i);
	query(FORM(FIELD("with", "paris@example.org")) RSM("<max>3</max><before/>"));
	end = copy_ids(end);
	query(FORM(FIELD("with", "paris@example.org")) RSM("<max>2</max>"));
	strcpy(copy_ids(end), "</field></x>");
	query(content);
	expect_part(hear_bodies(bodies), "<fin xmlns='urn:xmpp:mam:2'>");
	cr_assert_str_eq(bodies, "012");
}

Test(mam_query, repeats_no_very_long_id_of_a_query)
{
	char id[1025], xml[1200];

	memset(id, 'x', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	snprintf(xml, sizeof xml, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2' queryid='%s'/>"
		"</iq>", id);
	fake_send(balcony, xml);
	HEARS_PART(balcony, "<not-acceptable ");
}

Test(mam_query, lists_no_more_ids_than_a_page_may_have)
{
	static char content[16384];
	size_t len = (size_t)snprintf(content, sizeof content, "<x xmlns='jabber:x:data' "
		"type='submit'>" FIELD("FORM_TYPE", "urn:xmpp:mam:2") "<field var='ids'>");

	for (int i = 0; i < 251; i++)
		len += (size_t)snprintf(content + len, sizeof content - len, "<value>%d</value>",
			i + 1);
	snprintf(content + len, sizeof content - len, "</field></x>");
	query(content);
	HEARS_PART(balcony, "<not-acceptable ");
}

Test(mam_query, finds_what_the_user_sent)
{
	char bodies[16];

	fake_send(balcony, "<message to='romeo@example.com/x' type='chat'><body>A</body></message>");
	fake_send(balcony, "<message type='chat'><body>B</body></message>");
	query(FORM(FIELD("with", "romeo@example.com")) RSM("<max>1</max><before/>"));
	hear_bodies(bodies);
	cr_expect_str_eq(bodies, "A");
	query(FORM(FIELD("with", "juliet@example.org")));
	hear_bodies(bodies);
	cr_expect_str_eq(bodies, "B");
}

Test(mam_query, answers_nobody_when_the_client_has_gone)
{
	arrive_from("romeo@example.com/z", 1);
	query(FORM(FIELD("with", "romeo@example.com/x")));
	fake_end(balcony);
	fake_pass(fake, 100);
	LEAVES(NULL);
}

Test(mam_query, refuses_strangers)
{
	static const char *const requests[] = {
		"<iq type='set' id='1' from='romeo@example.com/x' to='juliet@example.org'>"
			"<query xmlns='urn:xmpp:mam:2'/></iq>",
		"<iq type='get' id='1' from='romeo@example.com/x' to='juliet@example.org'>"
			"<query xmlns='urn:xmpp:mam:2'/></iq>",
		"<iq type='get' id='1' from='romeo@example.com/x' to='juliet@example.org'>"
			"<metadata xmlns='urn:xmpp:mam:2'/></iq>",
		"<iq type='get' id='1' from='romeo@example.com/x' to='juliet@example.org'>"
			"<prefs xmlns='urn:xmpp:mam:2'/></iq>",
	};

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		fake_arrive(fake, requests[i]);
		expect_part(fake_left(fake), "<error type='auth'><forbidden ");
	}
}

Test(mam_query, tells_its_fields)
{
	const char *line;

	fake_send(balcony, "<iq type='get' id='f'><query xmlns='urn:xmpp:mam:2'/></iq>");
	line = fake_heard(balcony);
	expect_part(line, "<x xmlns='jabber:x:data' type='form'>"
		"<field type='hidden' var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>"
		"<field type='jid-single' var='with'/>");
	expect_part(line, "<field type='list-multi' var='ids'>"
		"<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'>"
		"<open/></validate></field>");
}

Test(mam_query, tells_where_the_archive_begins_and_ends)
{
	fake_send(balcony, "<iq type='get' id='m'><metadata xmlns='urn:xmpp:mam:2'/></iq>");
	HEARS(balcony, "<iq id='m' to='juliet@example.org/balcony' type='result'>"
		"<metadata xmlns='urn:xmpp:mam:2'><start id='" ID(0) "' timestamp='+0s'/>"
		"<end id='" ID(9) "' timestamp='+9s'/></metadata></iq>");
}

Test(mam_query, tells_nothing_of_an_empty_archive)
{
	struct tern_session *orchard = fake_session(fake_account(fake, "paris@example.org"), "o");

	fake_send(orchard, "<iq type='get' id='m'><metadata xmlns='urn:xmpp:mam:2'/></iq>");
	HEARS(orchard, "<iq id='m' to='paris@example.org/o' type='result'>"
		"<metadata xmlns='urn:xmpp:mam:2'/></iq>");
	fake_send(orchard, "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
	HEARS(orchard, "<iq id='q' to='paris@example.org/o' type='result'>"
		"<fin xmlns='urn:xmpp:mam:2' complete='true'>"
		"<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set></fin></iq>");
}

Test(mam_query, leaves_the_place_of_a_damaged_message)
{
	uint64_t id;

	tern_append(juliet, 0, "romeo@example.com", "\1\0\0<message><bro", 17, &id);
	query(RSM("<max>1</max><before/>"));
	HEARS_PART(balcony, "<forwarded xmlns='urn:xmpp:forward:0'>"
		"<delay xmlns='urn:xmpp:delay' stamp='+10s'/></forwarded>");
	HEARS_PART(balcony, "<fin ");
}

Test(mam_query, ends_a_page_of_very_large_messages_early)
{
	char bodies[16];

	for (int i = 0; i < 4; i++)
		arrive_large("paris@example.org/p", i);
	query(FORM(FIELD("with", "paris@example.org")));
	expect_part(hear_bodies(bodies), "<fin xmlns='urn:xmpp:mam:2'>");
	cr_expect_str_eq(bodies, "012");
}
