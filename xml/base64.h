/* base64.h - Base64 by RFC 4648 4, as strict as RFC 6120 6.4.2 wants it
 * SPDX-License-Identifier: MIT */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* Room for the text of `n` bytes and its NUL. */
#define BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1)

/* NUL-terminated. */
void base64_encode(const void *bytes, size_t len, char *ret_text);

/* 0; -EINVAL for anything but whole groups of the alphabet with right padding and no bits
 * behind the end; -ENOSPC when more than `room` bytes come out. */
int base64_decode(const char *text, size_t len, void *ret_bytes, size_t room, size_t *ret_len);

#endif
