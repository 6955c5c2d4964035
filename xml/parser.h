/* parser.h - bytes of a stream to element trees
 * SPDX-License-Identifier: MIT
 *
 * A parser reads one XML stream: the header (the start tag of the root), then its
 * children, each a whole tree in an arena of its own, then the end tag.  It accepts
 * what RFC 6120 11.1 leaves of XML: no document type, processing instruction,
 * comment or undefined entity; UTF-8 only; version 1.0 only.
 *
 * An idle connection holds no parser.  When parser_is_idle says so between two
 * stanzas the parser goes back to its shard's pool with parser_pool_give, and the
 * connection's next bytes are read by any pooled parser that has seen the same
 * namespace declarations in its header (parser_header).  Parsers are destroyed after
 * PARSER_RECYCLE_BYTES, because expat keeps every distinct name for a parser's life.
 * Parsers and pools belong to one thread. */
#ifndef PARSER_H
#define PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "element.h"

#define PARSER_RECYCLE_BYTES (1024 * 1024)

struct parser;
struct parser_pool;

struct parser_limits {
	size_t stanza_bytes;   /* of one child of the root, in bytes of the stream */
	unsigned depth;        /* elements within elements, the stanza itself being 1 */
	unsigned attributes;   /* of one element */
	size_t name_bytes;     /* of an element's or attribute's name; of a namespace */
};

/* What went wrong.  Each but NONE and PAUSED ends the stream. */
enum parser_fault {
	PARSER_NONE,
	PARSER_PAUSED,              /* a sink called parser_pause; the rest was not read */
	PARSER_NOT_WELL_FORMED,     /* RFC 6120 4.9.3.13 */
	PARSER_RESTRICTED_XML,      /* 4.9.3.18 */
	PARSER_UNSUPPORTED_ENCODING,/* 4.9.3.22 */
	PARSER_BAD_NAMESPACE_PREFIX,/* 4.9.3.2 */
	PARSER_TOO_LARGE,           /* one of the limits: policy-violation, 4.9.3.14 */
};

/* Called from within parser_feed. */
struct parser_sink {
	/* The root's start tag: name, namespace and attributes, no children.  Its
	 * namespace declarations are kept by the parser.  Borrowed for the call. */
	void (*header)(void *context, const struct element *header);
	/* A whole child of the root.  The arena (and with it the tree) changes hands. */
	void (*stanza)(void *context, struct arena *take_arena, struct element *stanza);
	/* The root's end tag. */
	void (*footer)(void *context);
};

/* Feeds bytes.  *ret_used tells how many were consumed: all of them with
 * PARSER_NONE, up to and with the end of the element during which the sink paused
 * with PARSER_PAUSED.  A paused parser is destroyed or fed again with the rest. */
enum parser_fault parser_feed(struct parser *parser, const struct parser_sink *sink,
	void *context, const char *bytes, size_t len, size_t *ret_used);

/* From within a sink: stop behind the present element. */
void parser_pause(struct parser *parser);

/* True between stanzas, when nothing of the connection is held back. */
bool parser_is_idle(const struct parser *parser);

/* The default namespace that the header declared, "" when none; interned or borrowed
 * from the parser. */
const char *parser_default_ns(const struct parser *parser);

/* A start tag that makes another parser accept what follows: the root's qualified
 * name with the header's namespace declarations and nothing else.  NULL before the
 * header.  Borrowed from the parser; a connection that moves to another shard copies it. */
const char *parser_header(const struct parser *parser);

/* Applies to the elements that follow. */
void parser_set_limits(struct parser *parser, const struct parser_limits *limits);

struct parser_pool *parser_pool_create(unsigned keep); /* at most so many idle parsers */
void parser_pool_destroy(struct parser_pool *pool);

/* A parser that waits for a header (header NULL: fresh), or one that has seen
 * `header` and stands between stanzas.  Set its limits. */
struct parser *parser_pool_take(struct parser_pool *pool, const char *header);

/* Gives it back, or destroys it where it cannot serve again.  Takes NULL. */
void parser_pool_give(struct parser_pool *pool, struct parser *parser);

#endif
