/* archive_id.c - ids of archived messages, to text and back
 * SPDX-License-Identifier: MIT */

#include "archive_id.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "hex.h"

#define DIGITS 16 /* of what was drawn */

const char *archive_id_text(struct arena *arena, struct archive_id id)
{
	uint64_t big = htobe64(id.drawn);
	char *place = arena_number(arena, id.place), *text;
	size_t len = strlen(place);

	if (!id.drawn)
		return place;
	text = arena_alloc(arena, ARCHIVE_ID_SIZE);
	memcpy(text, place, len);
	text[len] = '-';
	hex_encode((const unsigned char *)&big, sizeof big, text + len + 1);
	return text;
}

/* As written: with all digits, and no capitals. */
static bool read_drawn(const char *text, uint64_t *ret_drawn)
{
	if (strlen(text) != DIGITS || strspn(text, "0123456789abcdef") != DIGITS)
		return false;
	*ret_drawn = strtoull(text, NULL, 16);
	return *ret_drawn != 0;
}

bool archive_id_read(const char *text, struct archive_id *ret_id)
{
	struct archive_id id = { 0 };
	char *end;

	if (*text < '1' || *text > '9') /* as written: no sign, no leading zero */
		return false;
	errno = 0;
	id.place = strtoull(text, &end, 10);
	if (errno || (*end && (*end != '-' || !read_drawn(end + 1, &id.drawn))))
		return false;
	*ret_id = id;
	return true;
}

int archive_id_compare(struct archive_id left, struct archive_id right)
{
	if (left.place != right.place)
		return left.place < right.place ? -1 : 1;
	return left.drawn < right.drawn ? -1 : left.drawn > right.drawn;
}
