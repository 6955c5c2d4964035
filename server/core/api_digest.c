/* api_digest.c - the hash that old protocols name */
/* SPDX-License-Identifier: MIT */

#include <assert.h>

#include <gnutls/crypto.h>

#include "entity.h"

void tern_sha1(const void *bytes, size_t len, unsigned char ret_digest[20])
{
	int result = gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, len, ret_digest);

	assert(result == 0);
}
