/* acks.c - counts what came, keeps what was sent until it is acknowledged */
/* SPDX-License-Identifier: MIT */

#include "acks_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brake.h"
#include "buffer.h"
#include "detached.h"
#include "element.h"
#include "entity_internal.h"
#include "handover.h"
#include "heap.h"
#include "names.h"
#include "overdue.h"
#include "reroute.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stream.h"
#include "writer.h"
#include "written.h"

#define FIRST_PAUSE_MS 1000 /* doubled each time, up to limits.ack_s */

static const struct limits *limits_of(const struct acks *acks)
{
	return &acks->session->entity->shard->server->limits;
}

static uint64_t patience_ms(const struct acks *acks)
{
	return (uint64_t)limits_of(acks)->ack_s * 1000;
}

void acks_say(struct tern_session *session, const char *format, ...)
{
	struct buffer out = { 0 };
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	buffer_add_text(&out, line);
	if (session->stream)
		stream_write(session->stream, buffer_at(&out), out.len);
	buffer_finish(&out);
}

/* --- in -------------------------------------------------------------------------------------- */

uint64_t acks_h(const struct acks *acks)
{
	return acks->first_open ? acks->first_open->number - 1 : acks->received;
}

void acks_count(struct tern_session *session, struct counted *counted)
{
	struct acks *acks = session->acks;

	counted->number = acks ? ++acks->received : 0;
	if (!acks)
		return;
	counted->next = NULL;
	counted->previous = acks->last_open;
	if (acks->last_open)
		acks->last_open->next = counted;
	else
		acks->first_open = counted;
	acks->last_open = counted;
}

/* XEP-0198 4: counters go round at 2^32. */
void acks_say_h(struct acks *acks)
{
	acks->told = acks_h(acks);
	acks_say(acks->session, "<a xmlns='" NS_ACKS "' h='%u'/>", (unsigned)(uint32_t)acks_h(acks));
}

void acks_note_finished(struct tern_session *session, struct counted *counted)
{
	struct acks *acks = session->acks;

	if (!counted->number)
		return;
	if (counted->previous)
		counted->previous->next = counted->next;
	else
		acks->first_open = counted->next;
	if (counted->next)
		counted->next->previous = counted->previous;
	else
		acks->last_open = counted->previous;
	if (acks->is_resuming && !acks->first_open) {
		detached_answer(session);
	} else if (acks->owed && acks_h(acks) >= acks->owed) {
		acks->owed = 0;
		acks_say_h(acks);
	}
}

bool acks_told_all(const struct tern_session *session)
{
	return session->acks && session->acks->told == session->acks->received;
}

/* Answered at once; and again when what stands before the question is finished. */
static void answer(struct acks *acks)
{
	acks_say_h(acks);
	acks->owed = acks->first_open ? acks->received : 0;
}

/* --- out ------------------------------------------------------------------------------------- */

static bool is_above(const struct acks *acks, unsigned divisor)
{
	size_t stanzas = (size_t)limits_of(acks)->unacked_stanzas / divisor;
	size_t bytes = (size_t)limits_of(acks)->unacked_bytes / divisor;

	return acks->sent - acks->acked > stanzas || acks->bytes > bytes;
}

static void close_when_overfull(struct acks *acks)
{
	if (acks->is_overfull || !is_above(acks, 1))
		return;
	acks->is_overfull = true;
	session_close_soon(acks->session, STREAM_ERROR_RESOURCE_CONSTRAINT,
		"Too much is unacknowledged");
}

bool acks_are_heavy(const struct tern_session *session)
{
	return session->acks && session->stream && is_above(session->acks, 2);
}

bool acks_are_silent(const struct tern_session *session)
{
	return session->acks->is_resuming;
}

void acks_ask_now(struct acks *acks)
{
	acks->is_asked = true;
	acks->asked_sent = acks->sent;
	acks_say(acks->session, "<r xmlns='" NS_ACKS "'/>");
	timer_start(acks->session->entity->shard, &acks->patience, patience_ms(acks));
}

static void ask(struct shard *shard, struct chore *chore)
{
	struct acks *acks = (struct acks *)((char *)chore - offsetof(struct acks, asking));

	if (acks->session->stream && !acks->is_resuming && !acks->is_asked && acks->first)
		acks_ask_now(acks);
}

void acks_ask(struct acks *acks)
{
	if (!acks->is_asked)
		shard_at_turn_end(acks->session->entity->shard, &acks->asking);
}

/* Asked at once, who counts less than it gets would say the same again, as fast as it can. */
static void ask_later(struct acks *acks)
{
	uint64_t pause_ms = acks->pause_ms ? 2 * (uint64_t)acks->pause_ms : FIRST_PAUSE_MS;

	if (timer_is_running(&acks->patience))
		return;
	if (pause_ms > patience_ms(acks))
		pause_ms = patience_ms(acks);
	acks->pause_ms = (unsigned)pause_ms;
	timer_start(acks->session->entity->shard, &acks->patience, pause_ms);
}

void acks_append(struct acks *acks, const struct unacked *draft, const char *bytes)
{
	struct unacked *unacked = heap_alloc(sizeof *unacked + draft->len);

	*unacked = *draft;
	memcpy(unacked->bytes, bytes, draft->len);
	*acks->last = unacked;
	acks->last = &unacked->next;
	acks->sent++;
	acks->bytes += unacked->len;
	if (unacked->handover)
		overdue_watch(acks);
}

void acks_queue(struct tern_session *session, const char *bytes, size_t len,
		struct handover *handover)
{
	struct acks *acks = session->acks;

	acks_append(acks, &(struct unacked){ .handover = handover, .len = len,
		.since_us = shard_now_us(session->entity->shard) }, bytes);
	close_when_overfull(acks);
	acks_ask(acks);
}

static struct unacked *take_first(struct acks *acks)
{
	struct unacked *unacked = acks->first;

	acks->first = unacked->next;
	if (!acks->first)
		acks->last = &acks->first;
	acks->bytes -= unacked->len;
	return unacked;
}

/* XEP-0198 6: it cannot have handled what it was not sent. */
static void refuse_h(struct tern_session *session, uint32_t h)
{
	uint32_t sent = (uint32_t)session->acks->sent;

	acks_say(session, "<stream:error><undefined-condition xmlns='" NS_STREAMS_ERROR "'/>"
		"<handled-count-too-high xmlns='" NS_ACKS "' h='%u' send-count='%u'/>"
		"</stream:error>", (unsigned)h, (unsigned)sent);
	session_close(session, STREAM_ERROR_NONE, NULL);
}

bool acks_take(struct tern_session *session, uint32_t h)
{
	struct acks *acks = session->acks;
	uint32_t more = h - (uint32_t)acks->acked;

	if (more > INT32_MAX) /* an old one, that says nothing new */
		return true;
	if (more > acks->sent - acks->acked) {
		refuse_h(session, h);
		return false;
	}
	while (more--) {
		struct unacked *unacked = take_first(acks);

		acks->acked++;
		handover_take(session->entity, unacked->handover);
		free(unacked);
	}
	if (session->brakes && !session->is_slow && !is_above(acks, 4))
		brake_release(session);
	if (session->waiters)
		written_note_acked(session);
	return true;
}

static bool is_read_from(const struct tern_session *session)
{
	return !session->is_window_full && !session->is_held_back && !session->is_slow;
}

static void lose_patience(struct shard *shard, struct timer *timer)
{
	struct acks *acks = (struct acks *)((char *)timer - offsetof(struct acks, patience));

	if (!acks->is_asked)
		acks_ask_now(acks);
	else if (is_read_from(acks->session) &&
		 shard->ticks_ms - acks->session->heard_ms >= patience_ms(acks))
		session_close(acks->session, STREAM_ERROR_CONNECTION_TIMEOUT,
			"nothing was acknowledged");
	else
		timer_start(shard, timer, patience_ms(acks));
}

/* --- elements ----------------------------------------------------------------------------------- */

static void fail(struct tern_session *session, const char *condition)
{
	acks_say(session, "<failed xmlns='" NS_ACKS "'><%s xmlns='" NS_STANZAS "'/></failed>",
		condition);
}

static bool says_yes(const char *value)
{
	return value && (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

struct acks *acks_create(struct tern_session *session)
{
	struct acks *acks = heap_zalloc(sizeof *acks);

	acks->session = session;
	acks->last = &acks->first;
	acks->asking.run = ask;
	acks->patience.run = lose_patience;
	session->acks = acks;
	return acks;
}

static void say_enabled(const struct tern_session *session)
{
	const struct acks *acks = session->acks;
	const char *location = session->entity->host->resume_location;
	struct buffer out = { 0 };

	buffer_add_text(&out, "<enabled xmlns='" NS_ACKS "'");
	if (*acks->id) {
		buffer_printf(&out, " id='%s' resume='true' max='%u'", acks->id, acks->max_s);
		if (*location)
			writer_attribute(&out, "location", location);
	}
	buffer_add_text(&out, "/>");
	stream_write(session->stream, buffer_at(&out), out.len);
	buffer_finish(&out);
}

static void take_enable(struct tern_session *session, const struct element *element)
{
	if (session->acks) { /* XEP-0198 3: at most one attempt */
		fail(session, "unexpected-request");
		session_close(session, STREAM_ERROR_POLICY_VIOLATION, "enabled already");
		return;
	}
	acks_create(session);
	if (says_yes(element_get(element, "resume")) && !session->entity->is_anonymous)
		detached_allow(session, element_get(element, "max"));
	say_enabled(session);
}

static void take_resume(struct tern_session *session, const struct element *element)
{
	fail(session, "unexpected-request"); /* it has a resource already */
}

static void take_request(struct tern_session *session, const struct element *element)
{
	if (session->acks)
		answer(session->acks);
	else
		fail(session, "unexpected-request");
}

static void take_h(struct tern_session *session, uint32_t h)
{
	struct acks *acks = session->acks;
	uint64_t acked = acks->acked;

	if (acks->is_asked)
		timer_stop(session->entity->shard, &acks->patience);
	acks->is_asked = false;
	if (!acks_take(session, h))
		return;
	if (acks->acked != acked)
		acks->pause_ms = 0;
	if (!acks->first)
		timer_stop(session->entity->shard, &acks->patience);
	else if (acks->acked != acked || acks->sent != acks->asked_sent)
		acks_ask(acks);
	else
		ask_later(acks);
}

static void take_answer(struct tern_session *session, const struct element *element)
{
	struct acks *acks = session->acks;
	uint32_t h;

	if (!acks) {
		fail(session, "unexpected-request");
		return;
	}
	if (!acks_read_number(element_get(element, "h"), &h)) {
		session_close(session, STREAM_ERROR_BAD_FORMAT, "an answer has no h");
		return;
	}
	take_h(session, h);
}

bool acks_receive(struct tern_session *session, const struct element *element)
{
	static const struct {
		const char *name;
		void (*run)(struct tern_session *session, const struct element *element);
	} elements[] = {
		{ "r", take_request }, { "a", take_answer },
		{ "enable", take_enable }, { "resume", take_resume },
	};

	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		if (element_is(element, NS_ACKS, elements[i].name)) {
			elements[i].run(session, element);
			return true;
		}
	}
	return false;
}

/* --- the end -------------------------------------------------------------------------------------- */

void acks_end(struct tern_session *session)
{
	struct acks *acks = session->acks;
	struct shard *shard = session->entity->shard;

	if (!acks)
		return;
	timer_stop(shard, &acks->patience);
	timer_stop(shard, &acks->expiry);
	overdue_forget(acks);
	shard_forget_chore(shard, &acks->asking);
	detached_remember(session);
	while (acks->first) {
		struct unacked *unacked = take_first(acks);

		reroute(session->entity, &(struct rerouted){ unacked->bytes, unacked->len,
			unacked->since_us, unacked->handover });
		free(unacked);
	}
}

void acks_destroy(struct tern_session *session)
{
	free(session->acks);
}

uint64_t acks_sent(const struct tern_session *session)
{
	return session->acks ? session->acks->sent : 0;
}

uint64_t acks_acked(const struct tern_session *session)
{
	return session->acks ? session->acks->acked : 0;
}
