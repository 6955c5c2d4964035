/* Ids of archived messages, to text and back.
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "arena.h"
#include "archive_id.h"

static const struct {
	struct archive_id id;
	const char *text;
} ids[] = {
	{ { 1, 0 }, "1" },
	{ { 1, 1 }, "1-0000000000000001" },
	{ { UINT64_C(1800000000000000), UINT64_C(0xfedcba9876543210) },
		"1800000000000000-fedcba9876543210" },
	{ { UINT64_MAX, UINT64_MAX }, "18446744073709551615-ffffffffffffffff" },
};

Test(archive_id, is_written_and_read)
{
	struct arena *arena = arena_create(ARENA_SMALL);

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct archive_id id;
		const char *text = archive_id_text(arena, ids[i].id);

		cr_expect_str_eq(text, ids[i].text);
		cr_expect_lt(strlen(text), ARCHIVE_ID_SIZE);
		cr_expect(archive_id_read(text, &id), "%s", text);
		cr_expect_eq(archive_id_compare(id, ids[i].id), 0);
	}
	arena_destroy(arena);
}

static const char *const others[] = {
	"", "0", "01", "+1", "-1", " 1", "1 ", "x", "18446744073709551616",
	"0-0000000000000001", "-0000000000000001",
	"1-", "1-0000000000000000", "1-000000000000001", "1-00000000000000001", "1-000000000000001g",
	"1-000000000000000A", "1-0x00000000000001", "1- 000000000000001", "1-0000000000000001-",
	"1:0000000000000001", "28482-98726-73623", "0dEbjCyNW-KTd98cdDHEcSlq",
};

Test(archive_id, is_no_other_text)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct archive_id id;

		cr_expect_not(archive_id_read(others[i], &id), "%s", others[i]);
	}
}

Test(archive_id, compares_by_place_first)
{
	cr_expect_lt(archive_id_compare((struct archive_id){ 1, 9 }, (struct archive_id){ 2, 3 }), 0);
	cr_expect_gt(archive_id_compare((struct archive_id){ 2, 3 }, (struct archive_id){ 1, 9 }), 0);
	cr_expect_lt(archive_id_compare((struct archive_id){ 2, 3 }, (struct archive_id){ 2, 4 }), 0);
	cr_expect_gt(archive_id_compare((struct archive_id){ 2, 4 }, (struct archive_id){ 2, 3 }), 0);
}
