/* photo.c - what presence says of a vCard's photo (XEP-0153 1.1.1, XEP-0398 1.0.0)
 * SPDX-License-Identifier: MIT */

#include "photo.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "hex.h"
#include "module.h"

#define NS_VCARD "vcard-temp"
#define NS_UPDATE "vcard-temp:x:update"

/* XEP-0153 4.6: line breaks are usual. */
static char *without_space(struct arena *arena, const char *text, size_t *ret_len)
{
	char *packed = arena_alloc(arena, strlen(text) + 1);
	size_t len = 0;

	for (; *text; text++)
		if (!isspace((unsigned char)*text))
			packed[len++] = *text;
	*ret_len = len;
	return packed;
}

bool photo_hash(struct arena *arena, const struct element *vcard,
	unsigned char ret_hash[PHOTO_HASH_BYTES])
{
	const struct element *photo = element_find(vcard, NS_VCARD, "PHOTO");
	const char *text = photo ? element_find_text(photo, NS_VCARD, "BINVAL") : NULL;
	size_t len, image_len;
	char *packed, *image;

	if (!text)
		return false;
	packed = without_space(arena, text, &len);
	image = arena_alloc(arena, len + 1);
	if (base64_decode(packed, len, image, len, &image_len) < 0 || image_len == 0)
		return false;
	tern_sha1(image, image_len, ret_hash);
	return true;
}

bool photo_is_wanted(const struct element *presence, const char *hash)
{
	const struct element *update = element_find(presence, NS_UPDATE, "x");
	const char *said = update ? element_find_text(update, NS_UPDATE, "photo") : NULL;

	return !said || (*said && strcasecmp(said, hash) != 0);
}

void photo_announce(struct element *presence, const char *hash)
{
	struct element *update;

	element_remove_all(presence, NS_UPDATE, "x");
	update = element_add(presence, NS_UPDATE, "x");
	element_add_text(update, "photo", hash);
}

const char *photo_text(struct arena *arena, const unsigned char hash[PHOTO_HASH_BYTES])
{
	char *text = arena_alloc(arena, HEX_BYTES(PHOTO_HASH_BYTES));

	hex_encode(hash, PHOTO_HASH_BYTES, text);
	return text;
}
