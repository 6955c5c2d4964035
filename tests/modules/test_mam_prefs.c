/* With whom a user wants messages kept.
 * SPDX-License-Identifier: MIT */

#include "prefs.h"

#include "juliet.h"
#include "fake_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void open(void)
{
	open_with(NULL);
}

TestSuite(mam_prefs, .init = open, .fini = close);
TestSuite(mam_prefs_of_host, .fini = close);

static void set(const char *xml)
{
	char iq[2048];

	snprintf(iq, sizeof iq, "<iq type='set' id='p'>%s</iq>", xml);
	fake_send(balcony, iq);
}

#define PREFS(fallback, always, never) "<prefs xmlns='urn:xmpp:mam:2' default='" fallback "'>" \
	"<always>" always "</always><never>" never "</never></prefs>"
#define JID(text) "<jid>" text "</jid>"
#define ANSWER "<iq id='p' to='juliet@example.org/balcony' type='result'>" \
	"<prefs xmlns='urn:xmpp:mam:2' "

static void get(void)
{
	fake_send(balcony, "<iq type='get' id='p'><prefs xmlns='urn:xmpp:mam:2'/></iq>");
}

Test(mam_prefs, are_those_of_the_host_until_the_user_has_some)
{
	get();
	HEARS(balcony, ANSWER "default='always'><always/><never/></prefs></iq>");
}

Test(mam_prefs, are_kept)
{
	const char *applied = ANSWER "default='roster'>"
		"<always><jid>romeo@montague.lit</jid></always>"
		"<never><jid>montague@montague.lit/x</jid></never></prefs></iq>";

	set(PREFS("roster", JID("Romeo@Montague.lit"), JID("montague@montague.lit/x")));
	HEARS(balcony, applied);
	fake_end(balcony);
	fake_reopen(juliet);
	balcony = fake_session(juliet, "balcony");
	get();
	HEARS(balcony, applied);
}

Test(mam_prefs, decide_what_is_kept_in_both_directions)
{
	set(PREFS("always", "", JID("romeo@example.com")));
	fake_arrive(fake, "<message from='romeo@example.com/x' to='juliet@example.org' type='chat'>"
		"<body>1</body></message>");
	fake_send(balcony, "<message to='romeo@example.com' type='chat'><body>2</body></message>");
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
	fake_send(balcony, "<message to='nurse@example.com' type='chat'><body>3</body></message>");
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
}

Test(mam_prefs, keep_notes_to_oneself_where_strangers_are_not_kept)
{
	set(PREFS("roster", "", ""));
	fake_send(balcony, "<message to='romeo@example.com' type='chat'><body>1</body></message>");
	cr_assert_eq(fake_stored(juliet, "mam"), 0);
	fake_send(balcony, "<message type='chat'><body>2</body></message>");
	cr_assert_eq(fake_stored(juliet, "mam"), 1);
}

static const struct { const char *xml, *condition; } refusals[] = {
	{ "<prefs xmlns='urn:xmpp:mam:2'/>", "bad-request" },
	{ PREFS("sometimes", "", ""), "bad-request" },
	{ PREFS("always", JID("a@@b"), ""), "jid-malformed" },
	{ PREFS("always", "", JID("")), "jid-malformed" },
};

Test(mam_prefs, are_refused_where_they_make_no_sense)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		set(refusals[i].xml);
		HEARS_PART(balcony, refusals[i].condition);
	}
	get();
	HEARS_PART(balcony, "default='always'");
}

Test(mam_prefs, are_bounded)
{
	static char jids[8192], xml[9000];
	size_t len = 0;

	for (int i = 0; i < 201; i++)
		len += (size_t)snprintf(jids + len, sizeof jids - len, "<jid>u%d@example.com</jid>", i);
	snprintf(xml, sizeof xml, "<iq type='set' id='p'><prefs xmlns='urn:xmpp:mam:2' "
		"default='always'><never>%s</never></prefs></iq>", jids);
	fake_send(balcony, xml);
	HEARS_PART(balcony, "<not-acceptable ");
}

Test(mam_prefs, stay_as_they_were_when_the_disk_is_full)
{
	fake_fill_disk(fake, 0);
	set(PREFS("never", "", ""));
	HEARS_PART(balcony, "<resource-constraint ");
	get();
	HEARS_PART(balcony, "default='always'");
}

Test(mam_prefs_of_host, can_be_fixed)
{
	open_with((const struct fake_option[]){ { "default", "roster" }, { "preferences", "no" },
		{ 0 } });
	set(PREFS("never", "", ""));
	HEARS_PART(balcony, "<not-allowed ");
	get();
	HEARS_PART(balcony, "default='roster'");
}

/* --- the decision --------------------------------------------------------------------------- */

static const struct {
	const char *prefs, *peer;
	enum prefs_judgement judgement;
} cases[] = {
	{ PREFS("always", "", ""), "a@b/c", PREFS_KEEP },
	{ PREFS("never", "", ""), "a@b/c", PREFS_SKIP },
	{ PREFS("roster", "", ""), "a@b/c", PREFS_ASK_ROSTER },
	{ PREFS("never", JID("a@b"), ""), "a@b/c", PREFS_KEEP },
	{ PREFS("never", JID("a@b"), ""), "a@b", PREFS_KEEP },
	{ PREFS("never", JID("a@b/c"), ""), "a@b/c", PREFS_KEEP },
	{ PREFS("never", JID("a@b/c"), ""), "a@b/d", PREFS_SKIP },
	{ PREFS("never", JID("a@b/c"), ""), "a@b", PREFS_SKIP },
	{ PREFS("always", "", JID("a@b")), "a@b/c", PREFS_SKIP },
	{ PREFS("always", "", JID("b")), "a@b", PREFS_KEEP },
	{ PREFS("always", JID("a@b/c"), JID("a@b")), "a@b/c", PREFS_SKIP },
	{ PREFS("roster", JID("a@b"), JID("c@d")), "e@f", PREFS_ASK_ROSTER },
};

Test(mam_prefs, follow_the_table)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reading reading = read_xml(cases[i].prefs);
		struct prefs *prefs;

		cr_assert_eq(prefs_read(reading.element, 10, &prefs), TERN_NO_CONDITION);
		cr_expect_eq(prefs_judge(prefs, PREFS_ALWAYS, jid_new(reading.arena, cases[i].peer)),
			cases[i].judgement, "%s %s", cases[i].prefs, cases[i].peer);
		prefs_destroy(prefs);
		arena_destroy(reading.arena);
	}
}

/* --- for administrators -------------------------------------------------------------------- */

Test(mam_prefs, are_exported_where_the_user_has_some)
{
	char *xml = fake_export(juliet, "mam");

	cr_assert_str_eq(xml, "");
	free(xml);
	set("<prefs xmlns='urn:xmpp:mam:2' default='never'/>");
	xml = fake_export(juliet, "mam");
	expect_part(xml, "<prefs xmlns='urn:xmpp:mam:2' default='never'>");
	free(xml);
}

Test(mam_prefs, are_taken_over_from_a_file)
{
	char *xml;

	cr_assert_eq(fake_import(juliet, PREFS("roster", JID("a@b"), JID("c@d"))), 0);
	xml = fake_export(juliet, "mam");
	cr_assert_str_eq(xml, PREFS("roster", JID("a@b"), JID("c@d")) "\n");
	free(xml);
	cr_assert_eq(fake_import(juliet, PREFS("some", "", "")), -EBADMSG);
	cr_assert_eq(fake_import(juliet, PREFS("never", JID("@"), "")), -EBADMSG);
	fake_fill_disk(fake, 0);
	cr_assert_eq(fake_import(juliet, PREFS("never", "", "")), -ENOSPC);
	xml = fake_export(juliet, "mam");
	expect_part(xml, "default='roster'");
	free(xml);
}

Test(mam_prefs_of_host, are_not_taken_over_where_users_have_no_wishes)
{
	open_with((const struct fake_option[]){ { "preferences", "no" }, { 0 } });
	cr_assert_eq(fake_import(juliet, PREFS("never", "", "")), -EPERM);
}
