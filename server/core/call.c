/* call.c - takes a module's command where it is to run, and keeps what it answers
 * SPDX-License-Identifier: MIT */

#include "call.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "buffer.h"
#include "entity_internal.h"
#include "heap.h"
#include "idmap.h"
#include "log.h"
#include "shard_internal.h"
#include "writer.h"

#define NS_DATA "urn:xmpp:pie:0" /* XEP-0227 */
#define PATIENCE_S 300

/* A row that has not been told; of the errand's arena. */
struct told {
	struct told *next;
	const char *const *cells;
};

/* The caller and the module have a share each.  What belongs to the caller (the claim, arguments) is
 * not looked at when the errand has ended. */
struct errand {
	struct post there;
	struct item ending; /* in the account's outbox, until what it wrote is on disk */
	struct call call;
	atomic_int shares;
	uint64_t id;        /* all that the module knows of it */
	const struct tern_module *module; /* NULL: the engine */
	const char *words;
	size_t columns;
	struct arena *arena;
	struct login *login;
	struct shard *shard; /* where its handler runs, or has run; NULL: not yet, or at a host */
	struct timer patience;
	struct told *rows, **rows_end;
	const char *error;
	bool lacks_account;
	bool is_running;     /* its handler has not returned */
	bool is_ended;
	bool is_given_up;    /* and the module does not know it */
	bool is_short;       /* it has told a row of too few cells */
};

#define errand_of(pointer, member) \
	((struct errand *)((char *)(pointer) - offsetof(struct errand, member)))

/* --- names --------------------------------------------------------------------------------- */

/* A module's pointer is a number that is never given again: what it says of a command that has ended
 * finds nothing. */
static struct {
	pthread_mutex_t lock;
	struct idmap by_id;
	uint64_t last;
} names = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void enter(struct errand *errand)
{
	pthread_mutex_lock(&names.lock);
	errand->id = ++names.last;
	idmap_put(&names.by_id, errand->id, errand);
	pthread_mutex_unlock(&names.lock);
}

static struct tern_command *name_of(const struct errand *errand)
{
	return (struct tern_command *)(uintptr_t)errand->id;
}

static struct errand *look_up(const struct tern_command *command)
{
	struct errand *errand;

	pthread_mutex_lock(&names.lock);
	errand = idmap_get(&names.by_id, (uintptr_t)command);
	pthread_mutex_unlock(&names.lock);
	return errand;
}

static void release(struct errand *errand)
{
	if (atomic_fetch_sub(&errand->shares, 1) > 1)
		return;
	arena_destroy(errand->arena);
	free(errand);
}

/* The module has said all that it had to say. */
static void forget(struct errand *errand)
{
	pthread_mutex_lock(&names.lock);
	idmap_remove(&names.by_id, errand->id);
	pthread_mutex_unlock(&names.lock);
	release(errand);
}

static const char *module_name(const struct errand *errand)
{
	return errand->module ? errand->module->name : "tern";
}

/* Its author has to mend that. */
static void blame(const struct errand *errand, const char *what)
{
	const struct call *call = &errand->call;

	log_error(call->account ? "account" : "host",
		call->account ? jid_text(call->account) : call->host->domain,
		"module `%s`, command `%s`: %s", module_name(errand), errand->words, what);
}

/* The one that may still be answered, or NULL. */
static struct errand *find_open(const struct tern_command *command, const char *what)
{
	struct errand *errand = look_up(command);

	if (!errand)
		log_error("module", shard_guest_name(), "a command that has ended is %s", what);
	else if (errand->is_ended && !errand->is_given_up)
		blame(errand, arena_printf(errand->arena, "it has ended, and is %s", what));
	return errand && !errand->is_ended ? errand : NULL;
}

/* --- the end ---------------------------------------------------------------------------- */

static void finish(struct errand *errand)
{
	login_close(errand->login);
	errand->login = NULL;
	loaded_release(errand->call.owner);
	errand->call.ended(errand, errand->call.context);
}

static void on_disk(struct tern_entity *entity, struct item *item, bool cancelled)
{
	struct errand *errand = errand_of(item, ending);

	if (cancelled && !errand->error)
		errand->error = "the server stops";
	finish(errand);
}

static void end(struct errand *errand)
{
	struct tern_entity *entity = errand->login ? login_entity(errand->login) : NULL;

	errand->is_ended = true;
	errand->ending.go = on_disk;
	if (errand->shard)
		timer_stop(errand->shard, &errand->patience);
	if (!errand->is_running && !errand->is_given_up)
		forget(errand);
	if (entity && !entity->shard->is_ended)
		outbox_say(entity, &errand->ending);
	else
		finish(errand);
}

static void fail(struct errand *errand, const char *error)
{
	errand->error = error;
	end(errand);
}

static const char *has_left(struct errand *errand)
{
	return arena_printf(errand->arena, "the module `%s` has just been unloaded",
		module_name(errand));
}

/* Its handler has forgotten it, or waits for what does not come.  If it says something after all,
 * nobody hears it. */
static void give_up(struct errand *errand, const char *error)
{
	blame(errand, "it has not been ended");
	errand->is_given_up = true;
	fail(errand, error);
}

static void lose_patience(struct shard *shard, struct timer *timer)
{
	struct errand *errand = errand_of(timer, patience);

	(void)shard;
	give_up(errand, arena_printf(errand->arena, "the module `%s` has not ended `%s` for %d s",
		module_name(errand), errand->words, PATIENCE_S));
}

static void await_word(struct errand *errand)
{
	errand->patience.run = lose_patience;
	timer_start(errand->shard, &errand->patience, PATIENCE_S * 1000);
}

const char *call_error(const struct errand *errand)
{
	return errand->error;
}

int call_result(const struct errand *errand)
{
	if (!errand->error)
		return 0;
	return errand->lacks_account ? -ENOENT : -EINVAL;
}

void call_rows(const struct errand *errand,
	void (*each)(void *context, const char *const *cells), void *context)
{
	for (const struct told *row = errand->rows; row; row = row->next)
		each(context, row->cells);
}

size_t call_columns(const struct tern_command_claim *claim)
{
	size_t count = 0;

	while (claim->columns[count])
		count++;
	return count;
}

void call_destroy(struct errand *errand)
{
	release(errand);
}

/* --- what a handler says and asks ----------------------------------------------------------- */

static struct errand *find_to_end(const struct tern_command *command)
{
	struct errand *errand = look_up(command);

	if (errand && errand->is_given_up) { /* late, and harmless */
		errand->is_given_up = false;
		if (!errand->is_running)
			forget(errand);
		return NULL;
	}
	return find_open(command, "ended once more");
}

void tern_command_end(struct tern_command *command)
{
	struct errand *errand = find_to_end(command);

	if (errand)
		end(errand);
}

void tern_command_fail(struct tern_command *command, const char *format, ...)
{
	struct errand *errand = find_to_end(command);
	char text[1024];
	va_list args;

	if (!errand)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fail(errand, arena_strdup(errand->arena, text));
}

void tern_command_misused(struct tern_command *command)
{
	struct errand *errand = find_to_end(command);

	if (errand)
		fail(errand, arena_printf(errand->arena, "usage: %s %s", errand->words,
			errand->call.claim->arguments));
}

/* What lies behind a NULL is not there. */
static const char *const *copy_cells(struct errand *errand, const char *const *cells)
{
	const char **copies = arena_alloc(errand->arena, (errand->columns + 1) * sizeof *copies);
	size_t count = 0;

	while (count < errand->columns && cells[count]) {
		copies[count] = arena_strdup(errand->arena, cells[count]);
		count++;
	}
	if (count < errand->columns && !errand->is_short) {
		errand->is_short = true;
		blame(errand, arena_printf(errand->arena, "a row ends after %zu of %zu cells; the rest is "
			"empty", count, errand->columns));
	}
	while (count < errand->columns)
		copies[count++] = "";
	return copies;
}

void tern_command_row(struct tern_command *command, const char *const *cells)
{
	struct errand *errand = find_open(command, "told a row");
	struct told *row;

	if (!errand)
		return;
	row = arena_zalloc(errand->arena, sizeof *row);
	row->cells = copy_cells(errand, cells);
	*errand->rows_end = row;
	errand->rows_end = &row->next;
	if (!errand->is_running)
		await_word(errand);
}

void tern_command_element(struct tern_command *command, const struct element *element)
{
	struct buffer xml = { 0 };

	writer_element(&xml, element, NS_DATA);
	buffer_add(&xml, "", 1);
	tern_command_row(command, (const char *const[]){ buffer_at(&xml), NULL });
	buffer_finish(&xml);
}

const char *tern_command_argument(const struct tern_command *command, size_t index)
{
	const struct errand *errand = find_open(command, "asked for an argument");

	return errand && index < errand->call.argument_count ? errand->call.arguments[index] : NULL;
}

const char *tern_command_option(const struct tern_command *command, const char *name)
{
	const struct errand *errand = find_open(command, "asked for an option");

	for (size_t i = 0; errand && i + 1 < errand->call.argument_count; i++) {
		if (strcmp(errand->call.arguments[i], name) == 0)
			return errand->call.arguments[i + 1];
	}
	return NULL;
}

struct arena *tern_command_arena(struct tern_command *command)
{
	static _Thread_local struct arena *nobodys; /* memory is never refused; it grows by misuse alone */
	struct errand *errand = look_up(command);

	if (errand)
		return errand->arena;
	find_open(command, "asked for memory");
	return nobodys ? nobodys : (nobodys = arena_create(ARENA_SMALL));
}

/* --- the way there ----------------------------------------------------------------------- */

static void run(struct errand *errand, struct tern_entity *entity)
{
	const struct call *call = &errand->call;
	struct shard *shard = entity->shard;
	struct loaded *outer = shard_enter(shard, call->owner);

	errand->shard = shard;
	errand->is_running = true;
	call->claim->run(name_of(errand), entity, call->settings);
	errand->is_running = false;
	shard->guest = outer;
	if (errand->is_ended)
		forget(errand);
	else
		await_word(errand);
}

/* Nothing could call it back: it ends before it returns. */
static void run_at_host(struct errand *errand)
{
	const struct call *call = &errand->call;
	const struct tern_module *before;

	errand->is_running = true;
	before = shard_visit(errand->module);
	call->claim->run(name_of(errand), NULL, call->settings);
	shard_visit(before);
	if (!errand->is_ended)
		give_up(errand, arena_printf(errand->arena, "the module `%s` has not ended `%s`",
			module_name(errand), errand->words));
	forget(errand);
}

static void opened(void *context, struct login *login, bool failed)
{
	struct errand *errand = context;
	struct tern_entity *entity = login_entity(login);
	const struct call *call = &errand->call;
	const char *account = jid_text(call->account);

	errand->login = login;
	errand->lacks_account = !failed && !entity->exists;
	if (failed)
		fail(errand, arena_printf(errand->arena, "%s cannot be read", account));
	else if (errand->lacks_account)
		fail(errand, arena_printf(errand->arena, "%s: there is no such account", account));
	else if (loaded_is_leaving(call->owner))
		fail(errand, has_left(errand));
	else
		run(errand, entity);
}

static void arrive(struct shard *shard, struct post *post)
{
	struct errand *errand = errand_of(post, there);

	if (shard->is_ended)
		fail(errand, "the server stops");
	else
		login_open(shard, errand->call.host, errand->call.account, opened, errand);
}

static struct errand *create(const struct call *call)
{
	struct errand *errand = heap_zalloc(sizeof *errand);

	errand->call = *call;
	errand->arena = arena_create(1024);
	errand->rows_end = &errand->rows;
	errand->module = call->owner ? call->owner->module : NULL;
	errand->words = arena_strdup(errand->arena, call->claim->words);
	errand->columns = call_columns(call->claim);
	if (call->account)
		errand->call.account = jid_copy(errand->arena, call->account);
	atomic_init(&errand->shares, 2);
	enter(errand);
	return errand;
}

void call_start(const struct call *call)
{
	struct errand *errand = create(call);

	loaded_use(call->owner);
	if (!call->account) {
		run_at_host(errand);
		return;
	}
	errand->there.run = arrive;
	shard_post(account_home(call->host->server, call->account), &errand->there);
}

/* --- a module leaves --------------------------------------------------------------------------- */

static struct errand *find_of(const struct shard *shard, const struct loaded *owner)
{
	struct errand *found = NULL;

	pthread_mutex_lock(&names.lock);
	for (size_t i = 0; names.by_id.count && i < names.by_id.capacity && !found; i++) {
		struct errand *errand = names.by_id.slots[i].id ? names.by_id.slots[i].thing : NULL;

		if (errand && errand->shard == shard && errand->call.owner == owner)
			found = errand;
	}
	pthread_mutex_unlock(&names.lock);
	return found;
}

void calls_cancel_of(struct shard *shard, const struct loaded *owner)
{
	struct errand *errand;

	while ((errand = find_of(shard, owner))) {
		if (errand->is_ended)
			forget(errand);
		else
			fail(errand, has_left(errand));
	}
}
