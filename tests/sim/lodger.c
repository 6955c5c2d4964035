/* lodger.c - accounts end whole, with their sessions open and the process killed at any step */
/* SPDX-License-Identifier: MIT */

#include "lodger.h"

#include <errno.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "jid.h"
#include "mouth.h"
#include "storage.h"

#define LODGER "lodger@" WORLD_DOMAIN
#define GET "<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>"
#define SET "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='landlady@elsewhere'/>" \
	"</query></iq>"

/* One a process, so that listeners need not know whose they are. */
static struct lodger *now;

static void note_said(void *listener, const char *bytes, size_t len)
{
	if (memmem(bytes, len, "type='result' id='s'", 20))
		now->has_contact = true;
	if (memmem(bytes, len, "landlady", 8))
		now->sees_contact = true;
}

static void note_bound(void *listener, struct tern_session *session)
{
	*(bool *)listener = session != NULL;
}

static void note_closed(void *listener, enum stream_error error)
{
	size_t i = (size_t)((bool *)listener - now->is_bound);

	now->is_bound[i] = false;
	now->streams[i] = NULL;
}

static const struct listening calls = { note_said, note_bound, note_closed };

static void note_result(void *context, int result)
{
	struct lodger *lodger = context;

	if (!lodger->was_killed)
		lodger->result = result;
}

static void order(struct lodger *lodger, struct world *world, bool creates)
{
	struct server *server = &world->server;
	struct arena *arena = arena_create(256);
	const struct jid *jid = jid_new(arena, LODGER);

	lodger->result = 1;
	if (creates)
		account_create(server, server->hosts[0], jid, "none", note_result, lodger);
	else
		account_delete(server, server->hosts[0], jid, note_result, lodger);
	arena_destroy(arena);
}

/* Also what had to wait until the disk took it again. */
void lodger_settles(struct world *world)
{
	for (int i = 0; i < 10; i++) {
		world_settle(world);
		world_pass_time(world, 1000);
	}
	world_settle(world);
}

static const char *look_at_roster(struct lodger *lodger, struct world *world)
{
	lodger->sees_contact = false;
	mouth_send(lodger->streams[0], GET);
	world_settle(world);
	if (lodger->sees_contact && !lodger->may_have_contact)
		return "a new account has contacts of the old one";
	return lodger->has_contact && !lodger->sees_contact ? "a contact is lost" : NULL;
}

const char *lodger_moves_in(struct lodger *lodger, struct world *world)
{
	now = lodger;
	if (!lodger->exists) {
		lodger->has_contact = lodger->may_have_contact = false;
		order(lodger, world, true);
		lodger_settles(world);
		if (lodger->result == -ENOSPC) /* another time */
			return NULL;
		if (lodger->result < 0)
			return "a name that was given up cannot be had";
		lodger->exists = true;
	}
	for (int i = 0; i < 2; i++)
		lodger->streams[i] = mouth_open(&world->server, world->server.hosts[0], LODGER,
			i ? "b" : "a", &calls, &lodger->is_bound[i]);
	lodger_settles(world);
	if (!lodger->is_bound[0] || !lodger->is_bound[1])
		return "an account that exists cannot be logged in to";
	return look_at_roster(lodger, world);
}

void lodger_gives_notice(struct lodger *lodger, struct world *world)
{
	mouth_send(lodger->streams[0], "<presence/>");
	mouth_send(lodger->streams[1], SET);
	lodger->may_have_contact = true;
	order(lodger, world, false);
	mouth_send(lodger->streams[1], GET); /* it goes on as if nothing were */
}

void lodger_hears_no_more(struct lodger *lodger)
{
	lodger->was_killed = true;
}

static const char *check_end(const struct lodger *lodger, bool is_gone)
{
	if (lodger->result == 0 && !is_gone)
		return "an account whose deletion was promised is there";
	if (!lodger->was_killed && lodger->result != 0)
		return "a deletion has no end";
	if (!lodger->was_killed && (lodger->streams[0] || lodger->streams[1]))
		return "sessions outlive their account";
	return NULL;
}

const char *lodger_moves_out(struct lodger *lodger, struct world *world)
{
	owner_id owner;
	bool is_gone = storage_owner_find(world->server.storage, LODGER, &owner) == -ENOENT;
	const char *why = check_end(lodger, is_gone);

	for (int i = 0; i < 2; i++) {
		if (lodger->streams[i] && !lodger->was_killed)
			mouth_break(lodger->streams[i]);
		lodger->streams[i] = NULL;
		lodger->is_bound[i] = false;
	}
	lodger->exists = !is_gone;
	lodger->was_killed = false;
	return why;
}
