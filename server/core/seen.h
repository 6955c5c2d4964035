/* seen.h - knows a message again that its sender sends once more
 * SPDX-License-Identifier: MIT
 *
 * A client that lost its stream does not know which of its last messages arrived, and sends them
 * again.  Each entity on a message's way knows it by a mark of its own: a hash of sender,
 * addressee and origin-id (XEP-0359), or of the id and the content where there is none and the
 * sender's stream has acks.  The mark is written in the batch of the effect, so that a crash
 * between two entities leaves one that knows the message and one that does not: what has been
 * done is skipped, what has not been done is done.
 *
 * An archive's entry carries the mark (tern_store_claim.mark); what no archive takes gets one in
 * a log of the engine's, where its sender is told that it is safe.  An account's marks of the
 * last limits.resend_s are read when the first message needs them, and held in memory while the
 * account is open.  What one session sends twice is two messages; and what came without an
 * origin-id from a session whose client closed its stream, all acknowledged, does not come again:
 * such a client has nothing to repeat, and may begin anew to count its ids.
 *
 * All on the home shard of the entity. */
#ifndef SEEN_H
#define SEEN_H

#include <stdint.h>

struct event;
struct seen;
struct storage;
struct tern_entity;

/* Enters the log of marks; before modules are loaded. 0 or -errno. */
int seen_prepare(struct storage *storage);

/* The mark of a message that may come again, as its sender's home knows it; 0: it is none. */
uint64_t seen_mark(struct event *event);

/* Before copies are kept at the sender's (phase OUT_RECORD) and at the addressee's (IN_RECORD). */
enum seen_verdict {
	SEEN_NEVER,  /* go on */
	SEEN_BEFORE, /* all that this entity does with it has been done */
	SEEN_LATER,  /* tern_hold was called: asked again when the marks have been read */
};
enum seen_verdict seen_judge(struct event *event);

/* The entity does its part now: the mark goes into this turn's batch, unless the archive's entry
 * (pub.kept_id) holds it.  Once per event; 0, or as tern_append. */
int seen_note(struct event *event);

/* It leaves its sender's home, which notes it: pub.mark is the addressee's from now on. */
int seen_leave(struct event *event);

/* A session's client has closed its stream, and knows of all that it sent that it arrived. */
void seen_part(struct tern_entity *entity, uint64_t session);

void seen_destroy(struct seen *seen); /* takes NULL */

#endif
