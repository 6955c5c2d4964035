/* route.c - finds the home of an address and posts there, through the outbox of who speaks */
/* SPDX-License-Identifier: MIT */

#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "asks.h"
#include "entities.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "jid.h"
#include "module.h"
#include "pressure.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stanzas.h"

enum destination route_of(const struct shard *shard, const struct jid *to)
{
	if (!server_host(shard->server, jid_domain(to)))
		return TO_ELSEWHERE;
	return jid_local(to) ? TO_ACCOUNT : TO_HOST;
}

/* --- one recipient ------------------------------------------------------------------------- */

static void go_home(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct event *event = (struct event *)((char *)item - offsetof(struct event, item));
	struct server *server;

	event->at = NULL;
	if (cancelled) {
		event_finish(event);
		return;
	}
	server = entity->shard->server;
	shard_post(server_home(server, jid_hash(event->pub.stanza.to)), &event->post);
}

/* What is addressed to nobody here is refused in the name of the entity that sends it. */
static void refuse_elsewhere(struct tern_entity *from, struct event *event)
{
	event->at = from;
	if (!from) {
		event_finish(event);
		return;
	}
	event_refuse(event, TERN_REMOTE_SERVER_NOT_FOUND, NULL);
}

static void arrive_at_host(struct tern_entity *from, struct event *event)
{
	const struct tern_stanza *stanza = &event->pub.stanza;

	event->at = from;
	if (from && stanza->kind == TERN_IQ &&
	    (stanza->type == TERN_RESULT || stanza->type == TERN_ERROR))
		asks_answer(from->shard, event);
	event_finish(event);
}

void route_event(struct shard *shard, struct tern_entity *from, struct event *event)
{
	struct shard *home;

	switch (route_of(shard, event->pub.stanza.to)) {
	case TO_ELSEWHERE:
		refuse_elsewhere(from, event);
		return;
	case TO_HOST:
		arrive_at_host(from, event);
		return;
	case TO_ACCOUNT:
		break;
	}
	event->phase = TERN_IN_CHECK;
	event->place = 0;
	home = server_home(shard->server, jid_hash(event->pub.stanza.to));
	if (!from) {
		event->at = NULL;
		shard_post(home, &event->post);
		return;
	}
	event->item.go = go_home;
	outbox_say(from, &event->item);
}

/* --- many -------------------------------------------------------------------------------------- */

/* The recipients of one shard. */
struct fanout {
	struct post post;
	struct parcel *parcel;
	struct receipt *receipt;
	size_t count, next;
	bool probes, only_open;
	const struct jid *to[]; /* of the parcel's arena */
};

struct fanout_item {
	struct item item;
	size_t shard_count;
	struct fanout *of_shard[];
};

static void fanout_destroy(struct fanout *fanout)
{
	parcel_release(fanout->parcel);
	receipt_release(fanout->receipt);
	free(fanout);
}

/* Serves a slice, and comes again in front of nothing else of this turn until it is through:
 * later posts of the same origin are behind it in the queue. */
static void serve(struct shard *shard, struct post *post)
{
	struct fanout *fanout = (struct fanout *)post;

	while (fanout->next < fanout->count) {
		const struct jid *to = fanout->to[fanout->next++];
		struct event *event;

		if (fanout->only_open && !entities_find(shard, to))
			continue;
		event = event_new_copy(parcel_share(fanout->parcel), to,
			receipt_share(fanout->receipt));
		event->pub.probes = fanout->probes;
		event->only_open = fanout->only_open;
		event->phase = TERN_IN_CHECK;
		entities_receive(shard, event);
	}
	fanout_destroy(fanout);
}

static void go_to_all(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct fanout_item *many = (struct fanout_item *)item;

	for (size_t i = 0; i < many->shard_count; i++) {
		struct fanout *fanout = many->of_shard[i];

		if (!fanout)
			continue;
		if (cancelled)
			fanout_destroy(fanout);
		else
			shard_post(entity->shard->server->shards[i], &fanout->post);
	}
	free(many);
}

static struct fanout *fanout_create(struct parcel *parcel, struct receipt *receipt, size_t room,
		const struct fanout_order *order)
{
	struct fanout *fanout = heap_zalloc(sizeof *fanout + room * sizeof *fanout->to);

	fanout->post.run = serve;
	fanout->parcel = parcel_share(parcel);
	fanout->receipt = receipt_share(receipt);
	fanout->probes = order->probes;
	fanout->only_open = order->only_open;
	return fanout;
}

/* Refuses or drops what is not an account's here; federation will take it over. */
static void go_elsewhere(struct tern_entity *from, const struct parcel *parcel,
		const struct jid *to, struct receipt *receipt)
{
	(void)from;
	(void)parcel;
	(void)to;
	(void)receipt;
}

void route_many(struct shard *shard, struct tern_entity *from, struct parcel *parcel,
		struct receipt *receipt, const struct fanout_order *order)
{
	size_t shards = shard->server->shard_count;
	struct fanout_item *many = heap_zalloc(sizeof *many + shards * sizeof *many->of_shard);

	many->shard_count = shards;
	many->item.go = go_to_all;
	for (size_t i = 0; i < order->count; i++) {
		const struct jid *to = order->to[i];
		struct fanout **fanout;

		if (route_of(shard, to) != TO_ACCOUNT) {
			go_elsewhere(from, parcel, to, receipt);
			continue;
		}
		fanout = &many->of_shard[shard_index(server_home(shard->server, jid_hash(to)))];
		if (!*fanout)
			*fanout = fanout_create(parcel, receipt, order->count - i, order);
		(*fanout)->to[(*fanout)->count++] = jid_copy(parcel->arena, to);
	}
	parcel_release(parcel);
	outbox_say(from, &many->item);
}
