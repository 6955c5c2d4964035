/* lodger.h - an account that is made and deleted again and again, whatever it does meanwhile
 * SPDX-License-Identifier: MIT */
#ifndef LODGER_H
#define LODGER_H

#include <stdbool.h>

#include "world.h"

/* Zeroed: there is no account yet. */
struct lodger {
	struct stream *streams[2];
	bool is_bound[2];
	bool exists;      /* the account, as far as anybody was told */
	bool may_have_contact, has_contact; /* in its roster: it has asked for one, and was told */
	bool sees_contact;
	int result;       /* of the last order; 1: not told yet */
	bool was_killed;
};

/* Moves in (a new account, or the one of last time), logs in twice and looks at its roster. What is
 * wrong, or NULL; where the disk is full it does not exist afterwards. */
const char *lodger_moves_in(struct lodger *lodger, struct world *world);

/* Gets a contact, and asks for the deletion of its account, its sessions open. */
void lodger_gives_notice(struct lodger *lodger, struct world *world);

/* Until nothing is under way, though a commit was refused at first. */
void lodger_settles(struct world *world);

/* The process is about to be killed. */
void lodger_hears_no_more(struct lodger *lodger);

/* When all is quiet, whether the process was killed meanwhile or not. What is wrong, or NULL. */
const char *lodger_moves_out(struct lodger *lodger, struct world *world);

#endif
