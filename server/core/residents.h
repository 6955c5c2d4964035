/* residents.h - how much of an entity's records is kept in memory
 * SPDX-License-Identifier: MIT
 *
 * Resident records are read when the entity opens and stay with it, so their sum is bounded
 * (limits.resident_bytes), where they are written: what is on record can always be read. */
#ifndef RESIDENTS_H
#define RESIDENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "entity.h"

/* A record has been read at the opening. */
void residents_note(struct tern_entity *entity, size_t bytes);

/* May a record of so many bytes, with its key, be written?  If so it counts.  A smaller one in
 * the place of a larger may always. */
bool residents_take(struct tern_entity *entity, tern_store store, const void *key, size_t key_len,
	size_t value_len);

#endif
