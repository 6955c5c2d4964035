/* pack.h - what a module wants to send, as a parcel
 * SPDX-License-Identifier: MIT */
#ifndef PACK_H
#define PACK_H

struct element;
struct parcel;
struct tern_entity;

/* A copy of the stanza in an arena of its own; `from` as it is set, or the entity's. NULL when it
 * is not a stanza: the module's fault, which has been logged. */
struct parcel *pack_stanza(struct tern_entity *entity, const struct element *stanza);

/* The same, and NULL also when it has no `to`. */
struct parcel *pack_addressed(struct tern_entity *entity, const struct element *stanza);

#endif
