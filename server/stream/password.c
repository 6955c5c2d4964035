/* password.c - passwords as they are hashed
 * SPDX-License-Identifier: MIT */

#include "password.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "heap.h"

#define PASSWORD_MAX 1024

static bool is_plain_ascii(const char *password, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (password[i] < ' ' || password[i] > '~')
			return false;
	return true;
}

static char *copy(const void *bytes, size_t len)
{
	char *text = heap_alloc(len + 1);

	memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

char *password_prepare(const char *password, size_t len)
{
	gnutls_datum_t prepared;
	char *text = NULL;

	if (len == 0 || len > PASSWORD_MAX || memchr(password, '\0', len))
		return NULL;
	if (is_plain_ascii(password, len))
		return copy(password, len);
	if (gnutls_utf8_password_normalize((const unsigned char *)password, (unsigned)len,
			&prepared, 0) < 0)
		return NULL;
	if (prepared.size > 0)
		text = copy(prepared.data, prepared.size);
	gnutls_memset(prepared.data, 0, prepared.size);
	gnutls_free(prepared.data);
	return text;
}

void password_wipe(char *take_password)
{
	if (!take_password)
		return;
	explicit_bzero(take_password, strlen(take_password));
	free(take_password);
}
