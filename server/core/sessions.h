/* sessions.h - the sessions of a shard, by id
 * SPDX-License-Identifier: MIT */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "idmap.h"

struct shard;
struct tern_session;

struct sessions {
	struct idmap by_id;
	struct tern_session *ended; /* in this turn */
};

static inline void sessions_init(struct sessions *sessions) { *sessions = (struct sessions){ 0 }; }
void sessions_finish(struct sessions *sessions);

/* The turn's end: nobody can hold a pointer to a session that ended in it any more. */
void sessions_bury(struct sessions *sessions);

#endif
