/* reroute.h - what a session was told and never acknowledged, on its way again
 * SPDX-License-Identifier: MIT
 *
 * XEP-0198 4: when a session ends, a stanza that its peer has not acknowledged is dealt with as if
 * it had come when the resource was gone already (RFC 6121 8.5.3.2): a message that no other
 * device has taken goes to the others, or is missed; an iq is refused; presence is forgotten. */
#ifndef REROUTE_H
#define REROUTE_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct element;
struct handover;
struct tern_entity;

/* A stanza as it was written at that time, with its share, or NULL. In a later turn of the home
 * shard. */
struct rerouted {
	const char *bytes;
	size_t len;
	uint64_t since_us;
	struct handover *take_handover;
};
void reroute(struct tern_entity *entity, const struct rerouted *stanza);

/* The message within a copy that a device got of it (tern_deliver_copy), of the arena; the stanza
 * itself where it is no copy. */
struct element *reroute_unwrap(const struct tern_entity *entity, struct arena *arena,
	struct element *stanza);

#endif
