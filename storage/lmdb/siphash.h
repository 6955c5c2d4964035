/* lmdb/siphash.h - SipHash-2-4, a short digest that needs the key to be forged
 * SPDX-License-Identifier: MIT */
#ifndef STORAGE_SIPHASH_H
#define STORAGE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const unsigned char key[16], const void *bytes, size_t len);

#endif
