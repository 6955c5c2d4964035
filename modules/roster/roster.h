/* roster.h - the contacts of one account, in memory and on disk
 * SPDX-License-Identifier: MIT
 *
 * Each account has one roster, read when the account opens.  Whoever changes it makes a new
 * item and hands it to roster_store, which writes first and changes memory after: a refused
 * write leaves everything as it was.
 *
 * Versions (RFC 6121 2.6) count the changes that clients can see, and begin with the clock, so
 * that an account made anew does not repeat those of its predecessor.  Every item carries the
 * version of its last change, so the difference to an older version is the items that are newer.
 * Of removed items the latest ROSTER_STUMPS are remembered; `floor` is the oldest version from
 * which the difference is known. */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "item.h"
#include "module.h"

#define NS_ROSTER "jabber:iq:roster"

#define ROSTER_STUMPS 32

/* A subscription request that the user has not answered (3.1.3), as it came. */
struct request {
	struct request *next;
	uint32_t number; /* of its item */
	uint32_t len;
	char xml[];
};

/* Zeroed memory is an empty roster. */
struct roster {
	struct item **items;  /* by JID */
	struct request *requests; /* oldest first */
	uint32_t count, capacity;
	uint32_t listed;      /* items that clients see */
	uint32_t version, floor;
};

/* Of a host. */
struct roster_settings {
	long items;    /* listed items, at most */
	long requests; /* unanswered requests kept, at most */
};

/* What the loader fills in. */
extern tern_store roster_items, roster_requests;
extern tern_state roster_state, roster_interest;

struct roster *roster_of(struct tern_entity *entity);
void roster_finish(void *roster);

/* Readers of the two resident stores. */
int roster_read_item(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len);
int roster_read_request(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len);

/* NULL for strangers. Borrowed until the roster changes. */
struct item *roster_find(const struct roster *roster, const struct jid *jid);

/* The contact's state; 0 for strangers. */
unsigned roster_subscription(const struct roster *roster, const struct jid *jid);

/* Writes the item and puts it in the place of what was there under its JID; gives it its
 * number, and with `seen` the roster's next version.  One that says nothing any more (neither
 * listed nor seen nor pending) is deleted.  0 or as tern_put. */
int roster_store(struct tern_entity *entity, struct item *take_item, bool seen);

/* Keeps the request of that item / forgets it. 0 or as tern_put. */
int roster_keep_request(struct tern_entity *entity, uint32_t number, const char *xml, size_t len);
void roster_drop_request(struct tern_entity *entity, uint32_t number);
size_t roster_count_requests(const struct roster *roster);

/* The item of a request, or NULL. */
const struct item *roster_item(const struct roster *roster, uint32_t number);

/* Items that clients have to be told behind that version, in order of their changes, in the
 * arena; false where the difference is not known. */
bool roster_changes(const struct roster *roster, uint32_t since, struct arena *arena,
	const struct item *const **ret_items, size_t *ret_count);

#endif
