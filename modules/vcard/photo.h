/* photo.h - the hash of a vCard's photo, and presence that announces it
 * SPDX-License-Identifier: MIT */
#ifndef PHOTO_H
#define PHOTO_H

#include <stdbool.h>

struct arena;
struct element;

#define PHOTO_HASH_BYTES 20 /* SHA-1 */

/* False when the vCard has no photo, or one that cannot be understood (XEP-0153 4.5, 4.6). */
bool photo_hash(struct arena *arena, const struct element *vcard,
	unsigned char ret_hash[PHOTO_HASH_BYTES]);

/* XEP-0398 5: whether available presence lacks that hash.  A client that says it has no image
 * is believed. */
bool photo_is_wanted(const struct element *presence, const char *hash);

/* Puts the hash into the presence, in place of what it said. */
void photo_announce(struct element *presence, const char *hash);

/* Lower-case hexadecimal digits. */
const char *photo_text(struct arena *arena, const unsigned char hash[PHOTO_HASH_BYTES]);

#endif
