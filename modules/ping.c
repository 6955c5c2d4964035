/* ping.c - answers pings, and pings clients that have fallen silent (XEP-0199 2.0.1)
 * SPDX-License-Identifier: MIT
 *
 * Each session has one timer.  It is not moved when bytes come: when it fires it looks how long
 * the silence is, and is set again for what is missing. */

#include "module.h"

#include <stdlib.h>

#include "heap.h"

#define NS_PING "urn:xmpp:ping"

struct ping { uint64_t interval_ms, timeout_ms; };

/* What a question under way remembers. */
struct asked {
	const struct ping *ping;
	uint64_t session_id;
};

/* --- answering ----------------------------------------------------------------------------- */

/* XEP-0199 4: for accounts too, but strangers learn nothing of them. */
static enum tern_verdict answer_ping(struct tern_event *event, const void *settings)
{
	if (event->entity && event->stanza.to && jid_local(event->stanza.to) &&
	    !tern_event_is_own(event) && !(tern_question(event->entity, TERN_ASK_SUBSCRIPTION,
			event->stanza.from) & TERN_SUB_FROM))
		return tern_reject(event, TERN_SERVICE_UNAVAILABLE, NULL);
	return tern_reply(event, NULL);
}

/* --- asking -------------------------------------------------------------------------------- */

static void look_again(struct tern_entity *entity, struct tern_session *session,
	const struct ping *ping);

/* Any answer will do, and so will any other sign of life (XEP-0199 5: an error is an answer).  Nobody
 * has failed to answer when the module leaves. */
static void note_answer(struct tern_entity *entity, void *context,
	const struct tern_stanza *answer)
{
	struct asked *asked = context;
	struct tern_session *session = tern_session_by_id(entity, asked->session_id);

	if (session && !answer && !tern_is_leaving(entity) &&
	    tern_session_silence_ms(session) >= asked->ping->timeout_ms)
		tern_session_end(session, "connection-timeout", "no answer to a ping");
	else if (session)
		look_again(entity, session, asked->ping);
	free(asked);
}

static void ask(struct tern_entity *entity, struct tern_session *session, const struct ping *ping)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *iq = element_new(arena, NS_CLIENT, "iq");
	struct asked *asked = heap_alloc(sizeof *asked);

	*asked = (struct asked){ ping, tern_session_id(session) };
	element_set(iq, "type", "get");
	element_set(iq, "to", jid_text(tern_session_jid(session)));
	element_add(iq, NS_PING, "ping");
	tern_ask(entity, iq, ping->timeout_ms, note_answer, asked);
	arena_destroy(arena);
}

static void look(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	const struct ping *ping = context;

	if (cancelled)
		return;
	if (tern_session_silence_ms(session) >= ping->interval_ms)
		ask(entity, session, ping);
	else
		look_again(entity, session, ping);
}

static void look_again(struct tern_entity *entity, struct tern_session *session,
	const struct ping *ping)
{
	uint64_t silence_ms = tern_session_silence_ms(session);
	uint64_t delay_ms = silence_ms < ping->interval_ms ? ping->interval_ms - silence_ms : 1;

	tern_timer_start(entity, session, delay_ms, look, (void *)(uintptr_t)ping);
}

static void watch_session(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const struct ping *ping = settings;

	if (ping->interval_ms > 0)
		look_again(entity, session, ping);
}

static int answer_idle_seconds(struct tern_entity *entity, const struct jid *about,
	const void *settings)
{
	return (int)(((const struct ping *)settings)->interval_ms / 1000);
}

static int ping_load(struct tern_host *host, void **ret_settings)
{
	struct ping *ping = heap_zalloc(sizeof *ping);

	ping->interval_ms = (uint64_t)tern_option_number(host, "interval") * 1000;
	ping->timeout_ms = (uint64_t)tern_option_number(host, "timeout") * 1000;
	*ret_settings = ping;
	return 0;
}

static void ping_unload(struct tern_host *host, void *settings)
{
	free(settings);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "ping",
	.about = "pings, and the end of sessions whose peer is gone (XEP-0199)",
	.features = (const char *const[]){ NS_PING, NULL },
	.account_features = (const char *const[]){ NS_PING, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST | TERN_AT_OWN_ACCOUNT | TERN_AT_OTHER_ACCOUNT, NS_PING, "ping",
			answer_ping },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_SESSION_BOUND, watch_session },
		{ TERN_ON_SESSION_RESTORED, watch_session },
		{ TERN_ON_SESSION_FOUND, watch_session },
		{ 0 },
	},
	.answers = (const struct tern_answer_claim[]){
		{ TERN_ASK_IDLE_SECONDS, answer_idle_seconds },
		{ 0 },
	},
	.options = (const struct tern_option[]){
		{ "interval", TERN_NUMBER, "180", 0, 86400,
			"seconds of silence after which a client is pinged; 0: never" },
		{ "timeout", TERN_NUMBER, "30", 1, 3600, "seconds that it has for an answer" },
		{ 0 },
	},
	.load = ping_load,
	.unload = ping_unload,
};
