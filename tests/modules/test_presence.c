/* Who learns that somebody is there (RFC 6121 4).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "directed.h"
#include "expect.h"

extern const struct tern_module tern_module;

/* --- a roster of fixed contacts ------------------------------------------------------------ */

static const struct { const char *jid; int state; } contacts[] = {
	{ "both@example.com", TERN_SUB_TO | TERN_SUB_FROM },
	{ "from@example.com", TERN_SUB_FROM },
	{ "none@example.com", 0 },
	{ "asks@example.com", TERN_SUB_PENDING_IN },
	{ "to@example.com", TERN_SUB_TO },
};
enum { CONTACTS = sizeof contacts / sizeof *contacts };

static int answer_subscription(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	for (int i = 0; i < CONTACTS; i++)
		if (strcmp(contacts[i].jid, jid_bare_text(about)) == 0)
			return contacts[i].state;
	return 0;
}

static size_t list_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid *const **ret_contacts, const void *settings)
{
	const struct jid **list = arena_alloc(arena, sizeof *list * CONTACTS);
	size_t count = 0;

	for (int i = 0; i < CONTACTS; i++)
		if (((unsigned)contacts[i].state & bits) == bits)
			list[count++] = jid_new(arena, contacts[i].jid);
	*ret_contacts = list;
	return count;
}

/* Nobody, until a test blocks somebody. */
static const char *blocked;

static int answer_blocked(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return blocked && (!about || strcmp(jid_bare_text(about), blocked) == 0);
}

static void block(struct tern_entity *entity, const char *whom)
{
	blocked = whom;
	tern_happen(entity, TERN_ON_BLOCKLIST_CHANGED, NULL);
}

static const struct tern_module fixed_roster = {
	.name = "roster",
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_SUBSCRIPTION, answer_subscription },
		{ TERN_ASK_BLOCKED, answer_blocked },
		{ 0 },
	},
	.contacts = list_contacts,
};

/* --- the stage ----------------------------------------------------------------------------- */

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *balcony;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &fixed_roster, &tern_module, NULL },
		options);
	blocked = NULL;
	juliet = fake_account(fake, "juliet@example.org");
	balcony = fake_session(juliet, "balcony");
}

static void open(void)
{
	open_with(NULL);
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(presence, .init = open, .fini = close);
TestSuite(directed, .init = open, .fini = close);
TestSuite(few_directed, .fini = close);
TestSuite(without_roster, .fini = close);
TestSuite(probes, .init = open, .fini = close);
TestSuite(inbound, .init = open, .fini = close);

static struct tern_session *available(const char *resource)
{
	struct tern_session *session = fake_session(juliet, resource);

	fake_send(session, "<presence/>");
	fake_forget(fake);
	return session;
}

#define J "juliet@example.org"
#define B J "/balcony"

Test(presence, goes_to_subscribers_and_asks_contacts_once_each)
{
	fake_send(balcony, "<presence><show>chat</show></presence>");
	LEAVES("<presence from='" B "' probes='yes' to='both@example.com'>"
		"<show>chat</show></presence>");
	LEAVES("<presence from='" B "' to='from@example.com'><show>chat</show></presence>");
	LEAVES("<presence from='" B "' to='to@example.com' type='probe'/>");
	LEAVES(NULL);
}

Test(presence, comes_back_to_its_sender)
{
	fake_send(balcony, "<presence id='1'/>");
	HEARS(balcony, "<presence from='" B "' id='1' to='" B "'/>");
	HEARS(balcony, NULL);
}

Test(presence, is_exchanged_among_the_users_resources)
{
	struct tern_session *cell = available("cell"), *mute = fake_session(juliet, "mute");

	fake_send(cell, "<presence><priority>-1</priority></presence>");
	fake_forget(fake);
	fake_send(balcony, "<presence/>");
	HEARS(balcony, "<presence from='" B "' to='" B "'/>");
	HEARS(balcony, "<presence from='" J "/cell' to='" B "'><priority>-1</priority></presence>");
	HEARS(balcony, NULL);
	HEARS(cell, "<presence from='" B "' to='" J "/cell'/>");
	HEARS(cell, NULL);
	HEARS(mute, NULL);
}

Test(presence, of_later_goes_to_subscribers_and_asks_nobody)
{
	fake_send(balcony, "<presence/>");
	fake_forget(fake);
	fake_send(balcony, "<presence><show>xa</show></presence>");
	HEARS(balcony, "<presence from='" B "' to='" B "'><show>xa</show></presence>");
	LEAVES("<presence from='" B "' to='both@example.com'><show>xa</show></presence>");
	LEAVES("<presence from='" B "' to='from@example.com'><show>xa</show></presence>");
	LEAVES(NULL);
}

Test(presence, ends_in_the_clients_words)
{
	struct tern_session *cell = available("cell");

	fake_send(balcony, "<presence/>");
	fake_forget(fake);
	fake_send(balcony, "<presence type='unavailable'><status>Bye</status></presence>");
	HEARS(cell, "<presence from='" B "' to='" J "/cell' type='unavailable'>"
		"<status>Bye</status></presence>");
	LEAVES("<presence from='" B "' to='both@example.com' type='unavailable'>"
		"<status>Bye</status></presence>");
	LEAVES("<presence from='" B "' to='from@example.com' type='unavailable'>"
		"<status>Bye</status></presence>");
	LEAVES(NULL);
	fake_end(balcony);
	LEAVES(NULL);
	HEARS(cell, NULL);
}

Test(presence, ends_for_a_client_that_is_gone_without_a_word)
{
	struct tern_session *cell = available("cell");

	fake_send(balcony, "<presence/>");
	fake_forget(fake);
	fake_end(balcony);
	HEARS(cell, "<presence from='" B "' to='" J "/cell' type='unavailable'/>");
	HEARS(cell, NULL);
	LEAVES("<presence from='" B "' to='both@example.com' type='unavailable'/>");
	LEAVES("<presence from='" B "' to='from@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(presence, of_a_session_that_was_never_available_does_not_end)
{
	fake_end(balcony);
	LEAVES(NULL);
}

/* --- directed (4.6) ------------------------------------------------------------------------ */

Test(directed, presence_reaches_its_addressee_and_ends_for_it)
{
	fake_send(balcony, "<presence/>");
	fake_forget(fake);
	fake_send(balcony, "<presence to='none@example.com/x'/>");
	fake_send(balcony, "<presence to='none@example.com/x'><show>away</show></presence>");
	LEAVES("<presence from='" B "' to='none@example.com/x'/>");
	LEAVES("<presence from='" B "' to='none@example.com/x'><show>away</show></presence>");
	fake_end(balcony);
	LEAVES("<presence from='" B "' to='both@example.com' type='unavailable'/>");
	LEAVES("<presence from='" B "' to='from@example.com' type='unavailable'/>");
	LEAVES("<presence from='" B "' to='none@example.com/x' type='unavailable'/>");
	LEAVES(NULL);
}

/* Sent by a module outside of any stanza: what has been queued goes with the next one. */
static void let_go(void)
{
	fake_send(balcony, "<iq type='get' id='i'><q xmlns='x'/></iq>");
	HEARS_PART(balcony, "service-unavailable");
}

Test(directed, presence_ends_for_whoever_is_blocked)
{
	fake_send(balcony, "<presence to='nurse@example.com/x'/>");
	fake_forget(fake);
	block(juliet, "nurse@example.com");
	let_go();
	LEAVES("<presence from='juliet@example.org/balcony' to='nurse@example.com/x' "
		"type='unavailable'/>");
	fake_end(balcony);
	LEAVES(NULL);
}

Test(presence, of_a_session_is_not_for_whoever_is_blocked)
{
	blocked = "both@example.com";
	fake_send(balcony, "<presence/>");
	LEAVES("<presence from='juliet@example.org/balcony' to='from@example.com'/>");
	LEAVES("<presence from='juliet@example.org/balcony' to='to@example.com' type='probe'/>");
	LEAVES(NULL);
	fake_forget(fake);
	fake_send(balcony, "<presence type='unavailable'/>");
	LEAVES("<presence from='juliet@example.org/balcony' to='from@example.com' "
		"type='unavailable'/>");
	LEAVES(NULL);
}

Test(directed, presence_ends_after_a_restart_too)
{
	fake_send(balcony, "<presence to='none@example.com/x'/>");
	fake_send(balcony, "<presence to='other@example.com'/>");
	fake_forget(fake);
	fake_restart(fake);
	LEAVES(NULL);
	fake_end(balcony);
	LEAVES("<presence from='" B "' to='none@example.com/x' type='unavailable'/>");
	LEAVES("<presence from='" B "' to='other@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(directed, presence_that_was_saved_wrongly_is_left)
{
	struct directed found = { 0 };
	static const char bytes[] = "@\0" "\0" "a@example.com\0" "b@example.com";

	directed_restore(&found, bytes, sizeof bytes - 1);
	cr_assert_eq(found.count, 1);
	directed_finish(&found);
}

Test(directed, presence_of_a_session_that_is_not_available_ends_too)
{
	fake_send(balcony, "<presence to='both@example.com'/>");
	fake_send(balcony, "<presence to='none@example.com'/>");
	fake_forget(fake);
	fake_end(balcony);
	LEAVES("<presence from='" B "' to='both@example.com' type='unavailable'/>");
	LEAVES("<presence from='" B "' to='none@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(directed, presence_to_a_subscriber_ends_once)
{
	fake_send(balcony, "<presence to='from@example.com'/>");
	fake_send(balcony, "<presence/>");
	fake_forget(fake);
	fake_send(balcony, "<presence type='unavailable'/>");
	LEAVES("<presence from='" B "' to='both@example.com' type='unavailable'/>");
	LEAVES("<presence from='" B "' to='from@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(directed, goodbye_is_the_last_word)
{
	fake_send(balcony, "<presence to='none@example.com'/>");
	fake_send(balcony, "<presence to='none@example.com' type='unavailable'/>");
	fake_forget(fake);
	fake_end(balcony);
	LEAVES(NULL);
}

Test(directed, presence_that_is_refused_needs_no_goodbye)
{
	fake_send(balcony, "<presence to='none@example.com'/>");
	fake_forget(fake);
	fake_arrive(fake, "<presence from='none@example.com' to='" B "' type='error'/>");
	HEARS(balcony, "<presence from='none@example.com' to='" B "' type='error'/>");
	fake_end(balcony);
	LEAVES(NULL);
}

Test(few_directed, presence_beyond_the_limit_is_refused)
{
	open_with((const struct fake_option[]){ { "directed", "2" }, { 0 } });
	fake_send(balcony, "<presence to='a@example.com'/>");
	fake_send(balcony, "<presence to='b@example.com'/>");
	fake_send(balcony, "<presence to='b@example.com'/>");
	HEARS(balcony, NULL);
	fake_send(balcony, "<presence to='c@example.com'/>");
	HEARS_PART(balcony, "<resource-constraint ");
	fake_send(balcony, "<presence to='a@example.com' type='unavailable'/>");
	fake_send(balcony, "<presence to='c@example.com'/>");
	HEARS(balcony, NULL);
}

Test(directed, presence_does_not_make_a_session_available)
{
	fake_send(balcony, "<presence to='none@example.com'/>");
	cr_assert_not(tern_session_is_available(balcony));
}

/* --- probes (4.3.2) ------------------------------------------------------------------------ */

#define PROBE(from) "<presence from='" from "' to='" J "' type='probe'/>"

Test(probes, of_subscribers_are_answered_by_each_available_resource)
{
	struct tern_session *cell = available("cell");

	fake_send(balcony, "<presence><show>dnd</show></presence>");
	fake_forget(fake);
	fake_arrive(fake, PROBE("from@example.com/x"));
	LEAVES("<presence from='" J "/balcony' to='from@example.com/x'><show>dnd</show></presence>");
	LEAVES("<presence from='" J "/cell' to='from@example.com/x'/>");
	LEAVES(NULL);
	HEARS(balcony, NULL);
	HEARS(cell, NULL);
}

Test(probes, of_subscribers_learn_that_nobody_is_there)
{
	fake_arrive(fake, PROBE("both@example.com"));
	LEAVES("<presence from='" J "' to='both@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(probes, of_a_full_address_are_about_that_resource)
{
	available("cell");
	fake_arrive(fake, "<presence from='from@example.com' to='" J "/cell' type='probe'/>");
	LEAVES("<presence from='" J "/cell' to='from@example.com'/>");
	fake_arrive(fake, "<presence from='from@example.com' to='" B "' type='probe'/>");
	LEAVES("<presence from='" B "' to='from@example.com' type='unavailable'/>");
	fake_arrive(fake, "<presence from='from@example.com' to='" J "/tomb' type='probe'/>");
	LEAVES("<presence from='" J "/tomb' to='from@example.com' type='unavailable'/>");
	LEAVES(NULL);
}

Test(probes, of_others_are_told_that_they_are_not_subscribed)
{
	static const char *const others[] = { "none", "to", "stranger" };
	char xml[256];

	available("cell");
	for (int i = 0; i < 3; i++) {
		snprintf(xml, sizeof xml,
			"<presence from='%s@example.com/x' to='" J "' type='probe'/>", others[i]);
		fake_arrive(fake, xml);
		snprintf(xml, sizeof xml,
			"<presence from='" J "' to='%s@example.com' type='unsubscribed'/>", others[i]);
		LEAVES(xml);
		LEAVES(NULL);
	}
}

Test(probes, do_not_take_back_a_request_that_waits)
{
	available("cell");
	fake_arrive(fake, PROBE("asks@example.com"));
	LEAVES(NULL);
}

/* The roster's module has been unloaded: the subscription stands all the same. */
Test(without_roster, probes_find_no_strangers)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, NULL);
	juliet = fake_account(fake, "juliet@example.org");
	balcony = fake_session(juliet, "balcony");
	available("cell");
	fake_arrive(fake, PROBE("from@example.com"));
	LEAVES(NULL);
}

Test(probes, within_a_broadcast_are_answered_and_delivered)
{
	struct tern_session *cell = available("cell");

	fake_arrive_probing(fake, "<presence from='both@example.com/x' to='" J "'/>");
	HEARS(cell, "<presence from='both@example.com/x' to='" J "'/>");
	LEAVES("<presence from='" J "/cell' to='both@example.com/x'/>");
	LEAVES(NULL);
}

Test(probes, within_a_broadcast_hear_nothing_of_an_absent_user)
{
	fake_arrive_probing(fake, "<presence from='both@example.com/x' to='" J "'/>");
	LEAVES(NULL);
}

/* --- presence of others (8.5) -------------------------------------------------------------- */

Test(inbound, presence_reaches_available_resources_of_any_priority)
{
	struct tern_session *cell = available("cell");

	fake_send(cell, "<presence><priority>-128</priority></presence>");
	fake_forget(fake);
	fake_arrive(fake, "<presence from='stranger@example.com/x' to='" J "'/>");
	fake_arrive(fake, "<presence from='stranger@example.com/x' to='" J "' type='unavailable'/>");
	HEARS(cell, "<presence from='stranger@example.com/x' to='" J "'/>");
	HEARS(cell, "<presence from='stranger@example.com/x' to='" J "' type='unavailable'/>");
	HEARS(balcony, NULL);
}

Test(inbound, presence_to_a_full_address_reaches_that_resource_available_or_not)
{
	struct tern_session *cell = available("cell");

	fake_arrive(fake, "<presence from='a@example.com/x' to='" B "'/>");
	HEARS(balcony, "<presence from='a@example.com/x' to='" B "'/>");
	HEARS(cell, NULL);
}

Test(inbound, presence_without_a_resource_to_hear_it_is_forgotten)
{
	struct tern_session *cell = available("cell");

	fake_arrive(fake, "<presence from='a@example.com/x' to='" J "/tomb'/>");
	fake_arrive(fake, "<presence from='a@example.com/x' to='" J "/tomb' type='unavailable'/>");
	fake_arrive(fake, "<presence from='a@example.com/x' to='" J "/tomb' type='error'/>");
	fake_arrive(fake, "<presence from='a@example.com/x' to='" J "' type='error'/>");
	HEARS(cell, NULL);
	LEAVES(NULL);
}
