/* subscriber.h - asks for subscriptions and answers those who ask (RFC 6121 3)
 * SPDX-License-Identifier: MIT */
#ifndef SUBSCRIBER_H
#define SUBSCRIBER_H

#include "module.h"

/* Subscription stanzas of the user's client, and of others. */
tern_handler send_subscription, receive_subscription;

/* At each login: what still waits for an answer (3.1.3). */
void show_requests(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);

/* When the account is deleted: tells all contacts, as if they had been removed. */
void say_farewell(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings);

/* 2.5.2: tells a contact that was removed, in that state, that it is over. */
void part_from(struct tern_entity *entity, const struct jid *contact, unsigned state);

#endif
