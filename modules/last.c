/* last.c - tells when an account was last there, and how long the host has been (XEP-0012 2.0)
 * SPDX-License-Identifier: MIT
 *
 * Whoever may not see the user's presence hears `forbidden`, at full addresses too, and so does
 * whoever asks an account that does not exist: nobody can tell the two apart. */

#include "module.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

#define NS_LAST "jabber:iq:last"

/* A longer status is not kept. */
enum { STATUS_MOST = 1023 };

struct last {
	uint64_t at_us; /* of the last logout; 0: never logged in */
	uint64_t login_us; /* of the last login, while it is open; 0: another process saw it */
	char *status;   /* of the last unavailable presence, or NULL */
};

/* The record: when, big-endian, and the status. */
struct record {
	uint64_t at_us;
	char status[STATUS_MOST + 1];
};

static tern_state last_handle;
static tern_store last_store;

static void last_finish(void *state)
{
	free(((struct last *)state)->status);
}

static void set_status(struct last *last, const char *text, size_t len)
{
	free(last->status);
	last->status = NULL;
	if (len == 0 || len > STATUS_MOST)
		return;
	last->status = heap_zalloc(len + 1);
	memcpy(last->status, text, len);
}

static int read_last(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct last *last = tern_entity_state(entity, last_handle);
	uint64_t at;

	if (value_len < sizeof at)
		return 0;
	memcpy(&at, value, sizeof at);
	last->at_us = be64toh(at);
	set_status(last, (const char *)value + sizeof at, value_len - sizeof at);
	return 0;
}

static int note(struct tern_entity *entity, uint64_t at_us)
{
	struct last *last = tern_entity_state(entity, last_handle);
	size_t len = last->status ? strlen(last->status) : 0;
	struct record record = { .at_us = htobe64(at_us) };
	int result;

	memcpy(record.status, last->status ? last->status : "", len);
	result = tern_put(entity, last_store, "", 0, &record, sizeof record.at_us + len);
	if (result == 0)
		last->at_us = at_us;
	return result;
}

/* What cannot be written is not remembered: nobody waits for it. */
static void note_now(struct tern_entity *entity)
{
	note(entity, tern_now_us(entity));
}

/* The first login of all leaves a trace at once, lest a crash make it one that never was. */
static void note_login(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	struct last *last = tern_entity_state(entity, last_handle);

	last->login_us = tern_now_us(entity);
	if (!last->at_us)
		note_now(entity);
}

static void note_status(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	const char *status = event ?
		element_find_text(event->stanza.element, NS_CLIENT, "status") : NULL;

	set_status(tern_entity_state(entity, last_handle), status, status ? strlen(status) : 0);
}

static bool is_the_only_one(struct tern_entity *entity, const struct tern_session *session)
{
	struct tern_session *first = tern_session_first(entity);

	return first == session && !tern_session_next(first);
}

static void note_logout(struct tern_entity *entity, struct tern_session *session,
	struct tern_event *event, const void *settings)
{
	if (is_the_only_one(entity, session))
		note_now(entity);
}

/* --- answering ----------------------------------------------------------------------------- */

static struct element *query_new(struct arena *arena, uint64_t seconds, const char *status)
{
	struct element *query = element_new(arena, NS_LAST, "query");

	element_set(query, "seconds", arena_number(arena, seconds));
	if (status)
		element_append_text(query, status, strlen(status));
	return query;
}

static enum tern_verdict tell(struct tern_event *event, uint64_t seconds, const char *status)
{
	return tern_reply(event, query_new(event->arena, seconds, status));
}

static uint64_t seconds_since(const struct tern_entity *entity, const struct last *last)
{
	uint64_t now_us = tern_now_us(entity);

	return now_us > last->at_us ? (now_us - last->at_us) / 1000000 : 0;
}

static bool may_know(const struct tern_event *event)
{
	return tern_event_is_own(event) || (tern_question(event->entity, TERN_ASK_SUBSCRIPTION,
		event->stanza.from) & TERN_SUB_FROM);
}

/* 3: 0 while the user is there. */
static enum tern_verdict answer_account(struct tern_event *event, const void *settings)
{
	const struct last *last = tern_entity_state(event->entity, last_handle);

	if (!may_know(event))
		return tern_reject(event, TERN_FORBIDDEN, NULL);
	if (tern_session_first(event->entity))
		return tell(event, 0, NULL);
	if (!last->at_us)
		return tern_reject(event, TERN_ITEM_NOT_FOUND, NULL);
	return tell(event, seconds_since(event->entity, last), last->status);
}

/* 4: the client answers whoever may know. */
static enum tern_verdict guard_resource(struct tern_event *event, const void *settings)
{
	return may_know(event) ? TERN_PASS : tern_reject(event, TERN_FORBIDDEN, NULL);
}

static enum tern_verdict answer_host(struct tern_event *event, const void *settings)
{
	return tell(event, tern_host_uptime_s(event->host), NULL);
}

/* --- in files ------------------------------------------------------------------------------- */

/* XEP-0227 4 leaves room for what it does not know: as it is told to those who ask. */
static void export_last(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	const struct last *last = tern_entity_state(entity, last_handle);

	if (last->at_us)
		tern_command_element(command, query_new(tern_command_arena(command),
			seconds_since(entity, last), last->status));
	tern_command_end(command);
}

static int import_last(struct tern_entity *entity, const struct element *query,
	const void *settings)
{
	const char *text = element_get(query, "seconds"), *status = element_text(query);
	uint64_t now_us = tern_now_us(entity), seconds;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -EBADMSG;
	seconds = strtoull(text, &end, 10);
	if (*end || seconds >= now_us / 1000000)
		return -EBADMSG;
	set_status(tern_entity_state(entity, last_handle), status, strlen(status));
	return note(entity, now_us - seconds * 1000000);
}

/* --- administrators ------------------------------------------------------------------------ */

/* Since when it is there, where it is; otherwise until when it was. */
static void tell_seen(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	const struct last *last = tern_entity_state(entity, last_handle);
	bool is_online = tern_session_first(entity);
	uint64_t us = is_online && last->login_us ? last->login_us : last->at_us;

	tern_command_row(command, (const char *const[]){ jid_text(tern_entity_jid(entity)),
		is_online ? "yes" : "no",
		us ? tern_datetime(tern_command_arena(command), us) : "" });
	tern_command_end(command);
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "last",
	.about = "when an account was last there, and since when the host is (XEP-0012)",
	.features = (const char *const[]){ NS_LAST, NULL },
	.account_features = (const char *const[]){ NS_LAST, NULL },
	.iqs = (const struct tern_iq[]){
		{ TERN_GET, TERN_AT_HOST, NS_LAST, "query", answer_host },
		{ TERN_GET, TERN_AT_OWN_ACCOUNT, NS_LAST, "query", answer_account },
		{ TERN_GET, TERN_AT_OTHER_ACCOUNT, NS_LAST, "query", answer_account, TERN_FORBIDDEN },
		{ TERN_GET, TERN_AT_RESOURCE, NS_LAST, "query", guard_resource, TERN_FORBIDDEN },
		{ 0 },
	},
	.watches = (const struct tern_watch[]){
		{ TERN_ON_SESSION_BOUND, note_login },
		{ TERN_ON_SESSION_FOUND, note_login },
		{ TERN_ON_UNAVAILABLE, note_status },
		{ TERN_ON_SESSION_GONE, note_logout },
		{ 0 },
	},
	.states = (const struct tern_state_claim[]){
		{ TERN_PER_ACCOUNT, sizeof(struct last), &last_handle, last_finish },
		{ 0 },
	},
	.stores = (const struct tern_store_claim[]){
		{ "last", TERN_RESIDENT, &last_store, read_last },
		{ 0 },
	},
	.exporter = export_last,
	.importers = (const struct tern_importer[]){ { NS_LAST, "query", import_last }, { 0 } },
	.commands = (const struct tern_command_claim[]){
		{ "last seen", "JID", "tells when an account was last there", TERN_COMMAND_AT_ACCOUNT,
			(const char *const[]){ "jid", "online", "stamp", NULL }, tell_seen },
		{ 0 },
	},
};
