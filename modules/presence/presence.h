/* presence.h - what the parts of the presence module share
 * SPDX-License-Identifier: MIT */
#ifndef PRESENCE_H
#define PRESENCE_H

#include "directed.h"
#include "module.h"

/* Of a host. */
struct presence_settings { long directed; /* addressees of a session, at most */ };

extern tern_state presence_directed;

static inline struct directed *directed_of(struct tern_session *session)
{
	return tern_session_state(session, presence_directed);
}

/* module.c: whether the end of that session is told to that contact as to all (4.6.3). */
bool is_told_anyhow(struct tern_entity *entity, struct tern_session *session,
	const struct jid *whom);

/* broadcast.c: what a session says of itself to all (4.2, 4.4, 4.5). */
typedef void watcher(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
watcher announce, announce_change, take_leave, forget_session, hide_from_blocked;

/* inbound.c: what others say and ask (4.3, 8.5). */
tern_handler receive_presence;

#endif
