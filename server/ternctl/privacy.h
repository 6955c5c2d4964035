/* privacy.h - the part of privacy lists (XEP-0016) that is a block list (XEP-0191)
 * SPDX-License-Identifier: MIT */
#ifndef PRIVACY_H
#define PRIVACY_H

struct arena;
struct element;

#define NS_PRIVACY "jabber:iq:privacy"

/* A <blocklist/>, in the arena, of whom the default list of the <query/> denies everything, as far as
 * nothing before it allows them; NULL where there is nobody.  `note` is told of each list and item that
 * goes beyond that, and how. */
struct element *privacy_blocklist(struct arena *arena, const struct element *query,
	void (*note)(void *context, const struct element *element, const char *what), void *context);

#endif
