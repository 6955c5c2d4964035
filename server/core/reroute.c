/* reroute.c - reads written stanzas back, and sends them through their account once more */
/* SPDX-License-Identifier: MIT */

#include "reroute.h"

#include <string.h>

#include "arena.h"
#include "element.h"
#include "entities.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "handover.h"
#include "jid.h"
#include "module.h"
#include "reread.h"
#include "shard_internal.h"
#include "stanzas.h"

#define NS_FORWARD "urn:xmpp:forward:0"

/* What an archive or a pending log gave says already since when it waits. */
static bool has_delay(const struct tern_entity *entity, const struct element *message)
{
	const struct element *delay = element_find(message, NS_DELAY, "delay");

	while (delay && !tern_is_delay_of(delay, entity->host))
		delay = element_find_next(delay, NS_DELAY, "delay");
	return delay;
}

enum way { FORGET, REFUSE, DELIVER };

/* Errors and results, headlines, presence: whom they were for will not miss them, nor what its own
 * account told the resource. A message that was taken elsewhere is done with. */
static enum way way_of(const struct tern_entity *entity, const struct tern_stanza *stanza,
	const struct handover *handover)
{
	bool is_request = stanza->kind == TERN_IQ &&
		(stanza->type == TERN_GET || stanza->type == TERN_SET);
	bool is_groupchat = stanza->kind == TERN_MESSAGE && stanza->type == TERN_GROUPCHAT;

	if (handover_is_lost(handover))
		return DELIVER;
	if (!stanza->from || jid_equal(stanza->from, entity->jid))
		return FORGET;
	return is_request || is_groupchat ? REFUSE : FORGET;
}

/* RFC 6121 8.5.3.2.3; also where a new session has the resource now, which was not meant. */
static void refuse(struct shard *shard, struct post *post)
{
	struct event *event = (struct event *)((char *)post - offsetof(struct event, post));

	event->at = shard->is_ended ? NULL : entities_find(shard, event->pub.stanza.to);
	if (event->at)
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
	else
		event_finish(event);
}

/* Its checks and its copies are behind it; but the user may have blocked its sender since. */
static enum tern_phase next_phase(struct tern_entity *entity, const struct tern_stanza *stanza)
{
	bool is_blocked = stanza->from && tern_question(entity, TERN_ASK_BLOCKED, stanza->from);

	return is_blocked ? TERN_IN_MISSED : TERN_IN_DELIVER;
}

static void start(struct tern_entity *entity, struct arena *arena, struct tern_stanza *stanza,
	const struct rerouted *old)
{
	struct handover *handover = old->take_handover;
	struct event *event;

	if (handover) { /* RFC 6121 8.5.3.2.1: as if it had been sent to the account */
		stanza->to = jid_bare(arena, entity->jid);
		if (!has_delay(entity, stanza->element))
			tern_delay_add(stanza->element, entity->host, old->since_us);
	}
	event = event_new(parcel_new(arena, stanza), NULL);
	event->handover = handover;
	event->pub.kept_id = handover ? handover_kept_id(handover) : 0;
	event->phase = next_phase(entity, stanza);
	if (!handover)
		event->post.run = refuse;
	shard_post(entity->shard, &event->post);
}

/* A device may have got a message as a copy of its account's (tern_deliver_copy): what goes on is
 * the message. */
struct element *reroute_unwrap(const struct tern_entity *entity, struct arena *arena,
	struct element *stanza)
{
	const char *from = element_get(stanza, "from");
	const struct element *child = element_first(stanza), *forwarded = NULL, *message = NULL;

	if (!from || strcmp(from, jid_text(entity->jid)) != 0)
		return stanza;
	for (; child && !forwarded; child = element_next(child))
		forwarded = element_find(child, NS_FORWARD, "forwarded");
	if (forwarded)
		message = element_find(forwarded, NS_CLIENT, "message");
	return message ? element_copy(arena, message) : stanza;
}

void reroute(struct tern_entity *entity, const struct rerouted *old)
{
	struct reread reading = { NULL, NULL };
	struct tern_stanza stanza;

	if (!entity->shard->is_ended)
		reading = reread(entity->shard->parsers, old->bytes, old->len);
	if (reading.element && handover_is_lost(old->take_handover))
		reading.element = reroute_unwrap(entity, reading.arena, reading.element);
	if (stanza_of(reading.arena, reading.element, &stanza) && stanza.to &&
	    way_of(entity, &stanza, old->take_handover) != FORGET) {
		start(entity, reading.arena, &stanza, old);
		return;
	}
	arena_destroy(reading.arena);
	handover_drop(old->take_handover);
}
