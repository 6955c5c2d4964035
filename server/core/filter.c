/* filter.c - puts what goes to a session before the module that filters it */
/* SPDX-License-Identifier: MIT */

#include "filter.h"

#include "arena.h"
#include "element.h"
#include "entity_internal.h"
#include "event.h"
#include "host.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stanzas.h"

#define ARENA_BYTES 1024

void tern_session_filter(struct tern_session *session, bool on)
{
	session->is_filtered = on;
}

static bool ask(struct tern_session *session, const struct tern_stanza *stanza)
{
	struct loaded *owner = session->entity->host->filter;
	struct shard *shard = session->entity->shard;
	struct loaded *outer = shard_enter(shard, owner);
	bool is_kept;

	session->is_in_filter = true;
	is_kept = owner->module->filter(session, stanza, owner->settings);
	session->is_in_filter = false;
	shard->guest = outer;
	return is_kept;
}

/* What the filter itself sends does not come back to it. */
static bool has_filter(const struct tern_session *session)
{
	return session->entity->host->filter && !session->is_in_filter;
}

bool filter_keeps(struct tern_session *session, const struct element *element)
{
	struct tern_stanza stanza;
	struct arena *arena;
	struct element *copy;
	bool is_kept;

	if (!has_filter(session))
		return false;
	arena = arena_create(ARENA_BYTES);
	copy = element_copy(arena, element);
	is_kept = stanza_of(arena, copy, &stanza);
	if (is_kept) {
		if (!stanza.from) /* RFC 6120 8.1.2.1: it is the account that speaks */
			stanza.from = session->entity->jid;
		is_kept = ask(session, &stanza);
	}
	arena_destroy(arena);
	return is_kept;
}

bool filter_keeps_event(struct tern_session *session, struct tern_event *event)
{
	struct tern_stanza stanza = event->stanza;

	if (!has_filter(session))
		return false;
	stanza.element = tern_event_copy(event);
	return ask(session, &stanza);
}
