/* Base64 has one spelling for each run of bytes (RFC 4648 4).
 * SPDX-License-Identifier: MIT */

#include "base64.h"

#include <criterion/criterion.h>
#include <string.h>

Test(base64, goes_there_and_back)
{
	static const char *const pairs[][2] = { /* RFC 4648 10 */
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob",
			"Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char text[32], bytes[32];
		size_t len;

		base64_encode(pairs[i][0], strlen(pairs[i][0]), text);
		cr_assert_str_eq(text, pairs[i][1]);
		cr_assert_eq(base64_decode(text, strlen(text), bytes, sizeof bytes, &len), 0);
		cr_assert_eq(len, strlen(pairs[i][0]));
		cr_assert_arr_eq(bytes, pairs[i][0], len);
	}
}

Test(base64, has_one_spelling)
{
	static const char *const wrong[] = { "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zg==Zg==",
		"Z g=", "Zm9v\n", " Zm9v", "=", "====", "Z===", "Zm-v", "Zm_v", "Zm9v=", "Zm=v",
		"\xc3\xa9\x41\x41" };
	char bytes[32];
	size_t len;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_lt(base64_decode(wrong[i], strlen(wrong[i]), bytes, sizeof bytes, &len),
			0, "%s",
			wrong[i]);
}

Test(base64, stays_inside_its_room)
{
	char bytes[4];
	size_t len;

	cr_assert_lt(base64_decode("Zm9vYmFy", 8, bytes, sizeof bytes, &len), 0);
}
