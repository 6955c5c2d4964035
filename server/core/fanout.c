/* fanout.c - shares recipients out to shards, and serves them a slice at a time */
/* SPDX-License-Identifier: MIT */

#include "fanout.h"

#include <stdlib.h>

#include "clock.h"
#include "entities.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "heap.h"
#include "jid.h"
#include "module.h"
#include "pressure.h"
#include "route.h"
#include "shard_internal.h"

#define SLICE_US 500
#define AT_ONCE 32 /* so few are not worth a place in the list, nor a look at the clock */

/* The recipients of one shard. */
struct fanout {
	struct post post;
	struct fanout *next_active;
	uint64_t origin;                      /* the entity that speaks */
	struct post *behind, **behind_last;   /* later posts of that origin */
	struct parcel *parcel;
	struct receipt *receipt;
	size_t count, next;
	bool probes, only_open;
	const struct jid *to[]; /* of the parcel's arena */
};

static void destroy(struct fanout *fanout)
{
	parcel_release(fanout->parcel);
	receipt_release(fanout->receipt);
	free(fanout);
}

/* --- at the recipients' home ------------------------------------------------------------ */

static void serve_next(struct shard *shard, struct fanout *fanout)
{
	const struct jid *to = fanout->to[fanout->next++];
	struct event *event;

	if (fanout->only_open && !entities_find(shard, to))
		return;
	event = event_new_copy(parcel_share(fanout->parcel), to, receipt_share(fanout->receipt));
	event->pub.probes = fanout->probes;
	event->only_open = fanout->only_open;
	event->phase = TERN_IN_CHECK;
	entities_receive(shard, event);
}

static void serve(struct shard *shard, struct fanout *fanout, size_t most)
{
	while (most-- && fanout->next < fanout->count)
		serve_next(shard, fanout);
}

static void enlist(struct fanouts *fanouts, struct fanout *fanout)
{
	fanout->next_active = NULL;
	*fanouts->last = fanout;
	fanouts->last = &fanout->next_active;
}

static struct fanout *take_first(struct fanouts *fanouts)
{
	struct fanout *fanout = fanouts->first;

	fanouts->first = fanout->next_active;
	if (!fanouts->first)
		fanouts->last = &fanouts->first;
	return fanout;
}

/* The next fan-out among what waited keeps the rest behind itself. */
static void conclude(struct shard *shard, struct fanout *fanout)
{
	struct post *post = fanout->behind;

	destroy(fanout);
	while (post) {
		struct post *next = post->next;

		post->next = NULL;
		post->run(shard, post);
		post = next;
	}
}

static void begin(struct shard *shard, struct post *post)
{
	struct fanout *fanout = (struct fanout *)post;

	if (shard->is_ended) {
		destroy(fanout);
		return;
	}
	if (fanouts_take(shard, fanout->origin, post))
		return;
	if (fanout->count > AT_ONCE || fanout->count > shard->fanouts.slice) {
		enlist(&shard->fanouts, fanout);
		return;
	}
	serve(shard, fanout, fanout->count);
	destroy(fanout);
}

bool fanouts_serve(struct shard *shard)
{
	struct fanouts *fanouts = &shard->fanouts;
	size_t left = fanouts->slice, most;
	uint64_t until_us;

	if (!fanouts->first)
		return false;
	until_us = clock_source.now_us() + SLICE_US;
	do {
		struct fanout *fanout = take_first(fanouts);

		most = left < AT_ONCE ? left : AT_ONCE;
		serve(shard, fanout, most);
		left -= most;
		if (fanout->next < fanout->count)
			enlist(fanouts, fanout);
		else
			conclude(shard, fanout);
	} while (fanouts->first && left && clock_source.now_us() < until_us);
	return true;
}

bool fanouts_take(struct shard *shard, uint64_t origin, struct post *post)
{
	struct fanout *fanout = origin ? shard->fanouts.first : NULL;

	while (fanout && fanout->origin != origin)
		fanout = fanout->next_active;
	if (!fanout)
		return false;
	post->next = NULL;
	*fanout->behind_last = post;
	fanout->behind_last = &post->next;
	return true;
}

void fanouts_init(struct fanouts *fanouts)
{
	*fanouts = (struct fanouts){ .last = &fanouts->first, .slice = FANOUT_SLICE };
}

void fanouts_cancel(struct shard *shard)
{
	while (shard->fanouts.first) {
		struct fanout *fanout = take_first(&shard->fanouts);
		struct post *post = fanout->behind;

		destroy(fanout);
		while (post) {
			struct post *next = post->next;

			shard_post(shard, post);
			post = next;
		}
	}
}

/* --- at the origin's ---------------------------------------------------------------------- */

struct fanout_item {
	struct item item;
	size_t shard_count;
	struct fanout *of_shard[];
};

static void go_to_all(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct fanout_item *many = (struct fanout_item *)item;

	for (size_t i = 0; i < many->shard_count; i++) {
		struct fanout *fanout = many->of_shard[i];

		if (!fanout)
			continue;
		if (cancelled)
			destroy(fanout);
		else
			shard_post(entity->shard->server->shards[i], &fanout->post);
	}
	free(many);
}

static struct fanout *create(const struct tern_entity *from, struct parcel *parcel,
		struct receipt *receipt, size_t room)
{
	struct fanout *fanout = heap_zalloc(sizeof *fanout + room * sizeof *fanout->to);

	fanout->post.run = begin;
	fanout->origin = from->id;
	fanout->behind_last = &fanout->behind;
	fanout->parcel = parcel_share(parcel);
	fanout->receipt = receipt_share(receipt);
	return fanout;
}

/* The session whose stanza makes it waits for shards that have too much to do. */
static void touch(struct shard *shard, const struct fanout_item *many)
{
	struct tern_event *running = shard->running;

	for (size_t i = 0; running && running->session && i < many->shard_count; i++) {
		if (many->of_shard[i])
			pressure_touch(running->session, shard->server->shards[i]);
	}
}

/* What is not an account here is dropped, until there is a way to it. */
void fanout_send(struct tern_entity *from, struct parcel *parcel, struct receipt *receipt,
		const struct fanout_order *order)
{
	struct shard *shard = from->shard;
	size_t shards = shard->server->shard_count;
	struct fanout_item *many = heap_zalloc(sizeof *many + shards * sizeof *many->of_shard);

	many->shard_count = shards;
	many->item.go = go_to_all;
	for (size_t i = 0; i < order->count; i++) {
		const struct jid *to = order->to[i];
		struct fanout **fanout;

		if (route_of(shard, to) != TO_ACCOUNT)
			continue;
		fanout = &many->of_shard[shard_index(server_home(shard->server, jid_hash(to)))];
		if (!*fanout)
			*fanout = create(from, parcel, receipt, order->count - i);
		(*fanout)->probes = order->probes;
		(*fanout)->only_open = order->only_open;
		(*fanout)->to[(*fanout)->count++] = jid_copy(parcel->arena, to);
	}
	parcel_release(parcel);
	touch(shard, many);
	outbox_say(from, &many->item);
}
