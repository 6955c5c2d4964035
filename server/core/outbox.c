/* outbox.c - items leave in order, each when its batch is on disk */
/* SPDX-License-Identifier: MIT */

#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "entity_internal.h"
#include "handover.h"
#include "heap.h"
#include "receipt.h"
#include "reroute.h"
#include "session_internal.h"
#include "shard_internal.h"

void outbox_init(struct outbox *outbox)
{
	*outbox = (struct outbox){ 0 };
	outbox->last = &outbox->first;
}

bool outbox_is_open(const struct tern_entity *entity)
{
	const struct outbox *outbox = &entity->outbox;
	bool nothing_before = outbox->going ? outbox->going == &outbox->first : !outbox->first;

	return nothing_before && outbox->last_write <= entity->shard->gate.opened;
}

void outbox_expect(struct tern_entity *entity)
{
	struct gate *gate = &entity->shard->gate;

	if (entity->outbox.is_listed)
		return;
	entity->outbox.is_listed = true;
	entity->outbox.next = NULL;
	*gate->last = entity;
	gate->last = &entity->outbox.next;
}

/* What an item says while it goes stands at its place, in front of what was said after it. */
static struct item **place_of_next(struct outbox *outbox)
{
	return outbox->going ? outbox->going : outbox->last;
}

static void put(struct outbox *outbox, struct item **place, struct item *item)
{
	item->next = *place;
	*place = item;
	if (!item->next)
		outbox->last = &item->next;
	if (outbox->going)
		outbox->going = &item->next;
	outbox->count++;
}

void outbox_say(struct tern_entity *entity, struct item *item)
{
	struct outbox *outbox = &entity->outbox;

	if (outbox_is_open(entity)) {
		item->go(entity, item, false);
		return;
	}
	item->batch = outbox->last_write;
	put(outbox, place_of_next(outbox), item);
	outbox_expect(entity);
}

static struct item *take_first(struct outbox *outbox)
{
	struct item *item = outbox->first;

	outbox->first = item->next;
	if (!outbox->first)
		outbox->last = &outbox->first;
	outbox->count--;
	return item;
}

void outbox_open(struct tern_entity *entity)
{
	struct outbox *outbox = &entity->outbox;
	uint64_t opened = entity->shard->gate.opened;

	while (outbox->first && outbox->first->batch <= opened) {
		struct item *item = take_first(outbox);

		outbox->going = &outbox->first;
		item->go(entity, item, false);
		outbox->going = NULL;
	}
	if (outbox->first || outbox->last_write > opened)
		outbox_expect(entity);
	else
		entity_may_rest(entity);
}

void outbox_cancel(struct tern_entity *entity)
{
	while (entity->outbox.first) {
		struct item *item = take_first(&entity->outbox);

		item->go(entity, item, true);
	}
}

void outbox_cancel_of(struct tern_entity *entity,
	bool (*is_of)(const struct item *item, const struct loaded *owner),
	const struct loaded *owner)
{
	struct outbox *outbox = &entity->outbox;
	struct item **place = &outbox->first;

	while (*place) {
		struct item *item = *place;

		if (!is_of(item, owner)) {
			place = &item->next;
			continue;
		}
		*place = item->next;
		if (!*place)
			outbox->last = place;
		outbox->count--;
		item->go(entity, item, true);
		place = &outbox->first; /* it may have said something */
	}
}

/* --- kinds of items ------------------------------------------------------------------ */

struct bytes_item {
	struct item item;
	uint64_t session;
	uint64_t since_us;
	struct handover *handover;
	size_t len;
	char bytes[];
};

static void write_bytes(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct bytes_item *said = (struct bytes_item *)item;
	struct tern_session *session = cancelled ? NULL :
		tern_session_by_id(entity, said->session);

	if (session)
		session_write(session, said->bytes, said->len, said->handover);
	else if (!cancelled)
		reroute(entity, &(struct rerouted){ said->bytes, said->len, said->since_us,
			said->handover });
	else
		handover_drop(said->handover);
	free(said);
}

void outbox_say_message(struct tern_entity *entity, struct tern_session *session,
	const char *bytes, size_t len, struct handover *handover)
{
	struct bytes_item *said;

	if (outbox_is_open(entity)) {
		session_write(session, bytes, len, handover);
		return;
	}
	said = heap_alloc(sizeof *said + len);
	*said = (struct bytes_item){ .item.go = write_bytes, .session = session->id,
		.since_us = entity->shard->now_us, .handover = handover, .len = len };
	memcpy(said->bytes, bytes, len);
	outbox_say(entity, &said->item);
}

struct share_item {
	struct item item;
	struct receipt *share;
};

static void give_share_back(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct share_item *held = (struct share_item *)item;

	(void)entity;
	(void)cancelled;
	receipt_release(held->share);
	free(held);
}

void outbox_release(struct tern_entity *entity, struct receipt *share)
{
	struct share_item *held;

	if (!share)
		return;
	if (!entity || outbox_is_open(entity)) {
		receipt_release(share);
		return;
	}
	held = heap_alloc(sizeof *held);
	*held = (struct share_item){ .item.go = give_share_back, .share = share };
	outbox_say(entity, &held->item);
}
