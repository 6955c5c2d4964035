/* fake_host.c - the module API over memory, for tests
 * SPDX-License-Identifier: MIT */

#include "fake_host.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "element_internal.h"
#include "heap.h"
#include "parser.h"
#include "writer.h"

#define NS_ERROR "urn:ietf:params:xml:ns:xmpp-stanzas"
#define MODULES_MAX 8
#define CLAIMS_MAX 16

const char tern_product[] = "Fake", tern_version[] = "1";

/* --- what the world is made of ---------------------------------------------------------- */

struct lines {
	char **text;
	size_t count, next;
};

struct record {
	struct record *next;
	tern_store store;
	uint64_t id; /* of a log's entry */
	void *key, *value;
	size_t key_len, value_len;
};

struct tern_session {
	struct tern_session *next;
	struct tern_entity *entity;
	struct jid *jid;
	uint64_t id, heard_ms;
	struct arena *presence_arena;
	struct element *presence;
	int priority;
	void *states[CLAIMS_MAX];
	struct lines heard;
};

struct tern_entity {
	struct tern_entity *next;
	struct tern_host *host;
	struct jid *jid;
	void *states[CLAIMS_MAX];
	struct record *records;
	uint64_t last_id;
	struct tern_session *sessions;
};

/* A stanza on its way. */
struct transit {
	struct transit *next;
	struct arena *arena;
	struct element *stanza;
	bool probes;
};

struct alarm {
	struct alarm *next;
	uint64_t number, due_ms, session_id;
	struct tern_entity *entity;
	void (*run)(struct tern_entity *, struct tern_session *, void *, bool);
	void (*answered)(struct tern_entity *, void *, const struct tern_stanza *);
	void *context;
};

struct tern_host {
	const struct tern_module *modules[MODULES_MAX];
	void *settings[MODULES_MAX];
	size_t count;
	const struct fake_option *options;
	const struct tern_module *loading;
	const struct tern_state_claim *states[CLAIMS_MAX];
	const struct tern_store_claim *stores[CLAIMS_MAX];
	size_t state_count, store_count;

	struct tern_entity *entities;
	struct tern_session *ended; /* kept, so that tests may still read what was heard */
	struct transit *queue, **queue_end;
	bool is_running;
	struct alarm *alarms;
	struct lines left;
	char end_reason[64];
	uint64_t now_ms, last_number;
	int writes_left;
	enum tern_condition condition;
	struct element *application;
};

struct fake { struct tern_host host; };

/* --- lines of text ------------------------------------------------------------------------ */

static void sort_attributes(struct element *element)
{
	struct attribute *sorted = NULL;

	while (element->attributes) {
		struct attribute *next = element->attributes, **at = &sorted;

		element->attributes = next->next;
		while (*at && strcmp((*at)->name, next->name) < 0)
			at = &(*at)->next;
		next->next = *at;
		*at = next;
	}
	element->attributes = sorted;
	for (struct element *child = element->first; child; child = child->next)
		sort_attributes(child);
}

static void add_line(struct lines *lines, const struct element *stanza)
{
	struct arena *arena = arena_create(1024);
	struct element *copy = element_copy(arena, stanza);
	struct buffer out = { 0 };

	sort_attributes(copy);
	writer_element(&out, copy, NS_CLIENT);
	lines->text = heap_resize(lines->text, (lines->count + 1) * sizeof *lines->text);
	lines->text[lines->count++] = strndup(buffer_at(&out), out.len);
	buffer_finish(&out);
	arena_destroy(arena);
}

static const char *next_line(struct lines *lines)
{
	return lines->next < lines->count ? lines->text[lines->next++] : NULL;
}

static void finish_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->text[i]);
	free(lines->text);
	*lines = (struct lines){ 0 };
}

/* --- text to elements ----------------------------------------------------------------------- */

struct reading { struct arena *arena; struct element *element; };

static void no_header(void *context, const struct element *header)
{
}

static void no_footer(void *context)
{
}

static void take(void *context, struct arena *take_arena, struct element *stanza)
{
	*(struct reading *)context = (struct reading){ take_arena, stanza };
}

static struct reading read_xml(const char *xml)
{
	static const struct parser_sink sink = { no_header, take, no_footer };
	static const struct parser_limits limits = { 1 << 24, 100, 100, 4096 };
	struct parser_pool *pool = parser_pool_create(0);
	struct parser *parser = parser_pool_take(pool, NULL);
	struct reading reading = { 0 };
	const char *header = "<s xmlns='" NS_CLIENT "'>";
	size_t used;

	parser_set_limits(parser, &limits);
	parser_feed(parser, &sink, &reading, header, strlen(header), &used);
	parser_feed(parser, &sink, &reading, xml, strlen(xml), &used);
	assert(reading.element);
	parser_pool_give(pool, parser);
	parser_pool_destroy(pool);
	return reading;
}

static enum tern_type read_type(enum tern_kind kind, const char *text)
{
	static const char *const names[] = {
#define X(name, wire) wire,
		TERN_TYPES(X)
#undef X
	};

	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], text) == 0)
			return (enum tern_type)i;
	return kind == TERN_MESSAGE ? TERN_NORMAL : TERN_AVAILABLE;
}

static const struct jid *read_jid(struct element *stanza, const char *name)
{
	const char *text = element_get(stanza, name);

	return text ? jid_new(element_arena(stanza), text) : NULL;
}

static struct tern_stanza read_stanza(struct element *element)
{
	char first = element_name(element)[0];
	enum tern_kind kind = first == 'm' ? TERN_MESSAGE : first == 'p' ? TERN_PRESENCE : TERN_IQ;

	return (struct tern_stanza){
		.kind = kind, .type = read_type(kind, element_get(element, "type")),
		.id = element_get(element, "id"), .from = read_jid(element, "from"),
		.to = read_jid(element, "to"), .element = element,
	};
}

const char *tern_condition_name(enum tern_condition condition)
{
	static const char *const names[] = { "",
#define X(name, text, type) text,
		TERN_CONDITIONS(X)
#undef X
	};

	return names[condition];
}

const char *tern_condition_type(enum tern_condition condition)
{
	static const char *const names[] = { "",
#define X(name, text, type) type,
		TERN_CONDITIONS(X)
#undef X
	};

	return names[condition];
}

/* --- claims ---------------------------------------------------------------------------------- */

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
}

struct fake *fake_create(const struct tern_module *const *modules,
	const struct fake_option *options)
{
	struct fake *fake = heap_zalloc(sizeof *fake);
	struct tern_host *host = &fake->host;

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

/* --- entities and sessions ------------------------------------------------------------------- */

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

static void watch(struct tern_entity *entity, struct tern_session *session,
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

static void drop_presence(struct tern_session *session)
{
	arena_destroy(session->presence_arena);
	session->presence_arena = NULL;
	session->presence = NULL;
	session->priority = 0;
}

static void cancel_alarms(struct tern_session *session)
{
	struct tern_host *host = session->entity->host;

	for (struct alarm **at = &host->alarms; *at;) {
		struct alarm *alarm = *at;

		if (alarm->session_id != session->id) {
			at = &alarm->next;
			continue;
		}
		*at = alarm->next;
		if (alarm->run)
			alarm->run(alarm->entity, session, alarm->context, true);
		else
			alarm->answered(alarm->entity, alarm->context, NULL);
		free(alarm);
	}
}

static void run_queue(struct tern_host *host);

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

/* Of a session that has ended; its account may be gone. */
static void free_session(struct tern_session *session)
{
	finish_lines(&session->heard);
	jid_destroy(session->jid);
	free(session);
}

static void free_record(struct record *record)
{
	free(record->key);
	free(record->value);
	free(record);
}

static void free_records(struct tern_entity *entity)
{
	while (entity->records) {
		struct record *record = entity->records;

		entity->records = record->next;
		free_record(record);
	}
}

static void free_entity(struct tern_entity *entity)
{
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
	finish_lines(&host->left);
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

/* --- a stanza's journey ------------------------------------------------------------------------ */

static struct tern_entity *find_account(struct tern_host *host, const struct jid *jid)
{
	struct tern_entity *entity = host->entities;

	while (entity && !jid_bare_equal(entity->jid, jid))
		entity = entity->next;
	return entity;
}

static void enqueue(struct tern_host *host, const struct element *stanza, bool probes)
{
	struct transit *transit = heap_zalloc(sizeof *transit);

	transit->arena = arena_create(1024);
	transit->stanza = element_copy(transit->arena, stanza);
	transit->probes = probes;
	*host->queue_end = transit;
	host->queue_end = &transit->next;
}

static void answer(struct tern_event *event, struct element *stanza)
{
	if (event->session)
		add_line(&event->session->heard, stanza);
	else
		enqueue(event->host, stanza, false);
}

static struct element *new_answer(struct tern_event *event, const char *type)
{
	struct element *stanza = element_new(event->arena, NS_CLIENT,
		element_name(event->stanza.element));

	element_set(stanza, "type", type);
	element_set(stanza, "id", event->stanza.id);
	element_set(stanza, "to", jid_text(event->stanza.from));
	if (event->stanza.to)
		element_set(stanza, "from", jid_text(event->stanza.to));
	return stanza;
}

static void refuse(struct tern_event *event, enum tern_condition condition)
{
	struct element *stanza, *error;

	if (event->stanza.type == TERN_ERROR || event->stanza.type == TERN_RESULT)
		return;
	stanza = new_answer(event, "error");
	error = element_add(stanza, NULL, "error");
	element_set(error, "type", tern_condition_type(condition));
	element_add(error, NS_ERROR, tern_condition_name(condition));
	answer(event, stanza);
}

/* True when the event has ended. */
static bool ends(struct tern_event *event, enum tern_verdict verdict)
{
	if (verdict == TERN_REJECT)
		refuse(event, event->host->condition);
	assert(verdict != TERN_HOLD && verdict != TERN_LATER);
	return verdict != TERN_PASS;
}

static unsigned kind_mask(enum tern_kind kind)
{
	return kind == TERN_MESSAGE ? TERN_MESSAGES : kind == TERN_PRESENCE ? TERN_PRESENCES : TERN_IQS;
}

/* Hooks of one phase in order of their priorities. */
static bool pass_phase(struct tern_event *event, enum tern_phase phase)
{
	struct tern_host *host = event->host;

	for (int priority = -1000; priority <= 1000; priority++)
		for (size_t i = 0; i < host->count; i++) {
			const struct tern_hook *hook = host->modules[i]->hooks;

			for (; hook && hook->run; hook++)
				if (hook->phase == phase && hook->priority == priority &&
				    (hook->kinds & kind_mask(event->stanza.kind)) &&
				    ends(event, hook->run(event, host->settings[i])))
					return false;
		}
	return true;
}

static const struct tern_iq *find_iq(struct tern_event *event, unsigned at, void **ret_settings)
{
	const struct element *payload = element_first(event->stanza.element);
	struct tern_host *host = event->host;

	for (size_t i = 0; payload && i < host->count; i++) {
		const struct tern_iq *iq = host->modules[i]->iqs;

		for (; iq && iq->run; iq++)
			if (iq->type == event->stanza.type && (iq->at & at) &&
			    element_is(payload, iq->ns, iq->name)) {
				*ret_settings = host->settings[i];
				return iq;
			}
	}
	return NULL;
}

static void answer_question(struct tern_event *event);

static void dispatch(struct tern_event *event, unsigned at)
{
	void *settings;
	const struct tern_iq *iq = find_iq(event, at, &settings);

	if (event->stanza.type == TERN_RESULT || event->stanza.type == TERN_ERROR)
		answer_question(event);
	else if (iq)
		ends(event, iq->run(event, settings));
	else
		refuse(event, TERN_SERVICE_UNAVAILABLE);
}

static void arrive(struct tern_host *host, struct tern_entity *entity, struct transit *transit)
{
	struct tern_event event = {
		.host = host, .entity = entity, .arena = transit->arena,
		.stanza = read_stanza(transit->stanza), .probes = transit->probes,
	};
	struct tern_session *session;

	if (!pass_phase(&event, TERN_IN_CHECK))
		return;
	if (event.stanza.kind == TERN_IQ) {
		session = jid_resource(event.stanza.to) ?
			tern_session_find(entity, jid_resource(event.stanza.to)) : NULL;
		if (session)
			tern_deliver(&event, session);
		else
			dispatch(&event, tern_event_is_own(&event) ? TERN_AT_OWN_ACCOUNT : TERN_AT_OTHER_ACCOUNT);
		return;
	}
	for (enum tern_phase phase = TERN_IN_RECORD; phase < TERN_PHASE_COUNT; phase++)
		if (!pass_phase(&event, phase))
			return;
	if (event.stanza.kind == TERN_MESSAGE)
		refuse(&event, TERN_SERVICE_UNAVAILABLE);
}

static void run_queue(struct tern_host *host)
{
	if (host->is_running)
		return;
	host->is_running = true;
	while (host->queue) {
		struct transit *transit = host->queue;
		const struct jid *to = read_jid(transit->stanza, "to");
		struct tern_entity *entity = find_account(host, to);

		host->queue = transit->next;
		if (!host->queue)
			host->queue_end = &host->queue;
		if (entity) {
			element_set(transit->stanza, "surely", NULL);
			arrive(host, entity, transit);
		} else {
			if (transit->probes)
				element_set(transit->stanza, "probes", "yes");
			add_line(&host->left, transit->stanza);
		}
		arena_destroy(transit->arena);
		free(transit);
	}
	host->is_running = false;
}

static void keep_presence(struct tern_session *session, struct tern_event *event)
{
	const char *priority = element_find_text(event->stanza.element, NULL, "priority");

	drop_presence(session);
	session->presence_arena = arena_create(1024);
	session->presence = element_copy(session->presence_arena, event->stanza.element);
	session->priority = priority ? atoi(priority) : 0;
}

static void note_presence(struct tern_event *event)
{
	struct tern_session *session = event->session;
	bool was_available = session->presence;

	if (event->stanza.type == TERN_UNAVAILABLE && was_available) {
		drop_presence(session);
		watch(event->entity, session, event, TERN_ON_UNAVAILABLE);
	} else if (event->stanza.type == TERN_AVAILABLE) {
		keep_presence(session, event);
		watch(event->entity, session, event,
			was_available ? TERN_ON_PRESENCE_CHANGED : TERN_ON_AVAILABLE);
	}
}

static void leave(struct tern_event *event)
{
	const struct jid *to = event->stanza.to;

	if (event->stanza.kind == TERN_PRESENCE && !to) {
		note_presence(event);
	} else if (event->stanza.kind == TERN_IQ && (!to || jid_equal(to, event->entity->jid))) {
		dispatch(event, TERN_AT_OWN_ACCOUNT);
	} else if (event->stanza.kind == TERN_IQ && strcmp(jid_text(to), "example.org") == 0) {
		dispatch(event, TERN_AT_HOST);
	} else {
		element_set(event->stanza.element, "from", jid_text(event->stanza.from));
		if (!to)
			element_set(event->stanza.element, "to", jid_text(event->entity->jid));
		enqueue(event->host, event->stanza.element, false);
	}
}

void fake_send(struct tern_session *session, const char *xml)
{
	struct reading reading = read_xml(xml);
	struct tern_host *host = session->entity->host;
	struct tern_event event = {
		.host = host, .entity = session->entity, .session = session,
		.arena = reading.arena, .stanza = read_stanza(reading.element),
	};

	event.stanza.from = session->jid;
	session->heard_ms = host->now_ms;
	if (pass_phase(&event, TERN_OUT_CHECK) && pass_phase(&event, TERN_OUT_RECORD))
		leave(&event);
	run_queue(host);
	arena_destroy(reading.arena);
}

static void arrive_from_afar(struct fake *fake, const char *xml, bool probes)
{
	struct reading reading = read_xml(xml);

	enqueue(&fake->host, reading.element, probes);
	arena_destroy(reading.arena);
	run_queue(&fake->host);
}

void fake_arrive(struct fake *fake, const char *xml)
{
	arrive_from_afar(fake, xml, false);
}

void fake_arrive_probing(struct fake *fake, const char *xml)
{
	arrive_from_afar(fake, xml, true);
}

/* --- the API: events ----------------------------------------------------------------------------- */

bool tern_event_is_own(const struct tern_event *event)
{
	return jid_bare_equal(event->stanza.from, event->entity->jid);
}

enum tern_verdict tern_reply(struct tern_event *event, struct element *payload)
{
	struct element *stanza = new_answer(event, "result");

	if (payload)
		element_append(stanza, payload);
	answer(event, stanza);
	return TERN_DONE;
}

enum tern_verdict tern_reject(struct tern_event *event, enum tern_condition condition,
	const char *text)
{
	event->host->condition = condition;
	return TERN_REJECT;
}

void tern_deliver(struct tern_event *event, struct tern_session *session)
{
	add_line(&session->heard, event->stanza.element);
}

/* --- the API: entities ---------------------------------------------------------------------------- */

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

uint64_t tern_now_us(const struct tern_entity *entity)
{
	return entity->host->now_ms * 1000;
}

const char *tern_datetime(struct arena *arena, uint64_t us)
{
	return arena_printf(arena, "+%llus",
		(unsigned long long)(us / 1000000 - UINT64_C(1800000000)));
}

void tern_log(struct tern_entity *entity, enum tern_level level, const char *format, ...)
{
}

/* --- the API: records and logs ----------------------------------------------------------------------- */

void fake_fill_disk(struct fake *fake, int after)
{
	fake->host.writes_left = after;
}

static bool may_write(struct tern_host *host)
{
	if (host->writes_left == 0)
		return false;
	host->writes_left -= host->writes_left > 0;
	return true;
}

static struct record **find_record(struct tern_entity *entity, tern_store store,
	const void *key, size_t key_len)
{
	struct record **at = &entity->records;

	for (; *at; at = &(*at)->next) {
		int order = (*at)->store < store ? -1 : (*at)->store > store ? 1 :
			memcmp((*at)->key, key, (*at)->key_len < key_len ? (*at)->key_len : key_len);

		if (order > 0 || (order == 0 && (*at)->key_len >= key_len))
			break;
	}
	return at;
}

static bool is_there(const struct record *record, tern_store store, const void *key,
	size_t key_len)
{
	return record && record->store == store && record->key_len == key_len &&
		memcmp(record->key, key, key_len) == 0;
}

static void *copy_bytes(const void *bytes, size_t len)
{
	return memcpy(heap_alloc(len + 1), bytes, len);
}

int tern_put(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	const void *value, size_t value_len)
{
	struct record **at = find_record(entity, store, key, key_len), *record = *at;

	if (!may_write(entity->host))
		return -ENOSPC;
	if (!is_there(record, store, key, key_len)) {
		record = heap_zalloc(sizeof *record);
		*record = (struct record){ .next = *at, .store = store,
			.key = copy_bytes(key, key_len), .key_len = key_len };
		*at = record;
	}
	free(record->value);
	record->value = copy_bytes(value, value_len);
	record->value_len = value_len;
	return 0;
}

int tern_delete(struct tern_entity *entity, tern_store store, const void *key, size_t key_len)
{
	struct record **at = find_record(entity, store, key, key_len), *record = *at;

	if (is_there(record, store, key, key_len)) {
		*at = record->next;
		free_record(record);
	}
	return 0;
}

int tern_append(struct tern_entity *entity, tern_store log, const char *with,
	const void *bytes, size_t len, uint64_t *ret_id)
{
	uint64_t id = tern_now_us(entity), key;
	int result;

	if (id <= entity->last_id)
		id = entity->last_id + 1;
	key = __builtin_bswap64(id);
	result = tern_put(entity, log, &key, sizeof key, bytes, len);
	if (result < 0)
		return result;
	(*find_record(entity, log, &key, sizeof key))->id = id;
	*ret_id = entity->last_id = id;
	return 0;
}

int tern_log_expire(struct tern_entity *entity, tern_store log, uint64_t up_to_id)
{
	for (struct record **at = &entity->records; *at;) {
		struct record *record = *at;

		if (record->store != log || record->id > up_to_id) {
			at = &record->next;
			continue;
		}
		*at = record->next;
		free_record(record);
	}
	return 0;
}

/* Slices of three entries, so that tests see modules ask again. */
void tern_log_page(struct tern_entity *entity, tern_store log, const struct tern_page *page,
	void (*got)(struct tern_entity *entity, void *context, const struct tern_entry *entries,
		size_t count, bool complete, bool cancelled),
	void *context)
{
	size_t most = page->most ? page->most : 3, count = 0;
	struct tern_entry *entries = heap_alloc((most + 1) * sizeof *entries);
	const struct record *at = entity->records;

	for (; at && count < most; at = at->next)
		if (at->store == log && at->id > page->after_id)
			entries[count++] = (struct tern_entry){ .id = at->id, .bytes = at->value,
				.len = at->value_len };
	while (at && at->store != log)
		at = at->next;
	got(entity, context, entries, count, !at, false);
	free(entries);
}

enum tern_condition tern_condition_of(int error)
{
	return error == -ENOSPC ? TERN_RESOURCE_CONSTRAINT : TERN_INTERNAL_SERVER_ERROR;
}

size_t fake_stored(struct tern_entity *entity, const char *store)
{
	size_t count = 0;

	for (struct record *at = entity->records; at; at = at->next)
		count += strcmp(entity->host->stores[at->store]->name, store) == 0;
	return count;
}

/* --- the API: sessions --------------------------------------------------------------------------------- */

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

/* --- the API: speaking ------------------------------------------------------------------------------------ */

void tern_send(struct tern_entity *entity, struct element *stanza)
{
	assert(element_get(stanza, "to"));
	if (!element_get(stanza, "from"))
		element_set(stanza, "from", jid_text(entity->jid));
	enqueue(entity->host, stanza, false);
}

int tern_send_surely(struct tern_entity *entity, struct element *stanza)
{
	if (!may_write(entity->host))
		return -ENOSPC;
	element_set(stanza, "surely", "yes");
	tern_send(entity, stanza);
	return 0;
}

void tern_session_send(struct tern_session *session, struct element *stanza)
{
	add_line(&session->heard, stanza);
}

void tern_send_many(struct tern_entity *entity, const struct tern_broadcast *broadcast)
{
	for (size_t i = 0; i < broadcast->count; i++) {
		struct arena *arena = arena_create(1024);
		struct element *copy = element_copy(arena, broadcast->stanza);

		element_set(copy, "from", jid_text(broadcast->from));
		element_set(copy, "to", jid_text(broadcast->to[i]));
		enqueue(entity->host, copy, broadcast->probes);
		arena_destroy(arena);
	}
}

/* --- the API: time ---------------------------------------------------------------------------------------------- */

static struct alarm *set_alarm(struct tern_entity *entity, uint64_t session_id, uint64_t delay_ms)
{
	struct alarm *alarm = heap_zalloc(sizeof *alarm);

	alarm->number = ++entity->host->last_number;
	alarm->entity = entity;
	alarm->session_id = session_id;
	alarm->due_ms = entity->host->now_ms + delay_ms;
	alarm->next = entity->host->alarms;
	entity->host->alarms = alarm;
	return alarm;
}

tern_timer tern_timer_start(struct tern_entity *entity, struct tern_session *session,
	uint64_t delay_ms,
	void (*run)(struct tern_entity *entity, struct tern_session *session, void *context,
		bool cancelled),
	void *context)
{
	struct alarm *alarm = set_alarm(entity, session ? session->id : 0, delay_ms);

	alarm->run = run;
	alarm->context = context;
	return alarm->number;
}

void tern_ask(struct tern_entity *entity, struct element *iq, uint64_t timeout_ms,
	void (*answered)(struct tern_entity *entity, void *context, const struct tern_stanza *answer),
	void *context)
{
	struct arena *arena = element_arena(iq);
	struct tern_session *session = tern_session_find(entity,
		jid_resource(jid_new(arena, element_get(iq, "to"))));
	struct alarm *alarm = set_alarm(entity, session->id, timeout_ms);

	alarm->answered = answered;
	alarm->context = context;
	element_set(iq, "id", "asked");
	tern_session_send(session, iq);
}

static struct alarm *take_alarm(struct tern_host *host, struct alarm *alarm)
{
	struct alarm **at = &host->alarms;

	while (*at != alarm)
		at = &(*at)->next;
	*at = alarm->next;
	return alarm;
}

static void answer_question(struct tern_event *event)
{
	struct alarm *alarm = event->host->alarms;

	while (alarm && !(alarm->answered && alarm->session_id == event->session->id))
		alarm = alarm->next;
	if (!alarm)
		return;
	take_alarm(event->host, alarm)->answered(alarm->entity, alarm->context, &event->stanza);
	free(alarm);
}

static struct alarm *next_alarm(struct tern_host *host, uint64_t until_ms)
{
	struct alarm *next = NULL;

	for (struct alarm *at = host->alarms; at; at = at->next)
		if (at->due_ms <= until_ms && (!next || at->due_ms < next->due_ms))
			next = at;
	return next;
}

void fake_pass(struct fake *fake, uint64_t ms)
{
	struct tern_host *host = &fake->host;
	uint64_t until_ms = host->now_ms + ms;
	struct alarm *alarm;

	while ((alarm = next_alarm(host, until_ms))) {
		host->now_ms = alarm->due_ms;
		take_alarm(host, alarm);
		if (alarm->run)
			alarm->run(alarm->entity, tern_session_by_id(alarm->entity, alarm->session_id),
				alarm->context, false);
		else
			alarm->answered(alarm->entity, alarm->context, NULL);
		free(alarm);
	}
	host->now_ms = until_ms;
	run_queue(host);
}

size_t fake_timers(const struct fake *fake)
{
	size_t count = 0;

	for (const struct alarm *at = fake->host.alarms; at; at = at->next)
		count++;
	return count;
}

/* --- the API: questions and claims -------------------------------------------------------------------------------- */

int tern_question(struct tern_entity *entity, enum tern_question question, const struct jid *about)
{
	for (size_t i = 0; i < entity->host->count; i++) {
		const struct tern_answer_claim *claims = entity->host->modules[i]->answers;

		for (; claims && claims->answer; claims++)
			if (claims->question == question)
				return claims->answer(entity, about, entity->host->settings[i]);
	}
	return 0;
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
