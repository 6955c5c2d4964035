/* subscription.c - RFC 6121 appendix A, row by row
 * SPDX-License-Identifier: MIT */

#include "subscription.h"

#include <stdint.h>

/* The states, by the names of A.1. */
enum {
	NONE = 0,
	NONE_OUT = TERN_SUB_PENDING_OUT,
	NONE_IN = TERN_SUB_PENDING_IN,
	NONE_OUT_IN = TERN_SUB_PENDING_OUT | TERN_SUB_PENDING_IN,
	TO = TERN_SUB_TO,
	TO_IN = TERN_SUB_TO | TERN_SUB_PENDING_IN,
	FROM = TERN_SUB_FROM,
	FROM_OUT = TERN_SUB_FROM | TERN_SUB_PENDING_OUT,
	BOTH = TERN_SUB_TO | TERN_SUB_FROM,
	STATES = 16,
};

enum { SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED, STANZAS };
enum { PASSES = 1, ANSWERS = 2 };

struct row { uint8_t next, acts; };

/* A.2: requests and cancellations are always routed, so that two sides that have lost step
 * find it again; approvals and denials only where there is something to approve or deny. */
static const struct row out[STANZAS][STATES] = {
	[SUBSCRIBE] = {
		[NONE]        = { NONE_OUT, PASSES },
		[NONE_OUT]    = { NONE_OUT, PASSES },
		[NONE_IN]     = { NONE_OUT_IN, PASSES },
		[NONE_OUT_IN] = { NONE_OUT_IN, PASSES },
		[TO]          = { TO, PASSES },
		[TO_IN]       = { TO_IN, PASSES },
		[FROM]        = { FROM_OUT, PASSES },
		[FROM_OUT]    = { FROM_OUT, PASSES },
		[BOTH]        = { BOTH, PASSES },
	},
	[UNSUBSCRIBE] = {
		[NONE]        = { NONE, PASSES },
		[NONE_OUT]    = { NONE, PASSES },
		[NONE_IN]     = { NONE_IN, PASSES },
		[NONE_OUT_IN] = { NONE_IN, PASSES },
		[TO]          = { NONE, PASSES },
		[TO_IN]       = { NONE_IN, PASSES },
		[FROM]        = { FROM, PASSES },
		[FROM_OUT]    = { FROM, PASSES },
		[BOTH]        = { FROM, PASSES },
	},
	[SUBSCRIBED] = {
		[NONE]        = { NONE, 0 },
		[NONE_OUT]    = { NONE_OUT, 0 },
		[NONE_IN]     = { FROM, PASSES },
		[NONE_OUT_IN] = { FROM_OUT, PASSES },
		[TO]          = { TO, 0 },
		[TO_IN]       = { BOTH, PASSES },
		[FROM]        = { FROM, 0 },
		[FROM_OUT]    = { FROM_OUT, 0 },
		[BOTH]        = { BOTH, 0 },
	},
	[UNSUBSCRIBED] = {
		[NONE]        = { NONE, 0 },
		[NONE_OUT]    = { NONE_OUT, 0 },
		[NONE_IN]     = { NONE, PASSES },
		[NONE_OUT_IN] = { NONE_OUT, PASSES },
		[TO]          = { TO, 0 },
		[TO_IN]       = { TO, PASSES },
		[FROM]        = { NONE, PASSES },
		[FROM_OUT]    = { NONE_OUT, PASSES },
		[BOTH]        = { TO, PASSES },
	},
};

/* A.3: what changes nothing is not delivered. */
static const struct row in[STANZAS][STATES] = {
	[SUBSCRIBE] = {
		[NONE]        = { NONE_IN, PASSES },
		[NONE_OUT]    = { NONE_OUT_IN, PASSES },
		[NONE_IN]     = { NONE_IN, 0 },
		[NONE_OUT_IN] = { NONE_OUT_IN, 0 },
		[TO]          = { TO_IN, PASSES },
		[TO_IN]       = { TO_IN, 0 },
		[FROM]        = { FROM, ANSWERS },
		[FROM_OUT]    = { FROM_OUT, ANSWERS },
		[BOTH]        = { BOTH, ANSWERS },
	},
	[UNSUBSCRIBE] = {
		[NONE]        = { NONE, 0 },
		[NONE_OUT]    = { NONE_OUT, 0 },
		[NONE_IN]     = { NONE, PASSES },
		[NONE_OUT_IN] = { NONE_OUT, PASSES },
		[TO]          = { TO, 0 },
		[TO_IN]       = { TO, PASSES },
		[FROM]        = { NONE, PASSES },
		[FROM_OUT]    = { NONE_OUT, PASSES },
		[BOTH]        = { TO, PASSES },
	},
	[SUBSCRIBED] = {
		[NONE]        = { NONE, 0 },
		[NONE_OUT]    = { TO, PASSES },
		[NONE_IN]     = { NONE_IN, 0 },
		[NONE_OUT_IN] = { TO_IN, PASSES },
		[TO]          = { TO, 0 },
		[TO_IN]       = { TO_IN, 0 },
		[FROM]        = { FROM, 0 },
		[FROM_OUT]    = { BOTH, PASSES },
		[BOTH]        = { BOTH, 0 },
	},
	[UNSUBSCRIBED] = {
		[NONE]        = { NONE, 0 },
		[NONE_OUT]    = { NONE, PASSES },
		[NONE_IN]     = { NONE_IN, 0 },
		[NONE_OUT_IN] = { NONE_IN, PASSES },
		[TO]          = { NONE, PASSES },
		[TO_IN]       = { NONE_IN, PASSES },
		[FROM]        = { FROM, 0 },
		[FROM_OUT]    = { FROM, PASSES },
		[BOTH]        = { FROM, PASSES },
	},
};

static int stanza_row(enum tern_type type)
{
	if (type == TERN_SUBSCRIBE)
		return SUBSCRIBE;
	if (type == TERN_SUBSCRIBED)
		return SUBSCRIBED;
	if (type == TERN_UNSUBSCRIBE)
		return UNSUBSCRIBE;
	return type == TERN_UNSUBSCRIBED ? UNSUBSCRIBED : -1;
}

bool subscription_is_stanza(enum tern_type type)
{
	return stanza_row(type) >= 0;
}

/* RFC 6121 3.4: an approval that nobody asked for is kept, a denial takes it back, and a
 * request that finds one is answered without the user. */
static void step_approval(struct subscription_step *step, enum subscription_way way, int stanza,
	unsigned state)
{
	unsigned approved = state & TERN_SUB_APPROVED;

	step->next |= approved;
	if (way == SUBSCRIPTION_OUT && stanza == UNSUBSCRIBED)
		step->next &= ~(unsigned)TERN_SUB_APPROVED;
	if (way == SUBSCRIPTION_OUT && stanza == SUBSCRIBED && !(step->next & TERN_SUB_FROM))
		step->next |= TERN_SUB_APPROVED;
	if (way == SUBSCRIPTION_IN && stanza == SUBSCRIBE && approved && !(state & TERN_SUB_FROM)) {
		step->next = (step->next & ~(unsigned)TERN_SUB_PENDING_IN) | TERN_SUB_FROM;
		step->passes = false;
		step->answers = true;
	}
}

struct subscription_step subscription_step(enum subscription_way way, enum tern_type type,
	unsigned state)
{
	int stanza = stanza_row(type);
	const struct row *row = &(way == SUBSCRIPTION_OUT ? out : in)[stanza][state % STATES];
	struct subscription_step step = {
		.next = row->next,
		.passes = row->acts & PASSES,
		.answers = row->acts & ANSWERS,
	};
	unsigned changed;

	step_approval(&step, way, stanza, state);
	changed = state ^ step.next;
	/* 2.1.2: a request that waits for the user is not part of the roster. */
	step.pushes = changed & ~(unsigned)TERN_SUB_PENDING_IN;
	step.shows = changed & step.next & TERN_SUB_FROM;
	step.hides = changed & state & TERN_SUB_FROM;
	return step;
}

const char *subscription_name(unsigned state)
{
	static const char *const names[] = { "none", "to", "from", "both" };

	return names[state & (TERN_SUB_TO | TERN_SUB_FROM)];
}
