/* route.c - finds the home of an address and posts there, through the outbox of who speaks */
/* SPDX-License-Identifier: MIT */

#include "route.h"

#include <stddef.h>

#include "asks.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "jid.h"
#include "shard_internal.h"

enum destination route_of(const struct shard *shard, const struct jid *to)
{
	if (!server_host(shard->server, jid_domain(to)))
		return TO_ELSEWHERE;
	return jid_local(to) ? TO_ACCOUNT : TO_HOST;
}

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
	event->hooks = NULL;
	event->origin = from ? from->id : 0;
	home = server_home(shard->server, jid_hash(event->pub.stanza.to));
	if (!from) {
		event->at = NULL;
		shard_post(home, &event->post);
		return;
	}
	event->item.go = go_home;
	outbox_say(from, &event->item);
}
