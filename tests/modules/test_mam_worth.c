/* What an archive keeps, and what it lets go by.
 * SPDX-License-Identifier: MIT */

#include "worth.h"

#include <stdio.h>

#include "expect.h"
#include "fake_internal.h"

#define HINT(name) "<" name " xmlns='urn:xmpp:hints'/>"
#define STATE "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
#define BODY "<body>x</body>"

static const struct {
	const char *type, *content;
	bool is_kept, is_kept_astray;
} cases[] = {
	{ "chat", BODY, true, true },
	{ "normal", BODY, true, false },
	{ "headline", BODY, false, false },
	{ "groupchat", BODY, false, false },
	{ "error", BODY, false, false },
	{ "chat", "<body/>", true, true },
	{ "normal", "<subject>x</subject>", true, false },
	/* alone they say nothing */
	{ "chat", "", false, false },
	{ "chat", STATE, false, false },
	{ "chat", STATE "<thread>1</thread>", false, false },
	{ "chat", "<request xmlns='urn:xmpp:receipts'/>", false, false },
	{ "chat", "<markable xmlns='urn:xmpp:chat-markers:0'/>", false, false },
	{ "chat", "<origin-id xmlns='urn:xmpp:sid:0' id='1'/>", false, false },
	{ "chat", "<attention xmlns='urn:xmpp:attention:0'/>", false, false },
	{ "chat", "<body xmlns='urn:x'>x</body>", false, false },
	/* receipts, markers, retractions, reactions, calls */
	{ "chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, true },
	{ "normal", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, false },
	{ "chat", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true, true },
	{ "chat", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", true, true },
	{ "chat", "<apply-to xmlns='urn:xmpp:fasten:0' id='1'>"
		"<retract xmlns='urn:xmpp:message-retract:0'/></apply-to>", true, true },
	{ "chat", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", true, true },
	{ "chat", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", true, true },
	/* encrypted */
	{ "chat", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", true, true },
	{ "chat", "<encrypted xmlns='urn:xmpp:omemo:2'/>", true, true },
	{ "chat", "<openpgp xmlns='urn:xmpp:openpgp:0'/>", true, true },
	{ "chat", "<x xmlns='jabber:x:encrypted'>x</x>", true, true },
	{ "chat", "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:x'/>", true, true },
	/* the displayed sync of XEP-0490 and other events lie in their nodes */
	{ "headline", "<event xmlns='http://jabber.org/protocol/pubsub#event'>"
		"<items node='urn:xmpp:mds:displayed:0'/></event>", false, false },
	{ "normal", "<event xmlns='http://jabber.org/protocol/pubsub#event'/>", false, false },
	/* rooms: what an occupant says in private, and invitations */
	{ "chat", BODY "<x xmlns='http://jabber.org/protocol/muc#user'/>", true, true },
	{ "normal", "<x xmlns='http://jabber.org/protocol/muc#user'/>", false, false },
	{ "normal", "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>", true,
		false },
	{ "normal", "<x xmlns='jabber:x:conference' jid='a@b'/>", true, false },
	/* hints */
	{ "chat", BODY HINT("no-store"), false, false },
	{ "chat", BODY HINT("no-permanent-store"), false, false },
	{ "chat", BODY HINT("no-copy"), true, true },
	{ "chat", STATE HINT("store"), true, true },
	{ "headline", BODY HINT("store"), true, false },
	{ "groupchat", BODY HINT("store"), false, false },
	{ "error", BODY HINT("store"), false, false },
	{ "chat", BODY HINT("store") HINT("no-store"), false, false },
};

Test(mam_worth, follows_the_table)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char xml[512];
		struct reading reading;
		struct worth_case facts;

		snprintf(xml, sizeof xml, "<message type='%s'>%s</message>", cases[i].type,
			cases[i].content);
		reading = read_xml(xml);
		facts = (struct worth_case){ read_stanza(reading.element).type, reading.element,
			false };
		cr_expect_eq(is_worth_keeping(&facts), cases[i].is_kept, "%s", xml);
		facts.is_astray = true;
		cr_expect_eq(is_worth_keeping(&facts), cases[i].is_kept_astray, "astray: %s", xml);
		arena_destroy(reading.arena);
	}
}
