/* newcomer.h - an account that comes from a file
 * SPDX-License-Identifier: MIT
 *
 * It is made as soon as something of it cannot wait, or when all of it has been read, for credentials
 * may come last; and then gets, part by part, what the server's modules take over.  What nobody takes
 * over is said with file and line. */
#ifndef NEWCOMER_H
#define NEWCOMER_H

#include <stdbool.h>
#include <stddef.h>

#include "document.h"

struct arena;
struct element;
struct newcomer;

/* Where an element of a part stands. */
struct line {
	struct line *next;
	const struct element *element;
	unsigned long number;
};

/* One child of a <user/>, in an arena. */
struct part {
	struct part *next;
	struct element *element;
	struct place place;
	struct line *lines; /* of its children and theirs, the last one first */
	size_t bytes;       /* about as many as it has in memory */
};

/* At the start tag, with its attributes (document.h); the rest is borrowed until it is destroyed. */
struct newcomer *newcomer_create(const char *socket, struct document *document, const char *host,
	const char *const *attributes);
void newcomer_destroy(struct newcomer *newcomer); /* takes NULL */

struct arena *newcomer_arena(struct newcomer *newcomer); /* ends with it */

/* One more of its parts, of its arena, to be given when it is settled. */
void newcomer_add(struct newcomer *newcomer, struct part *part);

/* Makes the account, unless that was tried before: whether it is there. */
bool newcomer_is_made(struct newcomer *newcomer);

/* Gives a part to the account that has been made, at once. */
void newcomer_give(struct newcomer *newcomer, const struct part *part);

/* Says of a part, or an element of it, why it is not taken over. */
void newcomer_refuse(struct newcomer *newcomer, const struct part *part,
	const struct element *element, const char *why);

/* At the end tag: makes it and gives it what it has not got yet.  Whether it is there. */
bool newcomer_settle(struct newcomer *newcomer);

/* Its file ends before it does: says so, and makes nothing.  Whether it is there. */
bool newcomer_cut(struct newcomer *newcomer);

/* Whether it has credentials of one mechanism alone. */
bool newcomer_is_limited(const struct newcomer *newcomer);

#endif
