/* mam.h - the archive of an account, as the parts of the module share it
 * SPDX-License-Identifier: MIT
 *
 * A message's way: keep.c removes false stanza ids, asks worth.c and the preferences, and
 * appends it to the log of the sender (OUT_RECORD) and of the recipient (IN_RECORD), who gets
 * the id as <stanza-id/>.  query.c pages through the log.  What no device has taken over stands
 * in the log already, so that missed.c only records from where on that is so.
 * retention.c cuts the old end off, where retention_own.c may say otherwise than the host. */
#ifndef MAM_H
#define MAM_H

#include "archive_id.h"
#include "module.h"
#include "prefs.h"
#include "retention.h"
#include "waiting.h"

#define NS_MAM "urn:xmpp:mam:2"
#define NS_PIE "urn:xmpp:pie:0" /* XEP-0227 */
#define NS_RETENTION "tern:mam:retention" /* in exported accounts */

#define RETENTION_DAYS_MOST 36500
#define RETENTION_MESSAGES_MOST 1000000000
#define RETENTION_BYTES_MOST 1099511627776

/* Of a host. */
struct mam {
	enum prefs_default fallback; /* where the user has said nothing */
	bool is_prefs_fixed;
	size_t page, page_most;      /* results of a query: without a wish; at most */
	struct retention retention;
};

/* Of an account; zeroed memory is an archive of which nothing is known yet. */
struct archive {
	struct prefs *prefs;   /* NULL: the host's */
	struct waiting waiting; /* received, and taken by no device */
	uint64_t newest;       /* id of what was received in this life; 0: nothing was */
	uint64_t horizon;      /* of the record: what is newer waits */
	bool is_recorded, has_changed; /* there is one; it does not tell the whole truth any more */
	bool is_settling;      /* the record lags behind */
	struct retention *own_retention; /* NULL: the host's */
	tern_timer looking;    /* for what is too old */
	uint64_t count, bytes; /* of entries, once counted; while being counted, of those seen */
	uint64_t counted_to;   /* the id of the last one seen */
	bool is_giving;        /* missed.c reads pages for a session */
	uint64_t given_to;     /* the last id of the last page */
	size_t unwritten, unwritten_bytes; /* given, and not heard of since */
	bool is_counting, is_counted, is_trimming;
	bool is_stale;         /* what was counted has been deleted meanwhile */
};

/* Of a session. */
struct reader {
	uint64_t read_from, read_to; /* ids between which it has read all that there is; 0: nothing */
	bool is_served;   /* it has what was missed, and gets what comes */
};

/* What the loader fills in. */
extern tern_store mam_log, mam_prefs, mam_missed, mam_retention;
extern tern_state mam_archive, mam_reader;

static inline struct archive *archive_of(struct tern_entity *entity)
{
	return tern_entity_state(entity, mam_archive);
}

static inline struct reader *reader_of(struct tern_session *session)
{
	return tern_session_state(session, mam_reader);
}

/* keep.c */
enum tern_verdict keep_sent(struct tern_event *event, const void *settings);
enum tern_verdict keep_received(struct tern_event *event, const void *settings);
/* <stanza-id by=account id=.../> */
struct element *stanza_id_new(struct arena *arena, const struct tern_entity *entity,
	struct archive_id id);
bool stanza_id_is_false(const struct element *element, const void *own); /* a bare JID */

/* query.c, metadata.c, prefs_iq.c: iqs */
enum tern_verdict answer_query(struct tern_event *event, const void *settings);
enum tern_verdict answer_metadata(struct tern_event *event, const void *settings);
enum tern_verdict answer_form(struct tern_event *event, const void *settings);
enum tern_verdict answer_prefs(struct tern_event *event, const void *settings);
enum tern_verdict change_prefs(struct tern_event *event, const void *settings);
int read_prefs(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len);
int import_prefs(struct tern_entity *entity, const struct element *xml, const void *settings);

/* missed.c */
int note_received(struct tern_event *event); /* archived just now; 0 or as tern_put */
void note_taken(struct tern_entity *entity, uint64_t id, const void *settings);
enum tern_verdict note_missed(struct tern_event *event, const void *settings);
void note_presence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_absence(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_opened(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_resumed(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
void note_detached(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);
int read_missed(struct tern_entity *entity, const void *key, size_t key_len, const void *value,
	size_t value_len);

#endif
