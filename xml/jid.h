/* jid.h - addresses by RFC 7622
 * SPDX-License-Identifier: MIT
 *
 * A JID is parsed and normalised once, where it enters: the local part by PRECIS
 * UsernameCaseMapped (plus the characters that RFC 7622 3.3.1 excludes), the domain
 * by IDNA2008 or as an IP literal, the resource by PRECIS OpaqueString; each part at
 * most 1,023 bytes.  Afterwards it is constant, and equal addresses have equal bytes. */
#ifndef JID_H
#define JID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

struct jid;

#define JID_PART_MAX 1023
#define JID_TEXT_MAX (3 * JID_PART_MAX + 2)

/* NULL when the text is not an address.  Pure ASCII takes a path of its own. */
const struct jid *jid_parse(struct arena *arena, const char *text, size_t len);
const struct jid *jid_new(struct arena *arena, const char *text); /* jid_parse of a C string */

/* From parts, each normalised; `local` and `resource` may be NULL. */
const struct jid *jid_join(struct arena *arena, const char *local, const char *domain,
	const char *resource);

/* The same address without its resource / with that resource.  jid_bare gives the
 * jid itself when it is bare; jid_full gives NULL when the resource is not one. */
const struct jid *jid_bare(struct arena *arena, const struct jid *jid);
const struct jid *jid_full(struct arena *arena, const struct jid *bare, const char *resource);

/* Copies: into an arena, or on the heap for what outlives arenas. */
const struct jid *jid_copy(struct arena *arena, const struct jid *jid);
struct jid *jid_create(const struct jid *jid);
struct jid *jid_create_bare(const struct jid *jid);
void jid_destroy(struct jid *jid); /* of jid_create; takes NULL */

/* Texts, NUL-terminated, as long-lived as the jid.  jid_local and jid_resource are
 * NULL when the address has no such part. */
const char *jid_text(const struct jid *jid);
const char *jid_bare_text(const struct jid *jid);
const char *jid_local(const struct jid *jid);
const char *jid_domain(const struct jid *jid);
const char *jid_resource(const struct jid *jid);
size_t jid_len(const struct jid *jid);      /* bytes of jid_text */
size_t jid_bare_len(const struct jid *jid); /* bytes of jid_bare_text */

bool jid_equal(const struct jid *a, const struct jid *b);
bool jid_bare_equal(const struct jid *a, const struct jid *b); /* resources aside */
bool jid_is_bare(const struct jid *jid);
bool jid_is_domain(const struct jid *jid); /* a bare domain, no local part, no resource */

/* Of the bare address: the same on every machine and in every run. */
uint32_t jid_hash(const struct jid *jid);

/* The parts alone, as SASL names and resources need them: normalised into the
 * arena, NULL when not allowed or longer than JID_PART_MAX. */
const char *jid_prepare_local(struct arena *arena, const char *text, size_t len);
const char *jid_prepare_domain(struct arena *arena, const char *text, size_t len);
const char *jid_prepare_resource(struct arena *arena, const char *text, size_t len);

#endif
