/* intents.h - stanzas that nobody resends: posted until their addressee has dealt with them
 * SPDX-License-Identifier: MIT
 *
 * An intent is a record of the server's, written in the batch of its cause and erased when its
 * receipt finishes.  It is posted again at the next start, and a while after its addressee could
 * not write what it asks for (the disk is full): then by way of its sender, for it must still be
 * so.  So it may arrive twice, and it may be that another word of the same sender has come before. */
#ifndef INTENTS_H
#define INTENTS_H

struct element;
struct event;
struct intent;
struct server;
struct tern_entity;

/* 0, or the write is refused and nothing is sent. */
int intent_send(struct tern_entity *entity, struct element *stanza);

/* Those of a shard that wait for another time. */
struct intents { struct intent *waiting; };
void intents_finish(struct intents *intents);

/* A reminder (struct event) at the home of who said it: goes on to the addressee, or not. Taken. */
void intent_remind(struct tern_entity *entity, struct event *take_event);

/* At the start, before links are accepted: posts what is left.  Main thread. 0 or -errno. */
int intents_resume(struct server *server);

#endif
