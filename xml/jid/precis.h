/* precis.h - strings prepared and compared by PRECIS (RFC 8264, 8265)
 * SPDX-License-Identifier: MIT
 *
 * The slow path of addresses: what is not ASCII.  Text is taken as code points and
 * changed in place, as the profiles of RFC 8265 say, ending in NFC. */
#ifndef PRECIS_H
#define PRECIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for a part at the limit: every mapping that shortens has shortened enough, or
 * the part is too long anyway. */
#define PRECIS_MAX 4096

struct precis_text {
	uint32_t points[PRECIS_MAX];
	size_t len;
};

/* From UTF-8; false when it is not that, or too long. */
bool precis_decode(struct precis_text *text, const char *bytes, size_t len);

/* To UTF-8, NUL-terminated; the length, or 0 when it does not fit (or is empty). */
size_t precis_encode(const struct precis_text *text, char *bytes, size_t room);

/* UsernameCaseMapped (RFC 8265 3.3) and OpaqueString (4.2); false when not allowed. */
bool precis_username(struct precis_text *text);
bool precis_opaque(struct precis_text *text);

/* Full-width and half-width forms to their ordinary ones. */
void precis_map_width(struct precis_text *text);

/* Lower case, then NFC; false when it grows beyond the limit. */
bool precis_lower(struct precis_text *text);

/* RFC 5893: whether characters from right to left occur; the rule for one label. */
bool precis_is_bidi(const uint32_t *points, size_t len);
bool precis_obeys_bidi_rule(const uint32_t *points, size_t len);

#endif
