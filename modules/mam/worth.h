/* worth.h - which messages an archive keeps, as a decision apart from its execution
 * SPDX-License-Identifier: MIT */
#ifndef WORTH_H
#define WORTH_H

#include <stdbool.h>

#include "stanza.h"

struct worth_case {
	enum tern_type type;
	const struct element *message;
	bool is_astray; /* it came for a resource that is not connected */
};

/* XEP-0313 5.1.1, XEP-0334 4: what belongs to a conversation is kept, its weather is not. */
bool is_worth_keeping(const struct worth_case *facts);

#endif
