/* entity_internal.h - an entity's rooms, for the files of this floor
 * SPDX-License-Identifier: MIT
 *
 * The life of an entity: opening (its resident records are read; events wait), open, and closed
 * again when nothing needs it for a while.  One that turns out not to exist stays open as such
 * for a moment, so that a flood for one address costs one look-up. */
#ifndef ENTITY_INTERNAL_H
#define ENTITY_INTERNAL_H

#include "entity.h"
#include "host.h"
#include "outbox.h"
#include "session.h"
#include "shard.h"
#include "states.h"
#include "storage.h"

struct event;
struct handover;
struct login;
struct seen;

enum entity_state { ENTITY_OPENING, ENTITY_OPEN, ENTITY_FAILED };

struct log_head { tern_store log; uint64_t last_id; };

struct tern_entity {
	struct tern_entity *next_in_bucket;
	struct shard *shard;
	struct tern_host *host;
	struct jid *jid;
	uint32_t hash;
	enum entity_state state;
	uint64_t id;              /* generation */
	owner_id owner;           /* 0: does not exist, or nothing of it is kept */
	bool exists, is_anonymous, is_being_deleted;
	char *credentials;        /* while somebody logs in, or NULL */
	bool is_disabled;         /* the same; nobody may log in */

	struct event *waiting, **waiting_last; /* while opening */
	struct login *opening_logins;
	size_t waiting_count;
	struct event *held, *later;            /* the newest first */
	size_t waits;                          /* of those, with what waits behind held ones */
	struct outbox outbox;
	struct item *pages;       /* queries that a page's taker has made; while one is at work */
	bool is_paging;
	struct tern_session *sessions;
	unsigned session_count, login_count, pins, asks;
	struct entity_timer *timers;
	struct handover *handovers; /* of messages that stand in the pending log or the archive */
	struct seen *seen;        /* messages that have been here; NULL: none was looked for */
	uint64_t *untold;         /* ids that were taken while no module was there to hear of it */
	unsigned untold_count;
	struct states states;
	struct log_head *heads;
	unsigned head_count;
	size_t resident_bytes;    /* at most so many: residents.c */
	unsigned failures;        /* of logins, halved with time */
	uint64_t failed_at_ms;
	struct rate_debt debt;    /* of sessions that have ended */

	struct tern_entity *idle_next, *idle_previous;
	uint64_t idle_since_ms;
	bool is_idle, is_idle_absent;
	struct post opening;
};

/* An entity with nothing under way enters the idle list; anything that needs one leaves it. */
void entity_may_rest(struct tern_entity *entity);
void entity_stir(struct tern_entity *entity);

/* The account is deleted: what modules keep of it in memory, and have under way, goes; it does
 * not exist any more.  Not while a handler of it runs. */
void entity_forget(struct tern_entity *entity);

/* Tells the modules that watch for it. */
void entity_run_watches(struct tern_entity *entity, enum tern_happening what,
	struct tern_session *session, struct tern_event *event);

/* Reads the resident records of that module, or of all (NULL). 0; or -errno, and the log has which
 * store could not be read. */
int entity_read_residents(struct tern_entity *entity, const struct tern_module *module);

/* api_timers.c */
void entity_cancel_timers(struct tern_entity *entity, struct tern_session *session);

/* --- a module leaves (turnover.h): what it has under way here is cancelled; its callbacks run ---- */

void timers_cancel_of(struct tern_entity *entity, const struct loaded *owner);
void reads_cancel_of(struct tern_entity *entity, const struct loaded *owner); /* api_entity.c */

/* As tern_append, of now and about nobody, with room for batch_append_more. */
int entity_append_roomy(struct tern_entity *entity, tern_store log, const void *bytes, size_t len,
	size_t room, size_t *ret_place);

#endif
