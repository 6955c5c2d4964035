/* test_jid.c - addresses by RFC 7622, promised to whoever routes by them
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "jid.h"

static struct arena *arena;

static void begin(void) { arena = arena_create(2048); }
static void end(void) { arena_destroy(arena); }

TestSuite(jid, .init = begin, .fini = end, .timeout = 10);

struct pair {
	const char *text;
	const char *normal; /* NULL: not an address */
};

#define each(table, pair) \
	for (const struct pair *pair = table; pair < table + sizeof table / sizeof *table; pair++)

static void expect_normal(const struct pair *pair)
{
	const struct jid *jid = jid_new(arena, pair->text);

	if (!pair->normal) {
		cr_expect_null(jid, "%s is %s", pair->text, jid ? jid_text(jid) : "");
		return;
	}
	cr_assert(jid, "%s", pair->text);
	cr_expect_str_eq(jid_text(jid), pair->normal);
	cr_expect_eq(jid_len(jid), strlen(pair->normal));
	cr_assert(jid_new(arena, pair->normal), "%s again", pair->normal);
	cr_expect(jid_equal(jid, jid_new(arena, pair->normal)), "%s again", pair->normal);
}

/* RFC 7622, 3.5, table 1; of 9 to 11 the capital sigma is folded by RFC 8265 3.3. */
static const struct pair rfc_valid[] = {
	{ "juliet@example.com", "juliet@example.com" },
	{ "juliet@example.com/foo", "juliet@example.com/foo" },
	{ "juliet@example.com/foo bar", "juliet@example.com/foo bar" },
	{ "juliet@example.com/foo@bar", "juliet@example.com/foo@bar" },
	{ "foo\\20bar@example.com", "foo\\20bar@example.com" },
	{ "fussball@example.com", "fussball@example.com" },
	{ "fu\xC3\x9F" "ball@example.com", "fu\xC3\x9F" "ball@example.com" },
	{ "\xCF\x80@example.com", "\xCF\x80@example.com" },
	{ "\xCE\xA3@example.com/foo", "\xCF\x83@example.com/foo" },
	{ "\xCF\x83@example.com/foo", "\xCF\x83@example.com/foo" },
	{ "\xCF\x82@example.com/foo", "\xCF\x82@example.com/foo" },
	{ "king@example.com/\xE2\x99\x9A", "king@example.com/\xE2\x99\x9A" },
	{ "example.com", "example.com" },
	{ "example.com/foobar", "example.com/foobar" },
	{ "a.example.com/b@example.net", "a.example.com/b@example.net" },
};

Test(jid, reads_the_valid_examples_of_the_rfc)
{
	each(rfc_valid, pair)
		expect_normal(pair);
}

/* RFC 7622, 3.5, table 2. */
static const struct pair rfc_invalid[] = {
	{ "\"juliet\"@example.com", NULL },
	{ "foo bar@example.com", NULL },
	{ "@example.com/", NULL },
	{ "henry\xE2\x85\xA3@example.com", NULL },
	{ "\xE2\x99\x9A@example.com", NULL },
	{ "juliet@", NULL },
	{ "/foobar", NULL },
};

Test(jid, refuses_the_invalid_examples_of_the_rfc)
{
	each(rfc_invalid, pair)
		expect_normal(pair);
}

static const struct pair locals[] = {
	{ "Romeo@a", "romeo@a" },
	{ "ROMEO.Montague_1+x@a", "romeo.montague_1+x@a" },
	{ "a@b@c", NULL }, { "@a", NULL }, { "a&b@c", NULL }, { "a'b@c", NULL }, { "a:b@c", NULL },
	{ "a<b@c", NULL }, { "a>b@c", NULL }, { "a\tb@c", NULL }, { "a\x7F@c", NULL },
	{ "\xC3\x84pfel@a", "\xC3\xA4pfel@a" },
	{ "a\xCC\x88@a", "\xC3\xA4@a" },                         /* NFC */
	{ "\xEF\xBC\xA1\xEF\xBC\x91@a", "a1@a" },                /* full width */
	{ "\xEF\xBD\xB6\xEF\xBE\x9E@a", "\xE3\x82\xAC@a" },      /* half-width katakana, composed */
	{ "a\xEF\xBC\xA0" "b@a", NULL },                         /* a full-width at sign */
	{ "a\xE3\x80\x80" "b@a", NULL },                         /* ideographic space */
	{ "\xE2\x84\xAB@a", NULL },                              /* angstrom: a compatibility form */
	{ "\xC2\xAD@a", NULL }, { "a\xE2\x80\x8B@a", NULL }, { "\xEF\xBF\xBE@a", NULL },
	{ "\xE1\x84\x80@a", NULL },                              /* old jamo */
	{ "\xD9\x80@a", NULL },                                  /* tatweel, by exception */
	{ "\xCD\xB8@a", NULL },                                  /* unassigned */
	{ "\xEE\x80\x80@a", NULL },                              /* private use */
	{ "\xF0\x9F\x98\x80@a", NULL },                          /* a symbol */
	{ "\xF0\x90\x90\x80@a", "\xF0\x90\x90\xA8@a" },          /* deseret has cases */
	{ "\xED\xA0\x80@a", NULL }, { "\xC0\xAF@a", NULL }, { "\xFF@a", NULL }, { "\xC3@a", NULL },
	{ "\xCE\x9F\xCE\x94\xCE\x9F\xCE\xA3@a", "\xCE\xBF\xCE\xB4\xCE\xBF\xCF\x82@a" },
};

Test(jid, prepares_local_parts_by_username_case_mapped)
{
	each(locals, pair)
		expect_normal(pair);
}

static const struct pair contexts[] = {
	{ "l\xC2\xB7l@a", "l\xC2\xB7l@a" }, { "a\xC2\xB7l@a", NULL }, { "l\xC2\xB7@a", NULL },
	{ "\xC2\xB7@a", NULL }, { "L\xC2\xB7L@a", NULL },
	{ "\xCD\xB5\xCE\xB1@a", "\xCD\xB5\xCE\xB1@a" }, { "\xCD\xB5" "a@a", NULL }, { "\xCD\xB5@a", NULL },
	{ "\xD7\x90\xD7\xB3@a", "\xD7\x90\xD7\xB3@a" }, { "a\xD7\xB3@a", NULL }, { "\xD7\xB4@a", NULL },
	{ "\xE3\x83\xBB\xE3\x82\xA2@a", "\xE3\x83\xBB\xE3\x82\xA2@a" }, { "\xE3\x83\xBB" "a@a", NULL },
	{ "\xD8\xA7\xD9\xA1@a", "\xD8\xA7\xD9\xA1@a" }, { "\xD8\xA7\xDB\xB1@a", "\xD8\xA7\xDB\xB1@a" },
	{ "\xD8\xA7\xD9\xA1\xDB\xB1@a", NULL },
	{ "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D@a", "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D@a" },
	{ "\xE0\xA4\x95\xE2\x80\x8D@a", NULL }, { "a\xE2\x80\x8D@a", NULL }, { "\xE2\x80\x8C@a", NULL },
	{ "\xD8\xA8\xE2\x80\x8C\xD8\xA8@a", "\xD8\xA8\xE2\x80\x8C\xD8\xA8@a" },
	{ "\xD8\xA7\xE2\x80\x8C\xD8\xA8@a", NULL },
	{ "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8C@a", "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8C@a" },
};

Test(jid, allows_some_characters_only_in_their_context)
{
	each(contexts, pair)
		expect_normal(pair);
}

static const struct pair directions[] = {
	{ "\xD7\x90\xD7\x91@a", "\xD7\x90\xD7\x91@a" },
	{ "\xD7\x90" "1@a", "\xD7\x90" "1@a" },
	{ "1\xD7\x90@a", NULL },                  /* begins with a number */
	{ "\xD7\x90" "a@a", NULL },               /* mixes directions */
	{ "a\xD7\x90@a", NULL },
	{ "\xD7\x90-@a", NULL },                  /* ends with a neutral */
	{ "\xD7\x90" "1\xD9\xA1@a", NULL },       /* two kinds of numbers */
	{ "\xD7\x90\xD6\xB0@a", "\xD7\x90\xD6\xB0@a" }, /* a point at the end */
	{ "a@b/a\xD7\x90", "a@b/a\xD7\x90" },     /* a resource may */
};

Test(jid, obeys_the_bidi_rule)
{
	each(directions, pair)
		expect_normal(pair);
}

static const struct pair domains[] = {
	{ "Example.COM", "example.com" }, { "example.com.", "example.com" }, { "a", "a" },
	{ "example..com", NULL }, { ".example.com", NULL }, { ".", NULL }, { "", NULL },
	{ "example.com..", NULL }, { "-a.b", NULL }, { "a-.b", NULL }, { "a.b-", NULL },
	{ "a_b.c", NULL }, { "a b", NULL }, { "a!b", NULL }, { "a--b", "a--b" }, { "ab--c", NULL },
	{ "127.0.0.1", "127.0.0.1" }, { "[::1]", "[::1]" },
	{ "[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]" }, { "[1.2.3.4]", NULL }, { "[::1", NULL },
	{ "[]", NULL }, { "[::1]x", NULL }, { "[::1%eth0]", NULL }, { "a@[::1]/r", "a@[::1]/r" },
	{ "b\xC3\xBC" "cher.example", "b\xC3\xBC" "cher.example" },
	{ "B\xC3\x9C" "CHER.example", "b\xC3\xBC" "cher.example" },
	{ "xn--bcher-kva.example", "b\xC3\xBC" "cher.example" },
	{ "XN--BCHER-KVA.example", "b\xC3\xBC" "cher.example" },
	{ "bu\xCC\x88" "cher.example", "b\xC3\xBC" "cher.example" },
	{ "fa\xC3\x9F.de", "fa\xC3\x9F.de" },
	{ "\xE4\xBE\x8B\xE3\x80\x82\xE4\xBE\x8B", "\xE4\xBE\x8B.\xE4\xBE\x8B" },
	{ "\xEF\xBC\xA5xample.com", "example.com" },
	{ "xn--.example", NULL }, { "xn--a.example", NULL }, { "xn--zzzzzzzz.example", NULL },
	{ "xn--example-.example", NULL },
	{ "\xE2\x98\x83.net", NULL },                      /* a snowman is no letter */
	{ "xn--n3h.net", NULL },                           /* nor in disguise */
	{ "\xE2\x85\xA3.net", NULL }, { "a\xE2\x80\x8B.net", NULL }, { "\xCC\x88" "a.net", NULL },
	{ "\xD7\x90.example", "\xD7\x90.example" }, { "\xD7\x90" "a.example", NULL },
	{ "0a.\xD7\x90", NULL },                           /* every label of a bidi domain */
	{ "l\xC2\xB7l.cat", "l\xC2\xB7l.cat" }, { "a\xC2\xB7l.cat", NULL },
	{ "\xFF.net", NULL },
	{ "\xEA\xAD\xB0.example", "\xE1\x8E\xA0.example" }, /* small cherokee */
	{ "\xE1\x8E\xA0.example", "\xE1\x8E\xA0.example" },
};

Test(jid, prepares_domains_by_idna2008)
{
	each(domains, pair)
		expect_normal(pair);
}

static const struct pair resources[] = {
	{ "a/ x ", "a/ x " }, { "a/", NULL }, { "a/b/c", "a/b/c" }, { "a/\"&'/:<>@", "a/\"&'/:<>@" },
	{ "a/Balcony", "a/Balcony" }, { "a/\t", NULL }, { "a/\x7F", NULL },
	{ "a/x\xC2\xA0y", "a/x y" }, { "a/\xE3\x80\x80", "a/ " },
	{ "a/A\xCC\x8A", "a/\xC3\x85" }, { "a/\xEF\xBC\xA1", "a/\xEF\xBC\xA1" },
	{ "a/\xF0\x9F\x98\x80", "a/\xF0\x9F\x98\x80" }, { "a/\xE2\x80\x8B", NULL },
	{ "a/\xC2\x85", NULL }, { "a/\xFE", NULL }, { "a/\xE2\x80\x8D", NULL },
};

Test(jid, prepares_resources_as_opaque_strings)
{
	each(resources, pair)
		expect_normal(pair);
}

static const struct jid *with_lengths(size_t local, size_t domain_labels, size_t resource, char fill)
{
	char text[8000];
	size_t at = 0;

	memset(text, fill, sizeof text);
	at += local;
	text[at++] = '@';
	for (size_t i = 0; i < domain_labels; i++, at += 10)
		memcpy(text + at, i ? ".abcdefghi" : "abcdefghij", 10);
	text[at++] = '/';
	return jid_parse(arena, text, at + resource);
}

Test(jid, bounds_each_part)
{
	cr_assert(with_lengths(1023, 2, 1023, 'x'));
	cr_assert_null(with_lengths(1024, 2, 1, 'x'));
	cr_assert_null(with_lengths(1, 2, 1024, 'x'));
	cr_assert_null(with_lengths(1, 26, 1, 'x'));
	cr_assert(with_lengths(1023, 2, 1023, 'X'));
	cr_assert_null(with_lengths(1024, 2, 1, 'X'));
	cr_assert_null(with_lengths(4500, 2, 1, 'X'));
	cr_assert_null(with_lengths(1, 2, 4500, '\t'));
}

Test(jid, bounds_a_part_after_its_mappings)
{
	char text[4096];
	size_t len = 0;

	while (len < 3 * 1023)
		memcpy(text + len, "\xEF\xBD\x81", 3), len += 3; /* full-width a */
	memcpy(text + len, "@b", 2);
	cr_assert_eq(jid_len(jid_parse(arena, text, len + 2)), 1025);
	memmove(text + 3, text, len + 2);
	cr_assert_null(jid_parse(arena, text, len + 5));
}

Test(jid, bounds_labels_at_63)
{
	char label[80];

	memset(label, 'a', sizeof label);
	cr_assert(jid_parse(arena, label, 63));
	cr_assert_null(jid_parse(arena, label, 64));
	label[0] = 'A';
	cr_assert(jid_parse(arena, label, 63));
	cr_assert_null(jid_parse(arena, label, 64));
}

Test(jid, refuses_a_zero_byte_in_any_part)
{
	cr_assert_null(jid_parse(arena, "a\0b@c", 5));
	cr_assert_null(jid_parse(arena, "a@b\0c", 5));
	cr_assert_null(jid_parse(arena, "a@b/\0", 5));
	cr_assert_null(jid_parse(arena, "\xC3\xA4\0b@c", 6));
	cr_assert_null(jid_parse(arena, "a@[::1\0]", 8));
	cr_assert_null(jid_parse(arena, "b\xC3\xBC\0c", 5));
	cr_assert_null(jid_parse(arena, "B\0c", 3));
	cr_assert_null(jid_parse(arena, NULL, 0));
}

Test(jid, gives_its_parts)
{
	const struct jid *jid = jid_new(arena, "Juliet@Example.org/balcony");

	cr_assert_str_eq(jid_text(jid), "juliet@example.org/balcony");
	cr_assert_str_eq(jid_bare_text(jid), "juliet@example.org");
	cr_assert_str_eq(jid_local(jid), "juliet");
	cr_assert_str_eq(jid_domain(jid), "example.org");
	cr_assert_str_eq(jid_resource(jid), "balcony");
	cr_assert_eq(jid_bare_len(jid), 18);
	cr_assert_not(jid_is_bare(jid));
}

Test(jid, gives_no_parts_that_are_not_there)
{
	const struct jid *domain = jid_new(arena, "example.org");
	const struct jid *service = jid_new(arena, "example.org/x");

	cr_assert_null(jid_local(domain));
	cr_assert_null(jid_resource(domain));
	cr_assert_str_eq(jid_domain(domain), "example.org");
	cr_assert(jid_is_domain(domain) && jid_is_bare(domain));
	cr_assert_not(jid_is_domain(service) || jid_is_bare(service));
	cr_assert_null(jid_local(service));
	cr_assert_str_eq(jid_domain(service), "example.org");
	cr_assert_str_eq(jid_bare_text(service), "example.org");
	cr_assert_not(jid_is_domain(jid_new(arena, "a@b")));
}

Test(jid, joins_parts)
{
	cr_assert_str_eq(jid_text(jid_join(arena, "Romeo", "B", "r")), "romeo@b/r");
	cr_assert_str_eq(jid_text(jid_join(arena, NULL, "b", NULL)), "b");
	cr_assert_null(jid_join(arena, "a@b", "c", NULL));
	cr_assert_null(jid_join(arena, "", "c", NULL));
	cr_assert_null(jid_join(arena, "a", "", NULL));
	cr_assert_null(jid_join(arena, "a", NULL, NULL));
	cr_assert_null(jid_join(arena, "a", "b", ""));
	cr_assert_null(jid_join(arena, NULL, "b/c", NULL));
}

Test(jid, changes_between_bare_and_full)
{
	const struct jid *full = jid_new(arena, "romeo@b/r");
	const struct jid *bare = jid_bare(arena, full);

	cr_assert_str_eq(jid_text(bare), "romeo@b");
	cr_assert_eq(jid_bare(arena, bare), bare);
	cr_assert_str_eq(jid_text(jid_full(arena, bare, "x")), "romeo@b/x");
	cr_assert_str_eq(jid_text(jid_full(arena, full, "y")), "romeo@b/y");
	cr_assert_null(jid_full(arena, bare, ""));
	cr_assert_null(jid_full(arena, bare, NULL));
	cr_assert_null(jid_full(arena, bare, "\t"));
}

Test(jid, compares_whole_and_bare)
{
	const struct jid *full = jid_new(arena, "romeo@b/r");
	const struct jid *other = jid_new(arena, "ROMEO@B/s");

	cr_assert(jid_bare_equal(full, other));
	cr_assert_not(jid_equal(full, other));
	cr_assert_eq(jid_hash(full), jid_hash(other));
	cr_assert_not(jid_equal(full, jid_bare(arena, full)));
	cr_assert_not(jid_bare_equal(full, jid_new(arena, "romeo@c/r")));
	cr_assert_neq(jid_hash(full), jid_hash(jid_new(arena, "romeo@c")));
}

Test(jid, hashes_the_same_in_every_run)
{
	cr_assert_eq(jid_hash(jid_new(arena, "juliet@example.org")), 0x7ABF2A66);
}

Test(jid, outlives_its_arena_as_a_copy)
{
	struct arena *short_lived = arena_create(100);
	const struct jid *jid = jid_new(short_lived, "romeo@b/r");
	struct jid *full = jid_create(jid);
	struct jid *bare = jid_create_bare(jid);
	const struct jid *copy = jid_copy(arena, jid);

	arena_destroy(short_lived);
	cr_assert(jid_equal(full, copy));
	cr_assert_str_eq(jid_local(copy), "romeo");
	cr_assert_str_eq(jid_text(bare), "romeo@b");
	cr_assert_str_eq(jid_local(bare), "romeo");
	jid_destroy(full);
	jid_destroy(bare);
	jid_destroy(NULL);
}

Test(jid, prepares_parts_alone)
{
	cr_assert_str_eq(jid_prepare_local(arena, "RomeoX", 5), "romeo");
	cr_assert_str_eq(jid_prepare_domain(arena, "B.example.", 10), "b.example");
	cr_assert_str_eq(jid_prepare_resource(arena, "Orchard", 7), "Orchard");
	cr_assert_null(jid_prepare_local(arena, "a@b", 3));
	cr_assert_null(jid_prepare_local(arena, "", 0));
	cr_assert_null(jid_prepare_domain(arena, "", 0));
	cr_assert_null(jid_prepare_resource(arena, "", 0));
}

Test(jid, judges_costly_texts_in_good_time)
{
	char text[4096];
	size_t len = 0;

	while (len < 1000)
		memcpy(text + len, "\xE3\x83\xBB", 3), len += 3;
	memcpy(text + len, "\xE3\x82\xA2@b", 5);
	for (int i = 0; i < 2000; i++)
		cr_assert(jid_parse(arena, text, len + 5));
}
