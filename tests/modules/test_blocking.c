/* What a user can rely on who wants to hear nothing of somebody (XEP-0191).
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "blocking.h"
#include "expect.h"

extern const struct tern_module tern_module;

/* A roster: the user and friend@example.com see each other, fan@example.com sees the user. */
static int answer_subscription(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	const char *bare = jid_bare_text(about);

	if (strcmp(bare, "friend@example.com") == 0)
		return TERN_SUB_TO | TERN_SUB_FROM;
	return strcmp(bare, "fan@example.com") == 0 ? TERN_SUB_FROM : 0;
}

static size_t list_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid *const **ret_contacts, const void *settings)
{
	const struct jid **contacts = arena_alloc(arena, 2 * sizeof *contacts);

	contacts[0] = jid_new(arena, "fan@example.com");
	contacts[1] = jid_new(arena, "friend@example.com");
	*ret_contacts = contacts;
	return 2;
}

static const struct tern_module friends = {
	.abi = TERN_MODULE_ABI,
	.name = "friends",
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_SUBSCRIPTION, answer_subscription },
		{ 0 },
	},
	.contacts = list_contacts,
};

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony, *chamber;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, &friends, NULL },
		options);
	juliet = fake_account(fake, "juliet@example.org");
	balcony = fake_session(juliet, "balcony");
	chamber = fake_session(juliet, "chamber");
}

static void open(void)
{
	open_with(NULL);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(blocking, .init = open, .fini = close);
TestSuite(short_blocklist, .fini = close);

static void set(const char *name, const char *items)
{
	char xml[4096];

	snprintf(xml, sizeof xml, "<iq type='set' id='s'><%s xmlns='urn:xmpp:blocking'>%s</%s></iq>",
		name, items, name);
	fake_send(balcony, xml);
}

static void block(const char *jid)
{
	char item[1024];

	snprintf(item, sizeof item, "<item jid='%s'/>", jid);
	set("block", item);
	HEARS_PART(balcony, "type='result'");
}

static void get(struct tern_session *session)
{
	fake_send(session, "<iq type='get' id='g'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
}

static void has_list(const char *items)
{
	char expected[1024];

	get(balcony);
	snprintf(expected, sizeof expected, *items ? "<blocklist xmlns='urn:xmpp:blocking'>%s"
		"</blocklist>" : "<blocklist xmlns='urn:xmpp:blocking'/>", items);
	HEARS_PART(balcony, expected);
}

static void is_refused(const char *condition)
{
	HEARS_PART(balcony, condition);
}

/* --- the list ------------------------------------------------------------------------------ */

Test(blocking, keeps_the_list_on_disk)
{
	block("romeo@example.com");
	block("Iago@Example.net/court");
	fake_end(balcony);
	fake_end(chamber);
	cr_assert_eq(fake_reopen(juliet), 0);
	balcony = fake_session(juliet, "balcony");
	has_list("<item jid='iago@example.net/court'/><item jid='romeo@example.com'/>");
}

Test(blocking, takes_an_address_once)
{
	set("block", "<item jid='romeo@example.com'/><item jid='ROMEO@example.com'/>");
	block("romeo@example.com");
	cr_assert_eq(fake_stored(juliet, "blocking"), 1);
}

Test(blocking, deletes_what_is_unblocked)
{
	block("romeo@example.com");
	block("iago@example.com");
	set("unblock", "<item jid='romeo@example.com'/><item jid='nobody@example.com'/>");
	HEARS_PART(balcony, "type='result'");
	has_list("<item jid='iago@example.com'/>");
	cr_assert_eq(fake_stored(juliet, "blocking"), 1);
}

Test(blocking, deletes_all_for_an_empty_unblock)
{
	block("romeo@example.com");
	block("iago@example.com");
	set("unblock", "");
	HEARS_PART(balcony, "type='result'");
	has_list("");
	cr_assert_eq(fake_stored(juliet, "blocking"), 0);
}

Test(blocking, pushes_to_those_who_asked_for_the_list)
{
	get(chamber);
	fake_forget(fake);
	block("romeo@example.com");
	HEARS(balcony, NULL);
	HEARS(chamber, "<iq id='block-5a5a5a5a5a5a5a5a' to='juliet@example.org/chamber' type='set'>"
		"<block xmlns='urn:xmpp:blocking'><item jid='romeo@example.com'/></block></iq>");
	set("unblock", "");
	HEARS_PART(chamber, "<unblock xmlns='urn:xmpp:blocking'/>");
}

Test(blocking, pushes_to_them_after_a_restart_too)
{
	get(chamber);
	fake_forget(fake);
	fake_restart(fake);
	block("romeo@example.com");
	HEARS(balcony, NULL);
	HEARS_PART(chamber, "<block xmlns='urn:xmpp:blocking'>");
}

Test(blocking, refuses_a_block_of_nobody)
{
	set("block", "");
	is_refused("bad-request");
}

Test(blocking, refuses_an_item_without_an_address)
{
	set("block", "<item/>");
	is_refused("bad-request");
}

Test(blocking, refuses_what_is_no_item)
{
	set("unblock", "<other jid='romeo@example.com'/>");
	is_refused("bad-request");
}

Test(blocking, refuses_what_is_no_address)
{
	set("block", "<item jid='romeo@example.com'/><item jid='@'/>");
	is_refused("jid-malformed");
	has_list("");
}

Test(short_blocklist, refuses_more_than_its_limit)
{
	open_with((const struct fake_option[]){ { "limit", "2" }, { 0 } });
	block("a@example.com");
	set("block", "<item jid='b@example.com'/><item jid='c@example.com'/>");
	is_refused("policy-violation");
	has_list("<item jid='a@example.com'/>");
	set("block", "<item jid='a@example.com'/><item jid='b@example.com'/>");
	HEARS_PART(balcony, "type='result'");
}

Test(blocking, takes_all_of_a_set_or_nothing)
{
	fake_fill_disk(fake, 1);
	set("block", "<item jid='a@example.com'/><item jid='b@example.com'/>");
	is_refused("resource-constraint");
	has_list("");
	cr_assert_eq(fake_stored(juliet, "blocking"), 0);
}

/* --- stanzas ------------------------------------------------------------------------------- */

Test(blocking, drops_presence_of_whoever_is_blocked)
{
	block("romeo@example.com");
	fake_arrive(fake, "<presence from='romeo@example.com/orchard' to='juliet@example.org' "
		"type='subscribe'/>");
	LEAVES(NULL);
}

Test(blocking, refuses_messages_of_whoever_is_blocked)
{
	block("romeo@example.com");
	fake_arrive(fake, "<message from='romeo@example.com/orchard' to='juliet@example.org' "
		"id='m' type='chat'><body>Hi</body></message>");
	LEAVES("<message from='juliet@example.org' id='m' to='romeo@example.com/orchard' "
		"type='error'><error type='cancel'><service-unavailable "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
}

Test(blocking, drops_answers_of_whoever_is_blocked)
{
	block("romeo@example.com");
	fake_arrive(fake, "<iq from='romeo@example.com/orchard' to='juliet@example.org/balcony' "
		"id='m' type='result'/>");
	HEARS(balcony, NULL);
	LEAVES(NULL);
}

Test(blocking, tells_the_user_why_words_to_the_blocked_do_not_go)
{
	block("romeo@example.com");
	fake_send(balcony, "<message to='romeo@example.com/orchard' id='m'><body>Hi</body></message>");
	HEARS(balcony, "<message from='romeo@example.com/orchard' id='m' "
		"to='juliet@example.org/balcony' type='error'><error type='cancel'><not-acceptable "
		"xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked "
		"xmlns='urn:xmpp:blocking:errors'/></error></message>");
	LEAVES(NULL);
}

Test(blocking, does_not_part_the_user_from_devices_and_server)
{
	block("juliet@example.org");
	block("example.org");
	fake_send(balcony, "<iq type='get' id='i' to='juliet@example.org/chamber'><q xmlns='x'/></iq>");
	HEARS_PART(chamber, "<q xmlns='x'/>");
	fake_send(balcony, "<iq type='get' id='i' to='example.org'><q xmlns='x'/></iq>");
	HEARS_PART(balcony, "service-unavailable");
}

/* --- presence ------------------------------------------------------------------------------ */

#define GONE(to) "<presence from='juliet@example.org/balcony' to='" to "' type='unavailable'/>"
#define SHOWN(to) "<presence from='juliet@example.org/balcony' to='" to "'/>"
#define ASKED(to) "<presence from='juliet@example.org/balcony' to='" to "' type='probe'/>"

static void become_available(void)
{
	fake_send(balcony, "<presence/>");
	fake_forget(fake);
}

Test(blocking, hides_from_a_contact_and_shows_again)
{
	become_available();
	block("friend@example.com");
	LEAVES(GONE("friend@example.com"));
	LEAVES(NULL);
	set("unblock", "<item jid='friend@example.com'/>");
	LEAVES(SHOWN("friend@example.com"));
	LEAVES(ASKED("friend@example.com"));
	LEAVES(NULL);
}

Test(blocking, hides_from_all_contacts_of_a_domain)
{
	become_available();
	block("example.com");
	LEAVES(GONE("fan@example.com"));
	LEAVES(GONE("friend@example.com"));
	LEAVES(NULL);
	block("fan@example.com");
	LEAVES(NULL);
	set("unblock", "<item jid='example.com'/>");
	LEAVES(SHOWN("friend@example.com"));
	LEAVES(ASKED("friend@example.com"));
	LEAVES(NULL);
}

Test(blocking, hides_from_one_resource)
{
	become_available();
	block("fan@example.com/spy");
	LEAVES(GONE("fan@example.com/spy"));
	LEAVES(NULL);
}

Test(blocking, shows_once_to_whoever_is_unblocked_twice)
{
	become_available();
	block("fan@example.com/spy");
	LEAVES(GONE("fan@example.com/spy"));
	set("unblock", "<item jid='fan@example.com/spy'/><item jid='fan@example.com/spy'/>"
		"<item jid='fan@example.com/other'/>");
	HEARS_PART(balcony, "type='result'");
	LEAVES(SHOWN("fan@example.com/spy"));
	LEAVES(NULL);
}

Test(blocking, tells_strangers_nothing)
{
	become_available();
	block("stranger@example.com");
	set("unblock", "");
	LEAVES(NULL);
}

Test(blocking, of_somebody_absent_tells_nobody)
{
	block("friend@example.com");
	LEAVES(NULL);
}

/* --- matching (5) -------------------------------------------------------------------------- */

static void matches(const char *item, const char *jid, bool expected)
{
	block(item);
	cr_expect_eq(fake_ask(juliet, TERN_ASK_BLOCKED, jid), expected, "%s and %s", item, jid);
	set("unblock", "");
	HEARS_PART(balcony, "type='result'");
}

Test(blocking, matches_what_the_item_names)
{
	matches("a@example.com/r", "a@example.com/r", true);
	matches("a@example.com/r", "a@example.com/s", false);
	matches("a@example.com/r", "a@example.com", false);
	matches("a@example.com", "a@example.com/r", true);
	matches("a@example.com", "a@example.com", true);
	matches("a@example.com", "b@example.com", false);
	matches("a@example.com", "example.com", false);
	matches("example.com/r", "example.com/r", true);
	matches("example.com/r", "a@example.com/r", false);
	matches("example.com/r", "example.com", false);
	matches("example.com", "example.com", true);
	matches("example.com", "a@example.com/r", true);
	matches("example.com", "example.com/r", true);
	matches("example.com", "sub.example.com", false);
}

Test(blocking, matches_neither_the_own_account_nor_the_own_server)
{
	matches("juliet@example.org", "juliet@example.org", false);
	matches("juliet@example.org/x", "juliet@example.org/x", false);
	matches("example.org", "juliet@example.org/chamber", false);
	matches("example.org", "example.org", false);
	matches("example.org", "romeo@example.org", true);
}

Test(blocking, knows_whether_there_is_anybody)
{
	cr_expect_not(fake_ask(juliet, TERN_ASK_BLOCKED, NULL));
	block("a@example.com");
	cr_expect(fake_ask(juliet, TERN_ASK_BLOCKED, NULL));
}

/* --- for administrators -------------------------------------------------------------------- */

Test(blocking, is_exported_where_somebody_is_blocked)
{
	char *xml = fake_export(juliet, "blocking");

	cr_assert_str_eq(xml, "");
	free(xml);
	block("romeo@example.com");
	xml = fake_export(juliet, "blocking");
	cr_assert_str_eq(xml, "<blocklist xmlns='urn:xmpp:blocking'>"
		"<item jid='romeo@example.com'/></blocklist>\n");
	free(xml);
}

static int import(const char *items)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	char xml[1024];
	int result;

	snprintf(xml, sizeof xml, "<blocklist xmlns='urn:xmpp:blocking'>%s</blocklist>", items);
	result = tern_module.importers->run(juliet, fake_read(arena, xml),
		&(struct blocking_settings){ .items = 2 });
	arena_destroy(arena);
	return result;
}

Test(blocking, is_imported_whole_or_not_at_all)
{
	cr_assert_eq(import("<item jid='@'/>"), -EBADMSG);
	cr_assert_eq(import("<item jid='a@b'/><item jid='c@b'/><item jid='d@b'/>"), -EFBIG);
	has_list("");
	cr_assert_eq(import("<item jid='c@b'/><item jid='a@b'/><item jid='c@b'/>"), 0);
	has_list("<item jid='a@b'/><item jid='c@b'/>");
}
