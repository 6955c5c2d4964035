/* asks.h - iqs that the server asked, and waits for answers to
 * SPDX-License-Identifier: MIT */
#ifndef ASKS_H
#define ASKS_H

#include <stdbool.h>

#include "idmap.h"

struct event;
struct shard;
struct tern_entity;

struct asks { struct idmap by_id; };

void asks_finish(struct asks *asks);

/* Whether the answer (an iq result or error) is one to an ask, from the right address; then it
 * has been handed over. */
bool asks_answer(struct shard *shard, struct event *event);

/* The entity is closing: its asks are cancelled. */
void asks_cancel(struct shard *shard, struct tern_entity *entity);

/* A module leaves (turnover.h): all its asks of this shard are. */
struct loaded;
void asks_cancel_of(struct shard *shard, const struct loaded *owner);

#endif
