/* actor.h - a simulated client, and what it knows
 * SPDX-License-Identifier: MIT
 *
 * Actors do what clients do and remember what they were told; what they were told is checked as
 * it comes against what was ever sent, and at quiet moments against the truth (history.c). */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdbool.h>

#include "mouth.h"
#include "world.h"

#define ACCOUNTS 4
#define RESOURCES 2
#define CONTACTS 3      /* of each roster, besides the other accounts */
#define ACTORS_EVER 512 /* of one history */
#define MESSAGES_MOST 512 /* of one actor to one account */
#define SENT_MOST 4096  /* stanzas of one actor */

/* What is known of a message. */
enum fate {
	FATE_SEEN = 1,     /* it came out at some session, or came back */
	FATE_EXCUSED = 2,  /* nobody promised anything, and its way has been cut */
	FATE_CUT = 8,      /* written to a link without acks that broke: as good as taken */
	FATE_PROMISED = 4, /* the server has acknowledged it to its sender */
};

struct sent {
	enum { SENT_OTHER, SENT_MESSAGE, SENT_AVAILABLE, SENT_UNAVAILABLE } kind;
	unsigned char to;      /* of a message */
	unsigned short number;
	signed char priority;  /* of a presence */
};

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
	unsigned char *messages_seen[ACTORS_EVER][ACCOUNTS]; /* fates, by number */
	unsigned actors_made;
	/* An archive was away: what others took over meanwhile it may give once more. */
	bool may_repeat;
};

struct actor {
	struct ledger *ledger;
	unsigned number, account, resource;
	struct stream *stream;
	bool is_bound, is_available;
	int priority;
	struct parser *parser;
	bool sees[ACCOUNTS][RESOURCES]; /* whose presence it has */
	unsigned last_message[ACTORS_EVER]; /* from each actor; of those that came at once */
	unsigned char had[ACTORS_EVER][MESSAGES_MOST / 8];

	/* XEP-0198: what a client counts; it outlives the stream. */
	bool has_acks, is_silent, is_enabled;
	char id[40];               /* "": cannot resume */
	uint32_t handled;
	unsigned told[CONTACTS];
	unsigned sent_count, acked_count;
	struct sent sent[SENT_MOST];
	unsigned lost_count;       /* messages that an older session of it was not told are safe */
	struct sent lost[SENT_MOST];

	bool wants_roster, has_roster;
	bool asked_by[ACCOUNTS]; /* subscription requests */
};

void actor_log_in(struct actor *actor, struct ledger *ledger, unsigned account, unsigned resource);
/* Before it logs in: with stream management; `is_silent`: it never acknowledges. */
void actor_log_in_with_acks(struct actor *actor, struct ledger *ledger, unsigned account,
	unsigned resource, bool is_silent);
/* What it has, unasked. */
void actor_acknowledge(struct actor *actor);
/* It will not come back: what was not acknowledged has no promise. */
void actor_let_go(struct actor *actor);
/* After its stream is gone; binds anew when the session is not there any more. */
void actor_come_back(struct actor *actor);

void actor_break(struct actor *actor);   /* no word */
void actor_cut(struct actor *actor);     /* nobody hears what it is told from now on */
void actor_forget(struct actor *actor);  /* its server is dead */

/* Each is false where the server does not read at the moment. */
bool actor_set_contact(struct actor *actor, unsigned contact);
bool actor_get_roster(struct actor *actor);
bool actor_become_available(struct actor *actor, int priority);
bool actor_become_unavailable(struct actor *actor);
void actor_hide(struct actor *actor, bool inactive); /* XEP-0352 */
bool actor_write(struct actor *actor, unsigned to_account);
bool actor_subscription(struct actor *actor, const char *type, unsigned to_account);

/* A broken promise: prints it with the seed and ends the history. */
_Noreturn void broken(const struct ledger *ledger, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
