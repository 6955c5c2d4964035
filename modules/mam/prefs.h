/* prefs.h - with whom a user wants messages kept (XEP-0441 0.2)
 * SPDX-License-Identifier: MIT */
#ifndef PREFS_H
#define PREFS_H

#include <stdbool.h>
#include <stddef.h>

#include "stanza.h"

struct arena;
struct buffer;
struct jid;

#define PREFS_DEFAULTS(X) X(ALWAYS, "always") X(NEVER, "never") X(ROSTER, "roster")
enum prefs_default {
#define X(name, text) PREFS_##name,
	PREFS_DEFAULTS(X)
#undef X
};

const char *prefs_default_name(enum prefs_default fallback);
bool prefs_default_read(const char *text, enum prefs_default *ret_fallback); /* text may be NULL */

struct prefs_rule {
	struct jid *jid;
	bool is_never;
};

struct prefs {
	enum prefs_default fallback;
	size_t count;
	struct prefs_rule *rules;
};

void prefs_destroy(struct prefs *prefs); /* takes NULL */

/* <prefs/>; lists longer than `most` together are not acceptable. */
enum tern_condition prefs_read(const struct element *xml, size_t most, struct prefs **ret_prefs);
struct element *prefs_xml(struct arena *arena, const struct prefs *prefs);

/* As a record; what is damaged in one is left out. */
void prefs_pack(struct buffer *out, const struct prefs *prefs);
struct prefs *prefs_unpack(const char *bytes, size_t len);

enum prefs_judgement { PREFS_KEEP, PREFS_SKIP, PREFS_ASK_ROSTER };

/* 2.3: `peer` as sender or addressee; `prefs` may be NULL.  Where both lists name it, nothing
 * is kept. */
enum prefs_judgement prefs_judge(const struct prefs *prefs, enum prefs_default fallback,
	const struct jid *peer);

#endif
