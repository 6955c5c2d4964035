/* module.c - RFC 6121 section 4: who is there, and who is told
 * SPDX-License-Identifier: MIT */

#include "presence.h"

#include <stdlib.h>

#include "heap.h"

tern_state presence_directed;

/* 4.6.3: a subscriber of an available session hears its end anyhow. */
bool is_told_anyhow(struct tern_entity *entity, struct tern_session *session,
	const struct jid *whom)
{
	return tern_session_is_available(session) &&
		(tern_question(entity, TERN_ASK_SUBSCRIPTION, whom) & TERN_SUB_FROM);
}

static enum tern_verdict note_directed(struct tern_event *event, const void *settings)
{
	const struct presence_settings *limits = settings;
	struct directed *directed;

	if (!event->session || !event->stanza.to)
		return TERN_PASS;
	directed = directed_of(event->session);
	if (event->stanza.type == TERN_UNAVAILABLE)
		directed_remove(directed, event->stanza.to);
	if (event->stanza.type != TERN_AVAILABLE ||
	    is_told_anyhow(event->entity, event->session, event->stanza.to))
		return TERN_PASS;
	if (!directed_add(directed, event->stanza.to, (size_t)limits->directed))
		return tern_reject(event, TERN_RESOURCE_CONSTRAINT, "too many directed presences");
	return TERN_PASS;
}

static void save_directed(struct tern_session *session, struct buffer *out)
{
	directed_save(directed_of(session), out);
}

static void restore_directed(struct tern_session *session, const char *bytes, size_t len)
{
	directed_restore(directed_of(session), bytes, len);
}

static int presence_load(struct tern_host *host, void **ret_settings)
{
	struct presence_settings *settings = heap_zalloc(sizeof *settings);

	settings->directed = tern_option_number(host, "directed");
	*ret_settings = settings;
	return 0;
}

static void presence_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "presence",
	.about = "presence of sessions, probes and directed presence (RFC 6121 4)",
	.hooks = (const struct tern_hook[]){
		{ TERN_OUT_RECORD, TERN_PRESENCES, 0, note_directed },
		{ TERN_IN_DELIVER, TERN_PRESENCES, 0, receive_presence },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_AVAILABLE, announce },
		{ TERN_ON_PRESENCE_CHANGED, announce_change },
		{ TERN_ON_UNAVAILABLE, take_leave },
		{ TERN_ON_SESSION_GONE, forget_session },
		{ TERN_ON_BLOCKLIST_CHANGED, hide_from_blocked },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_SESSION, sizeof(struct directed), &presence_directed, directed_finish,
			"presence", .save = save_directed, .restore = restore_directed },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "directed", TERN_NUMBER, "500", 1, 100000,
			"addressees of one session's directed presence, at most" },
		{ 0 },
	},
	.load = presence_load,
	.unload = presence_unload,
};
