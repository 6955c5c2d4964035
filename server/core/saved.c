/* saved.c - writes sessions down when the process ends, and makes them again */
/* SPDX-License-Identifier: MIT */

#include "saved.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acks_internal.h"
#include "arena.h"
#include "buffer.h"
#include "detached.h"
#include "entities.h"
#include "entity_internal.h"
#include "handover.h"
#include "heap.h"
#include "host.h"
#include "jid.h"
#include "log.h"
#include "names.h"
#include "parcel.h"
#include "reread.h"
#include "saved_form.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stanzas.h"
#include "storage.h"
#include "writer.h"

/* A session's bytes may be more than a record holds: they are cut into parts. */
#define PART_BYTES ((size_t)1024 * 1024)

/* Big-endian, so that they are read in order. */
struct key { uint32_t session, part; };

static struct key key_of(uint32_t session, uint32_t part)
{
	return (struct key){ htobe32(session), htobe32(part) };
}

static struct saved_text text_of(const char *text)
{
	return (struct saved_text){ text, strlen(text) };
}

static struct saved_text bytes_of(const struct buffer *buffer)
{
	return (struct saved_text){ buffer_at(buffer), buffer->len };
}

/* --- writing ----------------------------------------------------------------------------- */

struct writing {
	struct server *server;
	struct storage_batch *batch;
	uint32_t count;
	uint64_t last_handover;
	int result;
};

static void add_head(struct buffer *out, const struct tern_session *session)
{
	const struct acks *acks = session->acks;

	saved_add_head(out, &(struct saved_head){
		.jid = text_of(jid_text(session->jid)), .id = text_of(acks->id),
		.max_s = acks->max_s,
		.until_us = shard_now_us(session->entity->shard) +
			1000 * detached_left_ms(session),
		.handled = acks_h(acks), .acked = acks->acked,
		.is_filtered = session->is_filtered });
}

static void add_presence(struct buffer *out, const struct tern_session *session)
{
	struct buffer xml = { 0 };

	if (!session->presence)
		return;
	writer_element(&xml, session->presence->stanza.element, NS_CLIENT);
	saved_add_presence(out, bytes_of(&xml));
	buffer_finish(&xml);
}

static void add_queue(struct writing *writing, struct buffer *out,
	const struct tern_session *session)
{
	for (const struct unacked *each = session->acks->first; each; each = each->next) {
		struct saved_stanza stanza = { .xml = { each->bytes, each->len },
			.since_us = each->since_us };

		handover_describe(each->handover, &writing->last_handover, &stanza.handover);
		saved_add_stanza(out, &stanza);
	}
}

static void add_state(struct buffer *out, struct tern_session *session, size_t index)
{
	const struct tern_state_claim *claim = loader_state(TERN_PER_SESSION, index)->claim;
	struct buffer state = { 0 };

	if (claim->is_plain)
		buffer_add(&state, session->states.slots[index], claim->size);
	else
		claim->save(session, &state);
	if (state.len)
		saved_add_state(out, text_of(claim->name), bytes_of(&state));
	buffer_finish(&state);
}

static void add_states(struct buffer *out, struct tern_session *session)
{
	for (size_t i = 0; i < session->states.count; i++) {
		if (session->states.slots[i] && loader_state(TERN_PER_SESSION, i)->claim->name)
			add_state(out, session, i);
	}
}

/* All parts, or none. */
static int put_parts(struct writing *writing, uint32_t number, const struct buffer *bytes)
{
	uint16_t store = writing->server->saved_store;
	uint32_t part = 0;
	int result = 0;

	for (size_t at = 0; at < bytes->len && result == 0; at += PART_BYTES, part++) {
		struct key key = key_of(number, part);
		size_t left = bytes->len - at;

		result = batch_put(writing->batch, OWNER_SERVER, store, &key, sizeof key,
			buffer_at(bytes) + at, left < PART_BYTES ? left : PART_BYTES);
	}
	while (result < 0 && part-- > 0) {
		struct key key = key_of(number, part);

		batch_delete(writing->batch, OWNER_SERVER, store, &key, sizeof key);
	}
	return result;
}

static void write_session(struct writing *writing, struct tern_session *session)
{
	struct buffer out = { 0 };
	int result;

	add_head(&out, session);
	add_presence(&out, session);
	add_queue(writing, &out, session);
	add_states(&out, session);
	saved_add_end(&out);
	result = put_parts(writing, writing->count, &out);
	buffer_finish(&out);
	if (result == 0) {
		writing->count++;
		return;
	}
	log_warn("session", jid_text(session->jid), "it cannot be saved: %s", strerror(-result));
	writing->result = result;
}

/* In the order of an account's sessions: it is theirs again when they are read. */
static void write_account(struct writing *writing, const struct tern_entity *entity)
{
	struct tern_session *session = entity->sessions;

	for (; session; session = session->next) {
		if (session_is_resumable(session))
			write_session(writing, session);
	}
}

int saved_write(struct server *server, struct storage_batch *batch, size_t *ret_count)
{
	struct writing writing = { .server = server, .batch = batch };

	for (size_t i = 0; i < server->shard_count; i++) {
		const struct idmap *entities = &server->shards[i]->entities.by_id;

		for (size_t j = 0; entities->count && j < entities->capacity; j++) {
			if (entities->slots[j].id)
				write_account(&writing, entities->slots[j].thing);
		}
	}
	*ret_count = writing.count;
	return writing.result;
}

/* --- reading ------------------------------------------------------------------------------ */

struct restoring {
	struct server *server;
	struct storage_batch *batch;
	struct idmap handovers; /* by the number under which they were saved; a share of each */
	struct buffer bytes;    /* of the session whose parts are being read */
	uint32_t session;
	size_t count;
};

static struct handover *share_handover(struct restoring *restoring, struct tern_entity *entity,
	const struct saved_handover *saved)
{
	struct handover *handover;

	if (!saved->number)
		return NULL;
	handover = idmap_get(&restoring->handovers, saved->number);
	if (!handover) {
		handover = handover_restore(entity, saved);
		idmap_put(&restoring->handovers, saved->number, handover);
	}
	return handover_share(handover);
}

static void take_stanza(struct restoring *restoring, struct tern_session *session,
	const struct saved_stanza *stanza)
{
	acks_append(session->acks, &(struct unacked){
		.handover = share_handover(restoring, session->entity, &stanza->handover),
		.since_us = stanza->since_us, .len = stanza->xml.len }, stanza->xml.at);
}

static void take_presence(struct tern_session *session, struct saved_text xml)
{
	struct reread presence = reread(session->entity->shard->parsers, xml.at, xml.len);
	struct tern_stanza stanza;

	if (!session->presence && stanza_of(presence.arena, presence.element, &stanza) &&
	    stanza.kind == TERN_PRESENCE) {
		stanza.from = jid_copy(presence.arena, session->jid);
		stanza.id = NULL;
		session_take_presence(session, parcel_new(presence.arena, &stanza));
	} else {
		arena_destroy(presence.arena);
	}
}

static void restore_state(struct tern_session *session, const struct state_slot *slot,
	const struct saved_item *item)
{
	struct tern_entity *entity = session->entity;
	struct loaded *outer = shard_enter(entity->shard,
		host_find_loaded(entity->host, slot->module));

	slot->claim->restore(session, item->state.at, item->state.len);
	entity->shard->guest = outer;
}

static void take_state(struct tern_session *session, const struct saved_item *item)
{
	for (size_t i = 0; i < session->states.count; i++) {
		const struct tern_state_claim *claim = loader_state(TERN_PER_SESSION, i)->claim;

		if (!session->states.slots[i] || !claim->name || strlen(claim->name) != item->name.len ||
		    memcmp(claim->name, item->name.at, item->name.len) != 0)
			continue;
		if (!claim->is_plain)
			restore_state(session, loader_state(TERN_PER_SESSION, i), item);
		else if (item->state.len == claim->size)
			memcpy(session->states.slots[i], item->state.at, claim->size);
	}
}

static void take_acks(struct tern_session *session, const struct saved_head *head)
{
	struct acks *acks = acks_create(session);

	memcpy(acks->id, head->id.at, head->id.len);
	acks->max_s = head->max_s;
	acks->received = head->handled;
	acks->acked = acks->sent = head->acked;
}

/* A clock that was moved gives nobody more time than it was promised. */
static uint64_t left_ms(const struct tern_session *session, const struct saved_head *head)
{
	uint64_t now_us = shard_now_us(session->entity->shard);
	uint64_t left = head->until_us > now_us ? (head->until_us - now_us) / 1000 : 0;
	uint64_t most = (uint64_t)head->max_s * 1000;

	return left < most ? left : most;
}

static void make(struct restoring *restoring, struct tern_entity *entity, const struct jid *jid,
	struct saved_reader *reader)
{
	struct tern_session *session = session_create_again(entity, jid);
	struct saved_reader again = *reader;
	struct saved_item item;
	enum saved_kind kind;

	take_acks(session, &reader->head);
	session->is_filtered = reader->head.is_filtered;
	detached_wait(session, left_ms(session, &reader->head));
	while ((kind = saved_next(reader, &item)) != SAVED_END) {
		if (kind == SAVED_PRESENCE)
			take_presence(session, item.presence);
		else if (kind == SAVED_STANZA)
			take_stanza(restoring, session, &item.stanza);
	}
	while ((kind = saved_next(&again, &item)) != SAVED_END) {
		if (kind == SAVED_STATE)
			take_state(session, &item);
	}
	restoring->count++;
	entity_run_watches(entity, TERN_ON_SESSION_RESTORED, session, NULL);
}

/* Nobody waits for it to open: no shard runs yet. */
static struct tern_entity *open_account(struct server *server, const struct jid *jid)
{
	struct tern_host *host = server_host(server, jid_domain(jid));
	struct shard *shard = server_home(server, jid_hash(jid));
	bool opens_later = shard->entities.opens_later;
	struct tern_entity *entity;

	if (!host)
		return NULL;
	shard->entities.opens_later = false;
	entity = entities_open(shard, host, jid);
	shard->entities.opens_later = opens_later;
	return entity;
}

/* NULL, or why there is no such session. */
static const char *restore(struct restoring *restoring, struct arena *arena,
	struct saved_reader *reader)
{
	const struct saved_head *head = &reader->head;
	const struct jid *jid = jid_parse(arena, head->jid.at, head->jid.len);
	struct tern_entity *entity;

	if (!jid || jid_is_bare(jid) || head->id.len >= ACKS_ID_BYTES ||
	    memchr(head->id.at, '\0', head->id.len))
		return "its record is damaged";
	entity = open_account(restoring->server, jid);
	if (!entity || !entity->exists || entity->state != ENTITY_OPEN)
		return "its account is not there";
	if (tern_session_find(entity, jid_resource(jid)))
		return "it is there already";
	entity->pins++;
	make(restoring, entity, jid, reader);
	entity->pins--;
	entity_may_rest(entity);
	return NULL;
}

static const char *open_and_restore(struct restoring *restoring, struct arena *arena)
{
	struct saved_reader reader;

	switch (saved_open(bytes_of(&restoring->bytes), &reader)) {
	case 0:
		return restore(restoring, arena, &reader);
	case -ENOTSUP:
		return "another version of the server saved it";
	default:
		return "its record is damaged";
	}
}

/* All parts of a session are there. */
static void finish_session(struct restoring *restoring)
{
	struct arena *arena = arena_create(1024);
	const char *why = NULL;

	if (restoring->bytes.len)
		why = open_and_restore(restoring, arena);
	if (why)
		log_warn("server", NULL, "a saved session is forgotten: %s", why);
	buffer_finish(&restoring->bytes);
	arena_destroy(arena);
}

/* --- records: no storage call may be made while they are walked -------------------------------- */

struct found {
	struct found *next;
	size_t len;
	char key[];
};

struct walk { struct found *first, **last; };

static bool note_key(void *context, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	struct walk *walk = context;
	struct found *found = heap_alloc(sizeof *found + key_len);

	(void)value;
	(void)value_len;
	*found = (struct found){ .len = key_len };
	memcpy(found->key, key, key_len);
	*walk->last = found;
	walk->last = &found->next;
	return true;
}

/* A part that is missing makes what there is of the session unreadable. */
static int read_part(struct restoring *restoring, const struct found *found)
{
	struct server *server = restoring->server;
	struct key key = { 0, 0 };
	void *value;
	size_t len;
	int result;

	memcpy(&key, found->key, found->len < sizeof key ? found->len : sizeof key);
	if (key.session != restoring->session)
		finish_session(restoring);
	restoring->session = key.session;
	result = storage_get(server->storage, OWNER_SERVER, server->saved_store, found->key,
		found->len, &value, &len);
	if (result < 0)
		return result;
	buffer_add(&restoring->bytes, value, len);
	free(value);
	return batch_delete(restoring->batch, OWNER_SERVER, server->saved_store, found->key,
		found->len);
}

static int read_all(struct restoring *restoring, const struct found *found)
{
	int result = 0;

	for (; found && result == 0; found = found->next)
		result = read_part(restoring, found);
	if (result == 0)
		finish_session(restoring);
	buffer_finish(&restoring->bytes);
	return result;
}

static void drop_shares(struct idmap *handovers)
{
	struct handover *handover;

	for (size_t i = 0; i < handovers->capacity; i++) {
		handover = handovers->slots[i].id ? handovers->slots[i].thing : NULL;
		handover_drop(handover);
	}
	idmap_finish(handovers);
}

int saved_restore(struct server *server, struct storage_batch *batch, size_t *ret_count)
{
	struct restoring restoring = { .server = server, .batch = batch };
	struct walk walk = { .last = &walk.first };
	int result = storage_each(server->storage, OWNER_SERVER, server->saved_store, note_key, &walk);

	if (result == 0)
		result = read_all(&restoring, walk.first);
	drop_shares(&restoring.handovers);
	while (walk.first) {
		struct found *found = walk.first;

		walk.first = found->next;
		free(found);
	}
	*ret_count = restoring.count;
	return result;
}
