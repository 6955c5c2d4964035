/* sasl_policy.h - which SASL mechanisms a host offers
 * SPDX-License-Identifier: MIT */
#ifndef SASL_POLICY_H
#define SASL_POLICY_H

#define SASL_MECHANISMS(X) \
	X(SCRAM_SHA_512_PLUS, "SCRAM-SHA-512-PLUS") X(SCRAM_SHA_256_PLUS, "SCRAM-SHA-256-PLUS") \
	X(SCRAM_SHA_1_PLUS, "SCRAM-SHA-1-PLUS") X(SCRAM_SHA_512, "SCRAM-SHA-512") \
	X(SCRAM_SHA_256, "SCRAM-SHA-256") X(SCRAM_SHA_1, "SCRAM-SHA-1") X(PLAIN, "PLAIN") \
	X(EXTERNAL, "EXTERNAL") X(ANONYMOUS, "ANONYMOUS")

enum sasl_mechanism {
#define X(name, text) MECHANISM_##name,
	SASL_MECHANISMS(X)
#undef X
	MECHANISM_COUNT
};

struct sasl_policy {
	unsigned mechanisms;  /* bits 1u << MECHANISM_... */
	unsigned iterations;  /* of new SCRAM credentials; preset 4,096 (RFC 7677) up to choice */
};

#endif
