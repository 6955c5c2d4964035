/* blocking.h - what the parts of the blocking module share
 * SPDX-License-Identifier: MIT */
#ifndef BLOCKING_H
#define BLOCKING_H

#include "list.h"
#include "module.h"

#define NS_BLOCKING "urn:xmpp:blocking"
#define NS_BLOCKING_ERRORS "urn:xmpp:blocking:errors"

/* Of a host. */
struct blocking_settings { long items; /* of one account, at most */ };

/* Of a session: whether it asked for the list, and so hears of changes. */
struct blocking_interest { bool is_there; };
extern tern_state blocking_interest;

/* iq.c: the list, and its changes (3.2 to 3.5). */
tern_handler answer_list, answer_block, answer_unblock;
tern_exporter export_list;
int import_list(struct tern_entity *entity, const struct element *xml, const void *settings);

/* Addresses that a change may hide from, or show to; of the arena. */
struct audience {
	const struct jid **jids;
	bool *were_forbidden;
	size_t count;
};

/* shown.c: before a change of these items, and after it: who was shown the user's presence and is
 * not allowed to see it any more is told that the user has gone, and the other way round. */
struct audience audience_before(struct tern_entity *entity, struct arena *arena,
	const struct jid *const *items, size_t count);
void audience_after(struct tern_entity *entity, struct arena *arena,
	const struct audience *audience);

#endif
