/* history.c - what promises are kept whatever happens: seeded histories of a whole server
 *
 * Accounts log in and out, change rosters and subscriptions, send presence and messages, while
 * shards are slow, commits are late or refused, modules are unloaded and loaded, and the server is
 * killed between any two steps.
 * Afterwards: what was acknowledged stands, and nobody was told more than the disk knew. */
/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "actor.h"
#include "arena.h"
#include "jid.h"
#include "lodger.h"
#include "log.h"

struct history {
	struct world world;
	struct ledger ledger;
	struct actor actors[ACCOUNTS][RESOURCES];
	bool loses_messages; /* a crash since the last look: what was under way has no promise */
	unsigned crashes;
	enum { ACKS_NONE, ACKS_SOME, ACKS_ALL } acks; /* which clients manage their streams */
	bool stores_nothing;  /* the offline store is away, and was when so many had been sent: */
	unsigned sent_before[ACTORS_EVER][ACCOUNTS];
};

static uint64_t seed_now;
static unsigned step_now;

void broken(const struct ledger *ledger, const char *format, ...)
{
	va_list arguments;

	(void)ledger;
	printf("broken promise, seed %llu, step %u: ", (unsigned long long)seed_now, step_now);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n0 passed, 1 failed\n");
	exit(1);
}

static struct actor *any_actor(struct history *history)
{
	return &history->actors[dice_below(&history->world.dice, ACCOUNTS)]
		[dice_below(&history->world.dice, RESOURCES)];
}

/* --- accounts ------------------------------------------------------------------------------ */

static void note_created(void *context, int result)
{
	(void)result;
	++*(unsigned *)context;
}

static void create_accounts(struct history *history)
{
	struct server *server = &history->world.server;
	struct arena *arena = arena_create(1024);
	unsigned created = 0;

	for (unsigned i = 0; i < ACCOUNTS; i++) {
		account_create(server, server->hosts[0],
			jid_new(arena, arena_printf(arena, "a%u@" WORLD_DOMAIN, i)), "none",
			note_created, &created);
	}
	arena_destroy(arena);
	world_settle(&history->world);
	if (created != ACCOUNTS)
		broken(&history->ledger, "%u accounts instead of %u", created, ACCOUNTS);
}

/* --- modules that come and go ---------------------------------------------------------------- */

static const char *const guests[] = { "offline", "mam", "csi", "carbons", "ping", "disco" };

/* From here on nobody keeps what is missed; what was promised before stands. */
static void begin_gap(struct history *history)
{
	struct ledger *ledger = &history->ledger;

	history->stores_nothing = true;
	memcpy(history->sent_before, ledger->messages_sent, sizeof history->sent_before);
	for (unsigned s = 0; s < ledger->actors_made; s++) {
		for (unsigned a = 0; a < ACCOUNTS; a++) {
			for (unsigned n = 1; n <= ledger->messages_sent[s][a]; n++) {
				unsigned char *fate = &ledger->messages_seen[s][a][n];

				*fate |= *fate & FATE_PROMISED ? FATE_EXCUSED :
					FATE_EXCUSED | FATE_CUT;
			}
		}
	}
}

static void end_gap(struct history *history)
{
	struct ledger *ledger = &history->ledger;

	for (unsigned s = 0; history->stores_nothing && s < ledger->actors_made; s++) {
		for (unsigned a = 0; a < ACCOUNTS; a++) {
			for (unsigned n = history->sent_before[s][a] + 1;
			     n <= ledger->messages_sent[s][a]; n++)
				ledger->messages_seen[s][a][n] |= FATE_EXCUSED | FATE_CUT;
		}
	}
	history->stores_nothing = false;
}

static bool is_there(const struct history *history, const char *name)
{
	return world_has_module(&history->world, name);
}

static void turn_module(struct history *history, const char *name)
{
	bool leaves = is_there(history, name);

	if (strcmp(name, "mam") == 0 && !history->world.has_archive)
		return;
	if (strcmp(name, "offline") == 0 && leaves)
		begin_gap(history);
	if (strcmp(name, "mam") == 0 && leaves)
		history->ledger.may_repeat = true;
	if (world_turn_module(&history->world, name) && strcmp(name, "offline") == 0 && !leaves)
		end_gap(history);
}

static void turn_any_module(struct history *history)
{
	turn_module(history, guests[dice_below(&history->world.dice,
		sizeof guests / sizeof *guests)]);
}

/* As they were at the start, though in another order. */
static void bring_all_back(struct history *history)
{
	for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
		if (!is_there(history, guests[i]))
			turn_module(history, guests[i]);
	}
}

/* --- quiet moments: everybody's view against the truth ------------------------------------------- */

static void log_in(struct history *history, struct actor *actor)
{
	unsigned place = (unsigned)(actor - &history->actors[0][0]);
	struct dice *dice = &history->world.dice;

	actor_let_go(actor);
	if (history->acks == ACKS_ALL || (history->acks == ACKS_SOME && !dice_one_in(dice, 3)))
		actor_log_in_with_acks(actor, &history->ledger, place / RESOURCES, place % RESOURCES,
			dice_one_in(dice, 6));
	else
		actor_log_in(actor, &history->ledger, place / RESOURCES, place % RESOURCES);
}

/* All whose streams broke: their sessions may wait for them. */
static void come_back(struct history *history)
{
	for (unsigned a = 0; a < ACCOUNTS; a++) {
		for (unsigned r = 0; r < RESOURCES; r++) {
			struct actor *actor = &history->actors[a][r];

			actor->is_silent = false;
			if (actor->is_bound)
				actor_hide(actor, false);
			if (!actor->stream && *actor->id)
				actor_come_back(actor);
			else
				actor_acknowledge(actor);
		}
	}
	world_settle(&history->world);
}

/* What an account had no room for is said again after a while (intents.h). */
#define SAID_AGAIN_MS 31000

static void open_all(struct history *history)
{
	come_back(history);
	world_pass_time(&history->world, SAID_AGAIN_MS);
	world_settle(&history->world);
	for (unsigned a = 0; a < ACCOUNTS; a++) {
		struct actor *actor = &history->actors[a][0];

		if (!actor->stream)
			log_in(history, actor);
		actor->is_silent = false; /* it would hear of no more than a page */
	}
	world_settle(&history->world);
	for (unsigned a = 0; a < ACCOUNTS; a++) {
		actor_get_roster(&history->actors[a][0]);
		actor_become_available(&history->actors[a][0], 1);
	}
	world_settle(&history->world);
}

static void check_subscriptions(struct history *history)
{
	struct ledger *ledger = &history->ledger;

	for (unsigned x = 0; x < ACCOUNTS; x++) {
		for (unsigned y = 0; y < ACCOUNTS; y++) {
			if (x != y && ledger->is_to[x][y] != ledger->is_from[y][x])
				broken(ledger, "a%u %s a%u's presence, but a%u thinks otherwise", x,
					ledger->is_to[x][y] ? "gets" : "does not get", y, y);
		}
	}
}

static void check_view(struct history *history, struct actor *actor)
{
	for (unsigned y = 0; y < ACCOUNTS; y++) {
		for (unsigned r = 0; r < RESOURCES; r++) {
			bool may_see = y == actor->account ||
				history->ledger.is_to[actor->account][y];
			bool is_there = history->actors[y][r].is_available;

			if (&history->actors[y][r] != actor && actor->sees[y][r] != (may_see && is_there))
				broken(&history->ledger, "a%u/r%u sees a%u/r%u %s", actor->account,
					actor->resource, y, r, actor->sees[y][r] ? "there" : "away");
		}
	}
}

static void check_messages(struct history *history)
{
	struct ledger *ledger = &history->ledger;

	for (unsigned s = 0; s < ledger->actors_made; s++) {
		for (unsigned a = 0; a < ACCOUNTS; a++) {
			for (unsigned n = 1; n <= ledger->messages_sent[s][a]; n++) {
				unsigned char *fate = &ledger->messages_seen[s][a][n];

				/* A full archive refuses, to a session that may have gone. */
				if (history->loses_messages || history->world.has_archive)
					*fate |= FATE_EXCUSED;
				if (!(*fate & (FATE_SEEN | FATE_CUT)) && (*fate & FATE_PROMISED))
					broken(ledger, "message %u of actor %u was acknowledged and never "
						"reached a%u", n, s, a);
				if (!(*fate & (FATE_SEEN | FATE_EXCUSED)))
					broken(ledger, "message %u of actor %u never reached a%u", n, s, a);
				*fate |= FATE_SEEN;
			}
		}
	}
	history->loses_messages = false;
}

static void look_around(struct history *history)
{
	world_settle(&history->world);
	bring_all_back(history);
	open_all(history);
	check_subscriptions(history);
	for (unsigned a = 0; a < ACCOUNTS; a++) {
		for (unsigned r = 0; r < RESOURCES; r++) {
			struct actor *actor = &history->actors[a][r];

			if (actor->is_available)
				check_view(history, actor);
		}
	}
	check_messages(history);
}

/* --- the acts -------------------------------------------------------------------------------------- */

static void forget_all(struct history *history)
{
	for (unsigned a = 0; a < ACCOUNTS; a++) {
		for (unsigned r = 0; r < RESOURCES; r++) {
			if (history->actors[a][r].stream)
				actor_forget(&history->actors[a][r]);
		}
	}
}

static void cut_all(struct history *history)
{
	for (unsigned a = 0; a < ACCOUNTS; a++) {
		for (unsigned r = 0; r < RESOURCES; r++) {
			if (history->actors[a][r].stream)
				actor_cut(&history->actors[a][r]);
		}
	}
}

static void crash(struct history *history)
{
	history->loses_messages = true;
	history->crashes++;
	forget_all(history);
	world_crash(&history->world);
	end_gap(history);
}

/* Nothing of clients with acks is lost; what others were told may not have reached them. */
static void restart(struct history *history)
{
	cut_all(history);
	if (history->stores_nothing) /* what the store has given is in a queue, and in the store */
		history->ledger.may_repeat = true;
	world_restart(&history->world);
	forget_all(history);
	end_gap(history);
}

static void some_steps(struct history *history, unsigned most)
{
	for (unsigned i = dice_below(&history->world.dice, most); i > 0; i--)
		world_step(&history->world);
}

static void fail_disk(struct history *history)
{
	world_fail_disk(&history->world);
	some_steps(history, 60);
	crash(history);
}

/* One change between two accounts that are at peace, so that its end is known; the crash may
 * come anywhere in it. */
static void change_subscription(struct history *history)
{
	static const char *const types[] = { "subscribe", "subscribed", "unsubscribe", "unsubscribed" };
	struct dice *dice = &history->world.dice;
	struct actor *actor = any_actor(history);
	unsigned to = dice_below(dice, ACCOUNTS);

	if (!actor->is_bound || to == actor->account)
		return;
	world_settle(&history->world);
	if (!actor->is_bound)
		return;
	actor_subscription(actor, types[dice_below(dice, 4)], to);
	some_steps(history, 40);
	if (dice_one_in(dice, 4))
		crash(history);
	world_settle(&history->world);
}

static void answer_requests(struct history *history)
{
	struct actor *actor = any_actor(history);

	for (unsigned a = 0; a < ACCOUNTS; a++) {
		if (!actor->is_bound || !actor->asked_by[a])
			continue;
		world_settle(&history->world);
		if (!actor->is_bound)
			return;
		actor->asked_by[a] = false;
		actor_subscription(actor, dice_one_in(&history->world.dice, 5) ?
			"unsubscribed" : "subscribed", a);
		some_steps(history, 40);
		world_settle(&history->world);
	}
}

static void act(struct history *history)
{
	struct dice *dice = &history->world.dice;
	struct actor *actor = any_actor(history);

	if (!actor->stream && *actor->id && !dice_one_in(dice, 4)) {
		actor_come_back(actor);
		return;
	}
	if (!actor->stream) {
		if (history->ledger.actors_made < ACTORS_EVER - 2 * ACCOUNTS)
			log_in(history, actor);
		return;
	}
	if (!actor->is_bound)
		return;
	switch (dice_below(dice, 16)) {
	case 0:
		actor_break(actor);
		break;
	case 1:
		if (actor->is_available)
			actor_become_unavailable(actor);
		break;
	case 2: case 3:
		actor_become_available(actor, (int)dice_below(dice, 5) - 1);
		break;
	case 4: case 5: case 6:
		actor_set_contact(actor, dice_below(dice, CONTACTS));
		break;
	case 7:
		if (dice_one_in(dice, 2))
			actor_get_roster(actor);
		else
			actor_hide(actor, dice_one_in(dice, 2));
		break;
	default:
		actor_write(actor, dice_below(dice, ACCOUNTS));
		break;
	}
}

/* The disk takes nothing but deletions for a while, in which sessions break, end, run out of time
 * and are restarted: what was acknowledged before stands.  What is refused meanwhile has no
 * promise. */
static void run_out_of_space(struct history *history)
{
	struct dice *dice = &history->world.dice;

	world_fill_disk(&history->world, true);
	for (unsigned i = dice_below(dice, 40); i > 0; i--) {
		switch (dice_below(dice, 12)) {
		case 0:
			world_pass_time(&history->world, dice_below(dice, 400000));
			break;
		case 1:
			restart(history);
			break;
		default:
			act(history);
		}
		some_steps(history, 12);
	}
	world_settle(&history->world);
	world_fill_disk(&history->world, false);
	history->loses_messages = true;
}

/* Nobody's view of others is true without it: all begin anew afterwards. */
static void miss_roster(struct history *history)
{
	struct world *world = &history->world;

	if (!world_turn_module(world, "roster"))
		return;
	for (unsigned i = dice_below(&world->dice, 20); i > 0; i--) {
		act(history);
		some_steps(history, 12);
	}
	world_turn_module(world, "roster");
	for (unsigned i = dice_below(&world->dice, 10); i > 0; i--) {
		act(history);
		some_steps(history, 12);
	}
	crash(history);
}

static void something_happens(struct history *history)
{
	struct dice *dice = &history->world.dice;

	switch (dice_below(dice, 60)) {
	case 0:
		crash(history);
		break;
	case 1:
		restart(history);
		break;
	case 2:
		if (dice_one_in(dice, 3))
			fail_disk(history);
		else
			world_refuse_commit(&history->world);
		break;
	case 3:
		look_around(history);
		break;
	case 4: case 5:
		change_subscription(history);
		break;
	case 6: case 7:
		answer_requests(history);
		break;
	case 8:
		world_pass_time(&history->world, dice_below(dice, 40000));
		break;
	case 9:
		if (dice_one_in(dice, 2))
			run_out_of_space(history);
		break;
	case 10: case 11: case 12:
		turn_any_module(history);
		break;
	case 13:
		if (dice_one_in(dice, 4))
			miss_roster(history);
		break;
	default:
		act(history);
		some_steps(history, 12);
		break;
	}
}

static unsigned play(uint64_t seed, unsigned steps, const char *modules_path)
{
	static struct history history;
	unsigned crashes;

	seed_now = seed;
	step_now = 0;
	history = (struct history){ .ledger.world = &history.world };
	world_create(&history.world, seed, modules_path);
	history.acks = dice_below(&history.world.dice, 3);
	create_accounts(&history);
	for (step_now = 1; step_now <= steps; step_now++)
		something_happens(&history);
	look_around(&history);
	crash(&history);
	look_around(&history);
	crashes = history.crashes;
	forget_all(&history);
	world_destroy(&history.world);
	for (unsigned i = 0; i < history.ledger.actors_made; i++) {
		for (unsigned a = 0; a < ACCOUNTS; a++)
			free(history.ledger.messages_seen[i][a]);
	}
	return crashes;
}

/* --- an account that comes and goes ---------------------------------------------------------- */

static void check_lodger(struct history *history, const char *why)
{
	if (why)
		broken(&history->ledger, "%s", why);
}

/* The crash may come anywhere in the account's end. */
static void lodge(struct history *history, struct lodger *lodger)
{
	struct world *world = &history->world;
	bool is_killed = dice_one_in(&world->dice, 2);

	check_lodger(history, lodger_moves_in(lodger, world));
	if (!lodger->exists)
		return;
	lodger_gives_notice(lodger, world);
	some_steps(history, 40);
	if (is_killed) {
		lodger_hears_no_more(lodger);
		crash(history);
	}
	lodger_settles(world);
	check_lodger(history, lodger_moves_out(lodger, world));
}

static void disturb(struct history *history)
{
	switch (dice_below(&history->world.dice, 4)) {
	case 0:
		world_refuse_commit(&history->world);
		break;
	case 1:
		world_restart(&history->world);
		break;
	case 2:
		world_pass_time(&history->world, dice_below(&history->world.dice, 40000));
		break;
	default:
		break;
	}
}

static unsigned play_lodger(uint64_t seed, const char *modules_path)
{
	static struct history history;
	struct lodger lodger = { 0 };

	seed_now = seed;
	history = (struct history){ .ledger.world = &history.world };
	world_create(&history.world, seed, modules_path);
	for (step_now = 1; step_now <= 20; step_now++) {
		lodge(&history, &lodger);
		disturb(&history);
	}
	world_destroy(&history.world);
	return history.crashes;
}

int main(int argc, char **argv)
{
	const char *modules_path = NULL;
	uint64_t seed = 1;
	unsigned histories = 100, steps = 400, crashes = 0;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--modules") == 0)
			modules_path = argv[i + 1];
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--histories") == 0)
			histories = (unsigned)atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--steps") == 0)
			steps = (unsigned)atoi(argv[i + 1]);
	}
	if (!modules_path) {
		fprintf(stderr, "usage: history --modules FOLDER [--seed N] [--histories N] [--steps N]\n");
		return 2;
	}
	log_setup(LOG_LEVEL_ERROR, false, 2);
	for (unsigned i = 0; i < histories; i++)
		crashes += play(seed + i, steps, modules_path) +
			play_lodger(seed + i, modules_path);
	printf("%u histories from seed %llu, %u crashes\n%u passed, 0 failed\n", histories,
		(unsigned long long)seed, crashes, histories);
	return 0;
}
