/* command_announce.c - ternctl announce: a headline for everybody who is logged in
 * SPDX-License-Identifier: MIT
 *
 * Each shard gives it to its own sessions, a slice a turn, so that nobody waits behind a long
 * list. It is for those who are there (XEP-0133 4.23): nothing keeps it for others. */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "arena.h"
#include "desk.h"
#include "element.h"
#include "entity.h"
#include "heap.h"
#include "jid.h"
#include "names.h"
#include "request.h"
#include "server.h"
#include "session_internal.h"
#include "shard_internal.h"

#define SLICE 256

/* Of the request's arena. */
struct announcement {
	struct request *request;
	const char *domain, *text, *subject; /* the last may be NULL */
	size_t shards_left, told;
};

/* One shard's part. */
struct round {
	struct post post;
	struct task back;
	struct desk *desk;
	struct announcement *announcement;
	uint64_t *sessions; /* ids, those not told yet; NULL before the first turn */
	size_t left, told;
};

#define round_of(pointer, member) \
	((struct round *)((char *)(pointer) - offsetof(struct round, member)))

static void collect(struct task *task)
{
	struct round *round = round_of(task, back);
	struct announcement *announcement = round->announcement;
	struct request *request = announcement->request;

	announcement->told += round->told;
	free(round->sessions);
	free(round);
	if (--announcement->shards_left)
		return;
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

		if (session && is_meant(session, round->announcement->domain))
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
	struct element *message = write_message(arena, round->announcement);

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

static void go_round(struct shard *shard, struct post *post)
{
	struct round *round = round_of(post, post);

	if (!round->sessions)
		note_sessions(round, shard);
	if (!shard->is_ended)
		tell_slice(round, shard);
	if (round->left && !shard->is_ended) {
		shard_post(shard, &round->post);
		return;
	}
	round->back.run = collect;
	desk_post(round->desk, &round->back);
}

static void start(struct announcement *announcement)
{
	struct server *server = request_server(announcement->request);

	announcement->shards_left = server->shard_count;
	for (size_t i = 0; i < server->shard_count; i++) {
		struct round *round = heap_zalloc(sizeof *round);

		round->announcement = announcement;
		round->desk = server->desk;
		round->post.run = go_round;
		shard_post(server->shards[i], &round->post);
	}
}

void run_announce(struct request *request)
{
	struct announcement *announcement =
		arena_zalloc(request_arena(request), sizeof *announcement);
	const char *address = request_argument(request, 0), *why;
	struct tern_host *host;
	const struct jid *jid;

	announcement->request = request;
	announcement->text = request_option(request, "--text");
	announcement->subject = request_option(request, "--subject");
	if (!address || !announcement->text || !*announcement->text) {
		request_misused(request);
		return;
	}
	why = address_read(request, address, TERN_COMMAND_AT_HOST, &jid, &host);
	if (why) {
		request_fail(request, "%s", why);
		return;
	}
	announcement->domain = host->domain;
	start(announcement);
}
