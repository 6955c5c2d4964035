/* A client's stream from its first byte to its last: RFC 6120 4 to 7.
 * SPDX-License-Identifier: MIT */

#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "credentials.h"
#include "jid.h"
#include "session.h"
#include "stream_world.h"

TestSuite(stream, .init = world_open, .fini = world_close);

#define NAMESPACES "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
#define STREAM_END "</stream:stream>"

static const char *first_words(const char *text)
{
	return world_says(world_connect(LISTEN_STARTTLS), text);
}

/* --- headers ------------------------------------------------------------------------------ */

Test(stream, answers_a_header_with_its_own)
{
	const char *said = first_words(HEADER);

	cr_assert(has(said, "<?xml version='1.0'?><stream:stream " NAMESPACES " id='"));
	cr_assert(has(said, " from='example.org' version='1.0' xml:lang='en'>"));
}

Test(stream, gives_each_stream_an_id_of_its_own)
{
	char one[1024];

	snprintf(one, sizeof one, "%s", first_words(HEADER));
	cr_assert_str_neq(one, first_words(HEADER));
}

Test(stream, answers_from_the_host_that_was_asked_for)
{
	cr_assert(has(first_words(HEADER_TO("other.example")), " from='other.example'"));
	cr_assert(has(first_words(HEADER_TO("EXAMPLE.ORG")), " from='example.org'"));
}

Test(stream, says_to_whom_it_speaks_when_told)
{
	cr_assert(has(first_words("<stream:stream from='Romeo@example.org' to='example.org' "
		"version='1.0' "
		NAMESPACES ">"), " to='romeo@example.org'"));
}

Test(stream, speaks_1_0_with_later_versions_too)
{
	cr_assert(has(first_words("<stream:stream to='example.org' version='2.7' " NAMESPACES ">"),
		" version='1.0' xml:lang='en'><stream:features>"));
}

Test(stream, accepts_another_prefix_for_the_streams_namespace)
{
	cr_assert(has(first_words("<s:stream to='example.org' version='1.0' xmlns='jabber:client' "
		"xmlns:s='http://etherx.jabber.org/streams'>"), "<stream:features>"));
}

/* Each of these ends the stream with that error, behind a header of ours. */
static const struct { const char *about, *text, *error; } wrong_headers[] = {
	{ "unknown host", HEADER_TO("nowhere.example"), "host-unknown" },
	{ "no domain", HEADER_TO("a@b@c"), "host-unknown" },
	{ "empty host", HEADER_TO(""), "host-unknown" },
	{ "no to", "<stream:stream version='1.0' " NAMESPACES ">", "improper-addressing" },
	{ "no version", "<stream:stream to='example.org' " NAMESPACES ">", "unsupported-version" },
	{ "old version", "<stream:stream to='example.org' version='0.9' " NAMESPACES ">",
		"unsupported-version" },
	{ "odd version", "<stream:stream to='example.org' version='1.x' " NAMESPACES ">",
		"unsupported-version" },
	{ "wrong streams namespace", "<stream:stream to='example.org' version='1.0' "
		"xmlns='jabber:client' xmlns:stream='http://wrong.example/'>",
		"invalid-namespace" },
	{ "wrong content namespace", "<stream:stream to='example.org' version='1.0' "
		"xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>",
		"invalid-namespace" },
	{ "no content namespace", "<stream:stream to='example.org' version='1.0' "
		"xmlns:stream='http://etherx.jabber.org/streams'>", "invalid-namespace" },
	{ "no prefix", "<stream to='example.org' version='1.0' "
		"xmlns='http://etherx.jabber.org/streams'>", "bad-namespace-prefix" },
	{ "undeclared prefix",
		"<stream:stream to='example.org' version='1.0' xmlns='jabber:client'>",
		"not-well-formed" },
	{ "wrong element", "<stream:flow to='example.org' version='1.0' " NAMESPACES ">",
		"bad-format" },
	{ "bad from", "<stream:stream from='@' to='example.org' version='1.0' " NAMESPACES ">",
		"invalid-from" },
	{ "not XML", "GET / HTTP/1.1\r\n\r\n", "not-well-formed" },
	{ "comment", "<!-- x -->", "restricted-xml" },
	{ "document type", "<!DOCTYPE x><x>", "restricted-xml" },
	{ "instruction", "<?php x?>", "restricted-xml" },
	{ "Latin 1", "<?xml version='1.0' encoding='ISO-8859-1'?>" HEADER, "unsupported-encoding" },
};

Test(stream, ends_with_the_error_that_a_wrong_header_asks_for)
{
	for (size_t i = 0; i < sizeof wrong_headers / sizeof *wrong_headers; i++) {
		struct link *link = world_connect(LISTEN_STARTTLS);
		const char *said = world_says(link, wrong_headers[i].text);
		char wanted[128];

		snprintf(wanted, sizeof wanted,
			"<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
			"</stream:error>" STREAM_END, wrong_headers[i].error);
		cr_assert(has(said, wanted), "%s: %s", wrong_headers[i].about, said);
		cr_assert_eq(count_of(said, "<stream:stream "), 1, "%s", wrong_headers[i].about);
		cr_assert(fake_link_is_closed(link));
	}
}

Test(stream, refuses_UTF_16)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	cr_assert(has(world_says_bytes(link, "\xff\xfe<\0s\0", 6),
		STREAM_ERROR_IS("unsupported-encoding")));
}

/* --- what the parser refuses later -------------------------------------------------------- */

static const struct { const char *text, *error; } faults[] = {
	{ "<message><body></message>", "not-well-formed" },
	{ "<message a='1' a='2'/>", "not-well-formed" },
	{ "<message>\xff</message>", "not-well-formed" },
	{ "words between stanzas", "not-well-formed" },
	{ "<message><!-- x --></message>", "restricted-xml" },
	{ "<message><?x y?></message>", "restricted-xml" },
	{ "<message>&unknown;</message>", "restricted-xml" },
	{ "<x:message/>", "not-well-formed" },
};

Test(stream, ends_with_the_error_that_bad_XML_asks_for)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct link *link = world_bound_client();
		const char *said = world_says(link, faults[i].text);
		char wanted[128];

		snprintf(wanted, sizeof wanted, "<stream:error><%s xmlns=", faults[i].error);
		cr_assert_eq(strncmp(said, wanted, strlen(wanted)), 0, "%s: %s", faults[i].text,
			said);
		cr_assert(fake_link_is_closed(link));
		cr_assert_eq(fake_accounts.sessions_ended, i + 1);
	}
	cr_assert_eq(fake_accounts.sessions_ended_orderly, 0);
}

/* A message of so many bytes. */
static char *large(size_t bytes)
{
	char *text = malloc(bytes + 1);

	memset(text, 'x', bytes);
	memcpy(text, "<message>", 9);
	memcpy(text + bytes - 10, "</message>", 11);
	return text;
}

Test(stream, bounds_elements_closely_before_login)
{
	struct link *link = world_secure_client();
	char *text = large((size_t)world.server.limits.stanza_bytes_before_login + 1);

	cr_assert(has(world_says(link, text), STREAM_ERROR_IS("policy-violation")));
	free(text);
}

Test(stream, bounds_stanzas_after_login)
{
	struct link *link = world_bound_client();
	char *fits = large((size_t)world.server.limits.stanza_bytes);
	char *exceeds = large((size_t)world.server.limits.stanza_bytes + 1);

	cr_assert_str_eq(world_says(link, fits), "");
	cr_assert(has(world_says(link, exceeds), STREAM_ERROR_IS("policy-violation")));
	free(fits);
	free(exceeds);
}

/* --- TLS ---------------------------------------------------------------------------------- */

Test(stream, requires_TLS_first)
{
	cr_assert(has(first_words(HEADER),
		"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>"
		"<required/></starttls></stream:features>"));
}

Test(stream, proceeds_to_TLS_and_starts_over)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	world_says(link, HEADER);
	cr_assert_str_eq(world_says(link, STARTTLS),
		"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	cr_assert(fake_link_is_in_handshake(link));
	fake_link_secure(link);
	cr_assert(has(world_says(link, HEADER), "<mechanism>SCRAM-SHA-256-PLUS</mechanism>"));
}

Test(stream, shows_the_certificate_of_the_host_in_the_header)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	world_says(link, HEADER_TO("other.example") STARTTLS);
	cr_assert_eq(link_shown_host(link), &world.other);
}

/* RFC 6120 5.4.3.3, 13.6: what was injected in the clear is never read behind TLS. */
Test(stream, forgets_what_was_said_in_the_clear_behind_starttls)
{
	struct link *link = world_connect(LISTEN_STARTTLS);
	char text[2048];

	snprintf(text, sizeof text, "%s%s%s%s<message", HEADER, STARTTLS, HEADER,
		plain_text("", "romeo", "pencil"));
	cr_assert_not(has(world_says(link, text), "<success"));
	fake_link_secure(link);
	world_settle();
	cr_assert_str_eq(fake_link_take(link), "");
	cr_assert(has(world_says(link, HEADER), "<mechanisms"));
}

Test(stream, forgets_half_an_element_behind_starttls)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	world_says(link, HEADER STARTTLS "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sa");
	fake_link_secure(link);
	cr_assert(has(world_says(link, HEADER), "<mechanisms"));
}

Test(stream, offers_no_TLS_within_TLS)
{
	struct link *link = world_secure_client();

	cr_assert_str_eq(world_says(link, STARTTLS),
		"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" STREAM_END);
	cr_assert(fake_link_is_closed(link));
}

Test(stream, offers_mechanisms_at_once_behind_direct_TLS)
{
	const char *said = world_says(world_connect(LISTEN_DIRECT), HEADER);

	cr_assert(has(said, "<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism>"));
	cr_assert_not(has(said, "<starttls"));
}

/* XEP-0440 */
Test(stream, names_the_channel_bindings_that_it_knows)
{
	cr_assert(has(world_says(world_connect(LISTEN_DIRECT), HEADER),
		"<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding "
			"type='tls-exporter'/>"
		"<channel-binding type='tls-server-end-point'/></sasl-channel-binding>"));
	fake_tls.exporter = NULL;
	cr_assert_not(has(world_says(world_connect(LISTEN_DIRECT), HEADER), "tls-exporter"));
	fake_tls.end_point = NULL;
	cr_assert_not(has(world_says(world_connect(LISTEN_DIRECT), HEADER),
		"sasl-channel-binding"));
	cr_assert_not(has(world_says(world_connect(LISTEN_DIRECT), HEADER), "-PLUS"));
}

Test(stream, offers_mechanisms_where_no_TLS_is_wanted)
{
	struct link *link = world_connect(LISTEN_NONE);
	const char *said = world_says(link, HEADER);

	cr_assert(has(said, "<mechanism>PLAIN</mechanism>"));
	cr_assert_not(has(said, "-PLUS"));
	cr_assert_not(has(said, "<starttls"));
	cr_assert(has(world_says(link, plain_text("", "romeo", "pencil")), "<success"));
}

/* --- order -------------------------------------------------------------------------------- */

Test(stream, listens_to_nothing_else_before_login)
{
	static const char *const early[] = { "<message/>", "<presence/>", BIND(""),
		"<iq type='get' id='x'><query xmlns='jabber:iq:roster'/></iq>",
			"<a xmlns='urn:xmpp:sm:3' h='0'/>" };

	for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
		struct link *link = world_secure_client();

		cr_assert(has(world_says(link, early[i]), STREAM_ERROR_IS("not-authorized")),
			"%s", early[i]);
		cr_assert(fake_link_is_closed(link));
	}
}

Test(stream, listens_to_nothing_else_before_a_resource_is_bound)
{
	static const char *const early[] = { "<message to='juliet@example.org'/>", "<presence/>",
		"<iq type='get' id='x'><query xmlns='jabber:iq:roster'/></iq>",
			"<iq type='set' id='x'/>",
		"<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>" };

	for (size_t i = 0; i < sizeof early / sizeof *early; i++)
		cr_assert(has(world_says(world_login(), early[i]),
			STREAM_ERROR_IS("not-authorized")), "%s", early[i]);
}

Test(stream, does_not_log_in_twice)
{
	cr_assert(has(world_says(world_login(), plain_text("", "romeo", "pencil")),
		STREAM_ERROR_IS("not-authorized")));
}

Test(stream, stays_with_the_host_of_the_login)
{
	struct link *link = world_secure_client();

	world_says(link, plain_text("", "romeo", "pencil"));
	cr_assert(has(world_says(link, HEADER_TO("other.example")),
		STREAM_ERROR_IS("host-unknown")));
}

Test(stream, knows_who_logged_in)
{
	struct link *link = world_secure_client();

	world_says(link, plain_text("", "romeo", "pencil"));
	cr_assert(has(world_says(link,
		"<stream:stream from='juliet@example.org' to='example.org' version='1.0' "
		NAMESPACES ">"), STREAM_ERROR_IS("invalid-from")));
}

Test(stream, tells_how_large_an_element_before_the_login_may_be)
{
	struct link *link = world_connect(LISTEN_DIRECT);

	cr_assert(has(world_says(link, HEADER), "<limits xmlns='urn:xmpp:stream-limits:0'>"
		"<max-bytes>16384</max-bytes></limits></stream:features>"));
}

/* --- bind --------------------------------------------------------------------------------- */

Test(stream, offers_what_follows_the_login)
{
	struct link *link = world_secure_client();

	world_says(link, plain_text("", "romeo", "pencil"));
	cr_assert(has(world_says(link, HEADER), "<stream:features>"
		"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
		"<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>"
		"<sm xmlns='urn:xmpp:sm:3'/>"
		"<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes>"
		"<idle-seconds>180</idle-seconds></limits>"
		"<ver xmlns='urn:xmpp:features:rosterver'/></stream:features>"));
}

Test(stream, binds_the_resource_that_was_asked_for)
{
	cr_assert_str_eq(world_says(world_login(), BIND("<resource>balcony</resource>")),
		"<iq type='result' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
		"<jid>romeo@example.org/balcony</jid></bind></iq>");
}

Test(stream, binds_a_resource_of_its_own_when_none_was_asked_for)
{
	cr_assert(has(world_says(world_login(), BIND("")), "<jid>romeo@example.org/made-up</jid>"));
}

#define BIND_ERROR(type, condition) "<iq type='error' id='b1'><error type='" type "'><" condition \
	" xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

Test(stream, says_why_a_resource_was_not_bound)
{
	static const struct { int result; const char *answer; } rows[] = {
		{ -EEXIST, BIND_ERROR("cancel", "conflict") },
		{ -EUSERS, BIND_ERROR("wait", "resource-constraint") },
		{ -EINVAL, BIND_ERROR("modify", "bad-request") },
		{ -EIO, BIND_ERROR("wait", "internal-server-error") },
	};
	struct link *link = world_login();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake_accounts.bind_result = rows[i].result;
		cr_assert_str_eq(world_says(link, BIND("<resource>x</resource>")), rows[i].answer);
	}
	fake_accounts.bind_result = 0;
	cr_assert(has(world_says(link, BIND("")), "result"));
}

Test(stream, ends_when_the_account_went_away_before_bind)
{
	struct link *link = world_login();

	fake_accounts.bind_result = -ENOENT;
	cr_assert(has(world_says(link, BIND("")), STREAM_ERROR_IS("not-authorized")));
	cr_assert(fake_link_is_closed(link));
}

Test(stream, refuses_requests_for_a_resource_that_are_out_of_form)
{
	struct link *link = world_login();

	cr_assert_str_eq(world_says(link, BIND("<resource/>")),
		BIND_ERROR("modify", "bad-request"));
	cr_assert(has(world_says(link,
		"<iq type='get' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
		"bad-request"));
	cr_assert(has(world_says(link,
		"<iq type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
		"<iq type='error'><error"));
}

Test(stream, binds_once)
{
	cr_assert_str_eq(world_says(world_bound_client(), BIND("<resource>other</resource>")),
		BIND_ERROR("cancel", "not-allowed"));
	cr_assert_eq(fake_accounts.sessions, 1);
}

Test(stream, answers_the_session_request_of_old)
{
	cr_assert_str_eq(world_says(world_bound_client(),
		"<iq type='set' id='s1'><session "
			"xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"),
		"<iq type='result' id='s1'/>");
	cr_assert_str_eq(fake_accounts.received, "");
}

Test(stream, escapes_what_the_client_said)
{
	cr_assert(has(world_says(world_login(), "<iq type='set' id='&lt;&apos;'>"
		"<bind "
			"xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
			"<resource>&lt;&amp;</resource></bind></iq>"),
		"id='&lt;&apos;'><bind "
			"xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
			"<jid>romeo@example.org/&lt;&amp;</jid>"));
}

/* --- stanzas ------------------------------------------------------------------------------ */

Test(stream, hands_stanzas_to_the_session_and_its_words_to_the_client)
{
	struct link *link = world_bound_client();

	cr_assert_str_eq(world_says(link, "<message><body>O</body></message> \n <presence/>"), "");
	cr_assert(has(fake_accounts.received, "<body>O</body></message><presence"));
	stream_write(fake_accounts.stream, "<presence/>", 11);
	cr_assert_eq(stream_unwritten(fake_accounts.stream), 11);
	cr_assert_str_eq(fake_link_take(link), "<presence/>");
}

Test(stream, does_not_mind_white_space)
{
	struct link *link = world_bound_client();

	for (int i = 0; i < 3; i++)
		cr_assert_str_eq(world_says(link, " "), "");
	world_says(link, "<presence/>");
	cr_assert(has(fake_accounts.received, "<presence"));
}

Test(stream, keeps_the_declarations_of_its_header)
{
	struct link *link = world_secure_client();

	world_says(link, plain_text("", "romeo", "pencil"));
	world_says(link, "<stream:stream to='example.org' version='1.0' xmlns:c='urn:example:c' "
		NAMESPACES ">");
	world_says(link, BIND(""));
	world_says(link, "<message><c:x/></message>");
	cr_assert(has(fake_accounts.received, "urn:example:c"));
}

Test(stream, waits_while_the_session_wants_a_pause)
{
	struct link *link = world_bound_client();

	fake_accounts.pauses_after_stanza = true;
	world_says(link, "<message id='1'/><message id='2'/><message id='3'/>");
	cr_assert_eq(count_of(fake_accounts.received, "<message"), 1);
	cr_assert_eq(fake_link_pauses(link), 1);
	stream_resume(fake_accounts.stream);
	world_settle();
	cr_assert_eq(count_of(fake_accounts.received, "<message"), 2);
	stream_resume(fake_accounts.stream);
	world_settle();
	stream_resume(fake_accounts.stream);
	world_settle();
	cr_assert_eq(count_of(fake_accounts.received, "<message"), 3);
	cr_assert_eq(fake_link_pauses(link), 0);
}

/* --- ends --------------------------------------------------------------------------------- */

Test(stream, ends_when_the_client_ends_it)
{
	struct link *link = world_bound_client();

	cr_assert_str_eq(world_says(link, "<presence/>" STREAM_END "<presence/>"), STREAM_END);
	cr_assert(fake_link_is_closed(link));
	cr_assert_eq(fake_accounts.sessions_ended_orderly, 1);
	cr_assert_eq(count_of(fake_accounts.received, "<presence"), 1);
}

/* RFC 6120 4.9.1.1: nothing more is said, and no error is answered with another. */
Test(stream, ends_without_a_word_when_the_client_says_error)
{
	const char *error = "<stream:error><undefined-condition "
		"xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
		"</stream:error><presence/>";

	cr_assert_str_eq(world_says(world_bound_client(), error), STREAM_END);
	cr_assert_eq(fake_accounts.sessions_ended_orderly, 1);
	cr_assert_str_eq(world_says(world_secure_client(), error), STREAM_END);
	cr_assert_str_eq(fake_accounts.received, "");
}

Test(stream, ends_in_every_state_when_the_client_ends_it)
{
	cr_assert(has(world_says(world_connect(LISTEN_STARTTLS), HEADER STREAM_END), STREAM_END));
	cr_assert_str_eq(world_says(world_secure_client(), STREAM_END), STREAM_END);
	cr_assert_str_eq(world_says(world_login(), STREAM_END), STREAM_END);
}

Test(stream, tells_the_session_that_the_link_broke)
{
	struct link *link = world_bound_client();

	fake_link_end(link, LINK_BROKEN);
	cr_assert_eq(fake_accounts.sessions_ended, 1);
	cr_assert_eq(fake_accounts.sessions_ended_orderly, 0);
	cr_assert_eq(stream_count(world.shards[0]) + stream_count(world.shards[1]), 0);
}

Test(stream, closes_with_the_error_that_the_session_names)
{
	struct link *link = world_bound_client();

	session_close(fake_accounts.session, STREAM_ERROR_CONFLICT, "replaced by <another>");
	cr_assert_str_eq(fake_link_take(link), STREAM_ERROR_IS("conflict")
		"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>replaced by "
			"&lt;another&gt;</text>"
		"</stream:error>" STREAM_END);
	cr_assert(fake_link_is_closed(link));
}

Test(stream, closes_all_of_a_shard)
{
	struct link *fresh = world_connect(LISTEN_STARTTLS);
	struct link *bound = world_bound_client();

	stream_close_all(world.shards[0], STREAM_ERROR_SYSTEM_SHUTDOWN);
	stream_close_all(world.shards[1], STREAM_ERROR_SYSTEM_SHUTDOWN);
	cr_assert(has(fake_link_take(fresh), STREAM_ERROR_IS("system-shutdown")));
	cr_assert(has(fake_link_take(bound), STREAM_ERROR_IS("system-shutdown")));
	cr_assert_eq(stream_count(world.shards[0]) + stream_count(world.shards[1]), 0);
	cr_assert_eq(fake_accounts.sessions_ended, 1);
}

Test(stream, gives_up_on_a_login_that_takes_too_long)
{
	struct link *link = world_secure_client();

	world_pass((uint64_t)world.server.limits.negotiation_s * 1000 - 1);
	cr_assert_str_eq(fake_link_take(link), "");
	world_pass(1);
	cr_assert(has(fake_link_take(link), STREAM_ERROR_IS("connection-timeout")));
}

Test(stream, counts_the_time_of_a_login_also_behind_a_move)
{
	struct link *link;

	world_pass(1); /* so that connections start at another time than the clock */
	link = world_connect(LISTEN_DIRECT);
	world_says(link, HEADER);
	world_pass(20000);
	cr_assert(has(world_says(link, plain_text("", "romeo", "pencil")), "<success"));
	world_pass(9999);
	cr_assert_str_eq(fake_link_take(link), "");
	world_pass(1);
	cr_assert(has(fake_link_take(link), STREAM_ERROR_IS("connection-timeout")));
}

Test(stream, has_all_the_time_once_it_is_bound)
{
	struct link *link = world_bound_client();

	world_pass((uint64_t)world.server.limits.negotiation_s * 2000);
	cr_assert_str_eq(fake_link_take(link), "");
	cr_assert_not(fake_link_is_closed(link));
}

/* --- the move, pipelines, pieces ---------------------------------------------------------- */

/* Names until one lives on each shard. */
static const char *name_with_home(unsigned shard, char *credentials)
{
	static char bare[8][128];
	static char name[64];
	static unsigned turn;

	for (unsigned i = 0;; i++) {
		struct arena *arena = arena_create(512);
		unsigned home;

		snprintf(name, sizeof name, "user%u", i);
		snprintf(bare[turn], sizeof *bare, "%s@example.org", name);
		home = jid_hash(jid_new(arena, bare[turn])) % 2;
		arena_destroy(arena);
		if (home != shard)
			continue;
		fake_account_add(bare[turn++], credentials);
		return name;
	}
}

Test(stream, moves_to_the_accounts_home_when_that_is_another_shard)
{
	char *credentials = credentials_make("pencil", 16);

	for (unsigned shard = 0; shard < 2; shard++) {
		const char *name = name_with_home(shard, credentials);
		struct link *link = world_secure_client();

		cr_assert(has(world_says(link, plain_text("", name, "pencil")), "<success"));
		cr_assert_eq(fake_link_moves(link), shard);
		cr_assert(has(world_says(link, HEADER), "<bind"));
		cr_assert(has(world_says(link, BIND("")), "<jid>"));
		cr_assert_eq(stream_count(world.shards[shard]), 1);
		cr_assert_eq(stream_shard(fake_accounts.stream), world.shards[shard]);
		stream_close_all(world.shards[shard], STREAM_ERROR_SYSTEM_SHUTDOWN);
	}
	free(credentials);
}

Test(stream, may_move_once_for_each_name_that_is_tried)
{
	char *credentials = credentials_make("pencil", 16);
	struct link *link = world_secure_client();
	char there[64];

	snprintf(there, sizeof there, "%s", name_with_home(1, credentials));
	cr_assert_str_eq(world_says(link, plain_text("", there, "x")), FAILURE("not-authorized"));
	cr_assert(has(world_says(link, plain_text("", name_with_home(0, credentials), "pencil")),
		"<success"));
	cr_assert_eq(fake_link_moves(link), 2);
	world_close();
	free(credentials);
	exit(0);
}

static const char *whole_login(const char *name)
{
	static char text[4096];

	snprintf(text, sizeof text, "%s%s%s%s<presence/><message><body>O</body></message>", HEADER,
		plain_text("", name, "pencil"), HEADER, BIND("<resource>r</resource>"));
	return text;
}

static void check_login(struct link *link, const char *said)
{
	cr_assert_eq(count_of(said, "<stream:features>"), 2, "%s", said);
	cr_assert_eq(count_of(said, "<success"), 1);
	cr_assert_eq(count_of(said, "/r</jid>"), 1);
	cr_assert(has(fake_accounts.received, "<presence"));
	cr_assert(has(fake_accounts.received, "<body>O</body></message>"));
	cr_assert_eq(fake_link_waiting(link), 0);
	fake_accounts.received[0] = '\0';
}

Test(stream, takes_a_whole_login_in_one_piece)
{
	char *credentials = credentials_make("pencil", 16);

	for (unsigned shard = 0; shard < 2; shard++) {
		struct link *link = world_connect(LISTEN_DIRECT);

		check_login(link, world_says(link, whole_login(name_with_home(shard,
			credentials))));
		cr_assert_eq(fake_link_moves(link), shard);
	}
	for (unsigned shard = 0; shard < 2; shard++)
		stream_close_all(world.shards[shard], STREAM_ERROR_SYSTEM_SHUTDOWN);
	free(credentials);
}

/* In two pieces, split at every byte, to both homes, the account opening at once and later. */
static void check_split(const char *text, size_t at)
{
	struct link *link = world_connect(LISTEN_DIRECT);
	char said[8192];

	snprintf(said, sizeof said, "%s", world_says_bytes(link, text, at));
	strcat(said, world_says(link, text + at));
	check_login(link, said);
	world_says(link, STREAM_END);
	cr_assert(fake_link_is_closed(link));
	world_pass(1000); /* many that follow each other closely would be slowed down */
	fake_links_finish();
}

static void check_splits(unsigned shard)
{
	char *credentials = credentials_make("pencil", 16);
	char text[4096];
	size_t len;

	strcpy(text, whole_login(name_with_home(shard, credentials)));
	len = strlen(text);
	for (size_t at = 1; at < len; at++)
		check_split(text, at);
	free(credentials);
}

Test(stream, takes_a_login_split_at_every_byte) { check_splits(0); }
Test(stream, takes_a_login_that_moves_split_at_every_byte) { check_splits(1); }

Test(stream, takes_a_login_split_at_every_byte_when_the_account_opens_later)
{
	fake_accounts.open_later = true;
	check_splits(1);
}

Test(stream, takes_a_login_byte_by_byte)
{
	struct link *link = world_connect(LISTEN_DIRECT);
	const char *text = whole_login("romeo");
	char said[8192] = "";

	for (; *text; text++)
		strcat(said, world_says_bytes(link, text, 1));
	check_login(link, said);
}

/* Everything from the first byte on, the two handshakes apart. */
Test(stream, takes_starttls_split_at_every_byte)
{
	static const char bytes[] = HEADER STARTTLS;
	size_t len = strlen(bytes);

	for (size_t at = 1; at < len; at++) {
		struct link *link = world_connect(LISTEN_STARTTLS);

		world_says_bytes(link, bytes, at);
		world_says(link, bytes + at);
		cr_assert(fake_link_is_in_handshake(link));
		fake_link_secure(link);
		cr_assert(has(world_says(link, HEADER), "<mechanisms"));
		world_says(link, STREAM_END);
		fake_links_finish();
	}
}

/* Some clients end their elements with a line break. */
Test(stream, does_not_mind_a_line_break_in_front_of_a_new_header)
{
	struct link *link = world_secure_client();
	char text[2048];

	snprintf(text, sizeof text, "%s\n", plain_text("", "romeo", "pencil"));
	cr_assert(has(world_says(link, text), "<success"));
	cr_assert(has(world_says(link, HEADER), "<bind"));
}

/* --- language (RFC 6120 4.7.4) ------------------------------------------------------------- */

static struct link *bound_client_speaking(const char *lang)
{
	struct link *link = world_secure_client();
	char header[400];

	snprintf(header, sizeof header, "<stream:stream to='example.org' version='1.0' %s "
		"xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", lang);
	world_says(link, plain_text("", "romeo", "pencil"));
	world_says(link, header);
	world_says(link, BIND(""));
	return link;
}

Test(stream, language_of_the_header_is_that_of_stanzas_without_one)
{
	world_says(bound_client_speaking("xml:lang='de-CH'"), "<message id='m1'/>");
	cr_assert(has(fake_accounts.received, "xml:lang='de-CH'"));
}

Test(stream, language_of_a_stanza_is_its_own)
{
	world_says(bound_client_speaking("xml:lang='de'"), "<message xml:lang='cs'/>");
	cr_assert(has(fake_accounts.received, "xml:lang='cs'"));
	cr_assert_not(has(fake_accounts.received, "xml:lang='de'"));
}

Test(stream, language_that_is_none_is_not_passed_on)
{
	world_says(bound_client_speaking("xml:lang='de&lt;'"), "<message id='m1'/>");
	cr_assert_not(has(fake_accounts.received, "xml:lang"));
}
