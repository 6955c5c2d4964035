/* namespaces.h - which prefix means which namespace where the parser stands
 * SPDX-License-Identifier: MIT
 *
 * The parser resolves prefixes itself: expat then need not build a joined name for
 * every tag, and elements share the namespace's bytes instead of each copying them. */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "buffer.h"

#define NAMESPACES_MAX 128 /* declarations in force at one place */

/* A name as it stands on the wire. */
struct qname {
	const char *prefix;
	size_t prefix_len; /* 0: none */
	const char *local;
	size_t local_len;
};

struct binding {
	const char *prefix; /* "": the default namespace */
	size_t prefix_len;
	const char *ns;
	size_t ns_len;
	const char *shared; /* the copy in the present stanza's arena, or NULL: none needed yet */
	unsigned depth;
	bool known; /* interned */
};

struct namespaces {
	struct binding bindings[NAMESPACES_MAX];
	unsigned count;
	unsigned of_header; /* the first ones, which outlive the stanzas */
};

enum namespaces_verdict {
	NAMESPACES_FINE,
	NAMESPACES_BAD,     /* against Namespaces in XML */
	NAMESPACES_TOO_MANY,
};

/* Splits; false when it is not a qualified name. */
bool qname_split(const char *name, struct qname *ret_name);

/* What an attribute of that name declares: a prefix, "" for xmlns, NULL when it is no
 * declaration. */
const char *namespaces_declared_prefix(const char *attribute);

/* Takes the declaration on at `depth`; its strings are copied to the arena as needed. */
enum namespaces_verdict namespaces_declare(struct namespaces *namespaces, struct arena *arena,
	unsigned depth, const char *prefix, const char *ns);

/* Forgets what was declared at `depth` and below. */
void namespaces_leave(struct namespaces *namespaces, unsigned depth);

/* What stands now belongs to the header / begins a stanza, whose arena is a new one. */
void namespaces_keep_header(struct namespaces *namespaces);
void namespaces_begin_stanza(struct namespaces *namespaces);

/* The namespace, living as long as `arena`; NULL when the prefix is unbound.  The
 * default namespace is never unbound, but may be "". */
const char *namespaces_find(struct namespaces *namespaces, struct arena *arena,
	const char *prefix, size_t prefix_len);

/* The header's declarations as attributes, sorted by prefix. */
void namespaces_write_header(struct namespaces *namespaces, struct buffer *out);

#endif
