/* asks.c - the one table of iqs that the server asked */
/* SPDX-License-Identifier: MIT */

#include "asks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "misuse.h"
#include "session_internal.h"
#include "shard_internal.h"

#define ID_PREFIX "tern-"

typedef void answered_call(struct tern_entity *entity, void *context,
	const struct tern_stanza *answer);

struct ask {
	struct timer timer;
	uint64_t id, entity_id;
	struct jid *of; /* who must answer */
	struct loaded *owner;
	answered_call *answered;
	void *context;
};

/* Each is called once; the entity is there, for closing it cancels its asks. */
static void conclude(struct shard *shard, struct ask *ask, const struct tern_stanza *answer)
{
	struct tern_entity *entity = entities_by_id(shard, ask->entity_id);
	struct loaded *outer = shard_enter(shard, ask->owner);

	idmap_remove(&shard->asks.by_id, ask->id);
	timer_stop(shard, &ask->timer);
	entity->asks--;
	ask->answered(entity, ask->context, answer);
	shard->guest = outer;
	jid_destroy(ask->of);
	free(ask);
	entity->pins--;
	entity_may_rest(entity);
}

static void too_late(struct shard *shard, struct timer *timer)
{
	conclude(shard, (struct ask *)timer, NULL);
}

static struct ask *find(struct shard *shard, const char *id)
{
	uint64_t number;

	if (!id || strncmp(id, ID_PREFIX, strlen(ID_PREFIX)) != 0 ||
	    sscanf(id + strlen(ID_PREFIX), "%" SCNx64, &number) != 1)
		return NULL;
	return number ? idmap_get(&shard->asks.by_id, number) : NULL;
}

bool asks_answer(struct shard *shard, struct event *event)
{
	struct ask *ask = find(shard, event->pub.stanza.id);

	if (!ask || ask->entity_id != event->at->id || !jid_equal(ask->of, event->pub.stanza.from))
		return false;
	conclude(shard, ask, &event->pub.stanza);
	return true;
}

static struct ask *find_any(const struct shard *shard, const struct tern_entity *entity,
	const struct loaded *owner)
{
	const struct idmap *map = &shard->asks.by_id;

	for (size_t i = 0; map->count && i < map->capacity; i++) {
		struct ask *ask = map->slots[i].id ? map->slots[i].thing : NULL;

		if (ask && (entity ? ask->entity_id == entity->id : ask->owner == owner))
			return ask;
	}
	return NULL;
}

void asks_cancel(struct shard *shard, struct tern_entity *entity)
{
	struct ask *ask;

	while (entity->asks && (ask = find_any(shard, entity, NULL)))
		conclude(shard, ask, NULL);
}

void asks_cancel_of(struct shard *shard, const struct loaded *owner)
{
	struct ask *ask;

	while ((ask = find_any(shard, NULL, owner)))
		conclude(shard, ask, NULL);
}

void asks_finish(struct asks *asks)
{
	struct ask *ask;

	while ((ask = idmap_any(&asks->by_id))) {
		idmap_remove(&asks->by_id, ask->id);
		jid_destroy(ask->of);
		free(ask);
	}
	idmap_finish(&asks->by_id);
}

/* The server asks its own sessions in the name of the host (XEP-0199 4.1). */
static void send(struct tern_entity *entity, struct element *iq, const struct jid *to)
{
	struct tern_session *session = jid_bare_equal(to, entity->jid) && !jid_is_bare(to) ?
		tern_session_find(entity, jid_resource(to)) : NULL;

	if (session) {
		element_set(iq, "from", entity->host->domain);
		session_say(session, iq);
	} else {
		tern_send(entity, iq);
	}
}

void tern_ask(struct tern_entity *entity, struct element *iq, uint64_t timeout_ms,
		answered_call *answered, void *context)
{
	const char *to = element_get(iq, "to");
	const struct jid *of = to ? jid_new(element_arena(iq), to) : NULL;
	struct shard *shard;
	struct ask *ask;

	if (misuse_of_nothing(entity, __func__)) {
		answered(NULL, context, NULL);
		return;
	}
	if (!of)
		log_error("account", jid_text(entity->jid), "module `%s` asks nobody: its <%s/> has no "
			"address", shard_guest_name(), element_name(iq));
	if (!of || tern_is_leaving(entity)) {
		answered(entity, context, NULL);
		return;
	}
	shard = entity->shard;
	ask = heap_zalloc(sizeof *ask);
	ask->id = shard_new_id(shard);
	ask->entity_id = entity->id;
	ask->of = jid_create(of);
	ask->owner = shard->guest;
	ask->answered = answered;
	ask->context = context;
	ask->timer.run = too_late;
	entity->pins++;
	entity->asks++;
	idmap_put(&shard->asks.by_id, ask->id, ask);
	timer_start(shard, &ask->timer, timeout_ms);
	element_set(iq, "id", arena_printf(element_arena(iq), ID_PREFIX "%" PRIx64, ask->id));
	send(entity, iq, of);
}
