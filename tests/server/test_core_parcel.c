/* test_core_parcel.c - one payload, written for each recipient
 * SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "arena.h"
#include "buffer.h"
#include "element.h"
#include "jid.h"
#include "names.h"
#include "parcel.h"

static struct arena *own;
static struct parcel *parcel;
static struct buffer out;
static size_t alive;

static void set_up(void)
{
	struct arena *arena;
	struct element *message;

	own = arena_create(256);
	alive = arena_count_alive();
	arena = arena_create(256);
	message = element_new(arena, NS_CLIENT, "message");
	element_set(message, "type", "chat");
	element_set(message, "to", "someone@else");
	element_set(message, "from", "liar@else");
	element_add_text(message, "body", "1 < 2");
	parcel = parcel_new(arena, &(struct tern_stanza){ .element = message });
}

static void tear_down(void)
{
	parcel_release(parcel);
	arena_destroy(own);
	buffer_finish(&out);
}

TestSuite(core_parcel, .init = set_up, .fini = tear_down);

static const char *written(const char *to, const char *from, const struct extra *extras)
{
	buffer_consume(&out, out.len);
	parcel_write(parcel, &out, to ? jid_new(own, to) : NULL, from ? jid_new(own, from) : NULL,
		extras);
	buffer_add(&out, "", 1);
	return buffer_at(&out);
}

#define PAYLOAD "<body>1 &lt; 2</body></message>"

Test(core_parcel, is_addressed_anew)
{
	cr_assert_str_eq(written("a@b/c", "d@e", NULL),
		"<message type='chat' from='d@e' to='a@b/c'>" PAYLOAD);
	cr_assert_str_eq(written(NULL, NULL, NULL), "<message type='chat'>" PAYLOAD);
}

Test(core_parcel, is_the_same_when_it_was_serialised_before)
{
	parcel_serialise(parcel);
	parcel_serialise(parcel);
	cr_assert_str_eq(written("a@b/c", "d@e", NULL),
		"<message type='chat' from='d@e' to='a@b/c'>" PAYLOAD);
	cr_assert_str_eq(written("f@g", "d@e", NULL),
		"<message type='chat' from='d@e' to='f@g'>" PAYLOAD);
}

Test(core_parcel, has_extras_for_one_recipient)
{
	struct extra delay = { .element = element_new(own, "x", "delay") };
	struct extra id = { .element = element_new(own, "y", "id"), .next = &delay };

	cr_assert_str_eq(written("a@b", NULL, &id),
		"<message type='chat' to='a@b'><id xmlns='y'/><delay xmlns='x'/>" PAYLOAD);
	parcel_serialise(parcel);
	cr_assert_str_eq(written("a@b", NULL, &id),
		"<message type='chat' to='a@b'><id xmlns='y'/><delay xmlns='x'/>" PAYLOAD);
}

Test(core_parcel, lives_until_its_last_share_is_given_back)
{
	parcel_share(parcel);
	parcel_release(parcel);
	cr_assert_eq(arena_count_alive(), alive + 1);
	parcel_release(parcel);
	cr_assert_eq(arena_count_alive(), alive);
	parcel = NULL;
}
