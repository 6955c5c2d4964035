/* command_session.c - ternctl session list and kick
 * SPDX-License-Identifier: MIT
 *
 * Sessions are known to their shards alone: each is asked by a post, and its answer comes
 * back to the desk. */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "account.h"
#include "address.h"
#include "arena.h"
#include "desk.h"
#include "element.h"
#include "entities.h"
#include "entity.h"
#include "entity_internal.h"
#include "jid.h"
#include "request.h"
#include "server.h"
#include "session.h"
#include "session_internal.h"
#include "shard.h"
#include "shard_internal.h"
#include "stream.h"
#include "tour.h"

/* --- list ------------------------------------------------------------------------- */

struct listing {
	struct tour tour;
	struct request *request;
	const struct jid *of; /* a host or an account; NULL: all */
};

#define COLUMNS 5

struct visit {
	struct part part;
	struct arena *arena;
	const char *(*rows)[COLUMNS];
	size_t count;
};

static void tell_visit(struct part *part)
{
	const struct visit *visit = (const struct visit *)part;
	const struct listing *listing = (const struct listing *)part->tour;

	for (size_t i = 0; i < visit->count; i++)
		request_row(listing->request, visit->rows[i]);
	arena_destroy(visit->arena);
}

static void end_listing(struct tour *tour)
{
	request_end(((struct listing *)tour)->request);
}

static bool is_wanted(const struct tern_session *session, const struct jid *of)
{
	if (!of)
		return true;
	return jid_is_domain(of) ? strcmp(jid_domain(session->jid), jid_domain(of)) == 0
		: jid_bare_equal(session->jid, of);
}

/* RFC 6121 4.7.2.1, and what it says without a word. */
static const char *show_of(const struct tern_session *session)
{
	const struct element *presence = tern_session_presence(session);
	const char *show = presence ? element_find_text(presence, NULL, "show") : NULL;

	return !presence ? "" : show && *show ? show : "available";
}

static void note_session(struct visit *visit, const struct tern_session *session)
{
	const char **row = visit->rows[visit->count++];

	row[0] = arena_strdup(visit->arena, jid_text(session_jid(session)));
	row[1] = tern_session_is_available(session)
		? arena_printf(visit->arena, "%d", tern_session_priority(session)) : "";
	row[2] = session->stream ? arena_strdup(visit->arena, stream_peer(session->stream)) : "";
	row[3] = session->stream ? arena_strdup(visit->arena, stream_security(session->stream)) : "";
	row[4] = arena_strdup(visit->arena, show_of(session));
}

static bool list_sessions(struct shard *shard, struct part *part)
{
	struct visit *visit = (struct visit *)part;
	const struct listing *listing = (const struct listing *)part->tour;
	const struct idmap *map = &shard->sessions.by_id;

	visit->arena = arena_create(4096);
	visit->rows = arena_alloc(visit->arena, (map->count + 1) * sizeof *visit->rows);
	for (size_t i = 0; i < map->capacity; i++) {
		const struct tern_session *session = map->slots[i].thing;

		if (session && is_wanted(session, listing->of))
			note_session(visit, session);
	}
	return true;
}

static const char *read_whose(struct request *request, struct listing *listing)
{
	const char *text = request_argument(request, 0);
	struct tern_host *host;

	if (!text)
		return NULL;
	return address_read(request, text, strchr(text, '@') ? TERN_COMMAND_AT_ACCOUNT
		: TERN_COMMAND_AT_HOST, &listing->of, &host);
}

void run_session_list(struct request *request)
{
	struct listing *listing = arena_zalloc(request_arena(request), sizeof *listing);
	const char *why = read_whose(request, listing);

	if (why) {
		request_fail(request, "%s", why);
		return;
	}
	listing->request = request;
	listing->tour = (struct tour){ .server = request_server(request),
		.part_size = sizeof(struct visit), .look = list_sessions, .gather = tell_visit,
		.end = end_listing };
	tour_begin(&listing->tour);
}

/* --- kick --------------------------------------------------------------------------- */

struct kick {
	struct post there;
	struct task back;
	struct request *request;
	struct desk *desk;
	const struct jid *jid;
	bool found;
};

#define kick_of(pointer, member) \
	((struct kick *)((char *)(pointer) - offsetof(struct kick, member)))

static void tell_kicked(struct task *task)
{
	struct kick *kick = kick_of(task, back);

	if (kick->found) {
		request_row(kick->request, (const char *const[]){ jid_text(kick->jid) });
		request_end(kick->request);
	} else {
		request_refuse(kick->request, -ENOENT, "%s is not logged in", jid_text(kick->jid));
	}
}

static void end_session(struct tern_session *session)
{
	session_close(session, STREAM_ERROR_POLICY_VIOLATION, "ended by an administrator");
}

static void kick_session(struct shard *shard, struct post *post)
{
	struct kick *kick = kick_of(post, there);
	struct arena *arena = arena_create(512);
	struct tern_entity *entity = entities_find(shard, jid_bare(arena, kick->jid));
	const char *resource = jid_resource(kick->jid);
	struct tern_session *session = !entity ? NULL : resource
		? tern_session_find(entity, resource) : tern_session_first(entity);

	kick->found = session != NULL;
	if (session && resource)
		end_session(session);
	while (session && !resource && entity->sessions)
		end_session(entity->sessions);
	arena_destroy(arena);
	kick->back.run = tell_kicked;
	desk_post(kick->desk, &kick->back);
}

void run_session_kick(struct request *request)
{
	struct server *server = request_server(request);
	const char *address = request_argument(request, 0);
	struct kick *kick = arena_zalloc(request_arena(request), sizeof *kick);

	if (!address) {
		request_misused(request);
		return;
	}
	kick->jid = jid_new(request_arena(request), address);
	if (!kick->jid || !jid_local(kick->jid)) {
		request_fail(request, "`%s` is the address of no account or session"
			" (name@host, name@host/resource)", address);
		return;
	}
	kick->request = request;
	kick->desk = server->desk;
	kick->there.run = kick_session;
	shard_post(account_home(server, kick->jid), &kick->there);
}
