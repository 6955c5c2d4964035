/* iq.c - hands an iq to the one handler that claims it */
/* SPDX-License-Identifier: MIT */

#include "asks.h"
#include "element.h"
#include "entity_internal.h"
#include "event_internal.h"
#include "host.h"
#include "jid.h"
#include "route.h"
#include "session_internal.h"
#include "shard_internal.h"

/* The host that the iq is for: the addressee's, which need not be the sender's. */
static struct tern_host *addressed_host(struct event *event, unsigned place)
{
	if (place != TERN_AT_HOST)
		return event->at->host;
	return server_host(event->at->shard->server, jid_domain(event->pub.stanza.to));
}

static void conclude(struct event *event, unsigned place, enum tern_verdict verdict)
{
	switch (verdict) {
	case TERN_PASS:
		if (place == TERN_AT_RESOURCE)
			event_pass_iq(event);
		else
			event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
		break;
	case TERN_DONE:
		event_finish(event);
		break;
	case TERN_REJECT:
		event_refuse(event, event->condition, event->text);
		break;
	case TERN_HOLD:
		held_put(event->at, event);
		break;
	case TERN_LATER:
		later_put(event->at, event);
		break;
	}
}

const struct iq_claim *iq_find_claim(const struct tern_host *host, const struct tern_stanza *iq,
	unsigned place)
{
	const struct element *payload = element_first(iq->element);

	if (iq->type != TERN_GET && iq->type != TERN_SET)
		return NULL;
	return host_find_iq(host, iq->type, place, element_ns(payload), element_name(payload));
}

void iq_dispatch(struct event *event, unsigned place)
{
	const struct tern_stanza *iq = &event->pub.stanza;
	struct tern_host *host = addressed_host(event, place);
	struct shard *shard = event->at->shard;
	const struct iq_claim *claim;
	enum tern_verdict verdict;
	struct loaded *outer;

	if (iq->type == TERN_RESULT || iq->type == TERN_ERROR) {
		asks_answer(event->at->shard, event); /* one that nobody waits for is dropped */
		event_finish(event);
		return;
	}
	claim = iq_find_claim(host, iq, place);
	if (!claim) {
		event_refuse(event, TERN_SERVICE_UNAVAILABLE, NULL);
		return;
	}
	event->pub.host = host;
	if (place == TERN_AT_HOST)
		event->pub.entity = NULL;
	event->is_dispatched = true;
	outer = shard_enter(shard, claim->owner);
	verdict = held_check(event, claim->run(&event->pub, claim->settings));
	shard->guest = outer;
	conclude(event, place, verdict);
}
