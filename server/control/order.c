/* order.c - commands that administrators give from their clients: to the main thread and back
 * SPDX-License-Identifier: MIT
 *
 * An order's journey: the administrator's session has it made, the desk runs its command like one
 * of ternctl, and the answer is posted to the session's home. There a timer holds the order: it
 * ends it when the session does. The timer and whoever runs the command have a share each. */

#include "order.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buffer.h"
#include "call.h"
#include "desk.h"
#include "entity_internal.h"
#include "heap.h"
#include "host.h"
#include "log.h"
#include "request.h"
#include "server.h"
#include "session_internal.h"
#include "shard_internal.h"

#define PATIENCE_MS 600000
#define SECRET "..."

typedef void done_call(struct tern_session *session, void *context,
	const struct tern_outcome *outcome);

struct order {
	struct request request; /* its arena has all that the order says and is told */
	struct post post;
	struct task task;
	const struct tern_host *host;
	const char *by;
	struct shard *home;
	atomic_int shares;
	size_t row_room;
	const char *const **rows;
	struct tern_outcome outcome;

	/* At home alone. */
	uint64_t entity, session;
	tern_timer timer; /* 0: the order has been given up */
	struct loaded *guest; /* who gave it: when that leaves, the timer is cancelled */
	done_call *done;
	void *context;
};

#define order_of(pointer, member) \
	((struct order *)((char *)(pointer) - offsetof(struct order, member)))

static void release(struct order *order)
{
	if (atomic_fetch_sub(&order->shares, 1) > 1)
		return;
	arena_destroy(order->request.arena);
	free(order);
}

/* --- which ones there are ---------------------------------------------------------------- */

void tern_host_orders(const struct tern_host *host,
	void (*each)(void *context, const struct tern_command_claim *claim), void *context)
{
	for (const struct command *command = commands; command->claim.words; command++) {
		if (!command->claim.is_local)
			each(context, &command->claim);
	}
	for (size_t i = 0; i < host->loaded_count; i++) {
		const struct tern_command_claim *claim = host->loaded[i]->module->commands;

		for (; claim && claim->words; claim++) {
			if (!claim->is_local)
				each(context, claim);
		}
	}
}

/* --- the log ------------------------------------------------------------------------------ */

static bool is_secret(const struct tern_command_claim *claim, const char *option)
{
	for (const struct tern_command_field *field = claim->fields; field && field->name; field++) {
		if (field->kind == TERN_FIELD_SECRET && strcmp(field->name, option) == 0)
			return true;
	}
	return false;
}

/* The order as somebody would type it, but for secrets; of the arena. */
static const char *words_of(const struct order *order)
{
	const struct request *request = &order->request;
	struct buffer text = { 0 };
	const char *words;

	if (!request->command)
		return request->arguments[0];
	buffer_add_text(&text, request->command->claim.words);
	for (size_t i = 0; i < request->argument_count; i++) {
		bool hides = i && is_secret(&request->command->claim, request->arguments[i - 1]);

		buffer_add_text(&text, " ");
		buffer_add_text(&text, hides ? SECRET : request->arguments[i]);
	}
	words = arena_strndup(request->arena, buffer_at(&text), text.len);
	buffer_finish(&text);
	return words;
}

/* --- the way back ------------------------------------------------------------------------- */

static struct tern_session *session_of(const struct order *order)
{
	struct tern_entity *entity = entities_by_id(order->home, order->entity);

	return entity ? tern_session_by_id(entity, order->session) : NULL;
}

static void finish(struct tern_session *session, struct order *order)
{
	struct tern_entity *entity = session->entity;
	struct shard *shard = entity->shard;
	struct loaded *outer = shard_enter(shard, order->guest);

	tern_timer_stop(entity, order->timer);
	order->timer = 0;
	entity->pins++;
	entity_stir(entity);
	order->done(session, order->context, &order->outcome);
	shard->guest = outer;
	entity->pins--;
	entity_may_rest(entity);
	release(order); /* the timer's */
}

/* An order without a session is the timer's to end, if it has not yet. */
static void arrive_back(struct shard *shard, struct post *post)
{
	struct order *order = order_of(post, post);
	struct tern_session *session =
		order->timer && !shard->is_ended ? session_of(order) : NULL;

	if (session)
		finish(session, order);
	release(order);
}

static void go_back(struct order *order)
{
	if (!order->request.server->shard_count) { /* the server has ended */
		release(order);
		return;
	}
	order->post.run = arrive_back;
	shard_post(order->home, &order->post);
}

/* The session is about to end, or the answer is too long in coming. */
static void give_up(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct order *order = context;
	const struct tern_outcome late = { .result = -ETIMEDOUT, .error = "it takes too long" };

	order->timer = 0;
	if (cancelled)
		order->done(NULL, order->context, NULL);
	else
		order->done(session, order->context, &late);
	release(order);
}

/* --- on the main thread --------------------------------------------------------------------- */

static void note_row(struct request *request, const char *const *cells)
{
	struct order *order = order_of(request, request);
	size_t count = call_columns(&request->command->claim), room = order->row_room;
	const char **row = arena_alloc(request->arena, (count + 1) * sizeof *row);

	for (size_t i = 0; i < count; i++)
		row[i] = arena_strdup(request->arena, cells[i]);
	row[count] = NULL;
	if (order->outcome.row_count == room) {
		order->row_room = room ? 2 * room : 8;
		order->rows = arena_grow(request->arena, order->rows, room * sizeof *order->rows,
			order->row_room * sizeof *order->rows);
	}
	order->rows[order->outcome.row_count++] = row;
}

static void note_end(struct request *request, int result, const char *error)
{
	struct order *order = order_of(request, request);

	order->outcome.result = result;
	order->outcome.error = arena_strdup(request->arena, error);
	order->outcome.rows = order->rows;
	if (error)
		log_warn("admin", order->by, "%s: %s", words_of(order), error);
	go_back(order);
}

static const struct request_outlet outlet = { note_row, note_end, NULL };

/* True of the host itself and of whoever has an address there. */
static bool is_about(struct arena *arena, const char *address, const struct tern_host *host)
{
	const struct jid *jid = address ? jid_new(arena, address) : NULL;

	return jid && strcmp(jid_domain(jid), host->domain) == 0;
}

static void run_order(struct request *request)
{
	struct order *order = order_of(request, request);
	const struct command *command = request->command;

	if (command->claim.is_local) {
		request_refuse(request, -EPERM, "this is for ternctl alone");
	} else if (!is_about(request->arena, request_argument(request, 0), order->host)) {
		request_refuse(request, -EXDEV, "this is not about %s", order->host->domain);
	} else {
		log_info("admin", order->by, "%s", words_of(order));
		command->run(request);
	}
}

static void arrive_there(struct task *task)
{
	struct order *order = order_of(task, task);

	if (!order->request.server->shard_count) {
		release(order);
		return;
	}
	if (request_find(&order->request))
		run_order(&order->request);
}

/* --- the way there ---------------------------------------------------------------------------- */

static size_t count_words(const char *words)
{
	size_t count = 1;

	while ((words = strchr(words, ' '))) {
		words++;
		count++;
	}
	return count;
}

/* The command's words and the arguments, one list. */
static void copy_arguments(struct request *request, const char *words,
	const char *const *arguments)
{
	char *rest = arena_strdup(request->arena, words), *word;
	size_t count = count_words(words), at = 0;
	const char **list;

	for (size_t i = 0; arguments[i]; i++)
		count++;
	list = arena_zalloc(request->arena, (count + 1) * sizeof *list);
	while ((word = strsep(&rest, " ")))
		list[at++] = word;
	for (size_t i = 0; arguments[i]; i++)
		list[at++] = arena_strdup(request->arena, arguments[i]);
	request->arguments = list;
	request->argument_count = count;
}

void tern_order(struct tern_session *session, const struct tern_host *host, const char *words,
	const char *const *arguments, done_call *done, void *context)
{
	struct order *order = heap_zalloc(sizeof *order);
	struct shard *shard = session->entity->shard;

	order->request = (struct request){ .outlet = &outlet, .server = shard->server,
		.arena = arena_create(1024) };
	copy_arguments(&order->request, words, arguments);
	order->by = arena_strdup(order->request.arena, jid_text(session->jid));
	order->host = host;
	order->home = shard;
	order->guest = shard->guest;
	order->entity = session->entity->id;
	order->session = session->id;
	order->done = done;
	order->context = context;
	atomic_init(&order->shares, 2);
	order->timer = tern_timer_start(session->entity, session, PATIENCE_MS, give_up, order);
	order->task.run = arrive_there;
	desk_post(shard->server->desk, &order->task);
}
