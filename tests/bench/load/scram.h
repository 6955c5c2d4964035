/* scram.h - the client's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677) */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SCRAM_H
#define BENCH_SCRAM_H

#include <stdbool.h>
#include <stddef.h>

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

struct scram {
	enum scram_hash hash;
	const char *user, *password;	/* borrowed for the exchange */
	char nonce[33];
	char expected[64];		/* "v=..." of the server, base64 */
};

/*
 * The salted passwords of accounts that logged in before are kept in a file, so that the cost of
 * PBKDF2 does not hold back the generator again and again. Without a file they are kept in memory.
 */
void scram_keys_open(const char *path);
void scram_keys_close(void);

/* Fills in the message, base64, that goes into <auth/>. */
void scram_start(struct scram *scram, char *message, size_t size);

/* Answers a challenge (base64) with a response. Returns 0 or -EPROTO. */
int scram_answer(struct scram *scram, const char *challenge, size_t challenge_size,
		char *message, size_t size);

/* Judges the server's signature in <success/>; an empty one counts as missing. */
bool scram_accepts(const struct scram *scram, const char *success, size_t size);

#endif
