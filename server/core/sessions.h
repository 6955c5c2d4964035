/* sessions.h - the sessions of a shard, by id
 * SPDX-License-Identifier: MIT */
#ifndef SESSIONS_H
#define SESSIONS_H

#include <stdint.h>

#include "idmap.h"

#define SESSIONS_REMEMBERED 256

/* What is left of a session that could have been resumed: detached.c. */
struct gone { char id[40]; uint32_t h; };

struct shard;
struct tern_session;

struct sessions {
	struct idmap by_id;
	struct tern_session *ended; /* in this turn */
	struct gone *gone;          /* the last that ended: so many are remembered */
	size_t gone_next;
};

void sessions_init(struct sessions *sessions);
void sessions_finish(struct sessions *sessions);

/* The turn's end: nobody can hold a pointer to a session that ended in it any more. */
void sessions_bury(struct sessions *sessions);

#endif
