/* scram.h - SCRAM credentials as other servers write them into files
 * SPDX-License-Identifier: MIT */
#ifndef SCRAM_H
#define SCRAM_H

struct arena;
struct buffer;
struct element;

/* XEP-0227 4.3. */
#define NS_SCRAM "urn:xmpp:pie:0#scram"

/* Each adds a line for `ternctl user add --scram` and answers NULL; or what is wrong, and adds
 * nothing. */

/* <scram-credentials/>.  Keys and salt may be in base64 twice, as ejabberd writes them. */
const char *scram_read(struct buffer *lines, const struct element *credentials);

/* "stored key,server key,salt,iterations", perhaps behind "sha256," or "sha512,": what stands behind
 * "scram:" in a password that ejabberd wrote until 2021. */
const char *scram_read_tuple(struct buffer *lines, struct arena *arena, const char *text);

/* The keys in hex and the salt as it is, of SHA-1: Prosody until 0.11. */
struct scram_hex {
	const char *stored_key, *server_key, *salt, *iterations; /* NULL where there is none */
};
const char *scram_read_hex(struct buffer *lines, const struct scram_hex *hex);

#endif
