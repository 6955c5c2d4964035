/* How subscriptions come to be and end, between users of one host and with others (RFC 6121 3).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_entity *juliet, *romeo;
static struct tern_session *balcony, *orchard;

static struct tern_session *log_in(struct tern_entity *entity, const char *resource)
{
	struct tern_session *session = fake_session(entity, resource);

	fake_send(session, "<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
	fake_send(session, "<presence/>");
	fake_forget(fake);
	return session;
}

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, options);
	juliet = fake_account(fake, "juliet@example.org");
	romeo = fake_account(fake, "romeo@example.org");
	balcony = log_in(juliet, "balcony");
	orchard = log_in(romeo, "orchard");
}

static void open(void)
{
	open_with(NULL);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(subscriber, .init = open, .fini = close);
TestSuite(requests, .init = open, .fini = close);
TestSuite(few_requests, .fini = close);
TestSuite(refusals, .init = open, .fini = close);
TestSuite(small_roster, .fini = close);

static unsigned state(struct tern_entity *entity, const char *contact)
{
	return (unsigned)fake_ask(entity, TERN_ASK_SUBSCRIPTION, contact);
}

#define J "juliet@example.org"
#define R "romeo@example.org"
#define PUSH_PART(session, part) HEARS_PART(session, part)

/* Romeo sees Juliet. */
static void subscribe(void)
{
	fake_send(orchard, "<presence to='" J "' type='subscribe'/>");
	fake_send(balcony, "<presence to='" R "' type='subscribed'/>");
	fake_forget(fake);
}

Test(subscriber, asks_from_the_bare_address_and_notes_it)
{
	fake_send(orchard, "<presence to='" J "/balcony' type='subscribe' id='1'>"
		"<status>Hi</status></presence>");
	PUSH_PART(orchard, "<item ask='subscribe' jid='" J "' subscription='none'/>");
	HEARS(orchard, NULL);
	HEARS(balcony, "<presence from='" R "' id='1' to='" J "' type='subscribe'>"
		"<status>Hi</status></presence>");
	HEARS(balcony, NULL);
	cr_expect_eq(state(romeo, J), TERN_SUB_PENDING_OUT);
	cr_expect_eq(state(juliet, R), TERN_SUB_PENDING_IN);
}

Test(subscriber, keeps_requests_out_of_the_addressees_roster)
{
	fake_send(orchard, "<presence to='" J "' type='subscribe'/>");
	fake_forget(fake);
	fake_send(balcony, "<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
	HEARS(balcony, "<iq id='g' to='" J "/balcony' type='result'>"
		"<query xmlns='jabber:iq:roster' ver='0'/></iq>");
}

Test(subscriber, tells_both_of_an_approval_and_shows_presence)
{
	fake_send(orchard, "<presence to='" J "' type='subscribe'/>");
	fake_forget(fake);
	fake_send(balcony, "<presence to='" R "' type='subscribed'/>");
	PUSH_PART(balcony, "<item jid='" R "' subscription='from'/>");
	HEARS(balcony, NULL);
	HEARS(orchard, "<presence from='" J "' to='" R "' type='subscribed'/>");
	PUSH_PART(orchard, "<item jid='" J "' subscription='to'/>");
	HEARS(orchard, NULL);
	cr_expect_eq(state(romeo, J), TERN_SUB_TO);
	cr_expect_eq(state(juliet, R), TERN_SUB_FROM);
}

Test(subscriber, shows_the_presence_of_each_available_resource_to_a_contact_elsewhere)
{
	fake_session(juliet, "silent");
	fake_arrive(fake, "<presence from='nurse@example.com/x' to='" J "' type='subscribe'/>");
	fake_send(balcony, "<presence><show>away</show></presence>");
	fake_send(balcony, "<presence to='nurse@example.com' type='subscribed'/>");
	LEAVES("<presence from='" J "' surely='yes' to='nurse@example.com' type='subscribed'/>");
	LEAVES("<presence from='" J "/balcony' to='nurse@example.com'><show>away</show></presence>");
	LEAVES(NULL);
}

Test(subscriber, hears_of_a_denial_once)
{
	fake_send(orchard, "<presence to='" J "' type='subscribe'/>");
	fake_forget(fake);
	fake_send(balcony, "<presence to='" R "' type='unsubscribed'/>");
	fake_send(balcony, "<presence to='" R "' type='unsubscribed'/>");
	HEARS(balcony, NULL);
	HEARS(orchard, "<presence from='" J "' to='" R "' type='unsubscribed'/>");
	PUSH_PART(orchard, "<item jid='" J "' subscription='none'/>");
	HEARS(orchard, NULL);
	cr_expect_eq(state(juliet, R), 0);
	cr_expect_eq(fake_stored(juliet, "roster"), 0);
	cr_expect_eq(fake_stored(juliet, "roster/requests"), 0);
}

Test(subscriber, hears_of_a_cancellation_and_sees_the_contact_go)
{
	fake_arrive(fake, "<presence from='nurse@example.com' to='" J "' type='subscribe'/>");
	fake_send(balcony, "<presence to='nurse@example.com' type='subscribed'/>");
	fake_forget(fake);
	fake_send(balcony, "<presence to='nurse@example.com' type='unsubscribed'/>");
	PUSH_PART(balcony, "<item jid='nurse@example.com' subscription='none'/>");
	LEAVES("<presence from='" J "' surely='yes' to='nurse@example.com' type='unsubscribed'/>");
	LEAVES("<presence from='" J "/balcony' to='nurse@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(subscriber, gives_up_and_is_hidden_from)
{
	subscribe();
	fake_send(orchard, "<presence to='" J "' type='unsubscribe'/>");
	PUSH_PART(orchard, "<item jid='" J "' subscription='none'/>");
	HEARS(balcony, "<presence from='" R "' to='" J "' type='unsubscribe'/>");
	PUSH_PART(balcony, "<item jid='" R "' subscription='none'/>");
	HEARS(balcony, NULL);
	cr_expect_eq(state(romeo, J), 0);
	cr_expect_eq(state(juliet, R), 0);
}

Test(subscriber, that_has_lost_step_is_answered_without_the_user)
{
	subscribe();
	fake_arrive(fake, "<presence from='" R "' to='" J "' type='subscribe'/>");
	HEARS(balcony, NULL);
	fake_arrive(fake, "<presence from='nurse@example.com' to='" J "' type='subscribe'/>");
	fake_send(balcony, "<presence to='nurse@example.com' type='subscribed'/>");
	fake_forget(fake);
	fake_arrive(fake, "<presence from='nurse@example.com' to='" J "' type='subscribe'/>");
	LEAVES("<presence from='" J "' surely='yes' to='nurse@example.com' type='subscribed'/>");
	LEAVES(NULL);
	HEARS(balcony, NULL);
}

Test(subscriber, may_be_approved_before_it_asks)
{
	fake_send(balcony, "<presence to='" R "' type='subscribed'/>");
	PUSH_PART(balcony, "<item approved='true' jid='" R "' subscription='none'/>");
	HEARS(orchard, NULL);
	fake_send(orchard, "<presence to='" J "' type='subscribe'/>");
	PUSH_PART(balcony, "<item approved='true' jid='" R "' subscription='from'/>");
	HEARS(balcony, NULL);
	PUSH_PART(orchard, "ask='subscribe'");
	HEARS(orchard, "<presence from='" J "' to='" R "' type='subscribed'/>");
	PUSH_PART(orchard, "<item jid='" J "' subscription='to'/>");
}

Test(subscriber, cannot_be_the_user)
{
	fake_send(balcony, "<presence to='" J "' type='subscribe'/>");
	fake_arrive(fake, "<presence from='" J "/x' to='" J "' type='subscribe'/>");
	HEARS(balcony, NULL);
	LEAVES(NULL);
	cr_expect_eq(fake_stored(juliet, "roster"), 0);
}

Test(subscriber, loses_both_directions_when_it_is_removed)
{
	subscribe();
	fake_send(balcony, "<presence to='" R "' type='subscribe'/>");
	fake_send(orchard, "<presence to='" J "' type='subscribed'/>");
	fake_forget(fake);
	fake_send(balcony, "<iq type='set' id='s'><query xmlns='jabber:iq:roster'>"
		"<item jid='" R "' subscription='remove'/></query></iq>");
	PUSH_PART(balcony, "<item jid='" R "' subscription='remove'/>");
	PUSH_PART(balcony, "type='result'");
	HEARS(balcony, NULL);
	HEARS(orchard, "<presence from='" J "' to='" R "' type='unsubscribe'/>");
	PUSH_PART(orchard, "subscription='to'");
	HEARS(orchard, "<presence from='" J "' to='" R "' type='unsubscribed'/>");
	PUSH_PART(orchard, "subscription='none'");
	cr_expect_eq(state(romeo, J), 0);
	cr_expect_eq(state(juliet, R), 0);
}

static void remove_in(const char *first, const char *second)
{
	fake_send(balcony, first);
	if (second)
		fake_arrive(fake, second);
	fake_send(balcony, "<iq type='set' id='s'><query xmlns='jabber:iq:roster'>"
		"<item jid='nurse@example.com'/></query></iq>");
	while (fake_left(fake))
		;
	fake_send(balcony, "<iq type='set' id='s'><query xmlns='jabber:iq:roster'>"
		"<item jid='nurse@example.com' subscription='remove'/></query></iq>");
}

#define SAYS(type) "<presence from='" J "' surely='yes' to='nurse@example.com' type='" type "'/>"
#define ASK "<presence to='nurse@example.com' type='subscribe'/>"

Test(subscriber, hears_of_its_removal_what_there_is_to_end)
{
	remove_in(ASK, NULL);
	LEAVES(SAYS("unsubscribe"));
	LEAVES(NULL);
	remove_in(ASK, "<presence from='nurse@example.com' to='" J "' type='subscribed'/>");
	LEAVES(SAYS("unsubscribe"));
	LEAVES(NULL);
	remove_in("<presence to='nurse@example.com' type='subscribed'/>",
		"<presence from='nurse@example.com' to='" J "' type='subscribe'/>");
	LEAVES(SAYS("unsubscribed"));
	LEAVES("<presence from='" J "/balcony' to='nurse@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(subscriber, who_asked_is_denied_by_removal)
{
	fake_arrive(fake, "<presence from='nurse@example.com' to='" J "' type='subscribe'/>");
	remove_in("<presence/>", NULL);
	LEAVES(SAYS("unsubscribed"));
	LEAVES(NULL);
	cr_expect_eq(fake_stored(juliet, "roster/requests"), 0);
}

Test(subscriber, hears_of_the_end_of_an_account)
{
	subscribe();
	fake_arrive(fake, "<presence from='nurse@example.com' to='" J "' type='subscribe'/>");
	fake_send(balcony, ASK);
	fake_end(balcony);
	fake_forget(fake);
	fake_delete(juliet);
	HEARS(orchard, "<presence from='" J "' to='" R "' type='unsubscribed'/>");
	PUSH_PART(orchard, "<item jid='" J "' subscription='none'/>");
	LEAVES(SAYS("unsubscribe"));
	LEAVES(SAYS("unsubscribed"));
	LEAVES(NULL);
}

Test(subscriber, is_one_of_the_contacts_whom_others_ask_for)
{
	struct arena *arena = arena_create(1024);
	const struct jid *const *contacts;

	subscribe();
	cr_assert_eq(tern_contacts(juliet, TERN_SUB_FROM, arena, &contacts), 1);
	cr_assert_str_eq(jid_text(contacts[0]), R);
	cr_assert_eq(tern_contacts(juliet, TERN_SUB_FROM | TERN_SUB_TO, arena, &contacts), 0);
	cr_assert_eq(tern_contacts(juliet, TERN_SUB_TO, arena, &contacts), 0);
	arena_destroy(arena);
}

/* --- requests that wait (3.1.3) ------------------------------------------------------------ */

static void reopen_juliet(void)
{
	fake_end(balcony);
	cr_assert_eq(fake_reopen(juliet), 0);
	balcony = fake_session(juliet, "balcony");
}

#define REQUEST "<presence from='nurse@example.com' to='" J "' type='subscribe'>" \
	"<status>Let me in</status>" \
	"<nick xmlns='http://jabber.org/protocol/nick'>Angelica</nick></presence>"

Test(requests, are_shown_at_each_login_until_answered)
{
	fake_end(balcony);
	fake_arrive(fake, REQUEST);
	balcony = fake_session(juliet, "balcony");
	HEARS(balcony, NULL);
	fake_send(balcony, "<presence/>");
	HEARS(balcony, REQUEST);
	reopen_juliet();
	fake_send(balcony, "<presence/>");
	HEARS(balcony, REQUEST);
	fake_send(balcony, "<presence to='nurse@example.com' type='subscribed'/>");
	reopen_juliet();
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_expect_eq(fake_stored(juliet, "roster/requests"), 0);
}

Test(requests, are_forgotten_when_they_are_taken_back)
{
	fake_arrive(fake, REQUEST);
	fake_arrive(fake, "<presence from='nurse@example.com' to='" J "' type='unsubscribe'/>");
	fake_forget(fake);
	reopen_juliet();
	fake_send(balcony, "<presence/>");
	HEARS(balcony, NULL);
	cr_expect_eq(fake_stored(juliet, "roster"), 0);
}

Test(requests, that_come_twice_are_shown_once)
{
	fake_arrive(fake, REQUEST);
	fake_arrive(fake, REQUEST);
	HEARS(balcony, REQUEST);
	HEARS(balcony, NULL);
	cr_expect_eq(fake_stored(juliet, "roster/requests"), 1);
}

Test(requests, are_shown_in_the_order_in_which_they_came)
{
	fake_end(balcony);
	fake_arrive(fake, "<presence from='zoe@example.com' to='" J "' type='subscribe'/>");
	fake_arrive(fake, "<presence from='abe@example.com' to='" J "' type='subscribe'/>");
	cr_assert_eq(fake_reopen(juliet), 0);
	balcony = fake_session(juliet, "balcony");
	fake_send(balcony, "<presence/>");
	HEARS_PART(balcony, "zoe@example.com");
	HEARS_PART(balcony, "abe@example.com");
}

Test(requests, are_kept_without_what_makes_them_too_long)
{
	static char xml[16384], filler[8000];

	memset(filler, 'x', sizeof filler - 1);
	snprintf(xml, sizeof xml, "<presence from='nurse@example.com/phone' to='" J "' "
		"type='subscribe'><status>Hi</status><x xmlns='urn:x'>%s</x></presence>", filler);
	fake_arrive(fake, xml);
	fake_forget(fake);
	reopen_juliet();
	fake_send(balcony, "<presence/>");
	HEARS(balcony, "<presence from='nurse@example.com' to='" J "' type='subscribe'>"
		"<status>Hi</status></presence>");
}

Test(few_requests, beyond_the_limit_are_refused)
{
	open_with((const struct fake_option[]){ { "requests", "1" }, { 0 } });
	fake_arrive(fake, "<presence from='a@example.com' to='" J "' type='subscribe'/>");
	LEAVES(NULL);
	fake_arrive(fake, "<presence from='b@example.com' to='" J "' type='subscribe'/>");
	expect_part(fake_left(fake), "<error type='wait'><resource-constraint ");
	cr_expect_eq(state(juliet, "b@example.com"), 0);
	fake_send(balcony, "<presence to='a@example.com' type='unsubscribed'/>");
	fake_arrive(fake, "<presence from='b@example.com' to='" J "' type='subscribe'/>");
	cr_expect_eq(state(juliet, "b@example.com"), TERN_SUB_PENDING_IN);
}

/* --- what cannot be done ------------------------------------------------------------------- */

Test(refusals, of_a_subscription_to_nobody)
{
	fake_send(balcony, "<presence type='subscribe'/>");
	HEARS_PART(balcony, "<bad-request ");
}

Test(small_roster, of_the_contact_that_the_roster_has_no_room_for)
{
	open_with((const struct fake_option[]){ { "limit", "1" }, { 0 } });
	fake_send(balcony, "<presence to='a@example.com' type='subscribe'/>");
	fake_forget(fake);
	fake_send(balcony, "<presence to='b@example.com' type='subscribe'/>");
	HEARS_PART(balcony, "<policy-violation ");
	LEAVES(NULL);
	fake_send(balcony, "<presence to='a@example.com' type='unsubscribe'/>");
	HEARS_PART(balcony, "<item jid='a@example.com' subscription='none'/>");
}

Test(refusals, of_a_full_disk_change_nothing)
{
	fake_fill_disk(fake, 0);
	fake_send(balcony, "<presence to='a@example.com' type='subscribe'/>");
	HEARS_PART(balcony, "<resource-constraint ");
	LEAVES(NULL);
	cr_expect_eq(state(juliet, "a@example.com"), 0);
	fake_arrive(fake, REQUEST);
	expect_part(fake_left(fake), "<resource-constraint ");
	HEARS(balcony, NULL);
	cr_expect_eq(state(juliet, "nurse@example.com"), 0);
}

Test(refusals, of_a_requests_text_take_back_the_request)
{
	fake_fill_disk(fake, 1);
	fake_arrive(fake, REQUEST);
	expect_part(fake_left(fake), "<resource-constraint ");
	cr_expect_eq(state(juliet, "nurse@example.com"), 0);
	fake_fill_disk(fake, -1);
	fake_arrive(fake, REQUEST);
	HEARS(balcony, REQUEST);
}

Test(refusals, of_the_intent_alone_still_let_the_stanza_go)
{
	fake_send(balcony, "<iq type='set' id='s'><query xmlns='jabber:iq:roster'>"
		"<item jid='a@example.com'/></query></iq>");
	fake_fill_disk(fake, 1);
	fake_send(balcony, "<presence to='a@example.com' type='subscribe'/>");
	LEAVES("<presence from='" J "' to='a@example.com' type='subscribe'/>");
}

Test(refusals, leave_damaged_records_alone)
{
	uint32_t key = __builtin_bswap32(7);

	fake_end(balcony);
	tern_put(juliet, 0, &key, sizeof key, "rubbish", 7);
	cr_assert_lt(fake_reopen(juliet), 0);
	tern_put(juliet, 0, &key, 3, "", 0);
	cr_assert_lt(fake_reopen(juliet), 0);
}
