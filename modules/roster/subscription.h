/* subscription.h - what a subscription stanza does to how two addresses stand to each other
 * SPDX-License-Identifier: MIT
 *
 * RFC 6121 appendix A as one pure function.  A state is a set of enum tern_subscription:
 * "To + Pending In" is TERN_SUB_TO | TERN_SUB_PENDING_IN, "Both" is TO | FROM, and a contact
 * that was approved before it asked (3.4) has TERN_SUB_APPROVED beside its state. */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include <stdbool.h>

#include "entity.h"
#include "stanza.h"

/* A stanza that the entity sends, or one that it gets. */
enum subscription_way { SUBSCRIPTION_OUT, SUBSCRIPTION_IN };

struct subscription_step {
	unsigned next;  /* the state afterwards */
	bool passes;    /* it is routed (out) or delivered to sessions (in) */
	bool pushes;    /* clients see the change in the roster */
	bool answers;   /* in: the server says `subscribed` in the entity's name */
	bool shows;     /* the contact gets the entity's presence from now on */
	bool hides;     /* ... no more */
};

/* True for the four types that make up subscriptions. */
bool subscription_is_stanza(enum tern_type type);

/* `type` is one of the four. */
struct subscription_step subscription_step(enum subscription_way way, enum tern_type type,
	unsigned state);

/* "none", "to", "from" or "both", as a roster item says it. */
const char *subscription_name(unsigned state);

#endif
