/* writer.c - element trees back to bytes
 * SPDX-License-Identifier: MIT */

#include "writer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "element_internal.h"
#include "heap.h"
#include "names.h"

#define SCOPES 64

/* The default namespaces in force inside the open elements, by depth: a stack of its
 * own, so that a deep tree costs no call stack. */
struct scopes {
	const char **inside;
	size_t depth;
	size_t capacity;
	bool standalone; /* no stream around it declares the prefix "stream" */
	const char *few[SCOPES];
};

static inline void add(struct buffer *out, const char *bytes, size_t len)
{
	if (len >= out->capacity - out->start - out->len)
		buffer_reserve(out, len + 1);
	memcpy(out->bytes + out->start + out->len, bytes, len);
	out->len += len;
}

#define ADD(out, literal) add(out, literal, sizeof(literal) - 1)

static inline void add_text(struct buffer *out, const char *text)
{
	add(out, text, strlen(text));
}

/* 0: as it is; others index `replacements`.  Tabs and line ends are only replaced in
 * attributes, where a reader would turn them into spaces. */
enum { PLAIN, AMP, LT, GT, APOS, QUOT, CR, TAB, LF, INVALID };

static const char *const replacements[] = { "", "&amp;", "&lt;", "&gt;", "&apos;", "&quot;",
	"&#xD;", "&#x9;", "&#xA;", "\xEF\xBF\xBD" };

static const uint8_t kinds[256] = {
	INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID,
	INVALID, TAB, LF, INVALID, INVALID, CR, INVALID, INVALID,
	INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID,
	INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID, INVALID,
	['&'] = AMP, ['<'] = LT, ['>'] = GT, ['\''] = APOS, ['"'] = QUOT,
};

typedef uint8_t sixteen __attribute__((vector_size(16)));

/* Sixteen characters that need nothing, as most of a message's do, at one look. */
static inline bool are_plain(const char *text)
{
	sixteen bytes, special;
	uint64_t halves[2];

	memcpy(&bytes, text, sizeof bytes);
	special = (sixteen)(bytes < ' ') | (sixteen)(bytes == '&') | (sixteen)(bytes == '<') |
		  (sixteen)(bytes == '>') | (sixteen)(bytes == '\'') | (sixteen)(bytes == '"');
	memcpy(halves, &special, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

static void escape(struct buffer *out, const char *text, size_t len, bool in_attribute)
{
	const char *end = text + len;
	const char *plain = text;

	for (const char *at = text; at < end; at++) {
		uint8_t kind;

		while (end - at >= 16 && are_plain(at))
			at += 16;
		if (at == end)
			break;
		kind = kinds[(unsigned char)*at];
		if (kind == PLAIN || (!in_attribute && (kind == TAB || kind == LF)))
			continue;
		add(out, plain, (size_t)(at - plain));
		add_text(out, replacements[kind]);
		plain = at + 1;
	}
	if (plain < end)
		add(out, plain, (size_t)(end - plain));
}

void writer_escape(struct buffer *out, const char *text, size_t len)
{
	escape(out, text, len, true);
}

static void add_value(struct buffer *out, const char *value, size_t len)
{
	ADD(out, "='");
	escape(out, value, len, true);
	ADD(out, "'");
}

void writer_attribute(struct buffer *out, const char *name, const char *value)
{
	ADD(out, " ");
	add_text(out, name);
	add_value(out, value, strlen(value));
}

static bool is_stanza_ns(const char *ns)
{
	return element_names_equal(ns, NS_CLIENT) || element_names_equal(ns, NS_SERVER);
}

/* RFC 6120 4.8.3: stanzas change between the two content namespaces as they pass. */
static bool stands_in(const char *ns, const char *context)
{
	return element_names_equal(ns, context) || (is_stanza_ns(ns) && is_stanza_ns(context));
}

static bool is_stream_ns(const char *ns)
{
	return element_names_equal(ns, NS_STREAM);
}

static const char *inside(const struct element *element, const char *context)
{
	return is_stream_ns(element->ns) || stands_in(element->ns, context) ? context : element->ns;
}

/* Prefixes are numbered by the first attribute of their namespace. */
static void add_foreign_attribute(struct buffer *out, const struct element *element,
	const struct attribute *attribute)
{
	const struct attribute *first = element->attributes;
	unsigned number = 0;

	if (element_names_equal(attribute->ns, NS_XML)) {
		ADD(out, " xml:");
		add_text(out, attribute->name);
		add_value(out, attribute->value, attribute->value_len);
		return;
	}
	while (first != attribute && !(first->ns && element_names_equal(first->ns, attribute->ns))) {
		first = first->next;
		number++;
	}
	if (first == attribute) {
		buffer_printf(out, " xmlns:a%u", number);
		add_value(out, attribute->ns, strlen(attribute->ns));
	}
	buffer_printf(out, " a%u:%s", number, attribute->name);
	add_value(out, attribute->value, attribute->value_len);
}

static bool is_address(const char *name)
{
	return strcmp(name, "to") == 0 || strcmp(name, "from") == 0;
}

/* The start tag without its end. */
static void add_start(struct buffer *out, const struct element *element, const char *context,
	bool standalone, bool with_addresses)
{
	bool in_stream = is_stream_ns(element->ns);

	if (in_stream)
		ADD(out, "<stream:");
	else
		ADD(out, "<");
	add_text(out, element->name);
	if (in_stream && standalone)
		ADD(out, " xmlns:stream='" NS_STREAM "'");
	else if (!in_stream && !stands_in(element->ns, context)) {
		ADD(out, " xmlns");
		add_value(out, element->ns, strlen(element->ns));
	}
	for (const struct attribute *each = element->attributes; each; each = each->next) {
		if (each->ns) {
			add_foreign_attribute(out, element, each);
			continue;
		}
		if (!with_addresses && is_address(each->name))
			continue;
		ADD(out, " ");
		add_text(out, each->name);
		add_value(out, each->value, each->value_len);
	}
}

static void add_end(struct buffer *out, const struct element *element)
{
	if (is_stream_ns(element->ns))
		ADD(out, "</stream:");
	else
		ADD(out, "</");
	add_text(out, element->name);
	ADD(out, ">");
}

static void push(struct scopes *scopes, const char *ns)
{
	if (scopes->depth == scopes->capacity) {
		size_t bytes = 2 * scopes->capacity * sizeof *scopes->inside;
		bool on_heap = scopes->inside != scopes->few;

		scopes->inside = heap_resize(on_heap ? scopes->inside : NULL, bytes);
		if (!on_heap)
			memcpy(scopes->inside, scopes->few, sizeof scopes->few);
		scopes->capacity *= 2;
	}
	scopes->inside[scopes->depth++] = ns;
}

static void init_scopes(struct scopes *scopes, const char *context_ns)
{
	scopes->inside = scopes->few;
	scopes->capacity = SCOPES;
	scopes->standalone = !context_ns;
	scopes->depth = 1;
	scopes->few[0] = context_ns ? context_ns : "";
}

static void finish_scopes(struct scopes *scopes)
{
	if (scopes->inside != scopes->few)
		free(scopes->inside);
}

/* Behind its name it says which namespace it is in, where it did not have to. */
static void add_written(struct buffer *out, const struct element *element, const char *context)
{
	size_t name_len = 1 + strlen(element->name);

	add(out, element->text, name_len);
	if (!stands_in(element->ns, context))
		ADD(out, " xmlns='" NS_CLIENT "'");
	add(out, element->text + name_len, element->text_len - name_len);
}

/* The start tag and the text behind it, or all of a childless element. */
static bool enter(struct buffer *out, struct scopes *scopes, const struct element *element)
{
	const char *context = scopes->inside[scopes->depth - 1];

	if (element->is_written) {
		add_written(out, element, context);
		return false;
	}
	add_start(out, element, context, scopes->standalone, true);
	if (!element->first && !element->text) {
		ADD(out, "/>");
		return false;
	}
	ADD(out, ">");
	if (element->text)
		escape(out, element->text, element->text_len, false);
	if (element->first) {
		push(scopes, inside(element, context));
		return true;
	}
	add_end(out, element);
	return false;
}

static void add_tail(struct buffer *out, const struct element *element)
{
	if (element->tail)
		escape(out, element->tail, element->tail_len, false);
}

/* The children of `top` and what stands between them. */
static void add_children(struct buffer *out, struct scopes *scopes, const struct element *top)
{
	const struct element *at = top->first;

	while (at) {
		if (enter(out, scopes, at)) {
			at = at->first;
			continue;
		}
		add_tail(out, at);
		while (!at->next && at->parent != top) {
			at = at->parent;
			scopes->depth--;
			add_end(out, at);
			add_tail(out, at);
		}
		at = at->next;
	}
}

void writer_element(struct buffer *out, const struct element *element, const char *context_ns)
{
	struct scopes scopes;

	init_scopes(&scopes, context_ns);
	if (enter(out, &scopes, element)) {
		add_children(out, &scopes, element);
		add_end(out, element);
	}
	finish_scopes(&scopes);
}

void writer_start(struct buffer *out, const struct element *element, const char *context_ns)
{
	add_start(out, element, context_ns ? context_ns : "", !context_ns, false);
}

void writer_content(struct buffer *out, const struct element *element, const char *context_ns)
{
	struct scopes scopes;

	init_scopes(&scopes, context_ns);
	scopes.few[0] = inside(element, scopes.few[0]);
	if (element->text)
		escape(out, element->text, element->text_len, false);
	add_children(out, &scopes, element);
	add_end(out, element);
	finish_scopes(&scopes);
}

const char *writer_text(struct arena *arena, const struct element *element)
{
	struct buffer out = { 0 };
	char *text;

	writer_element(&out, element, NULL);
	text = arena_strndup(arena, buffer_at(&out), out.len);
	buffer_finish(&out);
	return text;
}
