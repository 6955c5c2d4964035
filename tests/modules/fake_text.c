/* fake_text.c - stanzas as text, in and out
 * SPDX-License-Identifier: MIT */

#include "fake_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "element_internal.h"
#include "heap.h"
#include "parser.h"
#include "writer.h"

/* --- lines of text ------------------------------------------------------------------------- */

static void sort_attributes(struct element *element)
{
	struct attribute *sorted = NULL;

	while (element->attributes) {
		struct attribute *next = element->attributes, **at = &sorted;

		element->attributes = next->next;
		while (*at && strcmp((*at)->name, next->name) < 0)
			at = &(*at)->next;
		next->next = *at;
		*at = next;
	}
	element->attributes = sorted;
	for (struct element *child = element->first; child; child = child->next)
		sort_attributes(child);
}

void add_line(struct lines *lines, const struct element *stanza)
{
	struct arena *arena = arena_create(1024);
	struct element *copy = element_copy(arena, stanza);
	struct buffer out = { 0 };

	sort_attributes(copy);
	writer_element(&out, copy, NS_CLIENT);
	lines->text = heap_resize(lines->text, (lines->count + 1) * sizeof *lines->text);
	lines->text[lines->count++] = strndup(buffer_at(&out), out.len);
	buffer_finish(&out);
	arena_destroy(arena);
}

const char *next_line(struct lines *lines)
{
	return lines->next < lines->count ? lines->text[lines->next++] : NULL;
}

void finish_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->text[i]);
	free(lines->text);
	*lines = (struct lines){ 0 };
}

/* --- text to elements ---------------------------------------------------------------------- */

static void no_header(void *context, const struct element *header)
{
}

static void no_footer(void *context)
{
}

static void take(void *context, struct arena *take_arena, struct element *stanza)
{
	struct reading *reading = context;

	arena_destroy(reading->arena); /* of one in front of it */
	*reading = (struct reading){ take_arena, stanza };
}

struct reading try_xml(const char *xml)
{
	static const struct parser_sink sink = { no_header, take, no_footer };
	static const struct parser_limits limits = { 1 << 24, 100, 100, 4096 };
	struct parser_pool *pool = parser_pool_create(0);
	struct parser *parser = parser_pool_take(pool, NULL);
	struct reading reading = { 0 };
	const char *header = "<s xmlns='" NS_CLIENT "'>";
	size_t used;

	parser_set_limits(parser, &limits);
	parser_feed(parser, &sink, &reading, header, strlen(header), &used);
	parser_feed(parser, &sink, &reading, xml, strlen(xml), &used);
	parser_pool_give(pool, parser);
	parser_pool_destroy(pool);
	return reading;
}

struct reading read_xml(const char *xml)
{
	struct reading reading = try_xml(xml);

	assert(reading.element);
	return reading;
}

static enum tern_type read_type(enum tern_kind kind, const char *text)
{
	static const char *const names[] = {
#define X(name, wire) wire,
		TERN_TYPES(X)
#undef X
	};

	for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], text) == 0)
			return (enum tern_type)i;
	return kind == TERN_MESSAGE ? TERN_NORMAL : TERN_AVAILABLE;
}

const struct jid *read_jid(struct element *stanza, const char *name)
{
	const char *text = element_get(stanza, name);

	return text ? jid_new(element_arena(stanza), text) : NULL;
}

struct tern_stanza read_stanza(struct element *element)
{
	char first = element_name(element)[0];
	enum tern_kind kind = first == 'm' ? TERN_MESSAGE : first == 'p' ? TERN_PRESENCE : TERN_IQ;

	return (struct tern_stanza){
		.kind = kind, .type = read_type(kind, element_get(element, "type")),
		.id = element_get(element, "id"), .from = read_jid(element, "from"),
		.to = read_jid(element, "to"), .element = element,
	};
}

const char *tern_condition_name(enum tern_condition condition)
{
	static const char *const names[] = { "",
#define X(name, text, type) text,
		TERN_CONDITIONS(X)
#undef X
	};

	return names[condition];
}

const char *tern_condition_type(enum tern_condition condition)
{
	static const char *const names[] = { "",
#define X(name, text, type) type,
		TERN_CONDITIONS(X)
#undef X
	};

	return names[condition];
}

struct element *fake_read(struct arena *arena, const char *xml)
{
	struct reading reading = read_xml(xml);
	struct element *copy = element_copy(arena, reading.element);

	arena_destroy(reading.arena);
	return copy;
}

/* RFC 6120 8.1 to 8.3. */
static bool is_sound(struct element *element)
{
	struct tern_stanza stanza = read_stanza(element);
	const char *type = element_get(element, "type");
	size_t children = element_count(element);

	if ((element_get(element, "from") && !stanza.from) ||
	    (element_get(element, "to") && !stanza.to))
		return false;
	if (element_is(element, NS_CLIENT, "iq"))
		return stanza.id && stanza.type >= TERN_GET && (stanza.type == TERN_ERROR ||
			children == 1 || (children == 0 && stanza.type == TERN_RESULT));
	if (element_is(element, NS_CLIENT, "presence"))
		return !type || (stanza.type != TERN_AVAILABLE && (stanza.type <= TERN_PROBE ||
			stanza.type == TERN_ERROR));
	return element_is(element, NS_CLIENT, "message") && stanza.type >= TERN_NORMAL &&
		(stanza.type <= TERN_HEADLINE || stanza.type == TERN_ERROR);
}

struct element *fake_read_sound(struct arena *arena, const char *xml)
{
	struct reading reading = try_xml(xml);
	struct element *copy = NULL;

	if (reading.element && is_sound(reading.element))
		copy = element_copy(arena, reading.element);
	arena_destroy(reading.arena);
	return copy;
}
