/* base64.c - Base64, strictly
 * SPDX-License-Identifier: MIT */

#include "base64.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *bytes, size_t len, char *ret_text)
{
	const unsigned char *in = bytes;

	for (; len > 0; in += 3) {
		size_t count = len < 3 ? len : 3;
		uint32_t group = (uint32_t)in[0] << 16;

		if (count > 1)
			group |= (uint32_t)in[1] << 8;
		if (count > 2)
			group |= in[2];
		*ret_text++ = alphabet[group >> 18];
		*ret_text++ = alphabet[group >> 12 & 63];
		*ret_text++ = count > 1 ? alphabet[group >> 6 & 63] : '=';
		*ret_text++ = count > 2 ? alphabet[group & 63] : '=';
		len -= count;
	}
	*ret_text = '\0';
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The characters in front of the padding, or -EINVAL. */
static int count_digits(const char *group, bool is_last)
{
	if (group[3] != '=')
		return 4;
	if (!is_last)
		return -EINVAL;
	return group[2] == '=' ? 2 : 3;
}

static int decode_group(const char *group, int digits, uint32_t *ret_bits)
{
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++) {
		int value = i < digits ? value_of(group[i]) : 0;

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)value;
	}
	/* Bits behind the last byte must be zero, so that a text has one spelling. */
	if ((digits == 2 && bits & 0xFFFF) || (digits == 3 && bits & 0xFF))
		return -EINVAL;
	*ret_bits = bits;
	return 0;
}

int base64_decode(const char *text, size_t len, void *ret_bytes, size_t room, size_t *ret_len)
{
	unsigned char *out = ret_bytes;
	size_t used = 0;

	if (len % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i += 4) {
		int digits = count_digits(text + i, i + 4 == len);
		uint32_t bits;

		if (digits < 0 || decode_group(text + i, digits, &bits) < 0)
			return -EINVAL;
		if (used + (size_t)digits - 1 > room)
			return -ENOSPC;
		for (int byte = 0; byte < digits - 1; byte++)
			out[used++] = (unsigned char)(bits >> (16 - 8 * byte));
	}
	*ret_len = used;
	return 0;
}
