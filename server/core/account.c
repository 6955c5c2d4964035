/* account.c - logins that hold an account open, bind, and the life of accounts */
/* SPDX-License-Identifier: MIT */

#include "account_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "detached.h"
#include "entity_internal.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "module.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "storage.h"

/* Beside the credentials, under "". */
#define DISABLED_KEY "disabled"

struct login {
	struct login *next; /* among those that wait for the opening */
	struct tern_entity *entity;
	owner_id owner; /* of the account that is proven to be one's own */
	void (*opened)(void *context, struct login *login, bool failed);
	void *context;
};

struct shard *account_home(struct server *server, const struct jid *bare)
{
	return server_home(server, jid_hash(bare));
}

/* --- logins ------------------------------------------------------------------------------ */

static struct login *begin(struct tern_entity *entity)
{
	struct login *login = heap_zalloc(sizeof *login);

	login->entity = entity;
	entity->login_count++;
	entity_stir(entity);
	return login;
}

int account_read_disabled(const struct server *server, owner_id owner)
{
	void *mark;
	size_t len;
	int result = storage_get(server->storage, owner, server->credentials_store, DISABLED_KEY,
		sizeof DISABLED_KEY - 1, &mark, &len);

	if (result == 0)
		free(mark);
	return result == 0 ? 1 : result == -ENOENT ? 0 : result;
}

static bool read_disabled(struct tern_entity *entity)
{
	int result = account_read_disabled(entity->shard->server, entity->owner);

	entity->is_disabled = result > 0;
	return result >= 0;
}

/* Only while somebody logs in: an account that is online has no need of them. */
static bool read_credentials(struct tern_entity *entity)
{
	struct server *server = entity->shard->server;
	void *credentials;
	size_t len;
	int result;

	if (entity->state == ENTITY_FAILED)
		return false;
	if (!entity->owner || entity->credentials)
		return true;
	result = storage_get(server->storage, entity->owner, server->credentials_store, "", 0,
		&credentials, &len);
	if (result == 0)
		entity->credentials = credentials;
	return (result == 0 || result == -ENOENT) && read_disabled(entity);
}

/* Those that are not on disk yet stay. */
static void forget_credentials(struct tern_entity *entity)
{
	if (entity->login_count || entity->outbox.last_write > entity->shard->gate.opened)
		return;
	free(entity->credentials);
	entity->credentials = NULL;
}

struct login *login_open(struct shard *shard, struct tern_host *host, const struct jid *bare,
		void (*opened)(void *context, struct login *login, bool failed), void *context)
{
	struct tern_entity *entity = entities_open(shard, host, bare);
	struct login *login = begin(entity);

	if (entity->state != ENTITY_OPENING) {
		login->owner = entity->owner;
		opened(context, login, !read_credentials(entity));
		return login;
	}
	login->opened = opened;
	login->context = context;
	login->next = entity->opening_logins;
	entity->opening_logins = login;
	return login;
}

struct login *login_open_anonymous(struct shard *shard, struct tern_host *host,
		const struct jid *bare)
{
	struct tern_entity *entity = entities_open(shard, host, bare);
	struct login *login = begin(entity);
	bool is_new = !entity->exists && entity->state != ENTITY_OPENING;

	if (entity->exists && !entity->is_anonymous)
		return login; /* somebody's: nobody can bind to it */
	login->owner = 0;
	entity->is_anonymous = true;
	entity->exists = true;
	entity->state = ENTITY_OPEN;
	if (is_new)
		entity_run_watches(entity, TERN_ON_ENTITY_OPENED, NULL, NULL);
	return login;
}

void login_opened(struct tern_entity *entity)
{
	while (entity->opening_logins) {
		struct login *login = entity->opening_logins;

		entity->opening_logins = login->next;
		login->next = NULL;
		login->owner = entity->owner;
		login->opened(login->context, login, !read_credentials(entity));
	}
}

void login_close(struct login *login)
{
	struct tern_entity *entity = login ? login->entity : NULL;

	if (entity) {
		struct login **place = &entity->opening_logins;

		while (*place && *place != login)
			place = &(*place)->next;
		if (*place)
			*place = login->next;
		entity->login_count--;
		forget_credentials(entity);
		if (entity->is_anonymous && !entity->session_count)
			entity->exists = false;
		entity_may_rest(entity);
	}
	free(login);
}

void login_cancel_all(struct tern_entity *entity)
{
	entity->opening_logins = NULL;
}

const char *login_credentials(const struct login *login)
{
	return login->entity->exists ? login->entity->credentials : NULL;
}

bool login_is_disabled(const struct login *login)
{
	return login->entity->exists && login->entity->is_disabled;
}

struct tern_entity *login_entity(const struct login *login)
{
	return login->entity;
}

const struct jid *login_jid(const struct login *login)
{
	return login->entity->jid;
}

#define FAILURE_HALF_LIFE_MS 60000
#define SLOWEST_MS 5000

static void decay(struct tern_entity *entity)
{
	uint64_t now = entity->shard->ticks_ms;

	while (entity->failures && now - entity->failed_at_ms >= FAILURE_HALF_LIFE_MS) {
		entity->failures /= 2;
		entity->failed_at_ms += FAILURE_HALF_LIFE_MS;
	}
}

/* Grows with the square up to the slowest, reached at the configured number of failures. */
unsigned login_delay_ms(struct login *login)
{
	unsigned limit = (unsigned)login->entity->shard->server->limits.failed_logins_per_account;
	unsigned failures;

	decay(login->entity);
	failures = login->entity->failures;
	if (failures >= limit)
		return SLOWEST_MS;
	return SLOWEST_MS * failures * failures / (limit * limit);
}

unsigned login_note_failure(struct login *login)
{
	counter_add(&login->entity->shard->counters, COUNT_LOGINS_FAILED, 1);
	decay(login->entity);
	if (!login->entity->failures++)
		login->entity->failed_at_ms = login->entity->shard->ticks_ms;
	return login_delay_ms(login);
}

void login_note_success(struct login *login)
{
	login->entity->failures = 0;
}

/* --- bind -------------------------------------------------------------------------------- */

static const char *choose_resource(struct shard *shard, char name[static 32])
{
	uint64_t number;

	shard_random(shard, &number, sizeof number);
	snprintf(name, 32, "%016llx", (unsigned long long)number);
	return name;
}

/* RFC 6120 7.7.2.2: the newer session wins. */
static void end_older(struct tern_entity *entity, const char *resource)
{
	struct tern_session *older = tern_session_find(entity, resource);

	if (older)
		session_close(older, STREAM_ERROR_CONFLICT, "Replaced by a new connection");
}

/* A module that hears of it may have ended it. */
static int create_session(struct tern_entity *entity, const struct jid *jid, struct stream *stream,
		struct tern_session **ret_session)
{
	struct tern_session *session = session_create(entity, jid, stream);

	if (session->is_ending)
		return -ENOENT;
	*ret_session = session;
	return 0;
}

static bool is_full(const struct tern_entity *entity)
{
	return entity->session_count >= (unsigned)entity->shard->server->limits.resources;
}

static bool is_owner(const struct login *login)
{
	const struct tern_entity *entity = login->entity;

	return entity->exists && !entity->is_being_deleted && !entity->is_disabled &&
		entity->owner == login->owner;
}

int login_bind(struct login *login, struct stream *stream, const char *resource,
		struct tern_session **ret_session)
{
	struct tern_entity *entity = login->entity;
	struct arena *arena = arena_create(256);
	const struct jid *jid;
	char chosen[32];
	int result = 0;

	if (!resource)
		resource = choose_resource(entity->shard, chosen);
	jid = jid_full(arena, entity->jid, resource);
	if (!is_owner(login)) {
		result = -ENOENT;
	} else if (!jid) {
		result = -EINVAL;
	} else {
		end_older(entity, jid_resource(jid));
		while (is_full(entity) && detached_end_oldest(entity))
			;
		if (is_full(entity))
			result = -EUSERS;
		else
			result = create_session(entity, jid, stream, ret_session);
	}
	arena_destroy(arena);
	return result;
}

struct tern_session *login_find_resumable(struct login *login, const char *id)
{
	return is_owner(login) && !login->entity->is_anonymous ?
		detached_find(login->entity, id) : NULL;
}

/* --- administration --------------------------------------------------------------------------- */

struct order {
	struct post post;
	struct item item; /* in the entity's outbox until it is on disk */
	struct server *server;
	struct tern_host *host;
	struct jid *jid;
	enum { ORDER_CREATE, ORDER_CREDENTIALS, ORDER_DISABLE, ORDER_ENABLE, ORDER_DELETE } what;
	char *credentials; /* of the first two */
	account_done *done;
	void *context;
	account_decided *decided; /* or NULL */
	struct shard *back; /* NULL: `done` may run anywhere */
	struct login *login;
	int result;
};

static void report(struct shard *shard, struct post *post)
{
	struct order *order = (struct order *)post;

	(void)shard;
	if (order->done)
		order->done(order->context, order->result);
	jid_destroy(order->jid);
	free(order->credentials);
	free(order);
}

static void go_back(struct order *order, int result)
{
	order->result = result;
	login_close(order->login);
	order->login = NULL;
	order->post.run = report;
	if (order->back)
		shard_post(order->back, &order->post);
	else
		report(NULL, &order->post);
}

static void end_deletion(struct tern_entity *entity);

static void finish_deletion(struct shard *shard, struct post *post)
{
	struct order *order = (struct order *)post;

	if (!shard->is_ended)
		end_deletion(order->login->entity);
	go_back(order, shard->is_ended ? -ECANCELED : 0);
}

static void on_disk(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct order *order = (struct order *)((char *)item - offsetof(struct order, item));

	if (cancelled || order->what != ORDER_DELETE) {
		go_back(order, cancelled ? -ECANCELED : 0);
		return;
	}
	order->post.run = finish_deletion; /* not while the outbox is at work */
	shard_post(entity->shard, &order->post);
}

static int write_credentials(struct tern_entity *entity, owner_id owner, const char *credentials)
{
	struct server *server = entity->shard->server;

	return gate_wrote(entity, batch_put(gate_batch(entity->shard), owner,
		server->credentials_store, "", 0, credentials, strlen(credentials)));
}

static void remember(struct tern_entity *entity, const char *credentials)
{
	free(entity->credentials);
	entity->credentials = heap_strdup(credentials);
}

static int create_account(struct tern_entity *entity, const char *credentials)
{
	owner_id owner;
	int result;

	if (entity->exists)
		return -EEXIST;
	if (entity->is_anonymous) /* of a session that has gone */
		entity_forget(entity);
	result = gate_wrote(entity, batch_owner_create(gate_batch(entity->shard),
		jid_text(entity->jid), &owner));
	if (result < 0)
		return result;
	result = write_credentials(entity, owner, credentials);
	if (result < 0) {
		batch_owner_delete(gate_batch(entity->shard), jid_text(entity->jid), owner);
		return result;
	}
	entity->owner = owner;
	entity->exists = true;
	remember(entity, credentials);
	entity_run_watches(entity, TERN_ON_ENTITY_OPENED, NULL, NULL); /* there is nothing to read */
	entity_run_watches(entity, TERN_ON_ACCOUNT_CREATED, NULL, NULL);
	log_info("account", jid_text(entity->jid), "created");
	return 0;
}

static bool is_somebody(const struct tern_entity *entity)
{
	return entity->exists && !entity->is_anonymous && !entity->is_being_deleted;
}

int account_change_credentials(struct tern_entity *entity, const char *credentials)
{
	int result;

	if (!is_somebody(entity))
		return -ENOENT;
	result = write_credentials(entity, entity->owner, credentials);
	if (result == 0)
		remember(entity, credentials);
	return result;
}

void login_complete(struct login *login, const char *checked, const char *complete)
{
	const char *now = login_credentials(login);

	if (now && strcmp(now, checked) == 0)
		account_change_credentials(login->entity, complete);
}

/* The name goes in one write with the intents that tell contacts; what the id owned is
 * cleaned up by storage, in slices.  From here on the account does nothing and gets nothing, but
 * its sessions stay until all of that is on disk: one of them may have asked for it. */
static int begin_deletion(struct tern_entity *entity)
{
	int result;

	if (!is_somebody(entity))
		return -ENOENT;
	result = gate_wrote(entity, batch_owner_delete(gate_batch(entity->shard),
		jid_text(entity->jid), entity->owner));
	if (result < 0)
		return result;
	entity->is_being_deleted = true;
	entity_run_watches(entity, TERN_ON_ACCOUNT_DELETED, NULL, NULL);
	return 0;
}

/* XEP-0077 3.2: with that error. */
static void end_deletion(struct tern_entity *entity)
{
	while (entity->sessions)
		session_close(entity->sessions, STREAM_ERROR_NOT_AUTHORIZED, "The account was deleted");
	entity_forget(entity);
	log_info("account", jid_text(entity->jid), "deleted");
}

/* The mark lies where a login finds it; a failed login forgets it together with the credentials. */
static int disable_account(struct tern_entity *entity, bool disabled)
{
	struct storage_batch *batch = gate_batch(entity->shard);
	uint16_t store = entity->shard->server->credentials_store;
	const size_t len = sizeof DISABLED_KEY - 1;
	int result;

	if (!entity->exists || entity->is_anonymous)
		return -ENOENT;
	result = gate_wrote(entity, disabled
		? batch_put(batch, entity->owner, store, DISABLED_KEY, len, "", 0)
		: batch_delete(batch, entity->owner, store, DISABLED_KEY, len));
	if (result < 0)
		return result;
	entity->is_disabled = disabled;
	while (disabled && entity->sessions)
		session_close(entity->sessions, STREAM_ERROR_NOT_AUTHORIZED,
			"The account was disabled");
	log_info("account", jid_text(entity->jid), disabled ? "disabled" : "enabled");
	return 0;
}

static int obey(struct tern_entity *entity, const struct order *order)
{
	switch (order->what) {
	case ORDER_CREATE: return create_account(entity, order->credentials);
	case ORDER_CREDENTIALS: return account_change_credentials(entity, order->credentials);
	case ORDER_DISABLE: return disable_account(entity, true);
	case ORDER_ENABLE: return disable_account(entity, false);
	case ORDER_DELETE: return begin_deletion(entity);
	}
	return -EINVAL;
}

static void carry_out(void *context, struct login *login, bool failed)
{
	struct order *order = context;
	struct tern_entity *entity = login->entity;
	int result = failed ? -EIO : obey(entity, order);

	order->login = login;
	if (order->decided)
		order->decided(entity, order->context, result);
	if (result < 0) {
		go_back(order, result);
		return;
	}
	order->item.go = on_disk;
	outbox_say(entity, &order->item);
}

static void at_home(struct shard *shard, struct post *post)
{
	struct order *order = (struct order *)post;

	if (shard->is_ended) {
		if (order->decided)
			order->decided(NULL, order->context, -ECANCELED);
		go_back(order, -ECANCELED);
		return;
	}
	login_open(shard, order->host, order->jid, carry_out, order);
}

static void send(const struct order *draft, const char *credentials)
{
	struct order *order = heap_alloc(sizeof *order);

	*order = *draft;
	order->jid = jid_create_bare(draft->jid);
	order->credentials = heap_strdup(credentials);
	order->back = shard_self();
	order->post.run = at_home;
	shard_post(account_home(order->server, order->jid), &order->post);
}

void account_create(struct server *server, struct tern_host *host, const struct jid *bare,
		const char *credentials, account_done *done, void *context)
{
	send(&(struct order){ .server = server, .host = host, .jid = (struct jid *)bare,
		.what = ORDER_CREATE, .done = done, .context = context }, credentials);
}

void account_set_credentials(struct server *server, struct tern_host *host, const struct jid *bare,
		const char *credentials, account_done *done, void *context)
{
	send(&(struct order){ .server = server, .host = host, .jid = (struct jid *)bare,
		.what = ORDER_CREDENTIALS, .done = done, .context = context }, credentials);
}

void account_disable(struct server *server, struct tern_host *host, const struct jid *bare,
		bool disabled, account_done *done, void *context)
{
	send(&(struct order){ .server = server, .host = host, .jid = (struct jid *)bare,
		.what = disabled ? ORDER_DISABLE : ORDER_ENABLE, .done = done,
		.context = context }, NULL);
}

void account_delete(struct server *server, struct tern_host *host, const struct jid *bare,
		account_done *done, void *context)
{
	send(&(struct order){ .server = server, .host = host, .jid = (struct jid *)bare,
		.what = ORDER_DELETE, .done = done, .context = context }, NULL);
}

void account_delete_own(struct tern_entity *entity, account_decided *decided, void *context)
{
	send(&(struct order){ .server = entity->shard->server, .host = entity->host,
		.jid = entity->jid, .what = ORDER_DELETE, .decided = decided, .context = context }, NULL);
}
