/* sasl/messages.h - what clients say in SASL, taken apart
 * SPDX-License-Identifier: MIT
 *
 * Pure: bytes to fields, all texts in the arena. */
#ifndef SASL_MESSAGES_H
#define SASL_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* RFC 5802 7: gs2-cbind-flag. */
enum binding_flag {
	BINDING_UNSUPPORTED = 'n', /* the client cannot */
	BINDING_MISSED = 'y',      /* it can, and thinks that the server cannot */
	BINDING_USED = 'p',
};

/* client-first-message */
struct scram_first {
	enum binding_flag flag;
	const char *binding; /* the type's name, with BINDING_USED */
	const char *authzid; /* "" when absent */
	const char *name;
};

bool scram_first_parse(struct arena *arena, const char *bytes, size_t len,
	struct scram_first *ret_first);

/* client-final-message: "c=", "r=", at the end "p=", with Base64 where it belongs. */
bool scram_final_is_well_formed(const char *bytes, size_t len);

/* RFC 4616 2. */
struct plain_message {
	const char *authzid; /* "" when absent */
	const char *name;
	const char *password;
};
bool plain_parse(struct arena *arena, const char *bytes, size_t len,
	struct plain_message *ret_message);

#endif
