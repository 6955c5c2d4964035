/* hex.h - digits of base 16
 * SPDX-License-Identifier: MIT */
#ifndef HEX_H
#define HEX_H

#include <stddef.h>

/* Room for the text of `n` bytes and its NUL. */
#define HEX_BYTES(n) (2 * (n) + 1)

/* In small letters, NUL-terminated. */
static inline void hex_encode(const unsigned char *bytes, size_t len, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*ret_text++ = digits[bytes[i] >> 4];
		*ret_text++ = digits[bytes[i] & 15];
	}
	*ret_text = '\0';
}

/* 0 to 15; -1 for anything else. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
