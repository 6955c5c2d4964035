/* What a client may ask for before it logs in, and what a module can do for it (XEP-0077 3.1.1).
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "element.h"
#include "host.h"
#include "stream.h"
#include "stream_world.h"

static struct tern_stranger *asking;
static unsigned asked;
static int result_of_register;

static void note_asking(struct tern_stranger *stranger, const struct element *payload,
	const void *settings)
{
	asking = stranger;
	asked++;
}

static void answer_at_once(struct tern_stranger *stranger, const struct element *payload,
	const void *settings)
{
	tern_stranger_answer(stranger,
		element_copy(tern_stranger_arena(stranger), payload));
}

static void note_registered(struct tern_stranger *stranger, int result)
{
	result_of_register = result;
	tern_stranger_answer(stranger, NULL);
}

static void take_name(struct tern_stranger *stranger, const struct element *payload,
	const void *settings)
{
	tern_stranger_register(stranger, element_text(payload), "pencil", note_registered);
}

static struct stranger_claim claims[] = {
	{ TERN_GET, "urn:example:later", "later", note_asking, NULL },
	{ TERN_GET, "urn:example:now", "now", answer_at_once, NULL },
	{ TERN_SET, "urn:example:name", "name", take_name, NULL },
	{ 0 },
};

static void open(void)
{
	world_open();
	world.example.strangers = claims;
	world.example.stranger_features = (char *)"<ask xmlns='urn:example:ask'/>";
	asked = 0;
	asking = NULL;
}

TestSuite(stranger, .init = open, .fini = world_close);

#define LATER(id) "<iq type='get' id='" id "'><later xmlns='urn:example:later'/></iq>"
#define NOW "<iq type='get' id='n'><now xmlns='urn:example:now'>text</now></iq>"
#define NAME(name) "<iq type='set' id='r'><name xmlns='urn:example:name'>" name "</name></iq>"

Test(stranger, is_told_what_it_may_ask_for_once_tls_is_there)
{
	struct link *link = world_connect(LISTEN_STARTTLS);

	cr_assert_not(has(world_says(link, HEADER), "urn:example:ask"));
	world_says(link, STARTTLS);
	fake_link_secure(link);
	cr_assert(has(world_says(link, HEADER), "<ask xmlns='urn:example:ask'/>"));
	world_says(link, plain_text("", "romeo", "pencil"));
	cr_assert_not(has(world_says(link, HEADER), "urn:example:ask"));
}

Test(stranger, gets_an_answer_from_the_host)
{
	cr_assert_str_eq(world_says(world_secure_client(), NOW),
		"<iq type='result' id='n' from='example.org'>"
		"<now xmlns='urn:example:now'>text</now></iq>");
}

Test(stranger, gets_a_refusal)
{
	struct link *link = world_secure_client();

	world_says(link, LATER("a"));
	tern_stranger_refuse(asking, TERN_NOT_ACCEPTABLE, "wait", "later");
	cr_assert_str_eq(fake_link_take(link), "<iq type='error' id='a' from='example.org'>"
		"<error type='wait'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
		"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>later</text></error></iq>");
}

Test(stranger, is_not_read_before_it_has_its_answer)
{
	struct link *link = world_secure_client();

	world_says(link, LATER("a") LATER("b"));
	cr_assert_eq(asked, 1);
	tern_stranger_answer(asking, NULL);
	world_settle();
	cr_assert_eq(asked, 2);
	tern_stranger_answer(asking, NULL);
	cr_assert_eq(fake_link_pauses(link), 0);
}

Test(stranger, may_be_gone_before_its_answer)
{
	struct link *link = world_secure_client();

	world_says(link, LATER("a"));
	fake_link_end(link, LINK_BROKEN);
	world_settle();
	cr_assert_eq(stream_count(world.shards[0]), 0);
	cr_assert_eq(tern_stranger_note_try(asking), 0);
	tern_stranger_answer(asking, NULL);
}

Test(stranger, waits_no_longer_than_a_login_may_take)
{
	struct link *link = world_secure_client();

	world_says(link, LATER("a"));
	world_pass((uint64_t)world.server.limits.negotiation_s * 1000);
	cr_assert(has(fake_link_take(link), STREAM_ERROR_IS("connection-timeout")));
	tern_stranger_answer(asking, NULL);
}

Test(stranger, ends_its_stream_with_what_nobody_claims)
{
	cr_assert(has(world_says(world_secure_client(),
		"<iq type='set' id='n'><now xmlns='urn:example:now'/></iq>"),
		STREAM_ERROR_IS("not-authorized")));
	cr_assert(has(world_says(world_secure_client(),
		"<iq type='get'><now xmlns='urn:example:now'/></iq>"),
		STREAM_ERROR_IS("not-authorized")));
}

Test(stranger, logs_in_to_the_account_that_it_has_made)
{
	struct link *link = world_secure_client();

	cr_assert(has(world_says(link, NAME("newcomer")), "type='result'"));
	cr_assert_eq(result_of_register, 0);
	cr_assert(has(world_says(link, plain_text("", "newcomer", "pencil")), "<success"));
}

Test(stranger, makes_one_account)
{
	struct link *link = world_secure_client();

	world_says(link, NAME("romeo"));
	cr_assert_eq(result_of_register, -EEXIST);
	world_says(link, NAME("newcomer"));
	cr_assert_eq(result_of_register, 0);
	world_says(link, NAME("another"));
	cr_assert_eq(result_of_register, -EALREADY);
}
