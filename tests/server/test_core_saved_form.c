/* test_core_saved_form.c - what is written of a session is read again, and nothing else is
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "saved_form.h"

static struct buffer out;
static struct saved_reader reader;
static struct saved_item item;

static struct saved_text text(const char *bytes)
{
	return (struct saved_text){ bytes, strlen(bytes) };
}

static bool is(struct saved_text found, const char *wanted)
{
	return found.len == strlen(wanted) && memcmp(found.at, wanted, found.len) == 0;
}

static const struct saved_stanza stanza = {
	.xml = { "<message/>", 10 }, .since_us = UINT64_C(1790000000000001),
	.handover = { .number = 7, .is_taken = true, .is_overdue = true, .log = 513,
		.pending_id = UINT64_MAX, .kept_id = 3 },
};

static void write_all(void)
{
	saved_add_head(&out, &(struct saved_head){ .jid = text("romeo@example.org/garden"),
		.id = text("0123"), .max_s = 300, .until_us = UINT64_C(1790000300000000),
		.handled = UINT64_C(0x100000002), .acked = 5, .is_filtered = true });
	saved_add_presence(&out, text("<presence/>"));
	saved_add_stanza(&out, &stanza);
	saved_add_state(&out, text("csi"), text("kept"));
	saved_add_end(&out);
}

static int open_bytes(const void *bytes, size_t len)
{
	return saved_open((struct saved_text){ bytes, len }, &reader);
}

static int open_all(void)
{
	return open_bytes(buffer_at(&out), out.len);
}

static void tear_down(void)
{
	buffer_finish(&out);
}

TestSuite(core_saved_form, .init = write_all, .fini = tear_down);

Test(core_saved_form, the_head_comes_back)
{
	cr_assert_eq(open_all(), 0);
	cr_assert(is(reader.head.jid, "romeo@example.org/garden"));
	cr_assert(is(reader.head.id, "0123"));
	cr_assert_eq(reader.head.max_s, 300);
	cr_assert_eq(reader.head.until_us, UINT64_C(1790000300000000));
	cr_assert_eq(reader.head.handled, UINT64_C(0x100000002));
	cr_assert_eq(reader.head.acked, 5);
	cr_assert(reader.head.is_filtered);
}

Test(core_saved_form, items_come_back_in_order)
{
	open_all();
	cr_assert_eq(saved_next(&reader, &item), SAVED_PRESENCE);
	cr_assert(is(item.presence, "<presence/>"));
	cr_assert_eq(saved_next(&reader, &item), SAVED_STANZA);
	cr_assert(is(item.stanza.xml, "<message/>"));
	cr_assert_eq(item.stanza.since_us, stanza.since_us);
	cr_assert_eq(item.stanza.handover.number, 7);
	cr_assert(item.stanza.handover.is_taken);
	cr_assert(item.stanza.handover.is_overdue);
	cr_assert_eq(item.stanza.handover.log, 513);
	cr_assert_eq(item.stanza.handover.pending_id, UINT64_MAX);
	cr_assert_eq(item.stanza.handover.kept_id, 3);
	cr_assert_eq(saved_next(&reader, &item), SAVED_STATE);
	cr_assert(is(item.name, "csi") && is(item.state, "kept"));
	cr_assert_eq(saved_next(&reader, &item), SAVED_END);
	cr_assert_eq(saved_next(&reader, &item), SAVED_END);
}

Test(core_saved_form, another_version_is_told_from_damage)
{
	out.bytes[out.start] = SAVED_VERSION + 1;
	cr_assert_eq(open_all(), -ENOTSUP);
}

/* A copy of its exact size, so that a sanitizer sees a byte too far. */
Test(core_saved_form, wherever_it_is_cut_off_it_is_damaged)
{
	for (size_t len = 0; len < out.len; len++) {
		char *bytes = malloc(len ? len : 1);

		memcpy(bytes, buffer_at(&out), len);
		cr_assert_eq(open_bytes(bytes, len), -EPROTO, "at %zu", len);
		free(bytes);
	}
}

Test(core_saved_form, nothing_may_stand_behind_the_end)
{
	buffer_add(&out, "", 1);
	cr_assert_eq(open_all(), -EPROTO);
}

static void read_all(void)
{
	enum saved_kind kind;
	size_t sum = 0;

	while ((kind = saved_next(&reader, &item)) != SAVED_END) {
		if (kind == SAVED_STANZA)
			sum += (unsigned char)item.stanza.xml.at[item.stanza.xml.len - 1];
		else if (kind == SAVED_STATE)
			sum += (unsigned char)item.name.at[item.name.len - 1];
	}
	cr_assert_lt(sum, SIZE_MAX);
}

/* Whatever is accepted can be read to its end. */
Test(core_saved_form, bytes_that_have_changed_are_read_or_refused)
{
	char *bytes = malloc(out.len);

	for (size_t at = 0; at < out.len; at++) {
		for (unsigned change = 1; change < 256; change++) {
			memcpy(bytes, buffer_at(&out), out.len);
			bytes[at] ^= (char)change;
			if (open_bytes(bytes, out.len) == 0)
				read_all();
		}
	}
	free(bytes);
}

Test(core_saved_form, garbage_is_refused)
{
	unsigned char bytes[512];
	unsigned seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		size_t len = 1 + round % (sizeof bytes - 1);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
		bytes[0] = SAVED_VERSION;
		if (open_bytes(bytes, len) == 0)
			read_all();
	}
	cr_assert_eq(open_bytes("", 0), -EPROTO);
}
