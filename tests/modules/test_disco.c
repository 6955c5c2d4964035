/* What can be found out, and by whom (XEP-0030).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "expect.h"

extern const struct tern_module tern_module;

static int answer_subscription(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return strcmp(jid_local(about), "friend") == 0 ? TERN_SUB_FROM :
		strcmp(jid_local(about), "idol") == 0 ? TERN_SUB_TO : 0;
}

static enum tern_verdict tell_node(struct tern_event *event, const char *node, struct element *query,
	const void *settings)
{
	if (strcmp(node, "known") != 0 && strcmp(node, "secret") != 0)
		return TERN_PASS;
	if (strcmp(node, "secret") == 0)
		return tern_reject(event, TERN_FORBIDDEN, NULL);
	element_add(query, "urn:told", event->entity ? "account" : "host");
	return TERN_DONE;
}

static const struct tern_module others = {
	.name = "others",
	.node_info = tell_node,
	.node_items = tell_node,
	.features = (const char *const[]){ "urn:host", NULL },
	.account_features = (const char *const[]){ "urn:account", NULL },
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_SUBSCRIPTION, answer_subscription }, { 0 } },
};

static struct fake *fake;
static struct tern_session *balcony;

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, &others, NULL }, NULL);
	balcony = fake_session(fake_account(fake, "juliet@example.org"), "balcony");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(disco, .init = open, .fini = close);

#define INFO "http://jabber.org/protocol/disco#info"
#define ITEMS "http://jabber.org/protocol/disco#items"

static const char *ask(const char *to, const char *ns, const char *node)
{
	char xml[512];

	snprintf(xml, sizeof xml, "<iq type='get' id='1' %s><query xmlns='%s' %s/></iq>", to, ns, node);
	fake_send(balcony, xml);
	return fake_heard(balcony);
}

static const char *ask_as(const char *from, const char *ns, const char *node)
{
	char xml[512];

	snprintf(xml, sizeof xml, "<iq type='get' id='1' from='%s@example.com/x' "
		"to='juliet@example.org'><query xmlns='%s' %s/></iq>", from, ns, node);
	fake_arrive(fake, xml);
	return fake_left(fake);
}

Test(disco, tells_what_the_host_is_and_all_that_its_modules_can_do)
{
	expect_part(ask("to='example.org'", INFO, ""), "<query xmlns='" INFO "'>"
		"<identity category='server' name='Fake' type='im'/>"
		"<feature var='" INFO "'/><feature var='" ITEMS "'/><feature var='urn:host'/></query>");
}

Test(disco, tells_what_an_account_is_to_its_owner_and_to_subscribers)
{
	const char *account = "<query xmlns='" INFO "'><identity category='account' type='registered'/>"
		"<feature var='" INFO "'/><feature var='" ITEMS "'/><feature var='urn:account'/></query>";

	expect_part(ask("", INFO, ""), account);
	expect_part(ask("to='juliet@example.org'", INFO, ""), account);
	expect_part(ask_as("friend", INFO, ""), account);
}

Test(disco, tells_others_nothing_of_an_account)
{
	static const char *const strangers[] = { "stranger", "idol" };

	for (int i = 0; i < 2; i++) {
		expect_part(ask_as(strangers[i], INFO, ""), "<service-unavailable ");
		expect_part(ask_as(strangers[i], INFO, "node='x'"), "<service-unavailable ");
		expect_part(ask_as(strangers[i], ITEMS, ""), "<service-unavailable ");
	}
}

Test(disco, knows_no_items_of_the_host)
{
	expect_part(ask("to='example.org'", ITEMS, ""), "type='result'><query xmlns='" ITEMS "'/>");
}

Test(disco, lists_available_resources_to_those_who_see_them_anyhow)
{
	expect_part(ask_as("friend", ITEMS, ""), "<query xmlns='" ITEMS "'/>");
	fake_send(balcony, "<presence/>");
	expect_part(ask_as("friend", ITEMS, ""), "<query xmlns='" ITEMS "'>"
		"<item jid='juliet@example.org/balcony'/></query>");
}

Test(disco, leaves_nodes_to_the_modules_that_know_them)
{
	expect_part(ask("to='example.org'", INFO, "node='known'"),
		"<query xmlns='" INFO "' node='known'><host xmlns='urn:told'/></query>");
	expect_part(ask("to='example.org'", ITEMS, "node='known'"),
		"<query xmlns='" ITEMS "' node='known'><host xmlns='urn:told'/></query>");
	expect_part(ask("", INFO, "node='known'"),
		"<query xmlns='" INFO "' node='known'><account xmlns='urn:told'/></query>");
	expect_part(ask_as("friend", ITEMS, "node='known'"),
		"<query xmlns='" ITEMS "' node='known'><account xmlns='urn:told'/></query>");
	expect_part(ask_as("stranger", ITEMS, "node='known'"), "<service-unavailable ");
}

Test(disco, is_not_for_everybody_where_a_module_says_so)
{
	fake_send(balcony, "<iq type='get' id='1' to='example.org'><query "
		"xmlns='http://jabber.org/protocol/disco#info' node='secret'/></iq>");
	HEARS_PART(balcony, "<forbidden");
}

Test(disco_with_contacts, names_them_in_a_form_of_the_host, .fini = close)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL },
		(const struct fake_option[]){ { "abuse-addresses", "mailto:a@b, xmpp:c@d" }, { 0 } });
	balcony = fake_session(fake_account(fake, "juliet@example.org"), "balcony");
	expect_part(ask("to='example.org'", INFO, ""), "<x xmlns='jabber:x:data' type='result'>"
		"<field type='hidden' var='FORM_TYPE'>"
		"<value>http://jabber.org/network/serverinfo</value></field>"
		"<field type='list-multi' var='abuse-addresses'>"
		"<value>mailto:a@b</value><value>xmpp:c@d</value></field></x></query>");
	expect_part(ask("", INFO, ""), ITEMS "'/></query>");
}

Test(disco, knows_no_nodes)
{
	expect_part(ask("to='example.org'", INFO, "node='x'"), "<item-not-found ");
	expect_part(ask("to='example.org'", ITEMS, "node='x'"), "<item-not-found ");
	expect_part(ask("", INFO, "node='x'"), "<item-not-found ");
	expect_part(ask_as("friend", ITEMS, "node=''"), "<item-not-found ");
}
