/* Which devices ring (RFC 6121 8.5).
 * SPDX-License-Identifier: MIT */

#include "message.h"

#include <stdio.h>

#include "expect.h"

extern const struct tern_module tern_module;

/* --- the decision: the table of 8.5.4 ------------------------------------------------------ */

enum { BARE, FULL, MATCH };

/* To a bare JID with and without somebody who wants messages; to a full JID without its
 * resource, likewise; to a full JID whose resource is there. */
static const struct {
	enum tern_type type;
	enum message_fate bare, bare_alone, full, full_alone, match;
} fates[] = {
	{ TERN_NORMAL, MESSAGE_TO_ALL, MESSAGE_MISSED, MESSAGE_REFUSE, MESSAGE_REFUSE, MESSAGE_TO_ONE },
	{ TERN_CHAT, MESSAGE_TO_ALL, MESSAGE_MISSED, MESSAGE_TO_ALL, MESSAGE_MISSED, MESSAGE_TO_ONE },
	{ TERN_GROUPCHAT, MESSAGE_REFUSE, MESSAGE_REFUSE, MESSAGE_REFUSE, MESSAGE_REFUSE,
		MESSAGE_TO_ONE },
	{ TERN_HEADLINE, MESSAGE_TO_ALL, MESSAGE_DROP, MESSAGE_DROP, MESSAGE_DROP, MESSAGE_TO_ONE },
	{ TERN_ERROR, MESSAGE_DROP, MESSAGE_DROP, MESSAGE_DROP, MESSAGE_DROP, MESSAGE_TO_ONE },
};

static enum message_fate fate(enum tern_type type, int target, bool is_wanted)
{
	return message_fate(&(struct message_case){ .type = type, .is_full = target != BARE,
		.is_matched = target == MATCH, .is_wanted = is_wanted });
}

Test(decision, follows_the_table)
{
	for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
		enum tern_type type = fates[i].type;

		cr_expect_eq(fate(type, BARE, true), fates[i].bare, "%d bare", type);
		cr_expect_eq(fate(type, BARE, false), fates[i].bare_alone, "%d bare alone", type);
		cr_expect_eq(fate(type, FULL, true), fates[i].full, "%d full", type);
		cr_expect_eq(fate(type, FULL, false), fates[i].full_alone, "%d full alone", type);
		cr_expect_eq(fate(type, MATCH, true), fates[i].match, "%d match", type);
		cr_expect_eq(fate(type, MATCH, false), fates[i].match, "%d match alone", type);
	}
}

/* --- the delivery -------------------------------------------------------------------------- */

static struct fake *fake;
static struct tern_entity *juliet;
static struct tern_session *desk, *phone, *watch, *mute;

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, NULL);
	juliet = fake_account(fake, "juliet@example.org");
	desk = fake_session(juliet, "desk");
	phone = fake_session(juliet, "phone");
	watch = fake_session(juliet, "watch");
	mute = fake_session(juliet, "mute");
	fake_send(desk, "<presence><priority>5</priority></presence>");
	fake_send(phone, "<presence/>");
	fake_send(watch, "<presence><priority>-1</priority></presence>");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(message, .init = open, .fini = close);

static void arrive(const char *type, const char *to)
{
	char xml[256];

	snprintf(xml, sizeof xml, "<message from='romeo@example.com/x' to='%s' type='%s' id='1'/>",
		to, type);
	fake_arrive(fake, xml);
}

#define ERROR "<error type='cancel'><service-unavailable "

static void nobody_hears(void)
{
	HEARS(desk, NULL);
	HEARS(phone, NULL);
	HEARS(watch, NULL);
	HEARS(mute, NULL);
}

#define DELAY(from) "<delay xmlns='urn:xmpp:delay' from='" from "' stamp='2002-09-10T23:08:25Z'/>"

Test(message, says_in_no_other_name_that_it_waited_here)
{
	fake_arrive(fake, "<message from='romeo@example.com/x' to='juliet@example.org/desk' id='1'>"
		DELAY("example.org") DELAY("example.com") DELAY("Example.ORG") "</message>");
	HEARS(desk, "<message from='romeo@example.com/x' id='1' to='juliet@example.org/desk'>"
		DELAY("example.com") "</message>");
}

Test(message, to_the_account_reaches_whoever_wants_messages)
{
	static const char *const types[] = { "normal", "chat", "headline" };

	for (int i = 0; i < 3; i++) {
		arrive(types[i], "juliet@example.org");
		HEARS_PART(desk, types[i]);
		HEARS_PART(phone, types[i]);
		nobody_hears();
		LEAVES(NULL);
	}
}

Test(message, to_a_resource_reaches_it_whatever_its_priority)
{
	arrive("headline", "juliet@example.org/watch");
	HEARS_PART(watch, "headline");
	arrive("error", "juliet@example.org/mute");
	HEARS_PART(mute, "error");
	nobody_hears();
	LEAVES(NULL);
}

Test(message, of_the_chat_type_goes_on_without_its_resource)
{
	arrive("chat", "juliet@example.org/tablet");
	HEARS_PART(desk, "to='juliet@example.org/tablet'");
	HEARS_PART(phone, "to='juliet@example.org/tablet'");
	nobody_hears();
}

Test(message, of_another_type_does_not)
{
	arrive("normal", "juliet@example.org/tablet");
	expect_part(fake_left(fake), ERROR);
	arrive("headline", "juliet@example.org/tablet");
	LEAVES(NULL);
	nobody_hears();
}

Test(message, of_a_room_is_not_for_accounts)
{
	arrive("groupchat", "juliet@example.org");
	expect_part(fake_left(fake), ERROR);
	nobody_hears();
}

Test(message, of_an_error_is_neither_delivered_nor_answered)
{
	arrive("error", "juliet@example.org");
	arrive("error", "juliet@example.org/tablet");
	LEAVES(NULL);
	nobody_hears();
}

Test(message, that_everybody_missed_comes_back)
{
	fake_end(desk);
	fake_end(phone);
	arrive("chat", "juliet@example.org");
	expect_part(fake_left(fake), ERROR);
	HEARS(watch, NULL);
	HEARS(mute, NULL);
}
