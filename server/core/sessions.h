/* sessions.h - the sessions of a shard, by id
 * SPDX-License-Identifier: MIT */
#ifndef SESSIONS_H
#define SESSIONS_H

#include "idmap.h"

struct sessions { struct idmap by_id; };

static inline void sessions_init(struct sessions *sessions) { *sessions = (struct sessions){ 0 }; }
void sessions_finish(struct sessions *sessions);

#endif
