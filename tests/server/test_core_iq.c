/* test_core_iq.c - an iq finds the one handler that claims it
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "core_stage.h"

#define NS_PLACE "tern:test:place"

static enum tern_verdict reply(struct tern_event *event, const char *name)
{
	struct element *payload = element_new(event->arena, NS_PLACE, name);

	element_set(payload, "host", tern_host_domain(event->host));
	if (event->entity)
		element_set(payload, "entity", jid_text(tern_entity_jid(event->entity)));
	if (event->session)
		element_set(payload, "session", jid_text(tern_session_jid(event->session)));
	return tern_reply(event, payload);
}

static enum tern_verdict at_host(struct tern_event *event, const void *settings)
{
	(void)settings;
	return reply(event, "host");
}

static enum tern_verdict at_own(struct tern_event *event, const void *settings)
{
	(void)settings;
	return reply(event, "own");
}

static enum tern_verdict at_other(struct tern_event *event, const void *settings)
{
	(void)settings;
	return reply(event, "other");
}

static enum tern_verdict refuse(struct tern_event *event, const void *settings)
{
	(void)settings;
	return tern_reject_with(event, TERN_CONFLICT, element_new(event->arena, NS_PLACE, "because"));
}

/* To say with what. */
static enum tern_verdict forget(struct tern_event *event, const void *settings)
{
	(void)event;
	(void)settings;
	return TERN_REJECT;
}

static enum tern_verdict pass(struct tern_event *event, const void *settings)
{
	(void)event;
	(void)settings;
	return TERN_PASS;
}

static enum tern_verdict forge(struct tern_event *event, const void *settings)
{
	struct element *iq = element_new(event->arena, NS_CLIENT, "iq");

	(void)settings;
	element_set(iq, "from", "pope@example.com");
	element_set(iq, "to", ROSALINE "/feast");
	element_set(iq, "type", "result");
	element_set(iq, "id", "forged");
	tern_send(event->entity, iq);
	return tern_reply(event, NULL);
}

/* Only those who say so may. */
static enum tern_verdict guard(struct tern_event *event, const void *settings)
{
	(void)settings;
	return element_get(event->stanza.element, "xml:lang") ? TERN_PASS :
		tern_reject(event, TERN_FORBIDDEN, NULL);
}

static const struct tern_module places = {
	.abi = TERN_MODULE_ABI,
	.name = "places",
	.about = "says where it is asked",
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, NS_PLACE, "where", at_host },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_PLACE, "where", at_own },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_PLACE, "where", at_other },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_PLACE, "where", refuse },
		{ TERN_SET, TERN_AT_HOST, NS_PLACE, "where", pass },
		{ TERN_SET, TERN_AT_HOST, NS_PLACE, "why", forget },
		{ TERN_SET, TERN_AT_OWN_ACCOUNT, NS_PLACE, "forge", forge },
		{ TERN_GET, TERN_AT_RESOURCE, NS_PLACE, "guarded", guard, TERN_FORBIDDEN },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_PLACE, "guarded", guard, TERN_FORBIDDEN },
		{ 0 },
	},
};

static struct client *romeo, *rosaline;

static void set_up(void)
{
	static const struct tern_module *const modules[] = { &places, NULL };

	stage_open(modules);
	romeo = client_open(ROMEO, "garden");
	rosaline = client_open(ROSALINE, "feast");
}

TestSuite(core_iq, .init = set_up, .fini = stage_close);

static const char *ask(const char *type, const char *to, const char *name)
{
	client_says(romeo, "<iq type='%s' id='q'%s%s%s><%s xmlns='" NS_PLACE "'/></iq>", type,
		*to ? " to='" : "", to, *to ? "'" : "", name);
	return client_heard(romeo);
}

#define OWN_ANSWER "<own xmlns='" NS_PLACE "' host='example.org' entity='" ROMEO "' session='" \
	ROMEO "/garden'/>"

Test(core_iq, without_an_address_is_for_the_own_account)
{
	cr_assert(has(ask("get", "", "where"), OWN_ANSWER));
	cr_assert(has(ask("get", ROMEO, "where"), OWN_ANSWER));
}

Test(core_iq, finds_the_host)
{
	cr_assert(has(ask("get", "example.org", "where"),
		"<host xmlns='" NS_PLACE "' host='example.org' session='"));
	cr_assert(has(ask("get", "other.example", "where"),
		"<host xmlns='" NS_PLACE "' host='other.example' session='"));
}

Test(core_iq, finds_the_account_of_somebody_else)
{
	cr_assert(has(ask("get", ROSALINE, "where"),
		"<other xmlns='" NS_PLACE "' host='example.org' entity='" ROSALINE "'/>"));
}

Test(core_iq, to_a_session_is_passed_on)
{
	const char *heard;

	cr_assert_str_eq(ask("get", ROSALINE "/feast", "where"), "");
	heard = client_heard(rosaline);
	cr_assert(has(heard, "<where"));
	client_says(rosaline, "<iq type='result' id='q' to='" ROMEO "/garden'/>");
	cr_assert(has(client_heard(romeo), "type='result'"));
	cr_assert(has(ask("get", ROSALINE "/away", "where"), "<service-unavailable"));
}

Test(core_iq, to_a_session_passes_its_guard_first)
{
	cr_assert(has(ask("get", ROSALINE "/feast", "guarded"), "<forbidden"));
	cr_assert(has(ask("get", ROSALINE "/away", "guarded"), "<forbidden"));
	cr_assert_str_eq(client_heard(rosaline), "");
	client_says(romeo, "<iq type='get' id='q' xml:lang='en' to='" ROSALINE "/feast'>"
		"<guarded xmlns='" NS_PLACE "'/></iq>");
	cr_assert(has(client_heard(rosaline), "<guarded"));
	client_says(romeo, "<iq type='get' id='q' xml:lang='en' to='" ROSALINE "/away'>"
		"<guarded xmlns='" NS_PLACE "'/></iq>");
	cr_assert(has(client_heard(romeo), "<service-unavailable"));
}

Test(core_iq, of_a_stranger_hears_the_same_from_an_account_that_does_not_exist)
{
	static const char *const to[] = { ROSALINE, NOBODY, ROSALINE "/x", NOBODY "/x" };

	for (size_t i = 0; i < sizeof to / sizeof *to; i++)
		cr_expect(has(ask("get", to[i], "guarded"), "<forbidden"), "%s", to[i]);
	cr_assert(has(ask("set", NOBODY, "guarded"), "<service-unavailable"));
}

Test(core_iq, that_nobody_claims_is_refused)
{
	static const char *const places_of[] = { "", "example.org", "other.example", ROSALINE, NOBODY };

	for (size_t i = 0; i < sizeof places_of / sizeof *places_of; i++)
		cr_expect(has(ask("get", places_of[i], "what"), "<service-unavailable"), "%s",
			places_of[i]);
	cr_assert(has(ask("set", ROSALINE, "where"), "<service-unavailable"));
}

Test(core_iq, is_refused_as_its_handler_says)
{
	const char *heard = ask("set", "", "where");

	cr_assert(has(heard, "<conflict"));
	cr_assert(has(heard, "<because"));
	cr_assert(has(ask("set", "example.org", "where"), "<service-unavailable"));
}

Test(core_iq, is_refused_when_its_handler_names_no_condition)
{
	cr_assert(has(ask("set", "example.org", "why"), "<internal-server-error"));
}

Test(core_iq, a_module_speaks_in_nobody_elses_name)
{
	const char *heard;

	ask("set", "", "forge");
	stage_settle();
	heard = client_heard(rosaline);
	cr_assert(has(heard, "id='forged'"), "%s", heard);
	cr_assert(has(heard, "from='" ROMEO "'"), "%s", heard);
}

Test(core_iq, to_another_server_finds_none)
{
	cr_assert(has(ask("get", "far.example", "where"), "<remote-server-not-found"));
	cr_assert(has(ask("get", "a@far.example/b", "where"), "<remote-server-not-found"));
}

Test(core_iq, results_that_nobody_waits_for_are_dropped)
{
	client_says(romeo, "<iq type='result' id='tern-1' to='example.org'/>");
	client_says(romeo, "<iq type='result' id='tern-1'/>");
	client_says(romeo, "<iq type='error' id='x' to='" ROSALINE "'/>");
	client_says(romeo, "<iq type='result' id='x' to='" ROSALINE "/away'/>");
	client_says(romeo, "<iq type='result' id='x' to='" NOBODY "'/>");
	client_says(romeo, "<iq type='result' id='x' to='far.example'/>");
	cr_assert_str_eq(client_heard(romeo), "");
	cr_assert_str_eq(client_heard(rosaline), "");
}

/* The parts are normalised alike, however they are written. */
Test(core_iq, answers_in_the_name_that_was_asked)
{
	cr_assert(has(ask("get", "ROSALINE@EXAMPLE.org", "where"), "from='" ROSALINE "'"));
}
