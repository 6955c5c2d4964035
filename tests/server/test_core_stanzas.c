/* test_core_stanzas.c - what is a stanza, what is wrong with it, and what answers it
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "arena.h"
#include "buffer.h"
#include "element.h"
#include "names.h"
#include "parser.h"
#include "stanzas.h"
#include "writer.h"

static struct arena *arena;
static struct element *read_element;
static struct parser_pool *pool;

static void keep(void *context, struct arena *taken, struct element *element)
{
	(void)context;
	arena = taken;
	read_element = element;
}

static void set_up(void)
{
	stanzas_prepare();
	pool = parser_pool_create(1);
}

static void tear_down(void)
{
	arena_destroy(arena);
	parser_pool_destroy(pool);
}

TestSuite(core_stanzas, .init = set_up, .fini = tear_down);

static struct element *parse(const char *xml)
{
	static const struct parser_sink sink = { .stanza = keep };
	struct parser *parser = parser_pool_take(pool, "<stream xmlns='" NS_CLIENT "'>");
	size_t used;

	arena_destroy(arena);
	arena = NULL;
	cr_assert_eq(parser_feed(parser, &sink, NULL, xml, strlen(xml), &used), PARSER_NONE, "%s", xml);
	parser_pool_give(pool, parser);
	return read_element;
}

static enum tern_condition read_text(const char *xml, struct tern_stanza *stanza)
{
	struct element *element = parse(xml);
	enum tern_kind kind;

	cr_assert(stanza_is_one(element, &kind), "%s", xml);
	return stanza_read(arena, element, kind, stanza);
}

static const struct { const char *xml; enum tern_condition fault; } cases[] = {
	{ "<message/>", TERN_NO_CONDITION },
	{ "<message to='a@b/c' type='chat'/>", TERN_NO_CONDITION },
	{ "<message type='unheard-of'/>", TERN_NO_CONDITION },
	{ "<message to=''/>", TERN_JID_MALFORMED },
	{ "<message to='@b'/>", TERN_JID_MALFORMED },
	{ "<message to='a@b/'/>", TERN_JID_MALFORMED },
	{ "<message to='a@'/>", TERN_JID_MALFORMED },
	{ "<message from='a b@c'/>", TERN_JID_MALFORMED },
	{ "<presence/>", TERN_NO_CONDITION },
	{ "<presence type='unavailable'/>", TERN_NO_CONDITION },
	{ "<presence type='probe' to='a@b'/>", TERN_NO_CONDITION },
	{ "<presence type='available'/>", TERN_BAD_REQUEST },
	{ "<presence type=''/>", TERN_BAD_REQUEST },
	{ "<presence type='chat'/>", TERN_BAD_REQUEST },
	{ "<iq type='get' id='1'><q xmlns='x'/></iq>", TERN_NO_CONDITION },
	{ "<iq type='result' id='1'/>", TERN_NO_CONDITION },
	{ "<iq type='error' id='1'><q xmlns='x'/><error/></iq>", TERN_NO_CONDITION },
	{ "<iq type='get'><q xmlns='x'/></iq>", TERN_BAD_REQUEST },
	{ "<iq id='1'><q xmlns='x'/></iq>", TERN_BAD_REQUEST },
	{ "<iq type='chat' id='1'><q xmlns='x'/></iq>", TERN_BAD_REQUEST },
	{ "<iq type='get' id='1'/>", TERN_BAD_REQUEST },
	{ "<iq type='set' id='1'><q xmlns='x'/><q xmlns='x'/></iq>", TERN_BAD_REQUEST },
	{ "<iq type='result' id='1'><q xmlns='x'/><q xmlns='x'/></iq>", TERN_BAD_REQUEST },
};

Test(core_stanzas, are_sound_or_have_a_condition)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tern_stanza stanza;

		cr_expect_eq(read_text(cases[i].xml, &stanza), cases[i].fault, "%s", cases[i].xml);
	}
}

Test(core_stanzas, are_only_messages_presences_and_iqs_of_clients)
{
	enum tern_kind kind;

	cr_assert_not(stanza_is_one(parse("<msg/>"), &kind));
	cr_assert_not(stanza_is_one(parse("<message xmlns='jabber:server'/>"), &kind));
	cr_assert(stanza_is_one(parse("<presence/>"), &kind));
	cr_assert_eq(kind, TERN_PRESENCE);
}

Test(core_stanzas, of_an_unknown_message_type_are_normal)
{
	struct tern_stanza stanza;

	read_text("<message type='gossip'/>", &stanza);
	cr_assert_eq(stanza.type, TERN_NORMAL);
	read_text("<message type='error'/>", &stanza);
	cr_assert_eq(stanza.type, TERN_ERROR);
}

static const char *text_of(const struct element *element)
{
	static struct buffer out;

	buffer_consume(&out, out.len);
	writer_element(&out, element, NS_CLIENT);
	buffer_add(&out, "", 1);
	return buffer_at(&out);
}

Test(core_stanzas, are_answered_with_results)
{
	struct tern_stanza iq;
	struct element *query;

	read_text("<iq type='get' id='7' from='a@b/c' to='d'><q xmlns='x'/></iq>", &iq);
	query = element_new(arena, "x", "q");
	cr_assert_str_eq(text_of(stanza_result(arena, &iq, query)),
		"<iq type='result' id='7' from='d' to='a@b/c'><q xmlns='x'/></iq>");
	cr_assert_str_eq(text_of(stanza_result(arena, &iq, NULL)),
		"<iq type='result' id='7' from='d' to='a@b/c'/>");
}

Test(core_stanzas, are_refused_with_errors_that_say_why)
{
	struct tern_stanza message;
	struct element *own;

	read_text("<message id='7' from='a@b/c' to='d@e'/>", &message);
	own = element_new(arena, "x", "because");
	cr_assert_str_eq(text_of(stanza_error(arena, &message,
		&(struct refusal){ TERN_NOT_ALLOWED, NULL, "no & no", own })),
		"<message type='error' id='7' from='d@e' to='a@b/c'><error type='cancel'>"
		"<not-allowed xmlns='" NS_STANZAS "'/><text xmlns='" NS_STANZAS "'>no &amp; no</text>"
		"<because xmlns='x'/></error></message>");
}

Test(core_stanzas, are_refused_with_a_type_of_their_own)
{
	struct tern_stanza message;

	read_text("<message id='7' from='a@b/c' to='d@e'/>", &message);
	cr_assert_str_eq(text_of(stanza_error(arena, &message,
		&(struct refusal){ TERN_NOT_ALLOWED, .type = "auth" })),
		"<message type='error' id='7' from='d@e' to='a@b/c'><error type='auth'>"
		"<not-allowed xmlns='" NS_STANZAS "'/></error></message>");
}

Test(core_stanzas, that_are_answers_are_never_refused)
{
	struct tern_stanza stanza;

	read_text("<message type='error'/>", &stanza);
	cr_assert_not(stanza_may_be_refused(&stanza));
	read_text("<iq type='result' id='1'/>", &stanza);
	cr_assert_not(stanza_may_be_refused(&stanza));
	read_text("<iq type='get' id='1'><q xmlns='x'/></iq>", &stanza);
	cr_assert(stanza_may_be_refused(&stanza));
}
