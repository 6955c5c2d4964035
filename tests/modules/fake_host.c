/* fake_host.c - a host with its modules, accounts and sessions
 * SPDX-License-Identifier: MIT */

#include "fake_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "buffer.h"
#include "heap.h"

const char tern_product[] = "Fake", tern_version[] = "1";

static const struct tern_host *newest; /* whose clock it is where no entity is named */

/* --- claims -------------------------------------------------------------------------------- */

static const struct tern_option *find_option(const struct tern_host *host, const char *name)
{
	const struct tern_option *option = host->loading->options;

	while (option->name && strcmp(option->name, name) != 0)
		option++;
	assert(option->name);
	return option;
}

static const char *option_value(const struct tern_host *host, const char *name)
{
	const struct fake_option *given = host->options;

	for (; given && given->name; given++)
		if (strcmp(given->name, name) == 0)
			return given->value;
	return find_option(host, name)->preset;
}

long tern_option_number(const struct tern_host *host, const char *name)
{
	return strtol(option_value(host, name), NULL, 10);
}

const char *tern_option_string(const struct tern_host *host, const char *name)
{
	return option_value(host, name);
}

/* "a, b"; ends with NULL, and lives as long as the host. */
const char *const *tern_option_list(const struct tern_host *host, const char *name)
{
	const char *text = option_value(host, name);
	struct tern_host *mutable = (struct tern_host *)host;
	const char **list = arena_zalloc(mutable->lists, (strlen(text ? text : "") + 2) *
		sizeof *list);
	size_t count = 0, len;

	for (; text && *text; text += len) {
		text += strspn(text, ", ");
		len = strcspn(text, ", ");
		if (len)
			list[count++] = arena_strndup(mutable->lists, text, len);
	}
	return list;
}

bool tern_option_bool(const struct tern_host *host, const char *name)
{
	return strcmp(option_value(host, name), "yes") == 0;
}

static void claim(struct tern_host *host, const struct tern_module *module)
{
	const struct tern_state_claim *state = module->states;
	const struct tern_store_claim *store = module->stores;

	for (; state && state->handle; state++) {
		*state->handle = (tern_state)host->state_count;
		host->states[host->state_count++] = state;
	}
	for (; store && store->name; store++) {
		*store->handle = (tern_store)host->store_count;
		host->stores[host->store_count++] = store;
	}
	enter_metrics(host, module);
}

struct fake *fake_create(const struct tern_module *const *modules,
	const struct fake_option *options)
{
	struct fake *fake = heap_zalloc(sizeof *fake);
	struct tern_host *host = &fake->host;

	newest = host;
	host->lists = arena_create(1024);
	host->options = options;
	host->queue_end = &host->queue;
	host->now_ms = UINT64_C(1800000000000); /* 2027-01-15T08:00:00Z */
	host->writes_left = -1;
	for (; *modules; modules++) {
		size_t at = host->count++;

		host->modules[at] = host->loading = *modules;
		claim(host, *modules);
		if ((*modules)->load)
			(*modules)->load(host, &host->settings[at]);
	}
	return fake;
}

/* --- entities and sessions ----------------------------------------------------------------- */

static void make_states(struct tern_host *host, enum tern_scope scope, void **states)
{
	for (size_t i = 0; i < host->state_count; i++)
		if (host->states[i]->scope == scope)
			states[i] = heap_zalloc(host->states[i]->size);
}

static void free_states(struct tern_host *host, void **states)
{
	for (size_t i = 0; i < host->state_count; i++) {
		if (states[i] && host->states[i]->finish)
			host->states[i]->finish(states[i]);
		free(states[i]);
		states[i] = NULL;
	}
}

void watch(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, enum tern_happening what)
{
	struct tern_host *host = entity->host;

	for (size_t i = 0; i < host->count; i++) {
		const struct tern_watch *at = host->modules[i]->watches;

		for (; at && at->run; at++)
			if (at->what == what)
				at->run(entity, session, event, host->settings[i]);
	}
}

void fake_go_round(struct tern_entity *entity)
{
	struct tern_host *host = entity->host;

	for (size_t i = 0; i < host->count; i++) {
		const struct tern_round *round = host->modules[i]->rounds;

		for (; round && round->run; round++)
			if (!round->is_needed || round->is_needed(host->settings[i]))
				round->run(entity, host->settings[i]);
	}
}

static int read_records(struct tern_entity *entity)
{
	for (size_t i = 0; i < entity->host->store_count; i++) {
		const struct tern_store_claim *store = entity->host->stores[i];

		for (struct record *at = entity->records; at; at = at->next) {
			int result = at->store == i && store->layout == TERN_RESIDENT ?
				store->read(entity, at->key, at->key_len, at->value, at->value_len) : 0;

			if (result < 0)
				return result;
		}
	}
	return 0;
}

struct tern_entity *fake_account(struct fake *fake, const char *bare)
{
	struct tern_entity *entity = heap_zalloc(sizeof *entity);
	struct arena *arena = arena_create(1024);

	entity->host = &fake->host;
	entity->jid = jid_create(jid_new(arena, bare));
	arena_destroy(arena);
	entity->next = fake->host.entities;
	fake->host.entities = entity;
	make_states(&fake->host, TERN_PER_ACCOUNT, entity->states);
	return entity;
}

int fake_reopen(struct tern_entity *entity)
{
	int result;

	assert(!entity->sessions);
	cancel_entity_alarms(entity);
	free_states(entity->host, entity->states);
	make_states(entity->host, TERN_PER_ACCOUNT, entity->states);
	result = read_records(entity);
	if (result == 0)
		watch(entity, NULL, NULL, TERN_ON_ENTITY_OPENED);
	return result;
}

struct tern_session *fake_session(struct tern_entity *entity, const char *resource)
{
	struct tern_session *session = heap_zalloc(sizeof *session), **end = &entity->sessions;
	struct arena *arena = arena_create(1024);

	session->entity = entity;
	session->id = ++entity->host->last_number;
	session->heard_ms = entity->host->now_ms;
	session->jid = jid_create(jid_full(arena, entity->jid, resource));
	arena_destroy(arena);
	make_states(entity->host, TERN_PER_SESSION, session->states);
	while (*end)
		end = &(*end)->next;
	*end = session;
	watch(entity, session, NULL, TERN_ON_SESSION_BOUND);
	return session;
}

void drop_presence(struct tern_session *session)
{
	arena_destroy(session->presence_arena);
	session->presence_arena = NULL;
	session->presence = NULL;
	session->priority = 0;
}

void fake_end(struct tern_session *session)
{
	struct tern_entity *entity = session->entity;
	struct tern_session **at = &entity->sessions;
	bool was_available = session->presence;

	drop_presence(session);
	if (was_available)
		watch(entity, session, NULL, TERN_ON_UNAVAILABLE);
	watch(entity, session, NULL, TERN_ON_SESSION_GONE);
	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
	cancel_alarms(session);
	free_states(entity->host, session->states);
	session->next = entity->host->ended;
	entity->host->ended = session;
	run_queue(entity->host);
}

/* --- a restart ----------------------------------------------------------------------------- */

static void save_states(struct tern_session *session, struct buffer *saved)
{
	struct tern_host *host = session->entity->host;

	for (size_t i = 0; i < host->state_count; i++) {
		const struct tern_state_claim *claim = host->states[i];

		if (claim->is_plain)
			buffer_add(&saved[i], session->states[i], claim->size);
		else if (claim->save)
			claim->save(session, &saved[i]);
	}
}

static void restore_states(struct tern_session *session, struct buffer *saved)
{
	struct tern_host *host = session->entity->host;

	for (size_t i = 0; i < host->state_count; i++) {
		const struct tern_state_claim *claim = host->states[i];

		if (claim->is_plain)
			memcpy(session->states[i], buffer_at(&saved[i]), claim->size);
		else if (saved[i].len)
			claim->restore(session, buffer_at(&saved[i]), saved[i].len);
		buffer_finish(&saved[i]);
	}
}

static void reopen(struct tern_entity *entity)
{
	cancel_entity_alarms(entity);
	free_states(entity->host, entity->states);
	make_states(entity->host, TERN_PER_ACCOUNT, entity->states);
	read_records(entity);
	watch(entity, NULL, NULL, TERN_ON_ENTITY_OPENED);
}

static void restart_account(struct tern_entity *entity)
{
	struct buffer saved[32][CLAIMS_MAX] = { 0 };
	struct tern_session *sessions = entity->sessions, *session;
	size_t count = 0;

	for (session = sessions; session; session = session->next) {
		assert(count < sizeof saved / sizeof *saved);
		save_states(session, saved[count++]);
		cancel_alarms(session);
		free_states(entity->host, session->states);
	}
	entity->sessions = NULL;
	reopen(entity);
	entity->sessions = sessions;
	count = 0;
	for (session = entity->sessions; session; session = session->next) {
		make_states(entity->host, TERN_PER_SESSION, session->states);
		restore_states(session, saved[count++]);
		watch(entity, session, NULL, TERN_ON_SESSION_RESTORED);
	}
}

void fake_restart(struct fake *fake)
{
	for (struct tern_entity *entity = fake->host.entities; entity; entity = entity->next)
		restart_account(entity);
	run_queue(&fake->host);
}

/* Of a session that has ended; its account may be gone. */
static void free_session(struct tern_session *session)
{
	finish_lines(&session->heard);
	jid_destroy(session->jid);
	free(session);
}

static void free_entity(struct tern_entity *entity)
{
	cancel_entity_alarms(entity);
	free_records(entity);
	free_states(entity->host, entity->states);
	jid_destroy(entity->jid);
	free(entity);
}

void fake_delete(struct tern_entity *entity)
{
	struct tern_entity **at = &entity->host->entities;

	assert(!entity->sessions);
	watch(entity, NULL, NULL, TERN_ON_ACCOUNT_DELETED);
	run_queue(entity->host);
	while (*at != entity)
		at = &(*at)->next;
	*at = entity->next;
	free_entity(entity);
}

void fake_destroy(struct fake *fake)
{
	struct tern_host *host = &fake->host;

	for (struct tern_entity *entity = host->entities; entity; entity = entity->next)
		while (entity->sessions)
			fake_end(entity->sessions);
	while (host->ended) {
		struct tern_session *session = host->ended;

		host->ended = session->next;
		free_session(session);
	}
	while (host->entities) {
		struct tern_entity *entity = host->entities;

		host->entities = entity->next;
		free_entity(entity);
	}
	for (size_t i = 0; i < host->count; i++)
		if (host->modules[i]->unload)
			host->modules[i]->unload(host, host->settings[i]);
	forget_waiting(host);
	finish_lines(&host->left);
	arena_destroy(host->lists);
	free(fake);
}

const char *fake_heard(struct tern_session *session)
{
	return next_line(&session->heard);
}

const char *fake_left(struct fake *fake)
{
	return next_line(&fake->host.left);
}

void fake_forget(struct fake *fake)
{
	fake->host.left.next = fake->host.left.count;
	for (struct tern_entity *entity = fake->host.entities; entity; entity = entity->next)
		for (struct tern_session *at = entity->sessions; at; at = at->next)
			at->heard.next = at->heard.count;
}

const char *fake_end_reason(const struct fake *fake)
{
	return *fake->host.end_reason ? fake->host.end_reason : NULL;
}

/* --- the API: entities --------------------------------------------------------------------- */

struct tern_host *tern_entity_host(struct tern_entity *entity)
{
	return entity->host;
}

const char *tern_host_domain(const struct tern_host *host)
{
	return "example.org";
}

const struct jid *tern_entity_jid(const struct tern_entity *entity)
{
	return entity->jid;
}

void *tern_entity_state(struct tern_entity *entity, tern_state state)
{
	return entity->states[state];
}

void *tern_session_state(struct tern_session *session, tern_state state)
{
	return session->states[state];
}

void tern_happen(struct tern_entity *entity, enum tern_happening what, struct tern_event *event)
{
	watch(entity, NULL, event, what);
}

struct tern_entity *fake_find(struct fake *fake, const char *bare)
{
	struct arena *arena = arena_create(1024);
	struct tern_entity *entity = find_account(&fake->host, jid_new(arena, bare));

	arena_destroy(arena);
	return entity;
}

const char *fake_password(const struct tern_entity *entity)
{
	return *entity->password ? entity->password : NULL;
}

bool fake_is_deleted(const struct tern_entity *entity)
{
	return entity->is_deleted;
}

void fake_refuse_changes(struct fake *fake, int result)
{
	fake->host.change_result = result;
}

void tern_set_password(struct tern_entity *entity, const char *password,
	void (*done)(struct tern_entity *entity, void *context, int result), void *context)
{
	if (entity->host->change_result == 0)
		snprintf(entity->password, sizeof entity->password, "%s", password);
	done(entity, context, entity->host->change_result);
}

void tern_delete_account(struct tern_entity *entity,
	void (*done)(struct tern_entity *entity, void *context, int result), void *context)
{
	entity->is_deleted = entity->host->change_result == 0;
	done(entity, context, entity->host->change_result);
}

/* The same at each call: what is made from it can be expected. */
void tern_random(struct tern_entity *entity, void *bytes, size_t len)
{
	uint32_t number = entity->host->random_calls++;

	memset(bytes, 0x5a, len);
	for (size_t i = 0; i < sizeof number && i < len; i++, number >>= 8)
		((unsigned char *)bytes)[i] ^= number & 0xff;
}

uint64_t tern_now_us(const struct tern_entity *entity)
{
	return (entity ? entity->host : newest)->now_ms * 1000;
}

const char *tern_datetime(struct arena *arena, uint64_t us)
{
	return arena_printf(arena, "+%llus",
		(unsigned long long)(us / 1000000 - UINT64_C(1800000000)));
}

void tern_log(struct tern_entity *entity, enum tern_level level, const char *format, ...)
{
}

/* --- the API: sessions --------------------------------------------------------------------- */

struct tern_session *tern_session_first(struct tern_entity *entity)
{
	return entity->sessions;
}

struct tern_session *tern_session_next(struct tern_session *session)
{
	return session->next;
}

struct tern_session *tern_session_find(struct tern_entity *entity, const char *resource)
{
	struct tern_session *session = entity->sessions;

	while (session && strcmp(jid_resource(session->jid), resource) != 0)
		session = session->next;
	return session;
}

const struct jid *tern_session_jid(const struct tern_session *session)
{
	return session->jid;
}

struct tern_entity *tern_session_entity(struct tern_session *session)
{
	return session->entity;
}

uint64_t tern_session_id(const struct tern_session *session)
{
	return session->id;
}

struct tern_session *tern_session_by_id(struct tern_entity *entity, uint64_t id)
{
	struct tern_session *session = entity->sessions;

	while (session && session->id != id)
		session = session->next;
	return session;
}

bool tern_session_is_available(const struct tern_session *session)
{
	return session->presence;
}

int tern_session_priority(const struct tern_session *session)
{
	return session->priority;
}

const struct element *tern_session_presence(const struct tern_session *session)
{
	return session->presence;
}

uint64_t tern_session_silence_ms(const struct tern_session *session)
{
	return session->entity->host->now_ms - session->heard_ms;
}

void tern_session_end(struct tern_session *session, const char *stream_error, const char *text)
{
	snprintf(session->entity->host->end_reason, sizeof session->entity->host->end_reason, "%s",
		stream_error);
	fake_end(session);
}

/* --- the API: questions and claims --------------------------------------------------------- */

static int ask(const struct tern_host *host, struct tern_entity *entity, enum tern_question question,
	const struct jid *about)
{
	for (size_t i = 0; i < host->count; i++) {
		const struct tern_answer_claim *claims = host->modules[i]->answers;

		for (; claims && claims->answer; claims++)
			if (claims->question == question)
				return claims->answer(entity, about, host->settings[i]);
	}
	return question == TERN_ASK_SUBSCRIPTION ? TERN_SUB_UNKNOWN : 0;
}

int tern_question(struct tern_entity *entity, enum tern_question question, const struct jid *about)
{
	return ask(entity->host, entity, question, about);
}

int tern_host_question(const struct tern_host *host, enum tern_question question,
	const struct jid *about)
{
	return ask(host, NULL, question, about);
}

int fake_ask(struct tern_entity *entity, enum tern_question question, const char *about)
{
	struct arena *arena = arena_create(1024);
	int result = tern_question(entity, question, about ? jid_new(arena, about) : NULL);

	arena_destroy(arena);
	return result;
}

size_t tern_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
	const struct jid *const **ret_contacts)
{
	for (size_t i = 0; i < entity->host->count; i++)
		if (entity->host->modules[i]->contacts)
			return entity->host->modules[i]->contacts(entity, bits, arena, ret_contacts,
				entity->host->settings[i]);
	return 0;
}

uint64_t tern_host_uptime_s(const struct tern_host *host)
{
	return host->now_ms / 1000 - UINT64_C(1800000000);
}

void tern_sha1(const void *bytes, size_t len, unsigned char ret_digest[20])
{
	gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, len, ret_digest);
}

void tern_host_forms(const struct tern_host *host, struct element *query)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->modules[i]->forms)
			host->modules[i]->forms(query, host->settings[i]);
}

enum tern_verdict tern_event_node(struct tern_event *event, bool items, const char *node,
	struct element *query)
{
	const struct tern_host *host = event->host;

	for (size_t i = 0; i < host->count; i++) {
		tern_node_handler *tell = items ? host->modules[i]->node_items :
			host->modules[i]->node_info;
		enum tern_verdict verdict = tell ? tell(event, node, query, host->settings[i])
			: TERN_PASS;

		if (verdict != TERN_PASS)
			return verdict;
	}
	return TERN_PASS;
}

void tern_host_features(const struct tern_host *host, bool of_account,
	void (*each)(void *context, const char *feature), void *context)
{
	for (size_t i = 0; i < host->count; i++) {
		const char *const *at = of_account ? host->modules[i]->account_features :
			host->modules[i]->features;

		for (; at && *at; at++)
			each(context, *at);
	}
}

void tern_host_identities(const struct tern_host *host, bool of_account,
	void (*each)(void *context, const struct tern_identity *identity), void *context)
{
	for (size_t i = 0; i < host->count; i++) {
		const struct tern_identity *at = of_account ? host->modules[i]->account_identities :
			host->modules[i]->identities;

		for (; at && at->category; at++)
			each(context, at);
	}
}
