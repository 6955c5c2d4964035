/* rsm.h - pages of a result set (XEP-0059 1.0): what was asked for, what was given
 * SPDX-License-Identifier: MIT */
#ifndef RSM_H
#define RSM_H

#include <stdbool.h>
#include <stddef.h>

#include "stanza.h"

#define NS_RSM "http://jabber.org/protocol/rsm"

struct element;

struct rsm_request {
	bool has_max;
	size_t max;          /* items at most; 0 asks for the count alone */
	const char *after;   /* an item's id, or NULL; borrowed from the request */
	const char *before;
	bool backwards;      /* the page that ends before `before`, or the last one */
};

/* Reads the <set/> among the children; without one it all stays empty.  An index is not
 * understood (2.6), nor `before` and `after` at once. */
enum tern_condition rsm_read(const struct element *parent, struct rsm_request *ret_request);

struct rsm_page {
	const char *first, *last; /* NULL: the page is empty */
	long index;               /* of the first item; -1: not known */
	long count;               /* of the whole set; -1: not known */
};

/* Adds the <set/> that describes the page. */
void rsm_add(struct element *parent, const struct rsm_page *page);

#endif
