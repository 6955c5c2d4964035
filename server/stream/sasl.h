/* sasl.h - who is it, and can he prove it (RFC 6120 6)
 * SPDX-License-Identifier: MIT
 *
 * A login in two steps.  The claim: the client's first message is taken apart until the
 * account is known that it wants, so that the stream can move to that account's home.  The
 * proof, there, beside the credentials: SCRAM by Cyrus SASL, which asks back for the
 * stored keys; PLAIN by a job on the worker pool, because hashing takes milliseconds that a
 * shard does not have; EXTERNAL and ANONYMOUS have been proved by the claim itself.
 *
 * An account that does not exist goes the same way as one with a wrong password: with keys
 * made up from its name and a secret of the server, the same at every try. */
#ifndef SASL_H_
#define SASL_H_

#include <stdbool.h>
#include <stddef.h>

#include "sasl_policy.h"

struct arena;
struct tern_host;
struct jid;
struct link;
struct scram_hash;
struct server;
struct shard;

/* Once a process, before shards run, and after.  0, or -ENOENT when Cyrus SASL has no SCRAM
 * (the package with its modules is missing), or -EIO. */
int sasl_start(void);
void sasl_stop(void);

/* RFC 6120 6.5.  UNFIT_BINDING is told as the standard asks, but no password was tried. */
#define SASL_FAILURES(X) \
	X(ABORTED, "aborted") X(ACCOUNT_DISABLED, "account-disabled") \
	X(UNFIT_BINDING, "not-authorized") \
	X(CREDENTIALS_EXPIRED, "credentials-expired") \
	X(ENCRYPTION_REQUIRED, "encryption-required") X(INCORRECT_ENCODING, "incorrect-encoding") \
	X(INVALID_AUTHZID, "invalid-authzid") X(INVALID_MECHANISM, "invalid-mechanism") \
	X(MALFORMED_REQUEST, "malformed-request") X(MECHANISM_TOO_WEAK, "mechanism-too-weak") \
	X(NOT_AUTHORIZED, "not-authorized") X(TEMPORARY_AUTH_FAILURE, "temporary-auth-failure")

enum sasl_failure {
	FAILURE_NONE,
#define X(name, text) FAILURE_##name,
	SASL_FAILURES(X)
#undef X
};
const char *sasl_failure_name(enum sasl_failure failure); /* NULL for NONE */

const char *sasl_mechanism_name(enum sasl_mechanism mechanism);
enum sasl_mechanism sasl_mechanism_find(const char *name); /* MECHANISM_COUNT: none */

#define SASL_PLUS_MECHANISMS (1u << MECHANISM_SCRAM_SHA_512_PLUS | \
	1u << MECHANISM_SCRAM_SHA_256_PLUS | 1u << MECHANISM_SCRAM_SHA_1_PLUS)

/* The channel bindings that the link has, best first, NULL at the end; "static". */
#define SASL_BINDINGS_MAX 2
void sasl_bindings(const struct link *link, const char *ret_types[static SASL_BINDINGS_MAX + 1]);

/* True once the link is secure, or where the configuration wants no TLS: no mechanism is
 * offered before, PLAIN with its password least of all. */
bool sasl_may_start(const struct link *link);

/* The mechanisms that the host offers on this link: bits 1u << MECHANISM_... */
unsigned sasl_offer(const struct tern_host *host, const struct link *link);

/* --- the claim ---------------------------------------------------------------------------- */

struct sasl_attempt {
	enum sasl_mechanism mechanism;
	unsigned offered;
	struct tern_host *host;
	struct link *link;
	struct shard *shard;
	const char *first; /* the client's first message, and its length */
	size_t first_len;
};

struct sasl_claim {
	const struct jid *bare;
	const char *binding;  /* of a -PLUS exchange, else NULL */
	const char *password; /* PLAIN */
};

/* All results in the arena. On failure too `bare` is the account that was named, if one was. */
enum sasl_failure sasl_claim_read(struct arena *arena, const struct sasl_attempt *attempt,
	struct sasl_claim *ret_claim);

/* --- made-up credentials ------------------------------------------------------------------ */

/* A record as credentials_make makes them, with the line of one hash; of the arena. */
const char *sasl_decoy(struct arena *arena, const struct tern_host *host, const struct jid *bare,
	const struct scram_hash *hash);

/* --- SCRAM -------------------------------------------------------------------------------- */

struct scram;

/* `credentials`: a record, copied as far as needed, or NULL for an account that does not
 * exist.  NULL when the library has no room. */
struct scram *scram_create(const struct sasl_attempt *attempt, const struct sasl_claim *claim,
	const char *credentials);
void scram_destroy(struct scram *scram); /* takes NULL */

/* One message of the client.  NONE: *ret_out is the answer, borrowed until the next call:
 * a challenge while *ret_done is false, then additional data with success. */
enum sasl_failure scram_step(struct scram *scram, const char *in, size_t len, bool *ret_done,
	const char **ret_out, size_t *ret_len);

/* --- PLAIN -------------------------------------------------------------------------------- */

struct plain_check;

/* Compares on the worker pool; `done` runs once on the attempt's shard, unless it is
 * forgotten before.  Everything is copied; `credentials` as for SCRAM.  Where the password is the
 * one and they lack hashes, `checked` and `complete` (credentials_complete) say so; borrowed. */
struct plain_check *plain_check_start(const struct sasl_attempt *attempt,
	const struct sasl_claim *claim, const char *credentials,
	void (*done)(void *context, bool matches, const char *checked, const char *complete),
	void *context);
void plain_check_forget(struct plain_check *check); /* takes NULL */

#endif
