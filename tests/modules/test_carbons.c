/* A user's devices all see both sides of a conversation, each once (XEP-0280).
 * SPDX-License-Identifier: MIT */

#include "eligible.h"

#include <stdio.h>

#include "copied.h"
#include "expect.h"
#include "fake_internal.h"

extern const struct tern_module tern_module;

/* --- the decision: XEP-0280 6.1 -------------------------------------------------------------- */

#define BODY "<body>b</body>"
#define RECEIPT "<received xmlns='urn:xmpp:receipts' id='1'/>"
#define MARKER "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>"
#define TYPING "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
#define PRIVATE "<private xmlns='urn:xmpp:carbons:2'/>"
#define NO_COPY "<no-copy xmlns='urn:xmpp:hints'/>"
#define NO_STORE "<no-store xmlns='urn:xmpp:hints'/>"
#define OCCUPANT "<x xmlns='http://jabber.org/protocol/muc#user'/>"
#define MEDIATED "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>"
#define DECLINE "<x xmlns='http://jabber.org/protocol/muc#user'><decline to='a@b'/></x>"
#define DIRECT "<x xmlns='jabber:x:conference' jid='room@rooms.example.org'/>"

static const struct {
	enum tern_type type;
	const char *content;
	enum carbon_choice sent, received; /* the latter from a full JID */
} choices[] = {
	{ TERN_CHAT, BODY, CARBON_COPY, CARBON_COPY },
	{ TERN_CHAT, "", CARBON_COPY, CARBON_COPY },
	{ TERN_CHAT, TYPING, CARBON_COPY, CARBON_COPY },
	{ TERN_CHAT, BODY NO_STORE, CARBON_COPY, CARBON_COPY },
	{ TERN_NORMAL, BODY, CARBON_COPY, CARBON_COPY },
	{ TERN_NORMAL, "", CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_NORMAL, "<subject>s</subject>", CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_NORMAL, "<body xmlns='urn:else'/>", CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_NORMAL, RECEIPT, CARBON_COPY, CARBON_COPY },
	{ TERN_NORMAL, MARKER, CARBON_COPY, CARBON_COPY },
	{ TERN_NORMAL, TYPING, CARBON_COPY, CARBON_COPY },
	{ TERN_CHAT, BODY PRIVATE, CARBON_PRIVATE, CARBON_PRIVATE },
	{ TERN_CHAT, BODY NO_COPY, CARBON_PRIVATE, CARBON_PRIVATE },
	{ TERN_CHAT, BODY PRIVATE NO_COPY, CARBON_PRIVATE, CARBON_PRIVATE },
	{ TERN_NORMAL, RECEIPT PRIVATE, CARBON_PRIVATE, CARBON_PRIVATE },
	{ TERN_NORMAL, DIRECT PRIVATE, CARBON_PRIVATE, CARBON_PRIVATE },
	{ TERN_NORMAL, DIRECT, CARBON_COPY, CARBON_COPY },
	{ TERN_NORMAL, MEDIATED, CARBON_COPY, CARBON_COPY },
	{ TERN_NORMAL, DECLINE, CARBON_NO_TALK, CARBON_BY_ROOM },
	{ TERN_CHAT, BODY OCCUPANT, CARBON_COPY, CARBON_BY_ROOM },
	{ TERN_NORMAL, BODY OCCUPANT, CARBON_COPY, CARBON_BY_ROOM },
	{ TERN_GROUPCHAT, BODY, CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_GROUPCHAT, TYPING, CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_GROUPCHAT, MARKER, CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_HEADLINE, BODY, CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_HEADLINE, RECEIPT, CARBON_COPY, CARBON_COPY },
	{ TERN_ERROR, BODY, CARBON_NO_TALK, CARBON_NO_TALK },
	{ TERN_ERROR, RECEIPT, CARBON_NO_TALK, CARBON_NO_TALK },
};

static enum carbon_choice choice(const char *content, struct carbon_case facts)
{
	struct reading reading;
	enum carbon_choice result;
	char xml[512];

	snprintf(xml, sizeof xml, "<message>%s</message>", content);
	reading = read_xml(xml);
	facts.message = reading.element;
	result = carbon_choice(&facts);
	arena_destroy(reading.arena);
	return result;
}

Test(choice, follows_the_rules)
{
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		const char *content = choices[i].content;
		struct carbon_case facts = { .type = choices[i].type, .is_from_full = true };

		cr_expect_eq(choice(content, facts), choices[i].sent, "sent %s", content);
		facts.is_received = true;
		cr_expect_eq(choice(content, facts), choices[i].received, "received %s", content);
	}
}

Test(choice, takes_what_a_room_itself_says_for_talk)
{
	struct carbon_case facts = { .type = TERN_NORMAL, .is_received = true };

	cr_expect_eq(choice(MEDIATED, facts), CARBON_COPY);
	cr_expect_eq(choice(BODY OCCUPANT, facts), CARBON_COPY);
}

Test(choice, of_an_error_is_that_of_what_it_answers)
{
	struct carbon_case facts = { .type = TERN_ERROR, .answers_copied = true };

	cr_expect_eq(choice(BODY, facts), CARBON_COPY);
	cr_expect_eq(choice(BODY NO_COPY PRIVATE, facts), CARBON_COPY);
}

/* --- what has been copied -------------------------------------------------------------------- */

static struct arena *arena;
static struct copied copied;

static const struct jid *jid(const char *text)
{
	return jid_new(arena, text);
}

static void open_copied(void)
{
	arena = arena_create(4096);
}

static void close_copied(void)
{
	copied_finish(&copied);
	arena_destroy(arena);
}

TestSuite(copied, .init = open_copied, .fini = close_copied);

Test(copied, knows_a_message_by_its_accounts_and_id)
{
	cr_expect(!copied_has(&copied, jid("a@x"), jid("b@x"), "1"));
	copied_add(&copied, jid("a@x/1"), jid("b@x"), "1");
	cr_expect(copied_has(&copied, jid("a@x/1"), jid("b@x/2"), "1"));
	cr_expect(!copied_has(&copied, jid("b@x"), jid("a@x"), "1"));
	cr_expect(!copied_has(&copied, jid("a@x"), jid("b@x"), "2"));
	cr_expect(!copied_has(&copied, jid("a@x"), jid("b@y"), "1"));
}

Test(copied, forgets_the_oldest)
{
	char id[16];

	for (int i = 0; i <= COPIED_MOST; i++) {
		snprintf(id, sizeof id, "%d", i);
		copied_add(&copied, jid("a@x"), jid("b@x"), id);
	}
	cr_expect(!copied_has(&copied, jid("a@x"), jid("b@x"), "0"));
	cr_expect(copied_has(&copied, jid("a@x"), jid("b@x"), "1"));
	cr_expect(copied_has(&copied, jid("a@x"), jid("b@x"), id));
}

/* --- the module ------------------------------------------------------------------------------ */

/* Delivers to the resource, or to all that are available. */
static enum tern_verdict deliver(struct tern_event *event, const void *settings)
{
	const char *resource = jid_resource(event->stanza.to);
	struct tern_session *session = tern_session_first(event->entity);

	for (; session; session = tern_session_next(session))
		if (resource ? strcmp(jid_resource(tern_session_jid(session)), resource) == 0 :
		    tern_session_is_available(session))
			tern_deliver(event, session);
	return TERN_PASS;
}

static const struct tern_module delivery = {
	.name = "delivery",
	.hooks = (const struct tern_hook[]){ { TERN_IN_DELIVER, TERN_MESSAGES, 0, deliver }, { 0 } },
};

#define ENABLE "<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
#define DISABLE "<iq type='set' id='d'><disable xmlns='urn:xmpp:carbons:2'/></iq>"

static struct fake *fake;
static struct tern_session *garden, *home, *plain;

static void open(void)
{
	struct tern_entity *romeo;

	fake = fake_create((const struct tern_module *const[]){ &delivery, &tern_module, NULL }, NULL);
	romeo = fake_account(fake, "romeo@example.org");
	garden = fake_session(romeo, "garden");
	home = fake_session(romeo, "home");
	plain = fake_session(romeo, "plain");
	fake_send(garden, ENABLE);
	fake_send(home, ENABLE);
	fake_forget(fake);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(carbons, .init = open, .fini = close);

static void nobody_hears(void)
{
	HEARS(garden, NULL);
	HEARS(home, NULL);
	HEARS(plain, NULL);
}

#define FROM_JULIET(to, content) "<message from='juliet@example.com/balcony' id='1' to='" to \
	"' type='chat'>" content "</message>"
#define FORWARDED(direction, content) "<" direction " xmlns='urn:xmpp:carbons:2'>" \
	"<forwarded xmlns='urn:xmpp:forward:0'>" content "</forwarded></" direction ">"

Test(carbons, are_enabled_and_disabled_as_often_as_one_likes)
{
	for (int i = 0; i < 2; i++) {
		fake_send(plain, ENABLE);
		HEARS_PART(plain, "type='result'");
	}
	fake_arrive(fake, FROM_JULIET("romeo@example.org/home", BODY));
	HEARS_PART(plain, "<received ");
	for (int i = 0; i < 2; i++) {
		fake_send(plain, DISABLE);
		HEARS_PART(plain, "type='result'");
	}
	fake_arrive(fake, FROM_JULIET("romeo@example.org/home", BODY));
	HEARS(plain, NULL);
}

Test(carbons, stay_enabled_over_a_restart)
{
	fake_restart(fake);
	fake_arrive(fake, FROM_JULIET("romeo@example.org/garden", BODY));
	HEARS_PART(home, "<received ");
	HEARS(plain, NULL);
}

Test(carbons, are_not_for_others_to_enable)
{
	fake_arrive(fake, "<iq from='tybalt@example.com/x' id='e' to='romeo@example.org' type='set'>"
		"<enable xmlns='urn:xmpp:carbons:2'/></iq>");
	expect_part(fake_left(fake), "<not-allowed ");
	fake_arrive(fake, "<iq from='tybalt@example.com/x' id='d' to='romeo@example.org' type='set'>"
		"<disable xmlns='urn:xmpp:carbons:2'/></iq>");
	expect_part(fake_left(fake), "<not-allowed ");
}

Test(carbons, of_what_comes_go_to_devices_that_did_not_get_it)
{
	fake_arrive(fake, FROM_JULIET("romeo@example.org/garden", BODY));
	HEARS_PART(garden, "<body>b</body>");
	HEARS(home, "<message from='romeo@example.org' to='romeo@example.org/home' type='chat'>"
		FORWARDED("received", "<message xmlns='jabber:client' from='juliet@example.com/balcony'"
		" id='1' to='romeo@example.org/garden' type='chat'><body>b</body></message>")
		"</message>");
	nobody_hears();
}

Test(carbons, are_not_made_where_all_devices_got_it)
{
	fake_send(garden, "<presence/>");
	fake_send(home, "<presence/>");
	fake_arrive(fake, FROM_JULIET("romeo@example.org", BODY));
	HEARS(garden, FROM_JULIET("romeo@example.org", BODY));
	HEARS(home, FROM_JULIET("romeo@example.org", BODY));
	nobody_hears();
}

/* It gets what was missed as soon as it wants messages. */
Test(carbons, are_not_made_of_what_reaches_no_device)
{
	fake_arrive(fake, FROM_JULIET("romeo@example.org", BODY));
	nobody_hears();
}

Test(carbons, go_also_to_a_device_that_wants_no_messages_itself)
{
	fake_send(garden, "<presence/>");
	fake_arrive(fake, FROM_JULIET("romeo@example.org", BODY));
	HEARS(garden, FROM_JULIET("romeo@example.org", BODY));
	HEARS_PART(home, "<received ");
	nobody_hears();
}

Test(carbons, of_what_is_sent_go_to_the_other_devices)
{
	fake_send(plain, "<message to='juliet@example.com' type='chat' id='1'>" BODY "</message>");
	HEARS(garden, "<message from='romeo@example.org' to='romeo@example.org/garden' type='chat'>"
		FORWARDED("sent", "<message xmlns='jabber:client' from='romeo@example.org/plain' id='1'"
		" to='juliet@example.com' type='chat'><body>b</body></message>") "</message>");
	HEARS_PART(home, "to='romeo@example.org/home'");
	nobody_hears();
	expect_part(fake_left(fake), "<body>b</body>");
}

Test(carbons, are_not_for_the_device_that_sent)
{
	fake_send(garden, "<message to='juliet@example.com' type='chat'>" BODY "</message>");
	HEARS_PART(home, "<sent ");
	nobody_hears();
}

Test(carbons, keep_the_type_of_what_they_copy)
{
	fake_send(garden, "<message to='juliet@example.com'>" BODY "</message>");
	HEARS_PART(home, "<message from='romeo@example.org' to='romeo@example.org/home'><sent ");
}

Test(carbons, of_a_word_to_oneself_come_once)
{
	fake_send(garden, "<message to='romeo@example.org/plain' type='chat'>" BODY "</message>");
	HEARS_PART(plain, "<body>b</body>");
	HEARS_PART(home, "<received ");
	nobody_hears();
	fake_send(garden, "<presence/>");
	fake_send(garden, "<message type='chat'>" BODY "</message>");
	HEARS_PART(garden, "to='romeo@example.org' type='chat'><body>b</body>");
	HEARS_PART(home, "<received ");
	nobody_hears();
}

Test(carbons, leave_private_messages_alone_and_untouched)
{
	static const char xml[] = "<message from='juliet@example.com/balcony' id='1' "
		"to='romeo@example.org/plain' type='chat'>" BODY PRIVATE NO_COPY "</message>";

	fake_arrive(fake, xml);
	HEARS(plain, xml);
	nobody_hears();
	fake_send(garden, "<message to='juliet@example.com' type='chat'>" BODY PRIVATE "</message>");
	expect_part(fake_left(fake), PRIVATE);
	nobody_hears();
}

Test(carbons, are_made_of_the_error_that_answers_a_copied_message)
{
	fake_send(garden, "<message to='juliet@example.com/gone' type='chat' id='1'>" BODY "</message>");
	fake_forget(fake);
	fake_arrive(fake, "<message from='juliet@example.com/gone' id='1' "
		"to='romeo@example.org/garden' type='error'/>");
	HEARS_PART(garden, "type='error'");
	HEARS_PART(home, "<received ");
	nobody_hears();
}

Test(carbons, are_made_of_the_error_that_a_device_sends_back)
{
	fake_arrive(fake, FROM_JULIET("romeo@example.org/garden", BODY));
	fake_forget(fake);
	fake_send(garden, "<message to='juliet@example.com/balcony' type='error' id='1'/>");
	HEARS_PART(home, "<sent ");
	nobody_hears();
}

Test(carbons, are_not_made_of_other_errors)
{
	fake_arrive(fake, "<message from='juliet@example.com/x' id='1' "
		"to='romeo@example.org/garden' type='error'>" BODY "</message>");
	fake_arrive(fake, "<message from='juliet@example.com/x' "
		"to='romeo@example.org/garden' type='error'/>");
	HEARS_PART(garden, "type='error'");
	HEARS_PART(garden, "type='error'");
	nobody_hears();
}

Test(carbons, that_bounce_end_there)
{
	fake_arrive(fake, FROM_JULIET("romeo@example.org/garden", BODY));
	fake_forget(fake);
	fake_send(home, "<message to='romeo@example.org' type='error' id='1'/>");
	nobody_hears();
	LEAVES(NULL);
}

Test(carbons, of_forged_carbons_show_who_forged_them)
{
	fake_arrive(fake, FROM_JULIET("romeo@example.org/plain", FORWARDED("received",
		"<message xmlns='jabber:client' from='nurse@example.com/x' to='romeo@example.org'/>")));
	HEARS_PART(plain, "<message from='juliet@example.com/balcony'");
	HEARS_PART(garden, "<forwarded xmlns='urn:xmpp:forward:0'>"
		"<message xmlns='jabber:client' from='juliet@example.com/balcony'");
}
