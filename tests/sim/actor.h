/* actor.h - a simulated client, and what it knows
 * SPDX-License-Identifier: MIT
 *
 * Actors do what clients do and remember what they were told; what they were told is checked as
 * it comes against what was ever sent, and at quiet moments against the truth (history.c). */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "mouth.h"
#include "world.h"

#define ACCOUNTS 4
#define RESOURCES 2
#define CONTACTS 3      /* of each roster, besides the other accounts */
#define ACTORS_EVER 512 /* of one history */

/* What is true of the clients' side; one a history. */
struct ledger {
	struct world *world;
	/* Versions (the item's name) of each account's contact: the last one sent, and the last one
	 * that the server has told anybody. */
	unsigned sent[ACCOUNTS][CONTACTS], told[ACCOUNTS][CONTACTS];
	/* x has asked for y's presence and y has said yes, as x's roster said last. */
	bool is_to[ACCOUNTS][ACCOUNTS], is_from[ACCOUNTS][ACCOUNTS];
	/* Messages from each actor to each account, and how many came out at some session. */
	unsigned messages_sent[ACTORS_EVER][ACCOUNTS];
	unsigned char *messages_seen[ACTORS_EVER][ACCOUNTS]; /* by number */
	unsigned actors_made;
};

struct actor {
	struct ledger *ledger;
	unsigned number, account, resource;
	struct stream *stream;
	bool is_bound, is_available;
	int priority;
	struct parser *parser;
	bool sees[ACCOUNTS][RESOURCES]; /* whose presence it has */
	unsigned last_message[ACTORS_EVER]; /* from each actor */
	bool wants_roster, has_roster;
	bool asked_by[ACCOUNTS]; /* subscription requests */
};

void actor_log_in(struct actor *actor, struct ledger *ledger, unsigned account, unsigned resource);
void actor_break(struct actor *actor);   /* no word */
void actor_forget(struct actor *actor);  /* its server is dead */

/* Each is false where the server does not read at the moment. */
bool actor_set_contact(struct actor *actor, unsigned contact);
bool actor_get_roster(struct actor *actor);
bool actor_become_available(struct actor *actor, int priority);
bool actor_become_unavailable(struct actor *actor);
bool actor_write(struct actor *actor, unsigned to_account);
bool actor_subscription(struct actor *actor, const char *type, unsigned to_account);

/* A broken promise: prints it with the seed and ends the history. */
_Noreturn void broken(const struct ledger *ledger, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
