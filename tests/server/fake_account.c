/* fake_account.c - accounts and sessions that remember what streams ask of them
 * SPDX-License-Identifier: MIT */

#include "fake_account.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "detached.h"
#include "jid.h"
#include "server.h"
#include "session.h"
#include "shard.h"
#include "stream.h"
#include "writer.h"

#define ACCOUNTS_MAX 8

struct login {
	struct post post;
	struct jid *jid;
	void (*opened)(void *context, struct login *login, bool failed);
	void *context;
	bool is_waiting, is_closed;
};

struct tern_session {
	struct arena *arena;
	struct stream *stream;
	const struct jid *jid;
};

struct fake_accounts fake_accounts;
static struct { const char *bare, *credentials; } accounts[ACCOUNTS_MAX];

void fake_account_add(const char *bare, const char *credentials)
{
	for (size_t i = 0; i < ACCOUNTS_MAX; i++)
		if (!accounts[i].bare) {
			accounts[i].bare = bare;
			accounts[i].credentials = credentials;
			return;
		}
	abort();
}

void account_create(struct server *server, struct tern_host *host, const struct jid *bare,
	const char *credentials, account_done *done, void *context)
{
	static char names[ACCOUNTS_MAX][128], made[ACCOUNTS_MAX][1024];
	size_t at = 0;

	while (at < ACCOUNTS_MAX && accounts[at].bare && strcmp(accounts[at].bare, jid_text(bare)))
		at++;
	if (at == ACCOUNTS_MAX || accounts[at].bare) {
		done(context, -EEXIST);
		return;
	}
	snprintf(names[at], sizeof *names, "%s", jid_text(bare));
	snprintf(made[at], sizeof *made, "%s", credentials);
	fake_account_add(names[at], made[at]);
	done(context, 0);
}

struct shard *account_home(struct server *server, const struct jid *bare)
{
	return server->shards[jid_hash(bare) % server->shard_count];
}

static struct login *make_login(const struct jid *bare)
{
	struct login *login = calloc(1, sizeof *login);

	login->jid = jid_create(bare);
	fake_accounts.logins_open++;
	return login;
}

static void free_login(struct login *login)
{
	jid_destroy(login->jid);
	free(login);
}

static void open_now(struct shard *shard, struct post *post)
{
	struct login *login = (struct login *)post;

	login->is_waiting = false;
	if (login->is_closed)
		free_login(login);
	else
		login->opened(login->context, login, fake_accounts.fail);
}

struct login *login_open(struct shard *shard, struct tern_host *host, const struct jid *bare,
	void (*opened)(void *context, struct login *login, bool failed), void *context)
{
	struct login *login = make_login(bare);

	assert(account_home(shard_server(shard), bare) == shard);
	login->opened = opened;
	login->context = context;
	login->post.run = open_now;
	login->is_waiting = fake_accounts.open_later;
	if (fake_accounts.open_later)
		shard_post(shard, &login->post);
	else
		opened(context, login, fake_accounts.fail);
	return login;
}

struct login *login_open_anonymous(struct shard *shard, struct tern_host *host,
	const struct jid *bare)
{
	return make_login(bare);
}

void login_close(struct login *login)
{
	if (!login)
		return;
	assert(!login->is_closed);
	fake_accounts.logins_open--;
	login->is_closed = true;
	if (!login->is_waiting)
		free_login(login);
}

const char *login_credentials(const struct login *login)
{
	for (size_t i = 0; i < ACCOUNTS_MAX && accounts[i].bare; i++)
		if (strcmp(accounts[i].bare, jid_text(login->jid)) == 0)
			return accounts[i].credentials;
	return NULL;
}

void login_complete(struct login *login, const char *checked, const char *complete)
{
	static char kept[1024];

	for (size_t i = 0; i < ACCOUNTS_MAX && accounts[i].bare; i++) {
		if (strcmp(accounts[i].bare, jid_text(login->jid)) != 0)
			continue;
		assert(strcmp(accounts[i].credentials, checked) == 0);
		snprintf(kept, sizeof kept, "%s", complete);
		accounts[i].credentials = kept;
	}
}

const struct jid *login_jid(const struct login *login) { return login->jid; }

bool login_is_disabled(const struct login *login) { return fake_accounts.are_disabled; }

unsigned login_delay_ms(struct login *login)
{
	return fake_accounts.failures ? fake_accounts.delay_ms : 0;
}

void login_note_success(struct login *login) { fake_accounts.successes++; }

unsigned login_note_failure(struct login *login)
{
	fake_accounts.failures++;
	return fake_accounts.delay_ms;
}

static void free_session(struct tern_session *session)
{
	arena_destroy(session->arena);
	free(session);
}

int login_bind(struct login *login, struct stream *stream, const char *resource,
	struct tern_session **ret_session)
{
	struct tern_session *session;

	if (fake_accounts.bind_result)
		return fake_accounts.bind_result;
	session = calloc(1, sizeof *session);
	session->arena = arena_create(512);
	session->stream = stream;
	session->jid = jid_full(session->arena, login->jid, resource ? resource : "made-up");
	if (!session->jid) {
		free_session(session);
		return -EINVAL;
	}
	fake_accounts.stream = stream;
	fake_accounts.session = session;
	fake_accounts.sessions++;
	*ret_session = session;
	return 0;
}

struct tern_session *login_find_resumable(struct login *login, const char *id) { return NULL; }
bool session_is_resumable(const struct tern_session *session) { return false; }
bool detached_recall(struct shard *shard, const char *id, uint32_t *ret_h) { return false; }
void session_resume(struct tern_session *session, struct stream *stream, uint32_t h) { abort(); }

void session_answered(struct tern_session *session, const char *bytes, size_t len)
{
	stream_write(session->stream, bytes, len);
}

struct rate_debt *session_debt(const struct tern_session *session)
{
	return &fake_accounts.debt;
}

const struct jid *session_jid(const struct tern_session *session) { return session->jid; }
void session_drained(struct tern_session *session) { }

void session_receive(struct tern_session *session, struct arena *take_arena,
	struct element *element)
{
	strncat(fake_accounts.received, writer_text(take_arena, element),
		sizeof fake_accounts.received - strlen(fake_accounts.received) - 1);
	arena_destroy(take_arena);
	if (fake_accounts.pauses_after_stanza)
		stream_pause(session->stream);
}

bool session_leave(struct tern_session *session)
{
	(void)session;
	return false;
}

void session_stream_ended(struct tern_session *session, bool orderly)
{
	fake_accounts.sessions_ended++;
	fake_accounts.sessions_ended_orderly += orderly;
	free_session(session);
}

void session_close(struct tern_session *session, enum stream_error error, const char *text)
{
	struct stream *stream = session->stream;

	fake_accounts.sessions_ended++;
	free_session(session);
	stream_close(stream, error, text);
}
