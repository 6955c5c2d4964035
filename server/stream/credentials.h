/* credentials.h - what is stored of a password
 * SPDX-License-Identifier: MIT
 *
 * One record of text lines, a line per hash, as Cyrus SASL's authPassword wants them:
 * "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>" (RFC 5803).  No password and no key
 * that could log in is kept. */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include <stdbool.h>

/* For SHA-1, SHA-256 and SHA-512 with fresh salts; malloc, the caller's; NULL when the
 * password is not allowed (RFC 4013/8265: empty, control characters).  Milliseconds of CPU:
 * never on a shard. */
char *credentials_make(const char *password, unsigned iterations);

/* A record that lacks hashes, for it comes from another server, with lines for those too; malloc, the
 * caller's; NULL when it lacks none.  Milliseconds of CPU: never on a shard. */
char *credentials_complete(const char *credentials, const char *password, unsigned iterations);

/* True when the password is the one.  Milliseconds of CPU: never on a shard. */
bool credentials_match(const char *credentials, const char *password);

#endif
