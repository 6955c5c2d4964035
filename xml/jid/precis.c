/* jid/precis.c - the PRECIS profiles that addresses use
 * SPDX-License-Identifier: MIT */

#include "jid/precis.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "jid/precis_table.h"

#define ZWNJ 0x200C
#define ZWJ 0x200D
#define MIDDLE_DOT 0xB7
#define KERAIA 0x375
#define GERESH 0x5F3
#define GERSHAYIM 0x5F4
#define KATAKANA_MIDDLE_DOT 0x30FB

bool precis_decode(struct precis_text *text, const char *bytes, size_t len)
{
	const uint8_t *at = (const uint8_t *)bytes;

	text->len = 0;
	while (len > 0) {
		int used;

		if (text->len == PRECIS_MAX)
			return false;
		used = u8_mbtoucr(&text->points[text->len], at, len);
		/* U+0000 is allowed nowhere, and would end a C string early. */
		if (used <= 0 || text->points[text->len] == 0)
			return false;
		text->len++;
		at += used;
		len -= (size_t)used;
	}
	return true;
}

size_t precis_encode(const struct precis_text *text, char *bytes, size_t room)
{
	uint8_t *at = (uint8_t *)bytes;

	for (size_t i = 0; i < text->len; i++) {
		int used = u8_uctomb(at, text->points[i], (ptrdiff_t)room - 1);

		if (used <= 0)
			return 0;
		at += used;
		room -= (size_t)used;
	}
	*at = '\0';
	return (size_t)((char *)at - bytes);
}

static enum precis_class class_of(uint32_t point)
{
	size_t low = 0;
	size_t high = sizeof precis_ranges / sizeof *precis_ranges;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (precis_ranges[middle] >> 2 <= point)
			low = middle;
		else
			high = middle;
	}
	return (enum precis_class)(precis_ranges[low] & 3);
}

static bool follows_virama(const struct precis_text *text, size_t at)
{
	return at > 0 && uc_combining_class(text->points[at - 1]) == UC_CCC_VR;
}

/* RFC 5892 A.1: between letters that join across it, transparent ones aside. */
static bool breaks_a_joint(const struct precis_text *text, size_t at)
{
	size_t before = at;
	size_t after = at + 1;
	int joining;

	while (before > 0 && uc_joining_type(text->points[before - 1]) == UC_JOINING_TYPE_T)
		before--;
	while (after < text->len && uc_joining_type(text->points[after]) == UC_JOINING_TYPE_T)
		after++;
	if (before == 0 || after == text->len)
		return false;
	joining = uc_joining_type(text->points[before - 1]);
	if (joining != UC_JOINING_TYPE_L && joining != UC_JOINING_TYPE_D)
		return false;
	joining = uc_joining_type(text->points[after]);
	return joining == UC_JOINING_TYPE_R || joining == UC_JOINING_TYPE_D;
}

static bool is_script(uint32_t point, const char *name)
{
	const uc_script_t *script = uc_script(point);

	return script && strcmp(script->name, name) == 0;
}

/* What the rules ask of the whole text, found in one pass when the first one asks: many
 * such characters in one text must not cost its length each. */
struct whole {
	bool known;
	bool japanese;
	bool arabic_digit;
	bool extended_arabic_digit;
};

static void look_at_whole(struct whole *whole, const struct precis_text *text)
{
	if (whole->known)
		return;
	whole->known = true;
	for (size_t i = 0; i < text->len; i++) {
		uint32_t point = text->points[i];

		whole->arabic_digit |= point >= 0x660 && point <= 0x669;
		whole->extended_arabic_digit |= point >= 0x6F0 && point <= 0x6F9;
		whole->japanese |= is_script(point, "Hiragana") || is_script(point, "Katakana") ||
				   is_script(point, "Han");
	}
}

/* RFC 5892, appendix A. */
static bool fits_its_context(const struct precis_text *text, size_t at, struct whole *whole)
{
	const uint32_t *points = text->points;
	bool has_next = at + 1 < text->len;

	switch (points[at]) {
	case ZWNJ:
		return follows_virama(text, at) || breaks_a_joint(text, at);
	case ZWJ:
		return follows_virama(text, at);
	case MIDDLE_DOT:
		return at > 0 && has_next && points[at - 1] == 'l' && points[at + 1] == 'l';
	case KERAIA:
		return has_next && is_script(points[at + 1], "Greek");
	case GERESH:
	case GERSHAYIM:
		return at > 0 && is_script(points[at - 1], "Hebrew");
	case KATAKANA_MIDDLE_DOT:
		look_at_whole(whole, text);
		return whole->japanese;
	default: /* Arabic digits: the two kinds do not mix */
		look_at_whole(whole, text);
		return !(whole->arabic_digit && whole->extended_arabic_digit);
	}
}

static bool has_only_allowed(const struct precis_text *text, bool free_form)
{
	struct whole whole = { 0 };

	for (size_t i = 0; i < text->len; i++) {
		switch (class_of(text->points[i])) {
		case VALID:
			continue;
		case FREE:
			if (!free_form)
				return false;
			continue;
		case CONTEXT:
			if (!fits_its_context(text, i, &whole))
				return false;
			continue;
		case DISALLOWED:
			return false;
		}
	}
	return true;
}

static uint32_t ordinary_width(uint32_t point)
{
	ucs4_t mapped[UC_DECOMPOSITION_MAX_LENGTH];
	int kind;

	if (point != 0x3000 && (point < 0xFF00 || point > 0xFFEF))
		return point;
	if (uc_decomposition(point, &kind, mapped) != 1)
		return point;
	return kind == UC_DECOMP_WIDE || kind == UC_DECOMP_NARROW ? mapped[0] : point;
}

void precis_map_width(struct precis_text *text)
{
	for (size_t i = 0; i < text->len; i++)
		text->points[i] = ordinary_width(text->points[i]);
}

/* Takes over what libunistring made, which is malloc'd when it did not fit. */
static bool take_result(struct precis_text *text, const uint32_t *made, uint32_t *place,
	size_t len)
{
	bool fits = made && len <= PRECIS_MAX;

	if (fits)
		memcpy(text->points, made, len * sizeof *made);
	text->len = fits ? len : 0;
	if (made != place)
		free((uint32_t *)made);
	return fits;
}

bool precis_lower(struct precis_text *text)
{
	uint32_t place[PRECIS_MAX];
	size_t len = PRECIS_MAX;
	uint32_t *made = u32_tolower(text->points, text->len, NULL, UNINORM_NFC, place, &len);

	return take_result(text, made, place, len);
}

static bool compose(struct precis_text *text)
{
	uint32_t place[PRECIS_MAX];
	size_t len = PRECIS_MAX;
	uint32_t *made = u32_normalize(UNINORM_NFC, text->points, text->len, place, &len);

	return take_result(text, made, place, len);
}

bool precis_username(struct precis_text *text)
{
	precis_map_width(text);
	if (!has_only_allowed(text, false) || !precis_lower(text))
		return false;
	/* Again: lower case may have parted a character from its context. */
	if (!has_only_allowed(text, false))
		return false;
	return !precis_is_bidi(text->points, text->len) ||
	       precis_obeys_bidi_rule(text->points, text->len);
}

bool precis_opaque(struct precis_text *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->points[i] > 0x7F && uc_is_general_category(text->points[i], UC_CATEGORY_Zs))
			text->points[i] = ' ';
	return has_only_allowed(text, true) && compose(text) && has_only_allowed(text, true);
}

#define BIT(category) (UINT32_C(1) << (category))

/* RFC 5893, section 2. */
enum {
	RIGHT_TO_LEFT = BIT(UC_BIDI_R) | BIT(UC_BIDI_AL),
	NUMBERS = BIT(UC_BIDI_EN) | BIT(UC_BIDI_AN),
	ANYWHERE = BIT(UC_BIDI_EN) | BIT(UC_BIDI_ES) | BIT(UC_BIDI_CS) | BIT(UC_BIDI_ET) |
		   BIT(UC_BIDI_ON) | BIT(UC_BIDI_BN) | BIT(UC_BIDI_NSM),
};

bool precis_is_bidi(const uint32_t *points, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (points[i] >= 0x590 &&
		    BIT(uc_bidi_category(points[i])) & (RIGHT_TO_LEFT | BIT(UC_BIDI_AN)))
			return true;
	return false;
}

bool precis_obeys_bidi_rule(const uint32_t *points, size_t len)
{
	uint32_t seen = 0;
	uint32_t last = 0;
	uint32_t first;

	if (len == 0)
		return false;
	first = BIT(uc_bidi_category(points[0]));
	for (size_t i = 0; i < len; i++) {
		uint32_t bit = BIT(uc_bidi_category(points[i]));

		seen |= bit;
		if (bit != BIT(UC_BIDI_NSM))
			last = bit;
	}
	if (first & RIGHT_TO_LEFT)
		return !(seen & ~(uint32_t)(RIGHT_TO_LEFT | NUMBERS | ANYWHERE)) &&
		       last & (RIGHT_TO_LEFT | NUMBERS) && (seen & NUMBERS) != NUMBERS;
	if (first & BIT(UC_BIDI_L))
		return !(seen & ~(uint32_t)(BIT(UC_BIDI_L) | ANYWHERE)) &&
		       last & (BIT(UC_BIDI_L) | BIT(UC_BIDI_EN));
	return false;
}
