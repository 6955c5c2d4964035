/* resident.h - what of an entity is read when it opens, and how much that may be
 * SPDX-License-Identifier: MIT
 *
 * The sum is bounded where it is written, so that what was accepted can be read again. */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <stdbool.h>
#include <stddef.h>

struct tern_entity;

/* Gives every record of the host's resident stores to its module. 0, -EFBIG, or -errno. */
int resident_read(struct tern_entity *entity);

/* Before a write to a resident store; false when there is no room for it. */
bool resident_has_room(struct tern_entity *entity, size_t bytes);

#endif
