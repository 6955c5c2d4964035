/* hex.h - digits of base 16
 * SPDX-License-Identifier: MIT */
#ifndef HEX_H
#define HEX_H

/* 0 to 15; -1 for anything else. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
