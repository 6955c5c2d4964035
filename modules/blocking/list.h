/* list.h - the addresses that an account wants to hear nothing of, in memory and on disk
 * SPDX-License-Identifier: MIT */
#ifndef BLOCKING_LIST_H
#define BLOCKING_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module.h"

struct entry { uint32_t number; char jid[]; }; /* the number is its record's key */

/* In order of the addresses' bytes. Zeroed memory is an empty list. */
struct blocklist {
	struct entry **entries;
	uint32_t count, capacity;
};

extern tern_store blocklist_store;
extern tern_state blocklist_state;

struct blocklist *blocklist_of(struct tern_entity *entity);
void blocklist_finish(void *list);

/* Reader of the resident store. */
int blocklist_read(struct tern_entity *entity, const void *key, size_t key_len,
	const void *value, size_t value_len);

/* Whether that very address is an item. */
bool blocklist_has(const struct blocklist *list, const char *jid);

/* Whether an item forbids the address (XEP-0191 5): that very one (also a domain's resource), its
 * bare one, or its domain. Items only forbid, so their order decides nothing. */
bool blocklist_forbids(const struct blocklist *list, const struct jid *jid);

/* Write first, and change memory after; what is there, or gone, already is no change. 0, or as
 * tern_put. */
int blocklist_add(struct tern_entity *entity, const struct jid *jid);
int blocklist_remove(struct tern_entity *entity, const struct jid *jid);

#endif
