/* scram_client.h - the client's side of SCRAM (RFC 5802), with every switch that a test turns
 * SPDX-License-Identifier: MIT */
#ifndef SCRAM_CLIENT_H
#define SCRAM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct scram_client {
	const char *scheme;   /* "SCRAM-SHA-256", without -PLUS */
	const char *gs2;      /* "n,,", "y,,", "p=tls-exporter,,", "n,a=me@example.org," */
	const char *binding;  /* the channel's bytes, or NULL */
	const char *user, *password;
	const char *nonce;    /* NULL: one of its own */
	/* Worked out. */
	char first[512], challenge[512], final[2048], salt[128];
	unsigned iterations;
	char signature[128];
};

/* Messages in Base64; borrowed until the next call. */
const char *scram_client_first(struct scram_client *client);
const char *scram_client_final(struct scram_client *client, const char *challenge64);
bool scram_client_accepts(const struct scram_client *client, const char *success64);

const char *base64_of(const char *bytes, size_t len);

#endif
