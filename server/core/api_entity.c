/* api_entity.c - what modules ask of an entity: state, records, logs, sessions, questions */
/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "brake.h"
#include "clock.h"
#include "entity_internal.h"
#include "heap.h"
#include "jid.h"
#include "log.h"
#include "misuse.h"
#include "module.h"
#include "parcel.h"
#include "residents.h"
#include "session_internal.h"
#include "shard_internal.h"

struct tern_host *tern_entity_host(struct tern_entity *entity) { return entity->host; }
const struct jid *tern_entity_jid(const struct tern_entity *entity) { return entity->jid; }

/* NULL, and a line in the log, where there is none. */
static void *state_in(const struct states *states, unsigned index, const char *call)
{
	void *state = index < states->count ? states->slots[index] : NULL;

	if (!state)
		misuse_of_state(call);
	return state;
}

void *tern_entity_state(struct tern_entity *entity, tern_state state)
{
	return misuse_of_nothing(entity, __func__) ? NULL :
		state_in(&entity->states, state - 1u, __func__);
}

void tern_count(struct tern_entity *entity, tern_metric metric, int64_t by)
{
	struct shard *shard = entity ? entity->shard : shard_self();
	_Atomic int64_t *at;

	if (misuse_of_nothing(shard, __func__) || misuse_of_number(metric - 1u, METRICS_MAX, __func__))
		return;
	at = &shard->counters.modules[metric - 1];
	atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + by,
		memory_order_relaxed);
}

void *tern_session_state(struct tern_session *session, tern_state state)
{
	return misuse_of_nothing(session, __func__) ? NULL :
		state_in(&session->states, state - SESSION_STATES - 1u, __func__);
}

/* --- the clock ------------------------------------------------------------------------ */

uint64_t tern_now_us(const struct tern_entity *entity)
{
	return entity ? shard_now_us(entity->shard) : clock_source.now_us();
}

void tern_random(struct tern_entity *entity, void *bytes, size_t len)
{
	(void)entity;
	clock_source.random(bytes, len);
}

static void put_digits(char *at, unsigned long number, int digits)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
}

/* By hand, for each message of an archive's page has one. */
const char *tern_datetime(struct arena *arena, uint64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	char text[] = "2026-11-21T12:00:00.000000Z";
	struct tm utc;

	gmtime_r(&seconds, &utc);
	put_digits(text, (unsigned long)utc.tm_year + 1900, 4);
	put_digits(text + 5, (unsigned long)utc.tm_mon + 1, 2);
	put_digits(text + 8, (unsigned long)utc.tm_mday, 2);
	put_digits(text + 11, (unsigned long)utc.tm_hour, 2);
	put_digits(text + 14, (unsigned long)utc.tm_min, 2);
	put_digits(text + 17, (unsigned long)utc.tm_sec, 2);
	put_digits(text + 20, us % 1000000, 6);
	return arena_strdup(arena, text);
}

/* --- records ----------------------------------------------------------------------------- */

static uint16_t number_of(tern_store store)
{
	return loader_store_of(store)->number;
}

/* An anonymous session's account keeps nothing; one that does not exist, or will not any more,
 * cannot. */
static bool keeps_nothing(const struct tern_entity *entity)
{
	return entity->is_anonymous || !entity->owner || entity->is_being_deleted;
}

static int write_nothing(const struct tern_entity *entity)
{
	return entity->is_anonymous ? 0 : -ENOENT;
}

/* At no entity, or with no store of that kind. */
static bool is_misused(const struct tern_entity *entity, tern_store store, bool wants_log,
	const char *call)
{
	return misuse_of_nothing(entity, call) || misuse_of_store(store, wants_log, call);
}

static struct storage_batch *batch_of(struct tern_entity *entity)
{
	return gate_batch(entity->shard);
}

int tern_put(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
		const void *value, size_t value_len)
{
	if (is_misused(entity, store, false, __func__))
		return -EINVAL;
	if (keeps_nothing(entity))
		return write_nothing(entity);
	if (!residents_take(entity, store, key, key_len, value_len))
		return -ENOSPC;
	return gate_wrote(entity, batch_put(batch_of(entity), entity->owner, number_of(store),
		key, key_len, value, value_len));
}

int tern_delete(struct tern_entity *entity, tern_store store, const void *key, size_t key_len)
{
	if (is_misused(entity, store, false, __func__))
		return -EINVAL;
	if (keeps_nothing(entity))
		return write_nothing(entity);
	return gate_wrote(entity, batch_delete(batch_of(entity), entity->owner, number_of(store),
		key, key_len));
}

int tern_delete_all(struct tern_entity *entity, tern_store store)
{
	if (misuse_of_nothing(entity, __func__) || misuse_of_handle(store, __func__))
		return -EINVAL;
	if (keeps_nothing(entity))
		return write_nothing(entity);
	return gate_wrote(entity, batch_delete_store(batch_of(entity), entity->owner,
		number_of(store)));
}

enum tern_condition tern_condition_of(int error)
{
	switch (error) {
	case 0:
		return TERN_NO_CONDITION;
	case -ENOSPC:
		return TERN_RESOURCE_CONSTRAINT;
	case -EDQUOT: /* XEP-0160 2: a full store is no store */
	case -EPERM: /* an anonymous account keeps nothing */
		return TERN_SERVICE_UNAVAILABLE;
	case -ENAMETOOLONG:
	case -EFBIG:
		return TERN_NOT_ACCEPTABLE;
	case -ENOENT:
		return TERN_ITEM_NOT_FOUND;
	default:
		return TERN_INTERNAL_SERVER_ERROR;
	}
}

/* --- reads that wait for the entity's own writes --------------------------------------------- */

typedef void got_record(struct tern_entity *entity, void *context, const void *value, size_t len,
	bool cancelled);

struct get {
	struct item item;
	struct loaded *guest; /* who asked */
	owner_id owner; /* when it was asked */
	tern_store store;
	got_record *got;
	void *context;
	size_t key_len;
	char key[];
};

static void get_now(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct get *get = (struct get *)item;
	bool is_gone = cancelled || loaded_is_leaving(get->guest) || entity->owner != get->owner ||
		entity->is_being_deleted;
	struct shard *shard = entity->shard;
	struct loaded *outer = shard_enter(shard, get->guest);
	void *value = NULL;
	size_t len = 0;
	int result = is_gone ? -ECANCELED : !get->owner ? -ENOENT :
		storage_get(entity->shard->server->storage, get->owner, number_of(get->store),
			get->key, get->key_len, &value, &len);

	get->got(entity, get->context, value, len, result < 0 && result != -ENOENT);
	shard->guest = outer;
	free(value);
	free(get);
}

void tern_get(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
		got_record *got, void *context)
{
	struct get *get;

	if (is_misused(entity, store, false, __func__) || tern_is_leaving(entity)) {
		got(entity, context, NULL, 0, true);
		return;
	}
	get = heap_alloc(sizeof *get + key_len);
	*get = (struct get){ .item.go = get_now, .guest = entity->shard->guest,
		.owner = entity->owner, .store = store, .got = got, .context = context,
		.key_len = key_len };
	memcpy(get->key, key, key_len);
	outbox_say(entity, &get->item);
}

/* --- logs ------------------------------------------------------------------------------------ */

static struct log_head *head_of(struct tern_entity *entity, tern_store log)
{
	struct log_head *head;
	uint64_t last_id = 0;

	for (unsigned i = 0; i < entity->head_count; i++) {
		if (entity->heads[i].log == log)
			return &entity->heads[i];
	}
	if (storage_log_last(entity->shard->server->storage, entity->owner, number_of(log),
			&last_id) < 0)
		return NULL;
	entity->heads = heap_resize(entity->heads,
		(entity->head_count + 1) * sizeof *entity->heads);
	head = &entity->heads[entity->head_count++];
	*head = (struct log_head){ log, last_id };
	return head;
}

/* The later of the entry's id and the one that follows the log's last becomes its id. */
static int append(struct tern_entity *entity, tern_store log, struct log_entry *entry, size_t room,
		size_t *ret_place)
{
	struct log_head *head = keeps_nothing(entity) ? NULL : head_of(entity, log);
	int result;

	if (!head)
		return !keeps_nothing(entity) ? -EIO : entity->is_anonymous ? -EPERM : -ENOENT;
	if (entry->id <= head->last_id)
		entry->id = head->last_id + 1;
	result = gate_wrote(entity, batch_append_roomy(batch_of(entity), entity->owner,
		number_of(log), entry, room, ret_place));
	if (result == 0)
		head->last_id = entry->id;
	return result;
}

static int append_one(struct tern_entity *entity, tern_store log, struct log_entry entry,
		uint64_t *ret_id)
{
	size_t place;
	int result = append(entity, log, &entry, 0, &place);

	if (result == 0 && ret_id)
		*ret_id = entry.id;
	return result;
}

int tern_append_as_of(struct tern_entity *entity, tern_store log, uint64_t us, const char *with,
		const void *bytes, size_t len, uint64_t *ret_id)
{
	if (is_misused(entity, log, true, __func__))
		return -EINVAL;
	return append_one(entity, log, (struct log_entry){ .id = us, .with = with, .bytes = bytes,
		.len = len }, ret_id);
}

int entity_append_roomy(struct tern_entity *entity, tern_store log, const void *bytes, size_t len,
		size_t room, size_t *ret_place)
{
	struct log_entry entry = { .id = shard_now_us(entity->shard), .bytes = bytes, .len = len };

	return append(entity, log, &entry, room, ret_place);
}

int tern_append(struct tern_entity *entity, tern_store log, const char *with,
		const void *bytes, size_t len, uint64_t *ret_id)
{
	if (is_misused(entity, log, true, __func__))
		return -EINVAL;
	return append_one(entity, log, (struct log_entry){ .id = shard_now_us(entity->shard),
		.with = with, .bytes = bytes, .len = len }, ret_id);
}

int tern_log_delete(struct tern_entity *entity, tern_store log, uint64_t id)
{
	if (is_misused(entity, log, true, __func__))
		return -EINVAL;
	if (keeps_nothing(entity))
		return write_nothing(entity);
	return gate_wrote(entity, batch_log_delete(batch_of(entity), entity->owner,
		number_of(log), id));
}

int tern_log_expire(struct tern_entity *entity, tern_store log, uint64_t up_to_id)
{
	if (is_misused(entity, log, true, __func__))
		return -EINVAL;
	if (keeps_nothing(entity))
		return write_nothing(entity);
	return gate_wrote(entity, batch_log_expire(batch_of(entity), entity->owner,
		number_of(log), up_to_id));
}

#define PAGE_MOST 500
#define PAGE_BYTES (2 * 1024 * 1024) /* ends behind the entry that exceeds it */

typedef void got_page(struct tern_entity *entity, void *context, const struct tern_entry *entries,
	size_t count, bool complete, bool cancelled);

struct query {
	struct item item;
	struct loaded *guest; /* who asked */
	owner_id owner; /* when it was asked */
	tern_store log;
	struct tern_page page;
	got_page *got;
	void *context;
	uint64_t asker; /* session, or 0 */
};

struct gathering {
	struct arena *arena;
	struct tern_entry entries[PAGE_MOST];
	size_t count, bytes;
};

static bool gather(void *context, const struct log_entry *entry)
{
	struct gathering *gathering = context;
	char *bytes = arena_alloc(gathering->arena, entry->len + 1);

	memcpy(bytes, entry->bytes, entry->len);
	bytes[entry->len] = '\0';
	gathering->entries[gathering->count++] = (struct tern_entry){
		.id = entry->id, .with = arena_strdup(gathering->arena, entry->with),
		.bytes = bytes, .len = entry->len };
	gathering->bytes += entry->len;
	return gathering->count < PAGE_MOST && gathering->bytes < PAGE_BYTES;
}

static void run_query(struct tern_entity *entity, struct query *query, bool cancelled)
{
	struct gathering gathering = { .arena = arena_create(4096) };
	size_t most = query->page.most && query->page.most < PAGE_MOST ? query->page.most : PAGE_MOST;
	struct loaded *outer;
	bool complete = true;
	bool is_gone = cancelled || loaded_is_leaving(query->guest) || entity->owner != query->owner ||
		entity->is_being_deleted;
	int result = is_gone ? -ECANCELED : !query->owner ? 0 :
		storage_log_read(entity->shard->server->storage, entity->owner,
			number_of(query->log), &(struct log_page){
				.after_id = query->page.after_id, .before_id = query->page.before_id,
				.with = query->page.with, .backwards = query->page.backwards,
				.most = most }, gather, &gathering, &complete);

	outer = shard_enter(entity->shard, query->guest);
	entity->shard->pager = query->asker;
	query->got(entity, query->context, gathering.entries, gathering.count, complete, result < 0);
	entity->shard->pager = 0;
	entity->shard->guest = outer;
	arena_destroy(gathering.arena);
	free((char *)query->page.with);
	free(query);
}

/* A page's taker may ask for the next, of an archive without end: one runs after the other. */
static void query_now(struct tern_entity *entity, struct item *item, bool cancelled)
{
	entity->is_paging = true;
	run_query(entity, (struct query *)item, cancelled);
	while (entity->pages) {
		struct item *next = entity->pages;

		entity->pages = next->next;
		if (cancelled || outbox_is_open(entity))
			run_query(entity, (struct query *)next, cancelled);
		else
			outbox_say(entity, next);
	}
	entity->is_paging = false;
}

static void query_soon(struct tern_entity *entity, struct item *item)
{
	struct item **last = &entity->pages;

	while (*last)
		last = &(*last)->next;
	item->next = NULL;
	*last = item;
}

void tern_log_page(struct tern_entity *entity, tern_store log, const struct tern_page *page,
		got_page *got, void *context)
{
	struct query *query;

	if (is_misused(entity, log, true, __func__) || tern_is_leaving(entity)) {
		got(entity, context, NULL, 0, true, true);
		return;
	}
	query = heap_zalloc(sizeof *query);
	*query = (struct query){ .item.go = query_now, .guest = entity->shard->guest,
		.owner = entity->owner, .log = log, .page = *page, .got = got, .context = context,
		.asker = brake_asker(entity->shard) };
	query->page.with = heap_strdup(page->with);
	if (entity->is_paging && outbox_is_open(entity))
		query_soon(entity, &query->item);
	else
		outbox_say(entity, &query->item);
}

static bool is_read_of(const struct item *item, const struct loaded *owner)
{
	if (item->go == get_now)
		return ((const struct get *)item)->guest == owner;
	return item->go == query_now && ((const struct query *)item)->guest == owner;
}

void reads_cancel_of(struct tern_entity *entity, const struct loaded *owner)
{
	outbox_cancel_of(entity, is_read_of, owner);
}

/* --- sessions ----------------------------------------------------------------------------------- */

struct tern_session *tern_session_first(struct tern_entity *entity) { return entity->sessions; }
struct tern_session *tern_session_next(struct tern_session *session) { return session->next; }
struct tern_entity *tern_session_entity(struct tern_session *session) { return session->entity; }
const struct jid *tern_session_jid(const struct tern_session *session) { return session->jid; }
uint64_t tern_session_id(const struct tern_session *session) { return session->id; }
int tern_session_priority(const struct tern_session *session) { return session->priority; }

bool tern_session_is_available(const struct tern_session *session)
{
	return session->presence != NULL;
}

const struct element *tern_session_presence(const struct tern_session *session)
{
	return session->presence ? session->presence->stanza.element : NULL;
}

struct tern_session *tern_session_find(struct tern_entity *entity, const char *resource)
{
	for (struct tern_session *session = entity->sessions; session; session = session->next) {
		if (!session->is_ending && strcmp(jid_resource(session->jid), resource) == 0)
			return session;
	}
	return NULL;
}

struct tern_session *tern_session_by_id(struct tern_entity *entity, uint64_t id)
{
	struct tern_session *session = idmap_get(&entity->shard->sessions.by_id, id);

	return session && session->entity == entity ? session : NULL;
}

uint64_t tern_session_silence_ms(const struct tern_session *session)
{
	return session->stream ? session->entity->shard->ticks_ms - session->heard_ms : 0;
}

static enum stream_error error_named(const char *name)
{
#define X(error, text) \
	if (strcmp(name, text) == 0) \
		return STREAM_ERROR_##error;
	STREAM_ERRORS(X)
#undef X
	return STREAM_ERROR_UNDEFINED_CONDITION;
}

void tern_session_end(struct tern_session *session, const char *stream_error, const char *text)
{
	session_close(session, error_named(stream_error), text);
}

/* --- questions ------------------------------------------------------------------------------------ */

static const int presets[] = {
#define X(name, preset) [TERN_ASK_##name] = preset,
	TERN_QUESTIONS(X)
#undef X
};

static int answer_of(const struct tern_host *host, struct tern_entity *entity,
	enum tern_question question, const struct jid *about)
{
	const struct answer_claim *claim = &host->answers[question];
	struct shard *shard = entity ? entity->shard : shard_self();
	struct loaded *outer;
	int answer;

	if (!claim->run)
		return presets[question];
	if (!shard)
		return claim->run(entity, about, claim->settings);
	outer = shard_enter(shard, claim->owner);
	answer = claim->run(entity, about, claim->settings);
	shard->guest = outer;
	return answer;
}

int tern_question(struct tern_entity *entity, enum tern_question question, const struct jid *about)
{
	if (misuse_of_number(question, TERN_QUESTION_COUNT, __func__))
		return 0;
	if (misuse_of_nothing(entity, __func__))
		return presets[question];
	return answer_of(entity->host, entity, question, about);
}

int tern_host_question(const struct tern_host *host, enum tern_question question,
	const struct jid *about)
{
	if (misuse_of_number(question, TERN_QUESTION_COUNT, __func__))
		return 0;
	if (misuse_of_nothing(host, __func__))
		return presets[question];
	return answer_of(host, NULL, question, about);
}

size_t tern_contacts(struct tern_entity *entity, unsigned bits, struct arena *arena,
		const struct jid *const **ret_contacts)
{
	const struct loaded *owner = misuse_of_nothing(entity, __func__) ? NULL :
		entity->host->contacts;

	return owner ? owner->module->contacts(entity, bits, arena, ret_contacts, owner->settings) : 0;
}

bool tern_is_leaving(const struct tern_entity *entity)
{
	return entity && loaded_is_leaving(entity->shard->guest);
}

void tern_happen(struct tern_entity *entity, enum tern_happening what, struct tern_event *event)
{
	if (!misuse_of_nothing(entity, __func__) &&
	    !misuse_of_number(what, TERN_HAPPENING_COUNT, __func__))
		entity_run_watches(entity, what, NULL, event);
}

/* --- log lines --------------------------------------------------------------------------------------- */

static const enum log_level levels[] = {
	[TERN_SAY_ERROR] = LOG_LEVEL_ERROR, [TERN_SAY_WARNING] = LOG_LEVEL_WARNING,
	[TERN_SAY_INFO] = LOG_LEVEL_INFO, [TERN_SAY_DEBUG] = LOG_LEVEL_DEBUG,
};

void tern_log(struct tern_entity *entity, enum tern_level level, const char *format, ...)
{
	char line[512];
	va_list arguments;

	if (misuse_of_number(level, sizeof levels / sizeof *levels, __func__) ||
	    levels[level] > log_threshold)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (entity)
		log_line(levels[level], "account", jid_text(entity->jid), "%s", line);
	else
		log_line(levels[level], "module", shard_guest_name(), "%s", line);
}
