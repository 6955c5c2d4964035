/* reroute.c - reads written stanzas back, and sends them through their account once more */
/* SPDX-License-Identifier: MIT */

#include "reroute.h"

#include "arena.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "handover.h"
#include "jid.h"
#include "module.h"
#include "names.h"
#include "parser.h"
#include "shard_internal.h"
#include "stanzas.h"

#define NS_DELAY "urn:xmpp:delay"

struct reading { struct arena *arena; struct element *element; };

static void take_stanza(void *context, struct arena *take_arena, struct element *element)
{
	struct reading *reading = context;

	*reading = (struct reading){ take_arena, element };
}

static struct reading read_back(struct shard *shard, const char *bytes, size_t len)
{
	static const struct parser_sink sink = { .stanza = take_stanza };
	static const char header[] =
		"<stream:stream xmlns='" NS_CLIENT "' xmlns:stream='" NS_STREAM "'>";
	struct parser *parser = parser_pool_take(shard->parsers, header);
	struct reading reading = { NULL, NULL };
	size_t used;

	/* What the server wrote itself is not bound by the limits of clients. */
	parser_set_limits(parser, &(struct parser_limits){ .stanza_bytes = 64 * 1024 * 1024,
		.depth = 2000, .attributes = 2000, .name_bytes = 128 * 1024 });
	parser_feed(parser, &sink, &reading, bytes, len, &used);
	parser_pool_give(shard->parsers, parser);
	return reading;
}

/* XEP-0203: it comes later than it could have. */
static void add_delay(struct tern_entity *entity, struct element *message, uint64_t since_us)
{
	struct element *delay = element_add(message, NS_DELAY, "delay");

	element_set(delay, "from", tern_host_domain(entity->host));
	element_set(delay, "stamp", tern_datetime(element_arena(message), since_us));
}

/* Errors and results, headlines, presence: whom they were for will not miss them. A message that
 * was taken elsewhere is done with. */
static bool is_worth_it(const struct tern_stanza *stanza, const struct handover *handover)
{
	switch (stanza->kind) {
	case TERN_MESSAGE:
		return handover_is_lost(handover) || stanza->type == TERN_GROUPCHAT;
	case TERN_IQ:
		return stanza->type == TERN_GET || stanza->type == TERN_SET;
	case TERN_PRESENCE:
		break;
	}
	return false;
}

static void start(struct tern_entity *entity, struct arena *arena, struct tern_stanza *stanza,
	const struct rerouted *old)
{
	struct handover *handover = old->take_handover;
	struct event *event;

	if (!stanza->from)
		stanza->from = entity->jid;
	stanza->from = jid_copy(arena, stanza->from);
	if (handover) { /* RFC 6121 8.5.3.2.1: as if it had been sent to the account */
		stanza->to = jid_bare(arena, entity->jid);
		add_delay(entity, stanza->element, old->since_us);
	}
	event = event_new(parcel_new(arena, stanza), NULL);
	event->handover = handover;
	event->pub.kept_id = handover ? handover_kept_id(handover) : 0;
	/* Its checks and its copies are behind it. */
	event->phase = stanza->kind == TERN_IQ ? TERN_IN_RECORD : TERN_IN_DELIVER;
	shard_post(entity->shard, &event->post);
}

void reroute(struct tern_entity *entity, const struct rerouted *old)
{
	struct reading reading = { NULL, NULL };
	struct tern_stanza stanza;
	enum tern_kind kind;

	if (!entity->shard->is_ended)
		reading = read_back(entity->shard, old->bytes, old->len);
	if (reading.element && stanza_is_one(reading.element, &kind) &&
	    stanza_read(reading.arena, reading.element, kind, &stanza) == TERN_NO_CONDITION &&
	    stanza.to && is_worth_it(&stanza, old->take_handover)) {
		start(entity, reading.arena, &stanza, old);
		return;
	}
	arena_destroy(reading.arena);
	handover_drop(old->take_handover);
}
