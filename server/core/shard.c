/* shard.c - the turn of a shard, its mailbox and its chores */
/* SPDX-License-Identifier: MIT */

#include "shard_internal.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "buffer.h"
#include "clock.h"
#include "heap.h"
#include "parser.h"

#define POSTS_PER_ROUND 4096  /* local posts run before descriptors are looked at again */
#define PARSERS_KEPT 16

static _Thread_local struct shard *self;

struct shard *shard_self(void) { return self; }
unsigned shard_index(const struct shard *shard) { return shard->index; }
struct server *shard_server(const struct shard *shard) { return shard->server; }
struct ev_loop *shard_loop(const struct shard *shard) { return shard->loop; }
struct parser_pool *shard_parsers(const struct shard *shard) { return shard->parsers; }
uint64_t shard_now_us(const struct shard *shard) { return shard->now_us; }
uint64_t shard_ticks_ms(const struct shard *shard) { return shard->ticks_ms; }
char *shard_read_buffer(struct shard *shard) { return shard->read_buffer; }

static _Thread_local const struct tern_module *visitor;

const struct tern_module *shard_visit(const struct tern_module *module)
{
	const struct tern_module *before = visitor;

	visitor = module;
	return before;
}

const char *shard_guest_name(void)
{
	if (self)
		return self->guest ? self->guest->module->name : "?";
	return visitor ? visitor->name : "?";
}

void shard_random(struct shard *shard, void *bytes, size_t len)
{
	(void)shard;
	clock_source.random(bytes, len);
}

/* --- posts ------------------------------------------------------------------------- */

static void wake(struct shard *shard)
{
	if (shard->loop)
		ev_async_send(shard->loop, &shard->wake);
}

/* Puts a chain (newest first) into the mailbox; only who finds it empty wakes the shard. */
static void hand_over(struct shard *shard, struct post *newest, struct post *oldest, size_t count)
{
	struct post *head = atomic_load_explicit(&shard->mailbox, memory_order_relaxed);

	atomic_fetch_add_explicit(&shard->mailbox_count, count, memory_order_relaxed);
	do {
		oldest->next = head;
	} while (!atomic_compare_exchange_weak_explicit(&shard->mailbox, &head, newest,
			memory_order_release, memory_order_relaxed));
	if (!head)
		wake(shard);
}

void shard_post(struct shard *shard, struct post *post)
{
	struct outgoing *outgoing;

	post->next = NULL;
	if (!self || self->server != shard->server) {
		hand_over(shard, post, post, 1);
		return;
	}
	if (self == shard) {
		*shard->local_last = post;
		shard->local_last = &post->next;
		return;
	}
	outgoing = &self->outgoing[shard->index];
	post->next = outgoing->newest;
	outgoing->newest = post;
	if (!outgoing->oldest)
		outgoing->oldest = post;
	outgoing->count++;
}

static bool send_outgoing(struct shard *shard)
{
	bool sent = false;

	for (size_t i = 0; i < shard->server->shard_count; i++) {
		struct outgoing *outgoing = &shard->outgoing[i];

		if (!outgoing->newest)
			continue;
		hand_over(shard->server->shards[i], outgoing->newest, outgoing->oldest,
			outgoing->count);
		*outgoing = (struct outgoing){ 0 };
		sent = true;
	}
	return sent;
}

/* Takes the mailbox, oldest first, behind the local posts. */
static void empty_mailbox(struct shard *shard)
{
	struct post *post = atomic_exchange_explicit(&shard->mailbox, NULL, memory_order_acquire);
	struct post *first = NULL, *last = post;
	size_t count = 0;

	if (!post)
		return;
	while (post) {
		struct post *older = post->next;

		post->next = first;
		first = post;
		post = older;
		count++;
	}
	atomic_fetch_sub_explicit(&shard->mailbox_count, count, memory_order_relaxed);
	*shard->local_last = first;
	shard->local_last = &last->next;
}

static bool run_posts(struct shard *shard)
{
	size_t left = POSTS_PER_ROUND;

	empty_mailbox(shard);
	if (!shard->local_first)
		return false;
	while (shard->local_first && left--) {
		struct post *post = shard->local_first;

		shard->local_first = post->next;
		if (!shard->local_first)
			shard->local_last = &shard->local_first;
		post->run(shard, post);
	}
	return true;
}

/* --- timers -------------------------------------------------------------------------- */

void timer_start(struct shard *shard, struct timer *timer, uint64_t delay_ms)
{
	timers_add(&shard->timers, timer, shard->ticks_ms + delay_ms);
}

void timer_stop(struct shard *shard, struct timer *timer)
{
	timers_remove(&shard->timers, timer);
}

bool timer_is_running(const struct timer *timer)
{
	return timer->seat.place != 0;
}

static bool run_timers(struct shard *shard)
{
	struct timer *timer;
	bool any = false;

	while ((timer = timers_first(&shard->timers)) && timer->seat.due_ms <= shard->ticks_ms) {
		timers_remove(&shard->timers, timer);
		timer->run(shard, timer);
		any = true;
	}
	return any;
}

/* --- chores --------------------------------------------------------------------------- */

void shard_at_turn_end(struct shard *shard, struct chore *chore)
{
	chores_add(&shard->chores, chore);
}

void shard_wait_in_line(struct shard *shard, struct chore *chore)
{
	chores_add(&shard->line, chore);
}

void shard_forget_chore(struct shard *shard, struct chore *chore)
{
	if (!chore->is_queued)
		return;
	chores_remove(&shard->chores, chore);
	chores_remove(&shard->line, chore);
}

static bool run_chores(struct shard *shard)
{
	bool any = false;

	while (chores_run_first(&shard->chores, shard))
		any = true;
	return any;
}

/* --- the turn --------------------------------------------------------------------------- */

static void read_clocks(struct shard *shard)
{
	uint64_t now_us = clock_source.now_us();

	if (now_us > shard->now_us) /* never back: ids of logs rise with it */
		shard->now_us = now_us;
	shard->ticks_ms = clock_source.ticks_ms();
}

static bool end_turn(struct shard *shard)
{
	bool any = run_timers(shard);

	any |= run_posts(shard);
	any |= fanouts_serve(shard);
	any |= gate_submit(shard);
	any |= run_chores(shard);
	any |= gate_submit(shard); /* links that broke while they wrote */
	any |= send_outgoing(shard);
	sessions_bury(&shard->sessions);
	pressure_look(shard);
	return any;
}

bool shard_turn(struct shard *shard)
{
	bool any;

	self = shard;
	read_clocks(shard);
	any = end_turn(shard);
	self = NULL;
	return any;
}

void shard_act(struct shard *shard, void (*act)(struct shard *shard, void *context), void *context)
{
	self = shard;
	read_clocks(shard);
	act(shard, context);
	self = NULL;
}

uint64_t shard_next_due(const struct shard *shard)
{
	const struct timer *first = timers_first(&shard->timers);

	return first ? first->seat.due_ms : UINT64_MAX;
}

static void on_turn_start(struct ev_loop *loop, ev_check *check, int revents)
{
	(void)loop;
	(void)revents;
	read_clocks(check->data);
}

/* Arms the one libev timer for the first of ours. */
static void arm(struct shard *shard)
{
	const struct timer *first = timers_first(&shard->timers);
	double delay;

	ev_timer_stop(shard->loop, &shard->due);
	if (!first)
		return;
	delay = first->seat.due_ms > shard->ticks_ms ?
		(double)(first->seat.due_ms - shard->ticks_ms) / 1000 : 0;
	ev_timer_set(&shard->due, delay + 0.0005, 0);
	ev_timer_start(shard->loop, &shard->due);
}

static void on_turn_end(struct ev_loop *loop, ev_prepare *prepare, int revents)
{
	struct shard *shard = prepare->data;

	(void)revents;
	end_turn(shard);
	chores_run_first(&shard->line, shard);
	if (shard->local_first || shard->chores.first || shard->line.first || shard->fanouts.first)
		ev_idle_start(loop, &shard->more);
	else
		ev_idle_stop(loop, &shard->more);
	arm(shard);
	if (atomic_load(&shard->stopping))
		ev_break(loop, EVBREAK_ALL);
}

static void on_wake(struct ev_loop *loop, ev_async *wake_up, int revents)
{
	(void)loop;
	(void)wake_up;
	(void)revents;
}

static void on_due(struct ev_loop *loop, ev_timer *timer, int revents)
{
	(void)loop;
	(void)timer;
	(void)revents;
}

static void on_more(struct ev_loop *loop, ev_idle *idle, int revents)
{
	(void)loop;
	(void)idle;
	(void)revents;
}

/* --- life ---------------------------------------------------------------------------------- */

struct shard *shard_create(struct server *server, unsigned index, bool stepped)
{
	struct shard *shard = aligned_alloc(64, (sizeof *shard + 63) / 64 * 64);

	if (!shard)
		heap_exhausted();
	*shard = (struct shard){ .server = server, .index = index };
	shard->local_last = &shard->local_first;
	chores_init(&shard->chores);
	chores_init(&shard->line);
	shard->outgoing = heap_zalloc(server->shard_count * sizeof *shard->outgoing);
	shard->parsers = parser_pool_create(PARSERS_KEPT);
	shard->read_buffer = heap_alloc(SHARD_READ_BYTES);
	shard->scratch = heap_zalloc(sizeof *shard->scratch);
	gate_init(&shard->gate, shard);
	entities_init(&shard->entities, shard);
	sessions_init(&shard->sessions);
	fanouts_init(&shard->fanouts);
	read_clocks(shard);
	rounds_init(&shard->rounds, shard);
	if (stepped)
		return shard;

	shard->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	assert(shard->loop);
	ev_async_init(&shard->wake, on_wake);
	ev_prepare_init(&shard->turn_end, on_turn_end);
	ev_check_init(&shard->turn_start, on_turn_start);
	ev_timer_init(&shard->due, on_due, 0, 0);
	ev_idle_init(&shard->more, on_more);
	/* After all descriptors of the turn, before their callbacks: the clock. */
	ev_set_priority(&shard->turn_start, EV_MAXPRI);
	ev_set_priority(&shard->turn_end, EV_MINPRI);
	shard->turn_end.data = shard->turn_start.data = shard;
	ev_async_start(shard->loop, &shard->wake);
	ev_prepare_start(shard->loop, &shard->turn_end);
	ev_check_start(shard->loop, &shard->turn_start);
	return shard;
}

static void *run(void *context)
{
	struct shard *shard = context;
	sigset_t all;

	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	self = shard;
	ev_run(shard->loop, 0);
	self = NULL;
	return NULL;
}

int shard_start(struct shard *shard)
{
	int result = -pthread_create(&shard->thread, NULL, run, shard);

	shard->has_thread = result == 0;
	return result;
}

void shard_stop(struct shard *shard)
{
	atomic_store(&shard->stopping, true);
	wake(shard);
}

void shard_join(struct shard *shard)
{
	if (shard->has_thread)
		pthread_join(shard->thread, NULL);
}

bool shard_is_quiet(const struct shard *shard)
{
	return !atomic_load(&shard->mailbox) && !shard->local_first && !shard->fanouts.first &&
		!shard->gate.batch && shard->gate.opened + 1 == shard->gate.filling;
}

static bool turn_all(struct server *server, bool *ret_quiet)
{
	bool any = false;

	*ret_quiet = true;
	for (size_t i = 0; i < server->shard_count; i++)
		any |= shard_turn(server->shards[i]);
	for (size_t i = 0; i < server->shard_count; i++)
		*ret_quiet &= shard_is_quiet(server->shards[i]);
	return any;
}

void shards_settle(struct server *server, uint64_t most_ms)
{
	uint64_t until_ms = clock_source.ticks_ms() + most_ms;
	bool is_quiet;

	while ((turn_all(server, &is_quiet) || !is_quiet) && clock_source.ticks_ms() < until_ms) {
		if (!is_quiet) /* the committer is at work */
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

/* Posts that ended shards make for each other, until there are none. */
static void run_last_posts(struct server *server)
{
	bool any = true;

	while (any) {
		any = false;
		for (size_t i = 0; i < server->shard_count && server->shards[i]; i++) {
			self = server->shards[i];
			any |= run_posts(self);
			any |= send_outgoing(self);
		}
	}
}

static void end(struct shard *shard)
{
	self = shard; /* what ends now still posts as on its thread */
	sessions_finish(&shard->sessions);
	entities_finish(&shard->entities);
	asks_finish(&shard->asks);
	intents_finish(&shard->intents);
	idmap_finish(&shard->tickets);
	fanouts_cancel(shard);
}

void shards_end(struct server *server)
{
	struct shard *outer = self;

	for (size_t i = 0; i < server->shard_count && server->shards[i]; i++)
		server->shards[i]->is_ended = true;
	run_last_posts(server);
	for (size_t i = 0; i < server->shard_count && server->shards[i]; i++)
		end(server->shards[i]);
	run_last_posts(server);
	self = outer;
}

void shard_destroy(struct shard *shard)
{
	if (!shard)
		return;
	if (!shard->is_ended)
		shards_end(shard->server);
	rounds_finish(&shard->rounds);
	gate_finish(&shard->gate);
	timers_finish(&shard->timers);
	parser_pool_destroy(shard->parsers);
	if (shard->loop)
		ev_loop_destroy(shard->loop);
	buffer_finish(shard->scratch);
	free(shard->scratch);
	free(shard->read_buffer);
	free(shard->outgoing);
	free(shard);
}
