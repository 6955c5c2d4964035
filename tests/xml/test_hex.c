/* test_hex.c - bytes have one spelling in base 16, and digits of both cases are known
 * SPDX-License-Identifier: MIT */

#include "hex.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(hex, spells_bytes)
{
	char text[HEX_BYTES(4)];

	hex_encode((const unsigned char *)"\x00\x0f\xa0\xff", 4, text);
	cr_assert_str_eq(text, "000fa0ff");
	hex_encode(NULL, 0, text);
	cr_assert_str_eq(text, "");
}

Test(hex, knows_digits_and_nothing_else)
{
	for (int c = 0; c < 256; c++) {
		const char *known = c ? strchr("0123456789abcdefABCDEF", c) : NULL;
		int value = known ? (int)strtol((char[]){ (char)c, '\0' }, NULL, 16) : -1;

		cr_assert_eq(hex_digit((char)c), value, "%d", c);
	}
}
