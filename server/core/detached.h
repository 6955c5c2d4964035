/* detached.h - sessions whose stream is gone, until they are resumed or their time is up
 * SPDX-License-Identifier: MIT
 *
 * XEP-0198 5.  A session that was allowed to stays when its link ends without a word: its presence
 * stays, what it is told waits in its queue (acks.h).  Within `max` seconds a new stream of its
 * account can take it up by its id, also while the old stream still hangs: that one is closed
 * with a conflict.  <resumed/> is answered when the session has no receipt open, so that its h
 * tells all; until then the new stream is not read.  Afterwards the session ends as others do. */
#ifndef DETACHED_H
#define DETACHED_H

#include <stdbool.h>
#include <stdint.h>

struct shard;
struct stream;
struct tern_entity;
struct tern_session;

/* Gives the session an id; `max` as the peer asked, or NULL. */
void detached_allow(struct tern_session *session, const char *max);

/* Its stream has gone: true when it stays. */
bool detached_begin(struct tern_session *session);

bool session_is_resumable(const struct tern_session *session);

/* The account's session with that id, attached or not, or NULL. */
struct tern_session *detached_find(struct tern_entity *entity, const char *id);

/* Ends the account's session that has been detached for longest; false when there is none. */
bool detached_end_oldest(struct tern_entity *entity);

/* One that was saved is there again: it waits for its client for so long, 0: its time is up. */
void detached_wait(struct tern_session *session, uint64_t left_ms);
uint64_t detached_left_ms(const struct tern_session *session);

/* --- the server stops ------------------------------------------------------------------------------ */

/* No resumable session of the shard has a receipt open: what h says now is all there is to say. */
bool detached_all_is_handled(const struct shard *shard);

/* Every resumable session of the shard that has a stream gets a last <a/>, and is detached. */
void detached_part_all(struct shard *shard);

/* --- from the stream; the stream is the session's from now on, and may be closed in the call --- */

/* The peer has handled so many. */
void session_resume(struct tern_session *session, struct stream *stream, uint32_t h);

/* How much had been handled when a session of that id ended here; false when that is not known
 * (any more). */
bool detached_recall(struct shard *shard, const char *id, uint32_t *ret_h);

/* --- for acks.c ---------------------------------------------------------------------------------- */

void detached_remember(struct tern_session *session); /* it ends */
void detached_answer(struct tern_session *session);   /* the last receipt is back */

#endif
