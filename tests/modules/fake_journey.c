/* fake_journey.c - takes stanzas through phases, iq dispatch and watches
 * SPDX-License-Identifier: MIT */

#include "fake_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "stored.h"
#include "writer.h"

#define NS_ERROR "urn:ietf:params:xml:ns:xmpp-stanzas"

/* --- a stanza's journey -------------------------------------------------------------------- */

struct tern_entity *find_account(struct tern_host *host, const struct jid *jid)
{
	struct tern_entity *entity = host->entities;

	while (entity && !jid_bare_equal(entity->jid, jid))
		entity = entity->next;
	return entity;
}

void enqueue(struct tern_host *host, const struct element *stanza, bool probes)
{
	struct transit *transit = heap_zalloc(sizeof *transit);

	transit->arena = arena_create(1024);
	transit->stanza = element_copy(transit->arena, stanza);
	transit->probes = probes;
	*host->queue_end = transit;
	host->queue_end = &transit->next;
}

/* What goes to a session passes its filter, save what the filter sends. */
static bool is_kept(struct tern_session *session, const struct element *element)
{
	struct tern_host *host = session->entity->host;
	struct arena *arena = arena_create(1024);
	struct tern_stanza stanza = read_stanza(element_copy(arena, element));
	bool kept = false;

	if (!stanza.from)
		stanza.from = session->entity->jid;
	host->is_in_filter = true;
	for (size_t i = 0; i < host->count; i++)
		if (host->modules[i]->filter)
			kept = host->modules[i]->filter(session, &stanza, host->settings[i]);
	host->is_in_filter = false;
	arena_destroy(arena);
	return kept;
}

static void say(struct tern_session *session, const struct element *stanza)
{
	if (!session->is_filtered || session->entity->host->is_in_filter ||
	    !is_kept(session, stanza))
		add_line(&session->heard, stanza);
}

static void answer(struct tern_event *event, struct element *stanza)
{
	if (event->session)
		say(event->session, stanza);
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
	element_set(error, "type", event->host->error_type ? event->host->error_type :
		tern_condition_type(condition));
	element_add(error, NS_ERROR, tern_condition_name(condition));
	if (event->host->application)
		element_append(error, element_copy(event->arena, event->host->application));
	event->host->error_type = NULL;
	event->host->application = NULL;
	answer(event, stanza);
}

/* True when the event has ended. */
static bool ends(struct tern_event *event, enum tern_verdict verdict)
{
	if (verdict == TERN_REJECT)
		refuse(event, event->host->condition);
	assert(verdict != TERN_HOLD);
	return verdict != TERN_PASS;
}

static unsigned kind_mask(enum tern_kind kind)
{
	static const unsigned masks[] = {
		[TERN_MESSAGE] = TERN_MESSAGES, [TERN_PRESENCE] = TERN_PRESENCES, [TERN_IQ] = TERN_IQS,
	};

	return masks[kind];
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

/* To a full JID: past who claims it there, to the client. */
static void pass_iq(struct tern_event *event)
{
	struct tern_session *session = tern_session_find(event->entity,
		jid_resource(event->stanza.to));
	void *settings;
	const struct tern_iq *iq = find_iq(event, TERN_AT_RESOURCE, &settings);

	if (iq && ends(event, iq->run(event, settings)))
		return;
	if (session)
		tern_deliver(event, session);
	else if (event->stanza.type == TERN_RESULT || event->stanza.type == TERN_ERROR)
		answer_question(event);
	else
		refuse(event, TERN_SERVICE_UNAVAILABLE);
}

static void arrive(struct tern_host *host, struct tern_entity *entity, struct transit *transit)
{
	struct tern_event event = {
		.host = host, .entity = entity, .arena = transit->arena,
		.stanza = read_stanza(transit->stanza), .probes = transit->probes,
		.is_acked = host->next_is_acked,
	};

	host->journey++;
	host->has_reached = false;
	host->extra_count = 0;
	if (!pass_phase(&event, TERN_IN_CHECK))
		return;
	if (event.stanza.kind == TERN_IQ && jid_resource(event.stanza.to)) {
		pass_iq(&event);
		return;
	}
	if (event.stanza.kind == TERN_IQ) {
		dispatch(&event, tern_event_is_own(&event) ? TERN_AT_OWN_ACCOUNT :
			TERN_AT_OTHER_ACCOUNT);
		return;
	}
	for (enum tern_phase phase = TERN_IN_RECORD; phase < TERN_PHASE_COUNT; phase++)
		if ((phase == TERN_IN_MISSED && host->has_reached) || !pass_phase(&event, phase))
			return;
	if (event.stanza.kind == TERN_MESSAGE)
		refuse(&event, TERN_SERVICE_UNAVAILABLE);
}

void fake_miss(struct tern_entity *entity, uint64_t kept_id)
{
	struct reading reading = read_xml("<message from='romeo@example.com/x' type='chat' "
		"to='juliet@example.org'><body>1</body></message>");
	struct tern_event event = { .host = entity->host, .entity = entity, .kept_id = kept_id,
		.arena = reading.arena, .stanza = read_stanza(reading.element) };

	pass_phase(&event, TERN_IN_MISSED);
	arena_destroy(reading.arena);
}

void run_queue(struct tern_host *host)
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
		event->entity = NULL;
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
	host->journey++;
	host->extra_count = 0;
	if (pass_phase(&event, TERN_OUT_CHECK) && pass_phase(&event, TERN_OUT_RECORD))
		leave(&event);
	run_queue(host);
	arena_destroy(reading.arena);
}

bool fake_send_nonza(struct tern_session *session, const char *xml)
{
	struct tern_host *host = session->entity->host;
	struct reading reading = try_xml(xml);
	bool is_claimed = false;

	for (size_t i = 0; reading.element && i < host->count; i++) {
		const struct tern_nonza *claim = host->modules[i]->nonzas;

		for (; claim && claim->run; claim++) {
			if (!element_is(reading.element, claim->ns, claim->name))
				continue;
			is_claimed = true;
			claim->run(session, reading.element, host->settings[i]);
		}
	}
	run_queue(host);
	arena_destroy(reading.arena);
	return is_claimed;
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

void fake_arrive_acked(struct fake *fake, const char *xml)
{
	fake->host.next_is_acked = true;
	arrive_from_afar(fake, xml, false);
	fake->host.next_is_acked = false;
}

void fake_arrive_probing(struct fake *fake, const char *xml)
{
	arrive_from_afar(fake, xml, true);
}

/* --- the API: events ----------------------------------------------------------------------- */

bool tern_event_is_own(const struct tern_event *event)
{
	return event->session ||
		(event->entity && jid_bare_equal(event->stanza.from, event->entity->jid));
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
	event->host->error_type = NULL;
	event->host->application = NULL;
	return TERN_REJECT;
}

enum tern_verdict tern_reject_as(struct tern_event *event, enum tern_condition condition,
	const char *type, struct element *application)
{
	event->host->condition = condition;
	event->host->error_type = type;
	event->host->application = application;
	return TERN_REJECT;
}

void tern_event_add(struct tern_event *event, struct element *child)
{
	assert(event->host->extra_count < EXTRAS_MAX);
	event->host->extras[event->host->extra_count++] = child;
}

struct element *tern_event_edit(struct tern_event *event)
{
	event->stanza.element = element_copy(event->arena, event->stanza.element);
	return event->stanza.element;
}

static struct element *with_extras(struct tern_event *event)
{
	struct element *copy = element_copy(event->arena, event->stanza.element);

	for (size_t i = 0; i < event->host->extra_count; i++)
		element_append(copy, element_copy(event->arena, event->host->extras[i]));
	return copy;
}

struct element *tern_event_copy(struct tern_event *event)
{
	struct element *copy = with_extras(event);

	element_set(copy, "from", jid_text(event->stanza.from));
	if (event->stanza.to)
		element_set(copy, "to", jid_text(event->stanza.to));
	return copy;
}

void tern_event_write(struct tern_event *event, struct buffer *out)
{
	const struct tern_stanza *stanza = &event->stanza;

	writer_start(out, stanza->element, NS_CLIENT);
	writer_attribute(out, "from", jid_text(stanza->from));
	writer_attribute(out, "to", jid_text(stanza->to));
	buffer_add(out, ">", 1);
	writer_content(out, stanza->element, NS_CLIENT);
}

bool tern_event_reached(const struct tern_event *event, const struct tern_session *session)
{
	return session->reached_by == event->host->journey;
}

static void take(struct tern_entity *entity, uint64_t kept_id)
{
	struct tern_host *host = entity->host;

	for (size_t i = 0; i < host->count; i++) {
		if (host->modules[i]->taken)
			host->modules[i]->taken(entity, kept_id, host->settings[i]);
	}
}

static void hand_over(struct tern_entity *entity, uint64_t kept_id)
{
	struct tern_host *host = entity->host;

	if (!host->holds_acks) {
		take(entity, kept_id);
		return;
	}
	assert(host->under_way_count < sizeof host->under_way / sizeof *host->under_way);
	host->under_way[host->under_way_count].id = kept_id;
	host->under_way[host->under_way_count++].entity = entity;
}

void tern_deliver(struct tern_event *event, struct tern_session *session)
{
	session->reached_by = event->host->journey;
	event->host->has_reached = true;
	say(session, with_extras(event));
	if (event->kept_id)
		hand_over(event->entity, event->kept_id);
}

void tern_session_hand_over(struct tern_session *session, struct element *message,
	uint64_t kept_id)
{
	tern_session_send(session, message);
	hand_over(session->entity, kept_id);
}

static struct element *read_written(struct stored_reader *reader, const struct tern_written *written)
{
	struct element *message = stored_read(reader, written->xml, written->len);

	for (size_t i = 0; message && i < TERN_WRITTEN_MORE && written->more[i]; i++)
		element_append(message, element_copy(element_arena(message), written->more[i]));
	return message;
}

int tern_session_hand_over_written(struct tern_session *session,
	const struct tern_written *written, uint64_t kept_id)
{
	struct stored_reader *reader = stored_reader_create();
	struct element *message = read_written(reader, written);

	if (message)
		tern_session_hand_over(session, message, kept_id);
	stored_reader_destroy(reader);
	return message ? 0 : -EBADMSG;
}

bool tern_is_under_way(const struct tern_entity *entity, uint64_t kept_id)
{
	const struct tern_host *host = entity->host;

	for (size_t i = 0; i < host->under_way_count; i++) {
		if (host->under_way[i].id == kept_id && host->under_way[i].entity == entity)
			return true;
	}
	return false;
}

void fake_hold_acks(struct fake *fake)
{
	fake->host.holds_acks = true;
}

void fake_acknowledge(struct fake *fake)
{
	struct tern_host *host = &fake->host;
	size_t count = host->under_way_count;

	host->holds_acks = false;
	host->under_way_count = 0;
	for (size_t i = 0; i < count; i++)
		take(host->under_way[i].entity, host->under_way[i].id);
}

void tern_deliver_copy(struct tern_event *event, struct tern_session *session,
		const struct element *copy)
{
	say(session, copy);
}

typedef void written_call(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled);

struct unwritten {
	struct unwritten *next;
	struct tern_session *session; /* which stays */
	written_call *run;
	void *context;
};

void fake_hold_written(struct fake *fake)
{
	fake->host.holds_written = true;
}

void fake_let_written_go(struct fake *fake)
{
	fake->host.holds_written = false;
	while (fake->host.unwritten) {
		struct unwritten *first = fake->host.unwritten;

		fake->host.unwritten = first->next;
		first->run(first->session->entity, first->session, first->context, false);
		free(first);
	}
}

void tern_session_when_written(struct tern_session *session, written_call *run, void *context)
{
	struct unwritten **end = &session->entity->host->unwritten;

	if (!session->entity->host->holds_written) {
		run(session->entity, session, context, false);
		return;
	}
	while (*end)
		end = &(*end)->next;
	*end = heap_alloc(sizeof **end);
	**end = (struct unwritten){ NULL, session, run, context };
}

bool tern_is_leaving(const struct tern_entity *entity)
{
	return false;
}

struct handed_out { tern_store log; uint64_t id; };

static void take_entry(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct handed_out *entry = context;

	tern_log_delete(entity, entry->log, entry->id);
	free(entry);
}

void tern_session_hand_out(struct tern_session *session, struct element *message, tern_store log,
	uint64_t id)
{
	struct handed_out *entry = heap_alloc(sizeof *entry);

	*entry = (struct handed_out){ log, id };
	tern_session_send(session, message);
	tern_session_when_written(session, take_entry, entry);
}

int tern_session_hand_out_written(struct tern_session *session, const struct tern_written *written,
	tern_store log, uint64_t id)
{
	struct stored_reader *reader = stored_reader_create();
	struct element *message = read_written(reader, written);

	if (message)
		tern_session_hand_out(session, message, log, id);
	stored_reader_destroy(reader);
	return message ? 0 : -EBADMSG;
}

bool tern_is_handed_out(const struct tern_entity *entity, tern_store log, uint64_t id)
{
	return false;
}

uint64_t tern_event_pending_id(const struct tern_event *event)
{
	return 0;
}

void tern_session_filter(struct tern_session *session, bool on)
{
	session->is_filtered = on;
}

/* --- the API: answers that come later ------------------------------------------------------- */

enum tern_verdict tern_answer_later(struct tern_event *event, tern_ticket *ret_ticket)
{
	struct waiting *waiting = heap_zalloc(sizeof *waiting);

	waiting->ticket = *ret_ticket = ++event->host->last_number;
	waiting->iq.arena = arena_create(1024);
	waiting->iq.element = element_copy(waiting->iq.arena, event->stanza.element);
	waiting->from = jid_create(event->stanza.from);
	waiting->session_id = event->session ? event->session->id : 0;
	waiting->next = event->host->waiting;
	event->host->waiting = waiting;
	return TERN_LATER;
}

static struct waiting *take_waiting(struct tern_host *host, tern_ticket ticket)
{
	struct waiting **at = &host->waiting, *waiting;

	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	waiting = *at;
	if (waiting)
		*at = waiting->next;
	return waiting;
}

static void free_waiting(struct waiting *waiting)
{
	arena_destroy(waiting->iq.arena);
	jid_destroy(waiting->from);
	free(waiting);
}

void forget_waiting(struct tern_host *host)
{
	while (host->waiting)
		free_waiting(take_waiting(host, host->waiting->ticket));
}

/* With the result, or with the error where there is a condition. */
static void answer_waiting(struct tern_entity *entity, tern_ticket ticket,
	const struct element *payload, enum tern_condition condition)
{
	struct waiting *waiting = take_waiting(entity->host, ticket);
	struct tern_event event = { .host = entity->host, .entity = entity };

	if (!waiting)
		return;
	event.arena = waiting->iq.arena;
	event.stanza = read_stanza(waiting->iq.element);
	event.stanza.from = waiting->from;
	event.session = waiting->session_id ?
		tern_session_by_id(entity, waiting->session_id) : NULL;
	if (condition)
		refuse(&event, condition);
	else if (event.session || !waiting->session_id)
		tern_reply(&event, payload ? element_copy(event.arena, payload) : NULL);
	free_waiting(waiting);
}

void tern_answer(struct tern_entity *entity, tern_ticket ticket, struct element *payload)
{
	answer_waiting(entity, ticket, payload, TERN_NO_CONDITION);
}

void tern_answer_error(struct tern_entity *entity, tern_ticket ticket,
	enum tern_condition condition, const char *text)
{
	answer_waiting(entity, ticket, NULL, condition);
}

/* --- the API: speaking --------------------------------------------------------------------- */

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
	say(session, stanza);
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
