/* command_announce.c - ternctl announce: a headline for everybody who is logged in
 * SPDX-License-Identifier: MIT
 *
 * Each shard gives it to its own sessions, a slice a turn, so that nobody waits behind a long
 * list. It is for those who are there (XEP-0133 4.23): nothing keeps it for others. */

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "arena.h"
#include "element.h"
#include "entity.h"
#include "heap.h"
#include "jid.h"
#include "names.h"
#include "request.h"
#include "server.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "tour.h"

#define SLICE 256

/* Of the request's arena. */
struct announcement {
	struct tour tour;
	struct request *request;
	const char *domain, *text, *subject; /* the last may be NULL */
	size_t told;
};

struct round {
	struct part part;
	uint64_t *sessions; /* ids, those not told yet; NULL before the first turn */
	size_t left, told;
};

static const struct announcement *announcement_of(const struct round *round)
{
	return (const struct announcement *)round->part.tour;
}

static void gather(struct part *part)
{
	struct round *round = (struct round *)part;

	((struct announcement *)part->tour)->told += round->told;
	free(round->sessions);
}

static void end(struct tour *tour)
{
	const struct announcement *announcement = (const struct announcement *)tour;
	struct request *request = announcement->request;

	request_row(request, (const char *const[]){
		arena_printf(request_arena(request), "%zu", announcement->told) });
	request_end(request);
}

static bool is_meant(const struct tern_session *session, const char *domain)
{
	return tern_session_is_available(session) &&
		strcmp(jid_domain(session->jid), domain) == 0;
}

static void note_sessions(struct round *round, const struct shard *shard)
{
	const struct idmap *map = &shard->sessions.by_id;

	round->sessions = heap_alloc((map->count + 1) * sizeof *round->sessions);
	for (size_t i = 0; i < map->capacity; i++) {
		const struct tern_session *session = map->slots[i].thing;

		if (session && is_meant(session, announcement_of(round)->domain))
			round->sessions[round->left++] = session->id;
	}
}

static struct element *write_message(struct arena *arena, const struct announcement *announcement)
{
	struct element *message = element_new(arena, NS_CLIENT, "message");

	element_set(message, "type", "headline");
	element_set(message, "from", announcement->domain);
	if (announcement->subject)
		element_add_text(message, "subject", announcement->subject);
	element_add_text(message, "body", announcement->text);
	return message;
}

static void tell_slice(struct round *round, struct shard *shard)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	struct element *message = write_message(arena, announcement_of(round));

	for (size_t i = 0; i < SLICE && round->left; i++) {
		struct tern_session *session =
			idmap_get(&shard->sessions.by_id, round->sessions[--round->left]);

		if (!session)
			continue;
		element_set(message, "to", jid_text(session->jid));
		tern_session_send(session, message);
		round->told++;
	}
	arena_destroy(arena);
}

static bool go_round(struct shard *shard, struct part *part)
{
	struct round *round = (struct round *)part;

	if (!round->sessions)
		note_sessions(round, shard);
	if (!shard->is_ended)
		tell_slice(round, shard);
	return !round->left || shard->is_ended;
}

void run_announce(struct request *request)
{
	struct announcement *announcement =
		arena_zalloc(request_arena(request), sizeof *announcement);
	struct tern_host *host;
	const struct jid *jid;

	announcement->request = request;
	announcement->text = request_option(request, "--text");
	announcement->subject = request_option(request, "--subject");
	if (!announcement->text || !*announcement->text) {
		request_misused(request);
		return;
	}
	if (!address_take(request, TERN_COMMAND_AT_HOST, &jid, &host))
		return;
	announcement->domain = host->domain;
	announcement->tour = (struct tour){ .server = request_server(request),
		.part_size = sizeof(struct round), .look = go_round, .gather = gather, .end = end };
	tour_begin(&announcement->tour);
}
