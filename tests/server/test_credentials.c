/* What is kept of a password, and that only the password fits it.
 * SPDX-License-Identifier: MIT */

#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static char *made(const char *password)
{
	return credentials_make(password, 16);
}

Test(credentials, hold_a_line_for_each_hash)
{
	char *credentials = made("pencil");

	cr_assert(strstr(credentials, "SCRAM-SHA-1$16:"));
	cr_assert(strstr(credentials, "\nSCRAM-SHA-256$16:"));
	cr_assert(strstr(credentials, "\nSCRAM-SHA-512$16:"));
	cr_assert_null(strstr(credentials, "pencil"));
	free(credentials);
}

Test(credentials, have_a_salt_of_their_own)
{
	char *one = made("pencil"), *other = made("pencil");

	cr_assert_str_neq(one, other);
	free(one);
	free(other);
}

Test(credentials, match_their_password_alone)
{
	char *credentials = made("pencil");

	cr_assert(credentials_match(credentials, "pencil"));
	cr_assert_not(credentials_match(credentials, "Pencil"));
	cr_assert_not(credentials_match(credentials, "pencil "));
	cr_assert_not(credentials_match(credentials, ""));
	free(credentials);
}

/* The exchange of RFC 7677 3 rests on these keys: password "pencil". */
Test(credentials, match_keys_that_others_made)
{
	cr_assert(credentials_match("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
		"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n", "pencil"));
}

/* RFC 5802 5, of a server that keeps SHA-1 alone: password "pencil". */
Test(credentials, match_the_one_line_that_there_is)
{
	static const char line[] = "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$"
		"6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=";

	cr_assert(credentials_match(line, "pencil"));
	cr_assert_not(credentials_match(line, "Pencil"));
}

Test(credentials, are_completed_with_what_they_lack)
{
	static const char line[] = "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$"
		"6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=";
	char *complete = credentials_complete(line, "pencil", 4096);

	cr_assert(strncmp(complete, line, strlen(line)) == 0);
	cr_assert(strstr(complete, "\nSCRAM-SHA-256$4096:"));
	cr_assert(strstr(complete, "\nSCRAM-SHA-512$4096:"));
	cr_assert_null(strstr(complete + 1, "SCRAM-SHA-1$"));
	cr_assert(credentials_match(complete, "pencil"));
	cr_assert_null(credentials_complete(complete, "pencil", 4096));
	free(complete);
}

/* RFC 8265 4.2.2: a non-ASCII space is a space; composed and decomposed are one. */
Test(credentials, do_not_tell_spellings_of_one_password_apart)
{
	char *credentials = made("caf\xc3\xa9 au lait");

	cr_assert(credentials_match(credentials, "cafe\xcc\x81 au lait"));
	cr_assert(credentials_match(credentials, "caf\xc3\xa9\xc2\xa0" "au lait"));
	free(credentials);
}

Test(credentials, are_not_made_of_what_is_no_password)
{
	static const char *const wrong[] = { "", "a\nb", "a\x7f", "\xff\xfe", "\x01" };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_assert_null(made(wrong[i]), "%zu", i);
}

Test(credentials, that_are_damaged_match_nothing)
{
	static const char *const damaged[] = {
		"", "\n", "SCRAM-SHA-256", "SCRAM-SHA-256$", "SCRAM-SHA-256$0:AAAA$AAAA:AAAA",
		"SCRAM-SHA-256$4096", "SCRAM-SHA-256$4096:", "SCRAM-SHA-256$4096:AAAA",
		"SCRAM-SHA-256$4096:AAAA$AAAA", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
		"SCRAM-SHA-256$4096:A*AA$AAAA:AAAA", "SCRAM-SHA-256$99999999999:AAAA$AAAA:AAAA",
		"SCRAM-SHA-512$1:AAAA$AAAA:AAAA",
	};

	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
		cr_assert_not(credentials_match(damaged[i], "pencil"), "%zu", i);
}
