/* What whoever asks learns of the host (XEP-0092, XEP-0202).
 * SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "expect.h"

extern const struct tern_module tern_module;

static struct fake *fake;
static struct tern_session *balcony;

static void open_with(const struct fake_option *options)
{
	fake = fake_create((const struct tern_module *const[]){ &tern_module, NULL }, options);
	balcony = fake_session(fake_account(fake, "juliet@example.org"), "balcony");
}

static void close(void)
{
	fake_destroy(fake);
}

TestSuite(about, .fini = close);

#define ASK(to, payload) fake_send(balcony, "<iq type='get' id='1' to='" to "'>" payload "</iq>")
#define VERSION "<query xmlns='jabber:iq:version'/>"
#define TIME "<time xmlns='urn:xmpp:time'/>"
#define RESULT(payload) "<iq from='example.org' id='1' to='juliet@example.org/balcony' " \
	"type='result'>" payload "</iq>"

Test(about, names_the_software_and_keeps_the_system_to_itself)
{
	open_with(NULL);
	ASK("example.org", VERSION);
	HEARS(balcony, RESULT("<query xmlns='jabber:iq:version'><name>Fake</name>"
		"<version>1</version></query>"));
}

Test(about, can_be_told_to_name_the_system)
{
	open_with((const struct fake_option[]){ { "os", "yes" }, { 0 } });
	ASK("example.org", VERSION);
	HEARS_PART(balcony, "<version>1</version><os>Linux</os></query>");
}

Test(about, can_be_told_to_keep_the_version_to_itself)
{
	open_with((const struct fake_option[]){ { "version", "no" }, { 0 } });
	ASK("example.org", VERSION);
	HEARS_PART(balcony, "<name>Fake</name><version/></query>");
}

Test(about, speaks_for_the_host_alone)
{
	open_with(NULL);
	ASK("juliet@example.org", VERSION);
	HEARS_PART(balcony, "<service-unavailable ");
	ASK("juliet@example.org", TIME);
	HEARS_PART(balcony, "<service-unavailable ");
}

static const struct { const char *zone, *offset; } zones[] = {
	{ "UTC", "+00:00" }, { "XXX-1", "+01:00" }, { "XXX3:30", "-03:30" }, { "XXX0:30", "-00:30" },
	{ "XXX-14", "+14:00" },
};

Test(about, tells_the_time_with_the_hosts_distance_from_utc)
{
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		setenv("TZ", zones[i].zone, 1);
		open_with(NULL);
		ASK("example.org", TIME);
		expect_part(fake_heard(balcony), zones[i].offset);
		fake_destroy(fake);
	}
	setenv("TZ", "UTC", 1);
	open_with(NULL);
	ASK("example.org", TIME);
	HEARS(balcony, RESULT("<time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>+0s</utc></time>"));
}
