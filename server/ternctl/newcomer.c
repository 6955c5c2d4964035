/* newcomer.c - has the server make an account, and hands its parts over
 * SPDX-License-Identifier: MIT */

#include "newcomer.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "buffer.h"
#include "element.h"
#include "names.h"
#include "privacy.h"
#include "scram.h"
#include "writer.h"

#define NS_PROSODY "http://prosody.im/protocol/extended-xep0227"

enum { REFUSALS_MOST = 20 }; /* that are told one by one */

struct newcomer {
	const char *socket;
	struct document *document;
	struct arena *arena;
	const char *jid, *password;
	struct scram_hex hex;
	struct place place;
	struct part *parts, **last;
	bool is_made;
	bool is_refused; /* it cannot be made */
	bool is_limited;
	size_t refusals; /* of parts */
};

/* --- asking ----------------------------------------------------------------------------- */

/* NULL, or the server's complaint, of the newcomer's arena. */
static const char *order(struct newcomer *newcomer, const char *const *words, size_t count)
{
	json_t *answer = answer_ask(newcomer->socket, words, count);
	const char *error = answer_error(answer);
	const char *kept = error ? arena_strdup(newcomer->arena, error) : NULL;

	json_decref(answer);
	return kept;
}

/* --- the account ------------------------------------------------------------------------ */

/* Those that cannot be used are told, and others may do. */
static void add_credentials(struct newcomer *newcomer, struct buffer *lines)
{
	for (const struct part *part = newcomer->parts; part; part = part->next) {
		const char *why = element_is(part->element, NS_SCRAM, "scram-credentials") ?
			scram_read(lines, part->element) : NULL;

		if (why)
			document_complain(newcomer->document, &part->place, "%s: %s", newcomer->jid,
				why);
	}
}

static const char *add_other_credentials(struct newcomer *newcomer, struct buffer *lines)
{
	static const char tuple[] = "scram:";

	if (newcomer->password && strncmp(newcomer->password, tuple, sizeof tuple - 1) == 0)
		return scram_read_tuple(lines, newcomer->arena, newcomer->password + sizeof tuple - 1);
	if (newcomer->hex.stored_key)
		return scram_read_hex(lines, &newcomer->hex);
	return NULL;
}

static const char *add_user(struct newcomer *newcomer, struct buffer *lines)
{
	const char *option = lines->len ? "--scram" : "--password";
	const char *value = lines->len ?
		arena_strndup(newcomer->arena, buffer_at(lines), lines->len) : newcomer->password;

	if (!value)
		return "it has neither credentials nor a password";
	newcomer->is_limited = lines->len && !strchr(value, '\n')[1]; /* one line */
	return order(newcomer,
		(const char *const[]){ "user", "add", newcomer->jid, option, value }, 5);
}

static const char *make_account(struct newcomer *newcomer)
{
	struct buffer lines = { 0 };
	const char *why = NULL;

	add_credentials(newcomer, &lines);
	if (!lines.len)
		why = add_other_credentials(newcomer, &lines);
	if (!why)
		why = add_user(newcomer, &lines);
	buffer_finish(&lines);
	return why;
}

bool newcomer_is_made(struct newcomer *newcomer)
{
	const char *why = newcomer->is_made || newcomer->is_refused ? NULL : make_account(newcomer);

	if (why) {
		document_complain(newcomer->document, &newcomer->place, "%s: not made: %s",
			newcomer->jid, why);
		newcomer->is_refused = true;
	}
	newcomer->is_made = !newcomer->is_refused;
	return newcomer->is_made;
}

/* --- parts ------------------------------------------------------------------------------ */

void newcomer_refuse(struct newcomer *newcomer, const struct part *part,
	const struct element *element, const char *why)
{
	struct place place = part->place;

	if (++newcomer->refusals > REFUSALS_MOST)
		return;
	for (const struct line *line = part->lines; line; line = line->next) {
		if (line->element == element)
			place.line = line->number;
	}
	document_complain(newcomer->document, &place, "%s: not taken over: %s", newcomer->jid, why);
}

/* Rows are of children that were refused: their numbers, from 0 on, and why. */
static void refuse_children(struct newcomer *newcomer, const struct part *part, const json_t *rows)
{
	const struct element *child = element_first(part->element);
	size_t number = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		size_t wanted = strtoul(answer_cell(row, 0), NULL, 10);

		for (; child && number < wanted; number++)
			child = element_next(child);
		newcomer_refuse(newcomer, part, child, answer_cell(row, 1));
	}
}

void newcomer_give(struct newcomer *newcomer, const struct part *part)
{
	struct buffer xml = { 0 };
	const char *error;
	json_t *answer;

	writer_element(&xml, part->element, NS_CLIENT);
	buffer_add(&xml, "", 1);
	answer = answer_ask(newcomer->socket, (const char *const[]){ "user", "import", newcomer->jid,
		"--xml", buffer_at(&xml) }, 5);
	buffer_finish(&xml);
	error = answer_error(answer);
	if (error)
		newcomer_refuse(newcomer, part, part->element, error);
	else
		refuse_children(newcomer, part, json_object_get(answer, "rows"));
	json_decref(answer);
}

struct privacy_notes {
	struct newcomer *newcomer;
	const struct part *part;
};

static void note_privacy(void *context, const struct element *element, const char *what)
{
	const struct privacy_notes *notes = context;
	const char *name = element_get(element, "name"), *value = element_get(element, "value");

	newcomer_refuse(notes->newcomer, notes->part, element,
		arena_printf(notes->newcomer->arena, "<%s/> `%s` of privacy lists: %s",
			element_name(element), name ? name : value ? value : "", what));
}

static void take_privacy(struct newcomer *newcomer, const struct part *part)
{
	struct part blocklist = *part;

	blocklist.element = privacy_blocklist(newcomer->arena, part->element, note_privacy,
		&(struct privacy_notes){ newcomer, part });
	if (blocklist.element)
		newcomer_give(newcomer, &blocklist);
}

static void take_parts(struct newcomer *newcomer)
{
	for (const struct part *part = newcomer->parts; part; part = part->next) {
		if (element_is(part->element, NS_PRIVACY, "query"))
			take_privacy(newcomer, part);
		else if (!element_is(part->element, NS_SCRAM, "scram-credentials"))
			newcomer_give(newcomer, part);
	}
}

/* --- its life --------------------------------------------------------------------------- */

static const char *keep(struct arena *arena, const char *const *attributes, const char *name)
{
	const char *value = document_attribute(attributes, name);

	return value ? arena_strdup(arena, value) : NULL;
}

struct newcomer *newcomer_create(const char *socket, struct document *document, const char *host,
	const char *const *attributes)
{
	struct arena *arena = arena_create(4096);
	struct newcomer *newcomer = arena_zalloc(arena, sizeof *newcomer);

	*newcomer = (struct newcomer){ .socket = socket, .document = document, .arena = arena,
		.jid = arena_printf(arena, "%s@%s", document_attribute(attributes, "name"), host),
		.password = keep(arena, attributes, "password"),
		.hex = {
			.stored_key = keep(arena, attributes, NS_PROSODY "\nstored_key"),
			.server_key = keep(arena, attributes, NS_PROSODY "\nserver_key"),
			.salt = keep(arena, attributes, NS_PROSODY "\nsalt"),
			.iterations = keep(arena, attributes, NS_PROSODY "\niteration_count") },
		.place = document_place(document), .last = &newcomer->parts };
	return newcomer;
}

void newcomer_destroy(struct newcomer *newcomer)
{
	if (newcomer)
		arena_destroy(newcomer->arena);
}

struct arena *newcomer_arena(struct newcomer *newcomer)
{
	return newcomer->arena;
}

void newcomer_add(struct newcomer *newcomer, struct part *part)
{
	*newcomer->last = part;
	newcomer->last = &part->next;
}

bool newcomer_settle(struct newcomer *newcomer)
{
	if (newcomer_is_made(newcomer))
		take_parts(newcomer);
	if (newcomer->refusals > REFUSALS_MOST)
		document_complain(newcomer->document, &newcomer->place,
			"%s: not taken over: %zu more elements", newcomer->jid,
			newcomer->refusals - REFUSALS_MOST);
	return newcomer->is_made;
}

/* What came before the fault came from a file that may have lost anything. */
bool newcomer_cut(struct newcomer *newcomer)
{
	document_complain(newcomer->document, &newcomer->place, newcomer->is_made ?
		"%s: made, but its archive is not whole, and the rest was not taken over" :
		"%s: not made: its part of the file is not whole", newcomer->jid);
	return newcomer->is_made;
}

bool newcomer_is_limited(const struct newcomer *newcomer)
{
	return newcomer->is_limited;
}
