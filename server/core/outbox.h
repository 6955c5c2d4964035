/* outbox.h - what an entity has to say, in order, while its writes are under way
 * SPDX-License-Identifier: MIT */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handover;
struct receipt;
struct tern_entity;
struct tern_session;

/* Embedded at the start of what waits.  `go` is called once and owns the item; `cancelled`
 * when the process ends: then it frees. */
struct item {
	struct item *next;
	uint64_t batch; /* that must be on disk */
	void (*go)(struct tern_entity *entity, struct item *item, bool cancelled);
};

struct outbox {
	struct item *first, **last;
	struct item **going;      /* where what is said goes while an item goes; or NULL */
	size_t count;
	uint64_t last_write;      /* the newest batch with a write of the entity */
	struct tern_entity *next; /* in the gate's list */
	bool is_listed;
};

void outbox_init(struct outbox *outbox);

/* Nothing waits and no write is under way: what is said goes at once. */
bool outbox_is_open(const struct tern_entity *entity);

/* Says it now, or when everything written up to here is on disk and all that was said before
 * has gone. */
void outbox_say(struct tern_entity *entity, struct item *take_item);

/* Bytes for a session of the entity (nothing where the session is gone by then); of a message that
 * is handed over with a share, or NULL. */
void outbox_say_message(struct tern_entity *entity, struct tern_session *session,
	const char *bytes, size_t len, struct handover *take_handover);

/* The share is given back when what was written up to here is on disk. */
void outbox_release(struct tern_entity *entity, struct receipt *take_share);

/* The entity has a write under way: outbox_open follows, also when nothing is said. */
void outbox_expect(struct tern_entity *entity);

void outbox_open(struct tern_entity *entity);   /* the gate: lets go what may */
void outbox_cancel(struct tern_entity *entity); /* the process ends */

/* Those that are somebody's go now, cancelled; the others keep their places. Not while one goes. */
struct loaded;
void outbox_cancel_of(struct tern_entity *entity,
	bool (*is_of)(const struct item *item, const struct loaded *owner),
	const struct loaded *owner);

#endif
