/* import.c - makes the accounts of a document of XEP-0227 one by one
 * SPDX-License-Identifier: MIT
 *
 * What stands under a <user/> is kept until that ends, because credentials may come last; but
 * archives, which can be larger than memory, go on piece by piece, once the account is there. */

#include "import.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "document.h"
#include "element.h"
#include "heap.h"
#include "names.h"
#include "newcomer.h"

#define NS_DATA "urn:xmpp:pie:0"
#define NS_DATA_OF_OLD "http://www.xmpp.org/extensions/xep-0227.html#ns" /* until 2010 */
#define NS_ARCHIVE NS_DATA "#mam"

enum {
	DEPTH_DATA = 1, DEPTH_HOST, DEPTH_USER, DEPTH_PART,
	DEPTH_MOST = 256,
	MESSAGES_AT_ONCE = 200,
	PIECE_BYTES = 256 * 1024,         /* of an archive */
	PART_BYTES = 8 * 1024 * 1024,     /* escaped, it fits in a command */
	USER_BYTES = 64 * 1024 * 1024,
};

struct import {
	const char *socket;
	struct document *document;
	unsigned depth, skipped; /* from which depth on all is passed over; 0: nothing is */
	char *host;
	struct newcomer *newcomer; /* whose <user/> is being read, or NULL */
	size_t bytes;            /* of the parts that it has */
	struct part *part;       /* that is being read, or NULL */
	struct element *open[DEPTH_MOST];
	struct arena *piece;     /* of an archive, or NULL */
	unsigned messages;       /* in it */
	size_t made, failed, limited;
};

/* --- archives ------------------------------------------------------------------------------ */

static struct part *part_new(struct import *import, struct arena *arena, struct element *element)
{
	struct part *part = arena_zalloc(arena, sizeof *part);

	part->element = element;
	part->place = document_place(import->document);
	return part;
}

static void begin_piece(struct import *import)
{
	import->piece = arena_create(4096);
	import->messages = 0;
	import->open[DEPTH_PART] = element_new(import->piece, NS_ARCHIVE, "archive");
	import->part = part_new(import, import->piece, import->open[DEPTH_PART]);
}

static void drop_piece(struct import *import)
{
	arena_destroy(import->piece);
	import->piece = NULL;
	import->part = NULL;
	import->open[DEPTH_PART] = NULL;
}

static void end_piece(struct import *import)
{
	if (import->messages)
		newcomer_give(import->newcomer, import->part);
	drop_piece(import);
}

static void note_message(struct import *import)
{
	if (++import->messages < MESSAGES_AT_ONCE && import->part->bytes < PIECE_BYTES)
		return;
	end_piece(import);
	begin_piece(import);
}

/* --- elements of parts --------------------------------------------------------------------- */

static bool is_of_data(const char *ns)
{
	return strcmp(ns, NS_DATA) == 0 || strcmp(ns, NS_DATA_OF_OLD) == 0;
}

/* Some write stanzas without their namespace (Prosody's requests for subscriptions). */
static const char *namespace_of(const char *ns, const char *name)
{
	if (!is_of_data(ns))
		return ns;
	return strcmp(name, "offline-messages") == 0 ? NS_DATA : NS_CLIENT;
}

static size_t set_attributes(struct element *element, const char *const *attributes)
{
	struct arena *arena = element_arena(element);
	size_t bytes = 0;

	for (; *attributes; attributes += 2) {
		const char *end = strchr(attributes[0], DOCUMENT_SEPARATOR);

		bytes += strlen(attributes[0]) + strlen(attributes[1]) + 64;
		if (end)
			element_set_ns(element, arena_strndup(arena, attributes[0],
				(size_t)(end - attributes[0])), end + 1, attributes[1]);
		else
			element_set(element, attributes[0], attributes[1]);
	}
	return bytes;
}

static void note_line(struct import *import, const struct element *element)
{
	struct line *line = arena_alloc(element_arena(element), sizeof *line);

	*line = (struct line){ import->part->lines, element,
		document_place(import->document).line };
	import->part->lines = line;
}

/* A part that is too large is given up, but of an archive that message alone. */
static void count_bytes(struct import *import, size_t bytes)
{
	struct part *part = import->part;

	part->bytes += bytes;
	import->bytes += import->piece ? 0 : bytes;
	if (part->bytes <= PART_BYTES && import->bytes <= USER_BYTES)
		return;
	newcomer_refuse(import->newcomer, part,
		import->piece ? import->open[DEPTH_PART + 1] : part->element, "it is too large");
	if (!import->piece) {
		import->part = NULL;
		import->skipped = DEPTH_PART;
		return;
	}
	element_remove(part->element, import->open[DEPTH_PART + 1]);
	end_piece(import);
	begin_piece(import);
	import->skipped = DEPTH_PART + 1;
}

static void begin_element(struct import *import, const char *ns, const char *name,
	const char *const *attributes)
{
	struct arena *arena = import->piece ? import->piece : newcomer_arena(import->newcomer);
	struct element *parent = import->open[import->depth - 1], *element;
	size_t bytes = strlen(ns) + strlen(name) + 128;

	ns = namespace_of(ns, name);
	if (import->depth == DEPTH_PART) {
		element = element_new(arena, ns, name);
		import->part = part_new(import, arena, element);
	} else {
		element = element_add(parent, ns, name);
	}
	import->open[import->depth] = element;
	if (import->depth > DEPTH_PART && import->depth <= DEPTH_PART + 2)
		note_line(import, element);
	count_bytes(import, bytes + set_attributes(element, attributes));
}

static void end_part(struct import *import)
{
	newcomer_add(import->newcomer, import->part);
	import->part = NULL;
}

static void end_element(struct import *import)
{
	import->open[import->depth] = NULL;
	if (import->piece && import->depth == DEPTH_PART)
		end_piece(import);
	else if (import->piece && import->depth == DEPTH_PART + 1)
		note_message(import);
	else if (import->depth == DEPTH_PART)
		end_part(import);
}

/* --- the document ----------------------------------------------------------------------- */

static void pass_over(struct import *import)
{
	import->skipped = import->depth;
}

static void note_unknown(struct import *import, const char *ns, const char *name)
{
	struct place place = document_place(import->document);

	document_complain(import->document, &place, "<%s xmlns='%s'/> is not known here", name, ns);
	pass_over(import);
}

static void begin_host(struct import *import, const char *const *attributes)
{
	const char *jid = document_attribute(attributes, "jid");

	free(import->host);
	import->host = heap_strdup(jid);
}

static void begin_user(struct import *import, const char *const *attributes)
{
	struct place place = document_place(import->document);

	import->bytes = 0;
	if (document_attribute(attributes, "name") && import->host) {
		import->newcomer = newcomer_create(import->socket, import->document, import->host,
			attributes);
		return;
	}
	document_complain(import->document, &place, "a user has no name, or its host none");
	import->failed++;
	pass_over(import);
}

static void end_user(struct import *import, bool is_made)
{
	import->made += is_made;
	import->failed += !is_made;
	import->limited += is_made && newcomer_is_limited(import->newcomer);
	if (import->piece)
		drop_piece(import);
	newcomer_destroy(import->newcomer);
	import->newcomer = NULL;
	import->part = NULL;
}

static void begin_outer(struct import *import, const char *ns, const char *name,
	const char *const *attributes)
{
	static const char *const names[] = { [DEPTH_DATA] = "server-data", [DEPTH_HOST] = "host",
		[DEPTH_USER] = "user" };
	bool is_known = is_of_data(ns) && strcmp(name, names[import->depth]) == 0;

	if (!is_known && import->depth == DEPTH_DATA)
		document_break(import->document, "this is no file of XEP-0227");
	else if (!is_known)
		note_unknown(import, ns, name);
	else if (import->depth == DEPTH_HOST)
		begin_host(import, attributes);
	else if (import->depth == DEPTH_USER)
		begin_user(import, attributes);
}

/* The account has to be there for it. */
static void begin_archive(struct import *import)
{
	if (newcomer_is_made(import->newcomer))
		begin_piece(import);
	else
		pass_over(import);
}

static void begin(void *context, const char *ns, const char *name, const char *const *attributes)
{
	struct import *import = context;

	import->depth++;
	if (import->skipped)
		return;
	if (import->depth < DEPTH_PART)
		begin_outer(import, ns, name, attributes);
	else if (import->depth == DEPTH_PART && strcmp(ns, NS_ARCHIVE) == 0 &&
		 strcmp(name, "archive") == 0)
		begin_archive(import);
	else if (import->depth < DEPTH_MOST)
		begin_element(import, ns, name, attributes);
	else
		document_break(import->document, "it is nested too deeply");
}

static void end(void *context)
{
	struct import *import = context;

	if (import->skipped == import->depth)
		import->skipped = 0;
	else if (!import->skipped && import->depth == DEPTH_USER)
		end_user(import, newcomer_settle(import->newcomer));
	else if (!import->skipped && import->depth >= DEPTH_PART)
		end_element(import);
	import->depth--;
}

static void text(void *context, const char *bytes, size_t len)
{
	struct import *import = context;

	if (import->skipped || import->depth < DEPTH_PART || (import->piece &&
			import->depth == DEPTH_PART))
		return;
	element_append_text(import->open[import->depth], bytes, len);
	count_bytes(import, len);
}

static void cut(void *context, size_t elements)
{
	struct import *import = context;

	import->depth -= (unsigned)elements;
	if (import->skipped > import->depth)
		import->skipped = 0;
	if (import->depth < DEPTH_PART && import->piece)
		drop_piece(import);
	if (import->depth < DEPTH_USER && import->newcomer)
		end_user(import, newcomer_cut(import->newcomer));
	if (import->depth < DEPTH_PART)
		import->part = NULL;
}

/* Deeper ones are data of the user (XEP-0227 6). */
static bool may_include(void *context)
{
	const struct import *import = context;

	return !import->skipped && import->depth <= DEPTH_USER;
}

int import_users(const char *socket, const char *path)
{
	static const struct document_sink sink = { begin, end, text, cut, may_include };
	struct import import = { .socket = socket };
	size_t complaints;

	import.document = document_open(path, &sink, &import);
	document_read(import.document);
	complaints = document_complaints(import.document);
	document_close(import.document);
	free(import.host);
	printf("%zu accounts were made, %zu were not\n", import.made, import.failed);
	if (import.limited)
		printf("%zu can log in with one mechanism alone: ternctl(8) says what to do\n",
			import.limited);
	return complaints ? EXIT_FAILURE : EXIT_SUCCESS;
}
