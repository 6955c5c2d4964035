/* What clients say in SASL is taken apart exactly as the RFCs write it.
 * SPDX-License-Identifier: MIT */

#include "sasl/messages.h"

#include <string.h>

#include <criterion/criterion.h>

#include "arena.h"

static struct arena *arena;

static void open_arena(void) { arena = arena_create(1024); }
static void close_arena(void) { arena_destroy(arena); }

TestSuite(sasl_messages, .init = open_arena, .fini = close_arena);

static bool reads(const char *text, struct scram_first *ret_first)
{
	return scram_first_parse(arena, text, strlen(text), ret_first);
}

Test(sasl_messages, a_first_message_names_flag_and_user)
{
	struct scram_first first;

	cr_assert(reads("n,,n=user,r=fyko", &first));
	cr_assert_eq(first.flag, BINDING_UNSUPPORTED);
	cr_assert_str_eq(first.name, "user");
	cr_assert_str_eq(first.authzid, "");
	cr_assert(reads("y,a=b@c,n=a=3Db=2Cc,r=x,e=1", &first));
	cr_assert_eq(first.flag, BINDING_MISSED);
	cr_assert_str_eq(first.authzid, "b@c");
	cr_assert_str_eq(first.name, "a=b,c");
	cr_assert(reads("p=tls-exporter,,n=u,r=x", &first));
	cr_assert_str_eq(first.binding, "tls-exporter");
}

Test(sasl_messages, a_first_message_out_of_form_is_refused)
{
	static const char *const wrong[] = { "", "n", "n,", "n,,", "n,,n=user", "n,,n=user,",
		"n,,n=,r=x",
		"n,,n=user,r=", "n,,r=x,n=user", "n,,m=1,n=user,r=x", "x,,n=user,r=x",
			"nn,,n=user,r=x",
		"p,,n=user,r=x", "p=,,n=user,r=x", "n,b,n=user,r=x", "n,a=,n=user,r=x",
			"n,,n=us=er,r=x",
		"n,,n=us=2c,r=x", "n,,n=u=,r=x", "n,a==,n=u,r=x", ",,n=user,r=x", "n,n=user,r=x" };
	struct scram_first first;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_not(reads(wrong[i], &first), "%s", wrong[i]);
	cr_assert_not(scram_first_parse(arena, "n,,n=u\0v,r=x", 12, &first));
}

Test(sasl_messages, a_final_message_out_of_form_is_refused)
{
	static const char *const wrong[] = { "", "c=biws", "c=biws,r=x", "c=*,r=x,p=AAAA",
		"r=x,c=biws,p=AAAA",
		"c=biws,r=x,p=A", "c=biws,p=AAAA", "c=biws,r=x,p=AAAA,", "c=biws,r=x,p=AAAA,e=1",
			"x" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_not(scram_final_is_well_formed(wrong[i], strlen(wrong[i])), "%s",
			wrong[i]);
	cr_assert(scram_final_is_well_formed("c=biws,r=x,p=AAAA", 17));
	cr_assert(scram_final_is_well_formed("c=biws,r=x,e=1,p=AAAA", 21));
	cr_assert_not(scram_final_is_well_formed("c=biws,r=\0,p=AAAA", 17));
}

Test(sasl_messages, plain_has_three_parts)
{
	struct plain_message message;

	cr_assert(plain_parse(arena, "\0romeo\0secret", 13, &message));
	cr_assert_str_eq(message.authzid, "");
	cr_assert_str_eq(message.name, "romeo");
	cr_assert_str_eq(message.password, "secret");
	cr_assert(plain_parse(arena, "a@b\0romeo\0x", 11, &message));
	cr_assert_str_eq(message.authzid, "a@b");
	cr_assert_not(plain_parse(arena, "a@b\0romeo\0", 10, &message));
	cr_assert_not(plain_parse(arena, "", 0, &message));
	cr_assert_not(plain_parse(arena, "romeo", 5, &message));
	cr_assert_not(plain_parse(arena, "\0romeo", 6, &message));
	cr_assert_not(plain_parse(arena, "\0\0secret", 8, &message));
	cr_assert_not(plain_parse(arena, "\0romeo\0sec\0ret", 14, &message));
	cr_assert_not(plain_parse(arena, "\0romeo\0secret\0", 14, &message));
}
