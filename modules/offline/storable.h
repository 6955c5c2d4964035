/* storable.h - which missed messages are kept, as a decision apart from its execution
 * SPDX-License-Identifier: MIT */
#ifndef OFFLINE_STORABLE_H
#define OFFLINE_STORABLE_H

#include "stanza.h"

enum offline_choice {
	OFFLINE_KEEP,
	OFFLINE_DROP,   /* chat states alone: they are stale before anyone reads them */
	OFFLINE_REFUSE, /* not ours: its sender will hear that nobody got it */
};

/* XEP-0160 3, XEP-0334 4. */
enum offline_choice offline_choice(const struct tern_stanza *message);

#endif
