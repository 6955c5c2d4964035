/* import.c - reads a document of XEP-0227, and makes its accounts one by one
 * SPDX-License-Identifier: MIT
 *
 * What stands under a <user/> is kept until that ends, because credentials may come last; but
 * archives, which can be larger than memory, go on piece by piece, once the account is there. */

#include "import.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "ask.h"
#include "buffer.h"
#include "element.h"
#include "names.h"
#include "say.h"
#include "writer.h"

#define NS_DATA "urn:xmpp:pie:0"
#define NS_ARCHIVE NS_DATA "#mam"
#define NS_INCLUDE "http://www.w3.org/2001/XInclude"
#define SEPARATOR '\n' /* between namespace and name, in what expat tells */
#define PIECE 65536
#define MESSAGES_AT_ONCE 200
#define DEPTH_MOST 256

enum { DEPTH_DATA = 1, DEPTH_HOST, DEPTH_USER, DEPTH_PART };

/* One child of a user. */
struct part {
	struct part *next;
	struct element *element;
};

struct import {
	const char *socket, *path;
	XML_Parser parser;
	unsigned depth;
	char *host;
	struct arena *arena;     /* of the user that is being read, or NULL */
	const char *jid, *password;
	struct part *parts, **last;
	struct element *open[DEPTH_MOST]; /* of a part, from DEPTH_PART on; by depth */
	unsigned skipped;        /* depth of what is passed over; 0: nothing */
	struct arena *piece;     /* of an archive, or NULL */
	unsigned messages;       /* in it */
	bool is_made;            /* the account */
	const char *complaint;   /* of the last piece, or NULL */
	size_t made, failed;
	const char *fault;       /* of the document, which is then read no further; or NULL */
	unsigned long fault_line;
};

static void complain(struct import *import, const char *what)
{
	if (import->fault)
		return;
	import->fault = what;
	import->fault_line = XML_GetCurrentLineNumber(import->parser);
	XML_StopParser(import->parser, XML_FALSE);
}

/* --- asking ----------------------------------------------------------------------------- */

/* NULL, or the server's complaint, of the user's arena. */
static const char *order(struct import *import, const char *const *words, size_t count)
{
	char *line = ask(import->socket, words, count);
	json_t *answer = answer_read(line);
	const char *error = answer_error(answer);
	const char *kept = error ? arena_strdup(import->arena, error) : NULL;

	json_decref(answer);
	free(line);
	return kept;
}

/* --- credentials ------------------------------------------------------------------------ */

#define NS_SCRAM "urn:xmpp:pie:0#scram"

static const char *text_of(const struct element *scram, const char *name)
{
	const char *text = element_find_text(scram, NS_SCRAM, name);

	return text ? text : "";
}

static void add_scram(struct buffer *lines, const struct element *scram)
{
	const char *mechanism = element_get(scram, "mechanism");

	buffer_printf(lines, "%s%s$%s:%s$%s:%s", lines->len ? "\n" : "", mechanism ? mechanism : "",
		text_of(scram, "iter-count"), text_of(scram, "salt"),
		text_of(scram, "stored-key"), text_of(scram, "server-key"));
}

static const char *make_account(struct import *import)
{
	struct buffer lines = { 0 };
	const char *scram, *option = "--scram";

	for (const struct part *part = import->parts; part; part = part->next) {
		if (element_is(part->element, NS_SCRAM, "scram-credentials"))
			add_scram(&lines, part->element);
	}
	if (!lines.len && !import->password)
		return "it has neither credentials nor a password";
	scram = lines.len ? arena_strndup(import->arena, buffer_at(&lines), lines.len)
		: import->password;
	if (!lines.len)
		option = "--password";
	buffer_finish(&lines);
	return order(import,
		(const char *const[]){ "user", "add", import->jid, option, scram }, 5);
}

static bool is_ready(struct import *import)
{
	const char *why = import->is_made ? NULL : make_account(import);

	import->is_made |= !why;
	return import->is_made;
}

/* --- a user ----------------------------------------------------------------------------- */

static const char *take_part(struct import *import, const struct element *element)
{
	struct buffer xml = { 0 };
	const char *why;

	writer_element(&xml, element, NS_CLIENT);
	buffer_add(&xml, "", 1);
	why = order(import, (const char *const[]){ "user", "import", import->jid, "--xml",
		buffer_at(&xml) }, 5);
	buffer_finish(&xml);
	return why;
}

static void end_user(struct import *import)
{
	const char *why = import->is_made ? NULL : make_account(import);

	if (why) {
		import->failed++;
		printf("%s: not made: %s\n", import->jid, why);
	}
	import->made += !why;
	for (const struct part *part = why ? NULL : import->parts; part; part = part->next) {
		if (element_is(part->element, NS_SCRAM, "scram-credentials"))
			continue;
		why = take_part(import, part->element);
		if (why)
			printf("%s: not taken over: %s\n", import->jid, why);
	}
	if (import->complaint)
		printf("%s: its archive was not taken over: %s\n", import->jid, import->complaint);
	arena_destroy(import->arena);
	import->arena = NULL;
}

/* --- archives ------------------------------------------------------------------------------ */

static void begin_piece(struct import *import)
{
	import->piece = arena_create(4096);
	import->messages = 0;
	import->open[DEPTH_PART] = element_new(import->piece, NS_ARCHIVE, "archive");
}

static void end_piece(struct import *import)
{
	if (import->messages && !import->complaint)
		import->complaint = take_part(import, import->open[DEPTH_PART]);
	arena_destroy(import->piece);
	import->piece = NULL;
	import->open[DEPTH_PART] = NULL;
}

static void note_message(struct import *import)
{
	if (++import->messages < MESSAGES_AT_ONCE)
		return;
	end_piece(import);
	begin_piece(import);
}

/* --- the document ----------------------------------------------------------------------- */

/* "ns\nname" apart, both of the arena. */
static const char *split(struct arena *arena, const char *name, const char **ret_ns)
{
	const char *end = strchr(name, SEPARATOR);

	*ret_ns = end ? arena_strndup(arena, name, (size_t)(end - name)) : "";
	return arena_strdup(arena, end ? end + 1 : name);
}

static bool is_data(const char *name, const char *wanted)
{
	size_t len = strlen(NS_DATA);

	return strncmp(name, NS_DATA, len) == 0 && name[len] == SEPARATOR &&
		strcmp(name + len + 1, wanted) == 0;
}

static const char *attribute(const char *const *attributes, const char *name)
{
	for (; *attributes; attributes += 2) {
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	}
	return NULL;
}

static void begin_user(struct import *import, const char *const *attributes)
{
	const char *name = attribute(attributes, "name");
	const char *password = attribute(attributes, "password");

	if (!name || !import->host) {
		complain(import, "a user has no name, or its host none");
		return;
	}
	import->arena = arena_create(4096);
	import->jid = arena_printf(import->arena, "%s@%s", name, import->host);
	import->password = password ? arena_strdup(import->arena, password) : NULL;
	import->parts = NULL;
	import->last = &import->parts;
	import->is_made = false;
	import->complaint = NULL;
}

static void begin_element(struct import *import, const char *full, const char *const *attributes)
{
	struct arena *arena = import->piece ? import->piece : import->arena;
	struct element *parent = import->open[import->depth - 1], *element;
	const char *ns, *name = split(arena, full, &ns);

	element = parent ? element_add(parent, ns, name) : element_new(arena, ns, name);
	for (; *attributes; attributes += 2) {
		if (!strchr(attributes[0], SEPARATOR)) /* others mean nothing to the modules */
			element_set(element, attributes[0], attributes[1]);
	}
	if (!parent) {
		struct part *part = arena_zalloc(import->arena, sizeof *part);

		part->element = element;
		*import->last = part;
		import->last = &part->next;
	}
	import->open[import->depth] = element;
}

static bool is_passed_over(struct import *import, const char *name)
{
	static const char *const names[] = { [DEPTH_DATA] = "server-data", [DEPTH_HOST] = "host",
		[DEPTH_USER] = "user" };

	if (import->depth < DEPTH_PART) {
		bool is_known = is_data(name, names[import->depth]);

		if (!is_known && import->depth == DEPTH_DATA)
			complain(import, "this is no file of XEP-0227");
		return !is_known;
	}
	if (import->depth > DEPTH_PART || strcmp(name, NS_ARCHIVE "\narchive") != 0)
		return false;
	if (is_ready(import)) {
		begin_piece(import);
		return false;
	}
	import->complaint = "it stands before what proves the password";
	return true;
}

static void begin(struct import *import, const char *name, const char *const *values)
{
	if (strncmp(name, NS_INCLUDE "\n", strlen(NS_INCLUDE) + 1) == 0) {
		complain(import, "it includes other files; join them first (xmllint --xinclude)");
	} else if (is_passed_over(import, name)) {
		import->skipped = import->depth;
	} else if (import->depth == DEPTH_HOST) {
		free(import->host);
		import->host = attribute(values, "jid") ? strdup(attribute(values, "jid")) : NULL;
	} else if (import->depth == DEPTH_USER) {
		begin_user(import, values);
	} else if (import->depth > DEPTH_PART || (import->depth == DEPTH_PART && !import->piece)) {
		begin_element(import, name, values);
	}
}

static void on_start(void *context, const char *name, const char **attributes)
{
	struct import *import = context;

	if (import->fault)
		return;
	if (++import->depth == DEPTH_MOST)
		complain(import, "it is nested too deeply");
	else if (!import->skipped)
		begin(import, name, (const char *const *)attributes);
}

static void end_element(struct import *import)
{
	import->open[import->depth] = NULL;
	if (import->piece && import->depth == DEPTH_PART + 1)
		note_message(import);
}

static void on_end(void *context, const char *name)
{
	struct import *import = context;

	if (import->fault)
		return;
	if (import->skipped == import->depth)
		import->skipped = 0;
	else if (!import->skipped && import->depth == DEPTH_USER)
		end_user(import);
	else if (!import->skipped && import->depth == DEPTH_PART && import->piece)
		end_piece(import);
	else if (!import->skipped && import->depth >= DEPTH_PART)
		end_element(import);
	import->depth--;
}

static void on_text(void *context, const char *text, int len)
{
	struct import *import = context;

	if (!import->fault && !import->skipped && import->open[import->depth])
		element_append_text(import->open[import->depth], text, (size_t)len);
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
	int has_internal)
{
	complain(context, "it has a document type, which is not read");
}

static void read_all(struct import *import, FILE *file)
{
	size_t got;

	do {
		void *room = XML_GetBuffer(import->parser, PIECE);

		if (!room)
			fail("out of memory");
		got = fread(room, 1, PIECE, file);
		if (ferror(file))
			fail("%s: %s", import->path, strerror(errno));
		if (XML_ParseBuffer(import->parser, (int)got, got == 0) != XML_STATUS_OK)
			complain(import, XML_ErrorString(XML_GetErrorCode(import->parser)));
	} while (got && !import->fault);
}

int import_users(const char *socket, const char *path)
{
	struct import import = { .socket = socket, .path = path,
		.parser = XML_ParserCreateNS(NULL, SEPARATOR) };
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!file)
		fail("%s: %s", path, strerror(errno));
	XML_SetUserData(import.parser, &import);
	XML_SetElementHandler(import.parser, on_start, on_end);
	XML_SetCharacterDataHandler(import.parser, on_text);
	XML_SetStartDoctypeDeclHandler(import.parser, on_doctype);
	read_all(&import, file);
	XML_ParserFree(import.parser);
	arena_destroy(import.piece);
	arena_destroy(import.arena);
	free(import.host);
	if (file != stdin)
		fclose(file);
	if (import.fault)
		fail("%s:%lu: %s", path, import.fault_line, import.fault);
	printf("%zu accounts were made, %zu were not\n", import.made, import.failed);
	return import.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
