/* hashing.h - passwords become credentials on the worker pool
 * SPDX-License-Identifier: MIT */
#ifndef HASHING_H
#define HASHING_H

struct shard;

/* Hashes the password (copied, and wiped afterwards) and calls `made` once on this shard, with
 * what credentials_make made: borrowed for the call, NULL where no such password is allowed.  Also
 * when the shard has ended meanwhile. */
void hash_password(struct shard *shard, const char *password, unsigned iterations,
	void (*made)(void *context, const char *credentials), void *context);

#endif
