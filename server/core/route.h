/* route.h - from an entity that has something to say to where it is heard
 * SPDX-License-Identifier: MIT */
#ifndef ROUTE_H
#define ROUTE_H

struct event;
struct jid;
struct shard;
struct tern_entity;

/* What an address is, by its domain and shape. */
enum destination { TO_ACCOUNT, TO_HOST, TO_ELSEWHERE };
enum destination route_of(const struct shard *shard, const struct jid *to);

/* Sends the event (taken) to the home of its `to`, through the outbox of `from` (NULL: of
 * nobody).  An address that is not ours ends in remote-server-not-found. */
void route_event(struct shard *shard, struct tern_entity *from, struct event *take_event);

#endif
