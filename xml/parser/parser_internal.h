/* parser_internal.h - one parser, for the parser and its pool
 * SPDX-License-Identifier: MIT */
#ifndef PARSER_INTERNAL_H
#define PARSER_INTERNAL_H

#include <expat.h>
#include <stdint.h>

#include "buffer.h"
#include "element_internal.h"
#include "parser.h"
#include "parser/namespaces.h"

/* How much of a tag has come when expat holds its beginning back. */
struct pending {
	size_t bytes;   /* of the unfinished token in expat, 0: none or not worth it */
	char quote;     /* the attribute value's that is open, or 0 */
	struct buffer held; /* what followed and did not finish it: not in expat yet */
};

struct parser {
	XML_Parser expat;
	struct parser_limits limits;
	const struct parser_sink *sink; /* while fed */
	void *context;

	enum parser_fault fault; /* the one that ended the stream */
	bool paused;
	bool suspended; /* expat waits for XML_ResumeParser */

	/* Offsets in the stream. */
	uint64_t fed;         /* end of what expat has */
	uint64_t taken;       /* end of what the caller was told is consumed */
	uint64_t item_start;  /* of the header or stanza under way */

	unsigned depth;
	struct arena *arena; /* of the item under way */
	struct element *current;
	size_t widened_bytes; /* by namespaces that the writer will have to repeat */
	size_t largest_bytes; /* the largest stanza so far */
	unsigned strange_names;

	struct namespaces namespaces;
	struct arena *header_arena;
	const char *root_name;   /* qualified, NULL before the header */
	const char *header_text; /* made when asked for */
	const char *default_ns;

	struct pending pending;
};

struct parser *parser_create(void);
void parser_destroy(struct parser *parser);

/* Back to the state of a new one, with what memory expat keeps. */
void parser_reset(struct parser *parser);

/* Reads a header that came in on another parser. */
void parser_adopt_header(struct parser *parser, const char *header);

/* Whether it is worth keeping: idle, and not yet swollen by what it has read. */
bool parser_can_serve_again(struct parser *parser);

#endif
