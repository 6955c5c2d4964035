/* message.h - who gets a message, as a decision apart from its execution
 * SPDX-License-Identifier: MIT */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

#include "stanza.h"

struct message_case {
	enum tern_type type;
	bool is_full;    /* addressed to a full JID */
	bool is_matched; /* ... whose resource is connected */
	bool is_wanted;  /* a resource is available with a priority of 0 or more */
};

enum message_fate {
	MESSAGE_TO_ONE, /* the resource that was addressed */
	MESSAGE_TO_ALL, /* every available resource with a priority of 0 or more */
	MESSAGE_MISSED, /* kept for later, or an error */
	MESSAGE_REFUSE, /* service-unavailable */
	MESSAGE_DROP,   /* no word to anybody */
};

/* RFC 6121 8.5, for an account that exists. */
enum message_fate message_fate(const struct message_case *facts);

#endif
