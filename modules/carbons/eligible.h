/* eligible.h - which messages are copied, as a decision apart from its execution
 * SPDX-License-Identifier: MIT */
#ifndef ELIGIBLE_H
#define ELIGIBLE_H

#include <stdbool.h>

#include "stanza.h"

#define NS_CARBONS "urn:xmpp:carbons:2"

struct carbon_case {
	enum tern_type type;
	const struct element *message;
	bool is_received;    /* by the account; false: one of its sessions sent it */
	bool is_from_full;   /* ... from a full JID */
	bool answers_copied; /* an error in answer to a message that was copied */
};

enum carbon_choice {
	CARBON_COPY,
	CARBON_NO_TALK, /* no instant message, or one for all of a room */
	CARBON_PRIVATE, /* its sender wants no copies */
	CARBON_BY_ROOM, /* the room itself sends it to each client that joined */
};

/* XEP-0280 6.1 (urn:xmpp:carbons:rules:0), and XEP-0334 4.4. */
enum carbon_choice carbon_choice(const struct carbon_case *facts);

#endif
