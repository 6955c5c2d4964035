/* intents.c - records what must be said, says it, and says it again after a crash */
/* SPDX-License-Identifier: MIT */

#include "intents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "pack.h"
#include "parser.h"
#include "reread.h"
#include "route.h"
#include "shard_internal.h"
#include "stanzas.h"
#include "writer.h"

#define AGAIN_MS 30000

struct intent {
	struct receipt receipt;
	struct timer again;
	struct intent *next, **place; /* of those that wait */
	struct parcel *parcel; /* a share */
	uint64_t key;
};

static void destroy(struct intent *intent)
{
	parcel_release(intent->parcel);
	free(intent);
}

static void wait_to_say_again(struct shard *shard, struct intent *intent);

static void on_dealt_with(struct shard *shard, struct receipt *receipt)
{
	struct intent *intent = (struct intent *)receipt;

	if (shard->is_ended) { /* the next start has to see to it */
		destroy(intent);
	} else if (receipt->is_refused) {
		wait_to_say_again(shard, intent);
	} else {
		batch_delete(gate_batch(shard), OWNER_SERVER, shard->server->intents_store,
			&intent->key, sizeof intent->key);
		destroy(intent);
	}
}

static struct intent *create(struct shard *shard, uint64_t key, struct parcel *take_parcel)
{
	struct intent *intent = heap_zalloc(sizeof *intent);

	receipt_init(&intent->receipt, shard, on_dealt_with);
	intent->key = key;
	intent->parcel = take_parcel;
	return intent;
}

/* --- another time ----------------------------------------------------------------------------- */

/* By way of its sender's home. The receipt's first share is taken. */
static void remind(struct shard *shard, struct intent *intent)
{
	struct event *event = event_new_copy(parcel_share(intent->parcel),
		intent->parcel->stanza.from, &intent->receipt);

	event->is_reminder = true;
	route_event(shard, NULL, event);
}

static void say_again(struct shard *shard, struct timer *timer)
{
	struct intent *intent = (struct intent *)((char *)timer - offsetof(struct intent, again));

	*intent->place = intent->next;
	if (intent->next)
		intent->next->place = intent->place;
	receipt_init(&intent->receipt, shard, on_dealt_with);
	remind(shard, intent);
}

static void wait_to_say_again(struct shard *shard, struct intent *intent)
{
	log_debug("server", jid_text(intent->parcel->stanza.to),
		"has no room for what %s says; that is said again later",
		jid_text(intent->parcel->stanza.from));
	intent->place = &shard->intents.waiting;
	intent->next = *intent->place;
	if (intent->next)
		intent->next->place = &intent->next;
	*intent->place = intent;
	intent->again.run = say_again;
	timer_start(shard, &intent->again, AGAIN_MS);
}

void intents_finish(struct intents *intents)
{
	while (intents->waiting) {
		struct intent *intent = intents->waiting;

		intents->waiting = intent->next;
		destroy(intent);
	}
}

static unsigned subscription_of(struct tern_entity *entity, const struct jid *to)
{
	return entity->exists && !entity->is_being_deleted ?
		(unsigned)tern_question(entity, TERN_ASK_SUBSCRIPTION, to) : 0;
}

/* Of subscriptions: what has been said otherwise meanwhile would undo that. */
static bool is_still_so(const struct tern_stanza *stanza, unsigned state)
{
	switch (stanza->type) {
	case TERN_SUBSCRIBE:    return state & (TERN_SUB_TO | TERN_SUB_PENDING_OUT);
	case TERN_UNSUBSCRIBE:  return !(state & (TERN_SUB_TO | TERN_SUB_PENDING_OUT));
	case TERN_SUBSCRIBED:   return state & TERN_SUB_FROM;
	case TERN_UNSUBSCRIBED: return !(state & (TERN_SUB_FROM | TERN_SUB_PENDING_IN));
	default:                return true;
	}
}

void intent_remind(struct tern_entity *entity, struct event *event)
{
	unsigned state = subscription_of(entity, event->parcel->stanza.to);

	if (entity->state == ENTITY_FAILED || state & TERN_SUB_UNKNOWN)
		receipt_note_refused(event->receipt); /* another time */
	else if (is_still_so(&event->parcel->stanza, state))
		route_event(entity->shard, entity->exists ? entity : NULL,
			event_new_copy(parcel_share(event->parcel), event->parcel->stanza.to,
				receipt_share(event->receipt)));
	event_finish(event);
}

/* --- the first time --------------------------------------------------------------------------- */

/* A stanza to a host or elsewhere is dealt with by being answered at once. */
int intent_send(struct tern_entity *entity, struct element *stanza)
{
	struct shard *shard = entity->shard;
	struct parcel *parcel = pack_addressed(entity, stanza);
	struct buffer *out = shard->scratch;
	uint64_t key;
	int result;

	if (!parcel)
		return -EINVAL;
	shard_random(shard, &key, sizeof key);
	element_set(parcel->stanza.element, "from", jid_text(parcel->stanza.from));
	writer_element(out, parcel->stanza.element, NULL);
	result = gate_wrote(entity, batch_put(gate_batch(shard), OWNER_SERVER,
		shard->server->intents_store, &key, sizeof key, buffer_at(out), out->len));
	buffer_consume(out, out->len);
	if (result < 0) {
		parcel_release(parcel);
		return result;
	}
	route_event(shard, entity, event_new(parcel,
		&create(shard, key, parcel_share(parcel))->receipt));
	return 0;
}

/* --- intents of the last run ---------------------------------------------------------------- */

struct resumed {
	struct post post;
	uint64_t key;
	struct parcel *parcel;
};

static void resume(struct shard *shard, struct post *post)
{
	struct resumed *resumed = (struct resumed *)post;

	if (shard->is_ended)
		parcel_release(resumed->parcel);
	else
		remind(shard, create(shard, resumed->key, resumed->parcel));
	free(resumed);
}

static struct parcel *parse(const char *bytes, size_t len)
{
	struct parser_pool *pool = parser_pool_create(0);
	struct reread intent = reread(pool, bytes, len);
	struct tern_stanza stanza;

	parser_pool_destroy(pool);
	if (stanza_of(intent.arena, intent.element, &stanza) && stanza.to && stanza.from)
		return parcel_new(intent.arena, &stanza);
	arena_destroy(intent.arena);
	return NULL;
}

static bool resume_one(void *context, const void *key, size_t key_len,
		const void *value, size_t value_len)
{
	struct server *server = context;
	struct parcel *parcel = parse(value, value_len);
	struct resumed *resumed;

	if (key_len != sizeof resumed->key || !parcel) {
		log_error("server", NULL, "an intent of the last run cannot be read; it is left alone");
		parcel_release(parcel);
		return true;
	}
	resumed = heap_zalloc(sizeof *resumed);
	memcpy(&resumed->key, key, sizeof resumed->key);
	resumed->parcel = parcel;
	resumed->post.run = resume;
	shard_post(server_home(server, jid_hash(parcel->stanza.from)), &resumed->post);
	return true;
}

int intents_resume(struct server *server)
{
	return storage_each(server->storage, OWNER_SERVER, server->intents_store, resume_one, server);
}
