/* stanzas.h - elements understood as stanzas, and the stanzas that answer them
 * SPDX-License-Identifier: MIT */
#ifndef STANZAS_H
#define STANZAS_H

#include <stdbool.h>

#include "stanza.h"

struct arena;
struct element;
struct jid;

/* Interns the names that stanzas_read compares; once, before shards run. */
void stanzas_prepare(void);

/* Whether the element is a message, presence or iq in the client's namespace; fills kind. */
bool stanza_is_one(const struct element *element, enum tern_kind *ret_kind);

/* Fills the rest (addresses of the arena, `from` as the element has it or NULL): NO_CONDITION,
 * or what is wrong with it by RFC 6120 8.1 to 8.3: jid-malformed, bad-request. Then `type` and
 * `id` are filled as far as they were understood, so that it can be answered. */
enum tern_condition stanza_read(struct arena *arena, struct element *element,
	enum tern_kind kind, struct tern_stanza *ret_stanza);

/* Both of them, of an element that is none of a peer's: false where there is anything wrong with it,
 * and where it is NULL. */
bool stanza_of(struct arena *arena, struct element *element, struct tern_stanza *ret_stanza);

/* An error may be answered with: RFC 6120 8.3.1: never an error or a result. */
bool stanza_may_be_refused(const struct tern_stanza *stanza);

/* The result that answers an iq; payload of the same arena, or NULL. */
struct element *stanza_result(struct arena *arena, const struct tern_stanza *iq,
	struct element *payload);

/* The error that answers a stanza (RFC 6120 8.3.2). */
struct refusal {
	enum tern_condition condition;
	const char *type;             /* NULL: the one that RFC 6120 gives the condition */
	const char *text;             /* or NULL */
	struct element *application;  /* of the arena, or NULL */
};
struct element *stanza_error(struct arena *arena, const struct tern_stanza *stanza,
	const struct refusal *refusal);

#endif
