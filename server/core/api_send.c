/* api_send.c - how an entity speaks: one stanza, many, surely */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "arena.h"
#include "brake.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "fanout.h"
#include "intents.h"
#include "jid.h"
#include "log.h"
#include "misuse.h"
#include "module.h"
#include "pack.h"
#include "route.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stanzas.h"

#define ARENA_BYTES 1024

/* What is sent while a handler runs belongs to the stanza that it handles. */
static struct receipt *share_of_running(struct shard *shard)
{
	struct event *running = (struct event *)shard->running;

	return running ? receipt_share(running->receipt) : NULL;
}

struct parcel *pack_stanza(struct tern_entity *entity, const struct element *stanza)
{
	struct arena *arena = arena_create(ARENA_BYTES);
	struct element *copy = element_copy(arena, stanza);
	struct tern_stanza read;

	if (!stanza_of(arena, copy, &read)) {
		log_error("account", jid_text(entity->jid), "module `%s` sent what is not a stanza: <%s/>",
			shard_guest_name(), element_name(stanza));
		arena_destroy(arena);
		return NULL;
	}
	if (read.from && !jid_bare_equal(read.from, entity->jid)) {
		log_error("account", jid_text(entity->jid), "module `%s` spoke in the name of %s",
			shard_guest_name(), jid_text(read.from));
		read.from = NULL;
	}
	if (!read.from)
		read.from = jid_copy(arena, entity->jid);
	return parcel_new(arena, &read);
}

struct parcel *pack_addressed(struct tern_entity *entity, const struct element *stanza)
{
	struct parcel *parcel = pack_stanza(entity, stanza);

	if (!parcel || parcel->stanza.to)
		return parcel;
	log_error("account", jid_text(entity->jid), "module `%s` sent a <%s/> to nobody: it has no `to`",
		shard_guest_name(), element_name(stanza));
	parcel_release(parcel);
	return NULL;
}

static bool is_misused(const void *speaker, const struct element *stanza, const char *call)
{
	return misuse_of_nothing(speaker, call) || misuse_of_nothing(stanza, call);
}

void tern_send(struct tern_entity *entity, struct element *stanza)
{
	struct parcel *parcel = is_misused(entity, stanza, __func__) ? NULL :
		pack_addressed(entity, stanza);

	if (parcel)
		route_event(entity->shard, entity,
			event_new(parcel, share_of_running(entity->shard)));
}

void tern_send_many(struct tern_entity *entity, const struct tern_broadcast *broadcast)
{
	struct parcel *parcel = is_misused(entity, broadcast->stanza, __func__) ? NULL :
		pack_stanza(entity, broadcast->stanza);
	struct receipt *receipt;

	if (!parcel)
		return;
	if (broadcast->from)
		parcel->stanza.from = jid_copy(parcel->arena, broadcast->from);
	parcel_serialise(parcel);
	receipt = share_of_running(entity->shard);
	fanout_send(entity, parcel, receipt, &(struct fanout_order){
		.to = broadcast->to, .count = broadcast->count,
		.probes = broadcast->probes, .only_open = broadcast->only_open });
	receipt_release(receipt);
}

void tern_session_send(struct tern_session *session, struct element *stanza)
{
	struct event *running;

	if (is_misused(session, stanza, __func__))
		return;
	running = (struct event *)session->entity->shard->running;
	session_say(session, stanza);
	if (running)
		brake_hold(session, running->receipt);
}

int tern_send_surely(struct tern_entity *entity, struct element *stanza)
{
	return is_misused(entity, stanza, __func__) ? -EINVAL : intent_send(entity, stanza);
}

