/* sasl/claim.h - what a claim needs besides messages
 * SPDX-License-Identifier: MIT */
#ifndef SASL_CLAIM_H
#define SASL_CLAIM_H

#include "sasl.h"

/* True when the peer's certificate names an account of the host. */
bool sasl_certificate_speaks_for(const struct link *link, const struct tern_host *host);

#endif
