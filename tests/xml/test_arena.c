/* test_arena.c - memory that ends all at once, promised to everyone with a stanza
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

static struct arena *arena;

static void create(void) { arena = arena_create(256); }
static void destroy(void) { arena_destroy(arena); }

TestSuite(arena, .init = create, .fini = destroy);

Test(arena, aligns_for_any_type_also_behind_odd_strings)
{
	for (int i = 0; i < 100; i++) {
		arena_strndup(arena, "xyz", (size_t)i % 4);
		cr_assert_eq((uintptr_t)arena_alloc(arena, 24) % alignof(max_align_t), 0);
	}
}

Test(arena, fills_with_zeroes_when_asked)
{
	memset(arena_alloc(arena, 200), 0xFF, 200);
	const char *zeroes = arena_zalloc(arena, 500);

	for (int i = 0; i < 500; i++)
		cr_assert_eq(zeroes[i], 0);
}

Test(arena, copies_strings_with_their_end)
{
	cr_assert_str_eq(arena_strdup(arena, "balcony"), "balcony");
	cr_assert_str_eq(arena_strndup(arena, "balcony", 4), "balc");
	cr_assert_str_eq(arena_strndup(arena, NULL, 0), "");
	cr_assert_null(arena_strdup(arena, NULL));
}

Test(arena, prints_short_and_long)
{
	char *text = arena_printf(arena, "%s-%05d", "id", 42);
	char *wide = arena_printf(arena, "%1000d", 7);

	cr_assert_str_eq(text, "id-00042");
	cr_assert_eq(strlen(wide), 1000);
	cr_assert_eq(wide[999], '7');
}

Test(arena, prints_numbers)
{
	cr_assert_str_eq(arena_number(arena, 0), "0");
	cr_assert_str_eq(arena_number(arena, 1205), "1205");
	cr_assert_str_eq(arena_number(arena, UINT64_MAX), "18446744073709551615");
}

Test(arena, keeps_every_allocation_apart)
{
	unsigned char *pieces[200];

	for (int i = 0; i < 200; i++)
		pieces[i] = memset(arena_alloc(arena, (size_t)i * 7), i, (size_t)i * 7);
	for (int i = 0; i < 200; i++)
		for (int j = 0; j < i * 7; j++)
			cr_assert_eq(pieces[i][j], i);
}

Test(arena, grows_the_newest_in_place)
{
	char *text = arena_strdup(arena, "ab");

	cr_assert_eq(arena_grow(arena, text, 3, 100), text);
	cr_assert_str_eq(text, "ab");
}

Test(arena, grows_others_by_a_copy)
{
	char *text = arena_strdup(arena, "ab");
	char *grown;

	arena_alloc(arena, 1);
	grown = arena_grow(arena, text, 3, 5000);
	cr_assert_neq(grown, text);
	cr_assert_str_eq(grown, "ab");
}

Test(arena, growing_byte_by_byte_stays_linear_in_memory)
{
	char *text = arena_alloc(arena, 1);

	for (size_t len = 1; len < 1000000; len++)
		text = arena_grow(arena, text, len, len + 1);
	cr_assert_lt(arena_bytes(arena), 8000000);
}

Test(arena, takes_one_large_piece)
{
	memset(arena_alloc(arena, 10000000), 1, 10000000);
	cr_assert_geq(arena_bytes(arena), 10000000);
}

Test(arena, counts_those_alive)
{
	size_t before = arena_count_alive();
	struct arena *more[100];

	for (int i = 0; i < 100; i++)
		more[i] = arena_create((size_t)i * 50);
	cr_assert_eq(arena_count_alive(), before + 100);
	for (int i = 0; i < 100; i++)
		arena_destroy(more[i]);
	cr_assert_eq(arena_count_alive(), before);
}

Test(arena, destroys_nothing_quietly)
{
	arena_destroy(NULL);
}

Test(arena, of_an_exact_size_holds_what_it_was_made_for)
{
	struct arena *rough = arena_create(ARENA_SMALL), *exact;

	arena_alloc(rough, 100);
	arena_strdup(rough, "word");
	exact = arena_create_exact(arena_used(rough));
	arena_alloc(exact, 100);
	arena_strdup(exact, "word");
	cr_assert_lt(arena_bytes(exact), 100 + 32 + 128);
	cr_assert_eq(arena_used(exact), arena_used(rough));
	arena_alloc(exact, 1);
	cr_assert_eq(arena_used(exact), 0);
	arena_destroy(rough);
	arena_destroy(exact);
}
