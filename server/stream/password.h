/* password.h - passwords as they are hashed
 * SPDX-License-Identifier: MIT */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>

/* The password by PRECIS OpaqueString (RFC 8265 4.2), so that what is typed on two
 * keyboards is one password; malloc, the caller's, to be wiped with password_wipe.  NULL when
 * it is not allowed: empty, not UTF-8, control characters. */
char *password_prepare(const char *password, size_t len);

/* Overwrites the text and frees it; takes NULL. */
void password_wipe(char *take_password);

#endif
