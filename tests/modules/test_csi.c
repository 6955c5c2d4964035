/* An inactive client hears what matters at once, the rest later and shorter (XEP-0352).
 * SPDX-License-Identifier: MIT */

#include "choice.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "fake_internal.h"
#include "kept.h"

extern const struct tern_module tern_module;

#define TYPING "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
#define PAUSED "<paused xmlns='http://jabber.org/protocol/chatstates'/>"
#define BODY "<body>b</body>"
#define COPY(content) "<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" \
	"<message xmlns='jabber:client' from='r@x/1' to='j@y'>" content "</message></forwarded></sent>"

/* --- the decision ---------------------------------------------------------------------------- */

static const struct { const char *xml, *key; } keys[] = {
	{ "<presence from='a@b/c'/>", "presence a@b/c" },
	{ "<presence from='a@b/c' type='unavailable'/>", "presence a@b/c" },
	{ "<presence from='a@b/c' type='error'/>", NULL },
	{ "<presence from='a@b' type='subscribe'/>", NULL },
	{ "<presence from='a@b' type='unsubscribed'/>", NULL },
	{ "<presence from='a@b/c'><x xmlns='http://jabber.org/protocol/muc#user'><item/></x>"
		"</presence>", "presence a@b/c" },
	{ "<presence from='a@b/c'><x xmlns='http://jabber.org/protocol/muc#user'>"
		"<status code='110'/></x></presence>", NULL },
	{ "<message from='a@b/c' type='chat'>" TYPING "</message>", "state a@b/c" },
	{ "<message from='a@b/c'>" TYPING "<thread>t</thread></message>", "state a@b/c" },
	{ "<message from='a@b/c' type='groupchat'>" TYPING "</message>", "state a@b/c" },
	{ "<message from='a@b/c' type='chat'>" TYPING "<no-store xmlns='urn:xmpp:hints'/>"
		"<origin-id xmlns='urn:xmpp:sid:0' id='1'/></message>", "state a@b/c" },
	{ "<message from='a@b/c' type='error'>" TYPING "</message>", NULL },
	{ "<message from='a@b/c' type='chat'>" TYPING BODY "</message>", NULL },
	{ "<message from='a@b/c' type='chat'>" BODY "</message>", NULL },
	{ "<message from='a@b/c' type='chat'>" TYPING "<received xmlns='urn:xmpp:receipts' id='1'/>"
		"</message>", NULL },
	{ "<message from='a@b/c' type='chat'/>", NULL },
	{ "<message from='a@b/c' type='headline'><event xmlns='urn:x'/></message>", NULL },
	{ "<message from='r@x' type='chat'>" COPY(TYPING) "</message>", "copy r@x r@x/1 j@y" },
	{ "<message from='r@x' type='chat'>" COPY(BODY) "</message>", NULL },
	{ "<message from='r@x' type='chat'><sent xmlns='urn:xmpp:carbons:2'/></message>", NULL },
	{ "<iq from='a@b/c' type='get' id='1'/>", NULL },
	{ "<iq from='a@b/c' type='result' id='1'/>", NULL },
};

Test(choice, tells_what_may_wait)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct reading reading = read_xml(keys[i].xml);
		struct tern_stanza stanza = read_stanza(reading.element);
		const char *key = csi_key(reading.arena, &stanza);

		if (keys[i].key)
			cr_expect(key && strcmp(key, keys[i].key) == 0, "%s: %s", keys[i].xml, key);
		else
			cr_expect_null(key, "%s: %s", keys[i].xml, key);
		arena_destroy(reading.arena);
	}
}

/* --- what is kept ---------------------------------------------------------------------------- */

static struct kept kept;

static void close_kept(void)
{
	kept_finish(&kept);
}

TestSuite(kept, .fini = close_kept);

static void put(const char *key, const char *stanza)
{
	kept_put(&kept, key, stanza, strlen(stanza));
}

static void takes(const char *stanza)
{
	struct kept_entry *entry = kept_take(&kept);

	cr_assert_not_null(entry);
	cr_expect_eq(entry->len, strlen(stanza));
	cr_expect(memcmp(kept_stanza(entry), stanza, entry->len) == 0);
	free(entry);
}

Test(kept, is_the_latest_of_each_key_in_order)
{
	put("a", "1");
	put("b", "2");
	put("c", "3");
	put("b", "4444");
	cr_expect_eq(kept.count, 3);
	cr_expect_eq(kept.bytes, 3 + 1 + 1 + 4);
	takes("1");
	takes("3");
	takes("4444");
	cr_expect_null(kept_take(&kept));
	cr_expect_eq(kept.count, 0);
	cr_expect_eq(kept.bytes, 0);
}

Test(kept, may_be_superseded_alone_and_at_the_ends)
{
	put("a", "1");
	put("a", "2");
	put("b", "3");
	put("b", "4");
	put("a", "5");
	takes("4");
	takes("5");
	cr_expect_null(kept_take(&kept));
	put("a", "6");
	takes("6");
}

Test(kept, comes_back_as_far_as_it_can_be_read)
{
	static const char bytes[] = "a\0" "1\0" "b\0" "2\0" "c\0" "3"; /* ends in a NUL */

	for (size_t len = 0; len < sizeof bytes; len++) {
		kept_restore(&kept, bytes, len);
		cr_expect_eq(kept.count, len / 4, "%zu", len);
		kept_finish(&kept);
	}
	kept_restore(&kept, bytes, sizeof bytes);
	takes("1");
	takes("2");
	takes("3");
}

/* --- the module ------------------------------------------------------------------------------ */

static enum tern_verdict deliver(struct tern_event *event, const void *settings)
{
	tern_deliver(event, tern_session_first(event->entity));
	return TERN_DONE;
}

static enum tern_verdict answer(struct tern_event *event, const void *settings)
{
	return tern_reply(event, NULL);
}

static const struct tern_module delivery = {
	.name = "delivery",
	.hooks = (const struct tern_hook[]){
		{ TERN_IN_DELIVER, TERN_MESSAGES | TERN_PRESENCES, 0, deliver }, { 0 } },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, "urn:xmpp:ping", "ping", answer }, { 0 } },
};

static const struct fake_option options[] = { { "stanzas", "3" }, { "bytes", "400" }, { 0 } };
static struct fake *fake;
static struct tern_session *phone;

static void open(void)
{
	fake = fake_create((const struct tern_module *const[]){ &delivery, &tern_module, NULL },
		options);
	phone = fake_session(fake_account(fake, "juliet@example.org"), "phone");
	cr_assert(fake_send_nonza(phone, "<inactive xmlns='urn:xmpp:csi:0'/>"));
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(csi, .init = open, .fini = close);

static void activate(void)
{
	fake_send_nonza(phone, "<active xmlns='urn:xmpp:csi:0'/>");
}

static void arrive_presence(const char *resource, const char *show)
{
	char xml[256];

	snprintf(xml, sizeof xml, "<presence from='romeo@example.com/%s' to='juliet@example.org'>"
		"<show>%s</show></presence>", resource, show);
	fake_arrive(fake, xml);
}

#define MESSAGE(content) "<message from='romeo@example.com/a' to='juliet@example.org' " \
	"type='chat'>" content "</message>"

Test(csi, takes_no_other_elements)
{
	cr_expect(!fake_send_nonza(phone, "<active xmlns='urn:xmpp:csi:1'/>"));
	cr_expect(!fake_send_nonza(phone, "<idle xmlns='urn:xmpp:csi:0'/>"));
}

Test(csi, is_active_at_first)
{
	struct tern_session *desk = fake_session(tern_session_entity(phone), "desk");

	struct reading reading = read_xml("<presence from='romeo@example.com/a'/>");

	tern_session_send(desk, reading.element);
	HEARS_PART(desk, "<presence ");
	arena_destroy(reading.arena);
}

Test(csi, keeps_presence_until_the_client_is_active)
{
	arrive_presence("a", "away");
	arrive_presence("b", "dnd");
	arrive_presence("a", "xa");
	HEARS(phone, NULL);
	activate();
	HEARS_PART(phone, "dnd");
	HEARS_PART(phone, "<presence from='romeo@example.com/a' to='juliet@example.org'>"
		"<show>xa</show></presence>");
	HEARS(phone, NULL);
}

Test(csi, keeps_nothing_of_an_active_client)
{
	activate();
	arrive_presence("a", "away");
	HEARS_PART(phone, "away");
	activate();
	HEARS(phone, NULL);
}

Test(csi, keeps_on_when_told_twice)
{
	arrive_presence("a", "away");
	fake_send_nonza(phone, "<inactive xmlns='urn:xmpp:csi:0'/>");
	HEARS(phone, NULL);
	activate();
	HEARS_PART(phone, "away");
}

Test(csi, keeps_it_over_a_restart)
{
	arrive_presence("a", "away");
	arrive_presence("b", "dnd");
	fake_restart(fake);
	arrive_presence("a", "xa");
	HEARS(phone, NULL);
	activate();
	HEARS_PART(phone, "dnd");
	HEARS_PART(phone, "xa");
	HEARS(phone, NULL);
}

Test(csi, lets_a_message_go_behind_what_waited)
{
	arrive_presence("a", "away");
	fake_arrive(fake, MESSAGE(TYPING));
	fake_arrive(fake, MESSAGE(PAUSED));
	HEARS(phone, NULL);
	fake_arrive(fake, MESSAGE(BODY));
	HEARS_PART(phone, "away");
	HEARS(phone, MESSAGE(PAUSED));
	HEARS(phone, MESSAGE(BODY));
	arrive_presence("a", "dnd");
	HEARS(phone, NULL);
}

Test(csi, lets_an_answer_go_at_once)
{
	arrive_presence("a", "away");
	fake_send(phone, "<iq type='get' id='1' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>");
	HEARS_PART(phone, "away");
	HEARS_PART(phone, "type='result'");
}

Test(csi, lets_all_go_beyond_its_limits)
{
	arrive_presence("a", "1");
	arrive_presence("b", "2");
	arrive_presence("c", "3");
	HEARS(phone, NULL);
	arrive_presence("d", "4");
	HEARS_PART(phone, "1");
	HEARS_PART(phone, "2");
	HEARS_PART(phone, "3");
	HEARS_PART(phone, "4");
	arrive_presence("a", "5");
	HEARS(phone, NULL);
	fake_arrive(fake, "<presence from='romeo@example.com/long' to='juliet@example.org'><status>"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
		"</status></presence>");
	HEARS_PART(phone, "5");
	HEARS_PART(phone, "0123");
}

Test(csi, keeps_nothing_for_the_presence_session_after)
{
	fake_send(phone, "<presence/>");
	arrive_presence("a", "away");
	HEARS(phone, NULL);
	fake_send(phone, "<presence type='unavailable'/>");
	HEARS_PART(phone, "away");
	arrive_presence("a", "xa");
	HEARS(phone, NULL);
}

Test(csi, forgets_what_waits_for_a_session_that_ends)
{
	arrive_presence("a", "away");
	fake_end(phone);
	HEARS(phone, NULL);
}
