/* offline.h - what waits for an account, as the parts of the module share it
 * SPDX-License-Identifier: MIT
 *
 * A message's way: storable.c says whether it is kept, keep.c appends it to the log of who was away
 * (IN_MISSED), or names the log to the engine where a device may have it already (pending).  give.c
 * hands out what waits, page by page, to the first session that wants messages, and looks again for
 * what came back when a session has ended.  backlog.c knows how much waits. */
#ifndef OFFLINE_H
#define OFFLINE_H

#include "module.h"

#define NS_PIE "urn:xmpp:pie:0" /* XEP-0227 */

/* Entries that are read at a time, of what is shown or exported. */
enum { OFFLINE_LIST_PAGE = 100 };

/* Of a host. */
struct offline { long limit; };

/* How many messages wait and are under way to no device, about; a page that is given counts until the
 * device has it. */
struct backlog {
	uint32_t count;
	uint64_t counted_to; /* the id of the last one seen, or 0 */
	bool is_being_counted, is_being_given;
	bool is_empty;        /* all that waited has been given, but what is handed out */
	bool is_missed_again; /* something has been, while that is being given */
	bool has_withheld;    /* of somebody who is blocked now */
	bool may_return;      /* of what is handed out, without a word when its session ends */
};

/* A session that has been given what waited, and wants whatever comes from now on. */
struct served {
	bool is_served;
	struct given *given; /* the page that it is being given, or NULL */
};

/* When the session has a page comes the next. */
struct given {
	uint64_t session_id, last_id;
	bool is_last;
	uint32_t counted; /* of its messages, in the backlog */
};

/* What the loader fills in. */
extern tern_store offline_log;
extern tern_state offline_backlog, offline_served;
extern tern_metric offline_kept, offline_given;

static inline struct backlog *backlog_of(struct tern_entity *entity)
{
	return tern_entity_state(entity, offline_backlog);
}

static inline struct served *served_of(struct tern_session *session)
{
	return tern_session_state(session, offline_served);
}

/* keep.c */
enum tern_verdict keep_missed(struct tern_event *event, const void *settings);
int keep_pending(struct tern_event *event, tern_store *ret_log, uint64_t *ret_id,
	const void *settings);

/* backlog.c */
void count_backlog(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
bool backlog_is_full(const struct backlog *backlog, long limit);
/* So many more wait, beside what is being given. */
void backlog_grow(struct backlog *backlog, size_t count);
/* The entry of that id is under way no more, and waits again. */
void backlog_note_returned(struct backlog *backlog, uint64_t id);

/* give.c */
void note_presence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_absence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_unblocked(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_end(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void save_served(struct tern_session *session, struct buffer *out);
void restore_served(struct tern_session *session, const char *bytes, size_t len);

/* commands.c: ternctl offline */
extern const struct tern_command_claim offline_commands[];

/* export.c, import.c: XEP-0227 4.5 */
tern_exporter export_kept;
int import_kept(struct tern_entity *entity, const struct element *messages,
	const void *settings);

#endif
