/* intents.h - stanzas that nobody resends: posted until their addressee has dealt with them
 * SPDX-License-Identifier: MIT
 *
 * An intent is a record of the server's, written in the batch of its cause, erased when its
 * receipt finishes, and posted again at the next start.  So it may arrive twice. */
#ifndef INTENTS_H
#define INTENTS_H

struct element;
struct server;
struct tern_entity;

/* 0, or the write is refused and nothing is sent. */
int intent_send(struct tern_entity *entity, struct element *stanza);

/* At the start, before links are accepted: posts what is left.  Main thread. 0 or -errno. */
int intents_resume(struct server *server);

#endif
