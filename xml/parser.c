/* parser.c - drives expat and makes trees of what it reports
 * SPDX-License-Identifier: MIT */

#include "parser.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "heap.h"
#include "names.h"
#include "parser/parser_internal.h"

#define STANZA_ARENA_BYTES 1024
#define SWOLLEN_BYTES (32 * 1024) /* a stanza that leaves large buffers in expat */
#define STRANGE_NAMES_MAX 4096    /* each about 200 bytes in expat */
#define REFERENCE_MAX 64          /* "&...;" */
#define DECLARATION_MAX 512       /* "<?xml ... ?>" */
#define HOLD_BYTES 1024           /* an unfinished tag from here on waits outside expat */
#define WIDENING_MAX 4            /* times the stanza's limit */

static void stop(struct parser *parser, enum parser_fault fault)
{
	if (parser->fault)
		return;
	parser->fault = fault;
	XML_StopParser(parser->expat, XML_FALSE);
}

/* The end of the last token that expat has dealt with. */
static uint64_t token_end(const struct parser *parser)
{
	XML_Index index = XML_GetCurrentByteIndex(parser->expat);

	if (index < 0)
		return 0;
	return (uint64_t)index + (uint64_t)XML_GetCurrentByteCount(parser->expat);
}

static const char *keep_name(struct parser *parser, const char *name, size_t len)
{
	const char *known = name_find(name, len);

	if (known)
		return known;
	parser->strange_names++;
	return arena_strndup(parser->arena, name, len);
}

/* What leaves as often as elements ask for it enters once, as a declaration: so a peer
 * could make us write far more than it sent. */
static void note_widening(struct parser *parser, const char *ns)
{
	parser->widened_bytes += strlen(ns) + sizeof " xmlns=''";
	if (parser->widened_bytes / WIDENING_MAX > parser->limits.stanza_bytes)
		stop(parser, PARSER_TOO_LARGE);
}

static bool resolve(struct parser *parser, const char *name, struct qname *ret_name,
	const char **ret_ns)
{
	if (!qname_split(name, ret_name)) {
		stop(parser, PARSER_NOT_WELL_FORMED);
		return false;
	}
	*ret_ns = namespaces_find(&parser->namespaces, parser->arena, ret_name->prefix,
		ret_name->prefix_len);
	if (!*ret_ns) {
		stop(parser, PARSER_BAD_NAMESPACE_PREFIX);
		return false;
	}
	return true;
}

static void declare_namespaces(struct parser *parser, const char **attributes)
{
	struct arena *arena = parser->depth == 0 ? parser->header_arena : parser->arena;
	unsigned count = 0;

	for (; attributes[0]; attributes += 2) {
		const char *prefix = namespaces_declared_prefix(attributes[0]);
		enum namespaces_verdict verdict;

		if (++count > parser->limits.attributes)
			stop(parser, PARSER_TOO_LARGE);
		if (!prefix)
			continue;
		if (strlen(prefix) + strlen(attributes[1]) > parser->limits.name_bytes)
			stop(parser, PARSER_TOO_LARGE);
		if (strchr(prefix, ':') || (attributes[0][5] && !*prefix))
			stop(parser, PARSER_NOT_WELL_FORMED);
		if (parser->fault)
			return;
		verdict = namespaces_declare(&parser->namespaces, arena, parser->depth, prefix,
			attributes[1]);
		if (verdict != NAMESPACES_FINE)
			stop(parser, verdict == NAMESPACES_BAD ? PARSER_BAD_NAMESPACE_PREFIX
							       : PARSER_TOO_LARGE);
	}
}

/* An attribute with a prefix: xml:lang goes by that name, others by their namespace. */
static void resolve_attribute(struct parser *parser, const struct element *element,
	struct attribute *attribute, const char *wire_name)
{
	struct qname name;

	if (strcmp(wire_name, "xml:lang") == 0) {
		attribute->name = keep_name(parser, wire_name, 8);
		return;
	}
	if (!resolve(parser, wire_name, &name, &attribute->ns))
		return;
	attribute->name = keep_name(parser, name.local, name.local_len);
	note_widening(parser, attribute->ns);
	for (const struct attribute *each = element->attributes; each; each = each->next)
		if (each != attribute && each->ns && element_names_equal(each->ns, attribute->ns) &&
		    element_names_equal(each->name, attribute->name))
			stop(parser, PARSER_NOT_WELL_FORMED);
}

static void add_attributes(struct parser *parser, struct element *element,
	const char **attributes)
{
	struct attribute **end = &element->attributes;

	for (; attributes[0] && !parser->fault; attributes += 2) {
		struct attribute *attribute;
		size_t name_len = strlen(attributes[0]);

		if (namespaces_declared_prefix(attributes[0]))
			continue;
		if (name_len > parser->limits.name_bytes) {
			stop(parser, PARSER_TOO_LARGE);
			return;
		}
		attribute = arena_alloc(parser->arena, sizeof *attribute);
		*attribute = (struct attribute){ .value_len = strlen(attributes[1]) };
		attribute->value = arena_strndup(parser->arena, attributes[1], attribute->value_len);
		if (memchr(attributes[0], ':', name_len))
			resolve_attribute(parser, element, attribute, attributes[0]);
		else
			attribute->name = keep_name(parser, attributes[0], name_len);
		*end = attribute;
		end = &attribute->next;
	}
}

static void begin_item(struct parser *parser)
{
	parser->arena = arena_create(STANZA_ARENA_BYTES);
	parser->current = NULL;
	parser->widened_bytes = 0;
	if (parser->depth == 0)
		parser->header_arena = arena_create(256);
	else
		namespaces_begin_stanza(&parser->namespaces);
	parser->item_start = (uint64_t)XML_GetCurrentByteIndex(parser->expat);
}

static bool item_too_large(const struct parser *parser)
{
	return token_end(parser) - parser->item_start > parser->limits.stanza_bytes;
}

static struct element *open_element(struct parser *parser, const char *wire_name,
	const char **attributes)
{
	struct element *parent = parser->current;
	struct element *element;
	struct qname name;
	const char *ns;

	if (attributes[0])
		declare_namespaces(parser, attributes);
	if (parser->fault || !resolve(parser, wire_name, &name, &ns))
		return NULL;
	/* The prefix "xml" is for attributes; no declaration could say such an element again. */
	if (name.prefix_len == 3 && memcmp(name.prefix, "xml", 3) == 0) {
		stop(parser, PARSER_BAD_NAMESPACE_PREFIX);
		return NULL;
	}
	if (name.prefix_len + name.local_len > parser->limits.name_bytes) {
		stop(parser, PARSER_TOO_LARGE);
		return NULL;
	}
	element = element_new_kept(parser->arena, ns, keep_name(parser, name.local, name.local_len));
	if (parent) {
		element_link(parent, element);
		if (ns != parent->ns)
			note_widening(parser, ns);
	}
	if (attributes[0])
		add_attributes(parser, element, attributes);
	return element;
}

static void finish_header(struct parser *parser, const char *wire_name, struct element *header)
{
	namespaces_keep_header(&parser->namespaces);
	parser->root_name = arena_strdup(parser->header_arena, wire_name);
	parser->default_ns = namespaces_find(&parser->namespaces, parser->header_arena, "", 0);
	if (parser->sink)
		parser->sink->header(parser->context, header);
	arena_destroy(parser->arena);
	parser->arena = NULL;
}

static void on_start(void *data, const XML_Char *wire_name, const XML_Char **attributes)
{
	struct parser *parser = data;
	struct element *element;

	if (parser->fault)
		return;
	if (parser->depth <= 1)
		begin_item(parser);
	if (item_too_large(parser) || parser->depth > parser->limits.depth) {
		stop(parser, PARSER_TOO_LARGE);
		return;
	}
	element = open_element(parser, wire_name, attributes);
	if (parser->fault)
		return;
	if (parser->depth++ == 0)
		finish_header(parser, wire_name, element);
	else
		parser->current = element;
}

static void finish_stanza(struct parser *parser)
{
	uint64_t bytes = token_end(parser) - parser->item_start;
	struct element *stanza = parser->current;
	struct arena *arena = parser->arena;

	if (bytes > parser->largest_bytes)
		parser->largest_bytes = bytes;
	parser->arena = NULL;
	parser->current = NULL;
	parser->sink->stanza(parser->context, arena, stanza);
}

static void on_end(void *data, const XML_Char *wire_name)
{
	struct parser *parser = data;

	(void)wire_name;
	if (parser->fault)
		return;
	parser->depth--;
	if (parser->depth == 0) {
		parser->sink->footer(parser->context);
		return;
	}
	if (item_too_large(parser)) {
		stop(parser, PARSER_TOO_LARGE);
		return;
	}
	if (parser->namespaces.count > parser->namespaces.of_header)
		namespaces_leave(&parser->namespaces, parser->depth);
	if (parser->depth == 1)
		finish_stanza(parser);
	else
		parser->current = parser->current->parent;
}

/* RFC 6120 11.7: between stanzas stands whitespace at most. */
static void on_text(void *data, const XML_Char *text, int len)
{
	struct parser *parser = data;

	if (parser->fault)
		return;
	if (parser->current) {
		element_append_text(parser->current, text, (size_t)len);
		return;
	}
	for (int i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			stop(parser, PARSER_NOT_WELL_FORMED);
}

static void on_declaration(void *data, const XML_Char *version, const XML_Char *encoding,
	int standalone)
{
	(void)standalone;
	if (version && strcmp(version, "1.0") != 0)
		stop(data, PARSER_NOT_WELL_FORMED);
	if (encoding && strcasecmp(encoding, "UTF-8") != 0)
		stop(data, PARSER_UNSUPPORTED_ENCODING);
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
	const XML_Char *public_id, int has_internal_subset)
{
	(void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
	stop(data, PARSER_RESTRICTED_XML);
}

static void on_comment(void *data, const XML_Char *text)
{
	(void)text;
	stop(data, PARSER_RESTRICTED_XML);
}

static void on_instruction(void *data, const XML_Char *target, const XML_Char *text)
{
	(void)target, (void)text;
	stop(data, PARSER_RESTRICTED_XML);
}

static void set_up(struct parser *parser)
{
	XML_Parser expat = parser->expat;

#if HAVE_REPARSE_DEFERRAL
	/* With it a tag that came in two reads would wait for a third. */
	XML_SetReparseDeferralEnabled(expat, XML_FALSE);
#endif
	XML_SetUserData(expat, parser);
	XML_SetElementHandler(expat, on_start, on_end);
	XML_SetCharacterDataHandler(expat, on_text);
	XML_SetXmlDeclHandler(expat, on_declaration);
	XML_SetStartDoctypeDeclHandler(expat, on_doctype);
	XML_SetCommentHandler(expat, on_comment);
	XML_SetProcessingInstructionHandler(expat, on_instruction);
}

/* All but expat. */
static void forget_stream(struct parser *parser)
{
	XML_Parser expat = parser->expat;

	arena_destroy(parser->arena);
	arena_destroy(parser->header_arena);
	buffer_finish(&parser->pending.held);
	/* Not a plain { 0 }: most of the struct is a table of which `count` entries count. */
	parser->namespaces.count = parser->namespaces.of_header = 0;
	memset(parser, 0, offsetof(struct parser, namespaces));
	parser->header_arena = NULL;
	parser->root_name = parser->header_text = parser->default_ns = NULL;
	parser->pending = (struct pending){ 0 };
	parser->limits = (struct parser_limits){ 256 * 1024, 64, 64, 1024 };
	parser->expat = expat;
}

static struct parser *with_expat(struct parser *parser)
{
	parser->expat = XML_ParserCreate("UTF-8");
	if (!parser->expat)
		heap_exhausted();
	set_up(parser);
	return parser;
}

struct parser *parser_create(void)
{
	struct parser *parser = heap_zalloc(sizeof *parser);

	forget_stream(parser);
	return with_expat(parser);
}

void parser_destroy(struct parser *parser)
{
	if (!parser)
		return;
	assert(!parser->sink);
	XML_ParserFree(parser->expat);
	arena_destroy(parser->arena);
	arena_destroy(parser->header_arena);
	buffer_finish(&parser->pending.held);
	free(parser);
}

void parser_reset(struct parser *parser)
{
	forget_stream(parser);
	XML_ParserReset(parser->expat, "UTF-8");
	set_up(parser);
}

static enum parser_fault fault_of_expat(struct parser *parser)
{
	if (parser->fault)
		return parser->fault;
	switch (XML_GetErrorCode(parser->expat)) {
	case XML_ERROR_NO_MEMORY:
		heap_exhausted();
	case XML_ERROR_UNDEFINED_ENTITY:
	case XML_ERROR_EXTERNAL_ENTITY_HANDLING:
		return PARSER_RESTRICTED_XML;
	case XML_ERROR_MISPLACED_XML_PI:
		return parser->depth > 0 ? PARSER_RESTRICTED_XML : PARSER_NOT_WELL_FORMED;
	case XML_ERROR_UNKNOWN_ENCODING:
	case XML_ERROR_INCORRECT_ENCODING:
		return PARSER_UNSUPPORTED_ENCODING;
	default:
		return PARSER_NOT_WELL_FORMED;
	}
}

/* Scans a tag's bytes for the '>' that ends it; `quote` carries on between pieces. */
static bool finds_tag_end(const char *bytes, size_t len, char *quote)
{
	for (size_t i = 0; i < len; i++) {
		if (*quote)
			*quote = bytes[i] == *quote ? '\0' : *quote;
		else if (bytes[i] == '"' || bytes[i] == '\'')
			*quote = bytes[i];
		else if (bytes[i] == '>')
			return true;
	}
	return false;
}

/* The unfinished token at the end of what expat has.  Rejects early what would be
 * rejected when complete, and remembers a long tag, so that its pieces need not be scanned
 * again from its beginning with each that comes. */
static void look_at_pending(struct parser *parser)
{
	uint64_t bytes = parser->fed - token_end(parser);
	int offset, size;
	const char *input = XML_GetInputContext(parser->expat, &offset, &size);
	const char *token = input + offset + XML_GetCurrentByteCount(parser->expat);

	parser->pending.bytes = 0;
	if (bytes < 3 || !input)
		return;
	assert((uint64_t)(size - offset) >= bytes);
	if (token[0] == '&') {
		if (bytes > REFERENCE_MAX)
			parser->fault = PARSER_NOT_WELL_FORMED;
	} else if (token[0] == '<' && (token[1] == '?' || token[1] == '!')) {
		if (token[1] == '!' ? token[2] == '-' : parser->depth > 0 || bytes > DECLARATION_MAX)
			parser->fault = PARSER_RESTRICTED_XML;
	} else if (token[0] == '<' && bytes >= HOLD_BYTES) {
		parser->pending.quote = '\0';
		if (!finds_tag_end(token, bytes, &parser->pending.quote))
			parser->pending.bytes = bytes;
	}
}

static void check_size(struct parser *parser)
{
	uint64_t start = parser->depth > 1 ? parser->item_start : token_end(parser);
	uint64_t end = parser->fed + parser->pending.held.len;

	if (!parser->fault && end - start > parser->limits.stanza_bytes)
		parser->fault = PARSER_TOO_LARGE;
}

static enum parser_fault note_status(struct parser *parser, enum XML_Status status)
{
	parser->suspended = status == XML_STATUS_SUSPENDED;
	if (status == XML_STATUS_ERROR) {
		parser->fault = fault_of_expat(parser);
		return parser->fault;
	}
	if (parser->suspended)
		return PARSER_PAUSED;
	if (token_end(parser) < parser->fed) {
		look_at_pending(parser);
		check_size(parser);
	} else if (parser->depth > 1) {
		check_size(parser);
	}
	return parser->fault;
}

static enum parser_fault parse(struct parser *parser, const char *bytes, size_t len)
{
	enum parser_fault verdict = PARSER_NONE;

	while (len > 0 && verdict == PARSER_NONE) {
		int piece = len < (1 << 30) ? (int)len : 1 << 30;

		parser->fed += (uint64_t)piece;
		verdict = note_status(parser, XML_Parse(parser->expat, bytes, piece, XML_FALSE));
		bytes += piece;
		len -= (size_t)piece;
	}
	return verdict;
}

/* expat takes a byte order mark and UTF-16 at its word, whatever encoding it was told. */
static bool starts_as_utf16(const struct parser *parser, const char *bytes, size_t len)
{
	for (uint64_t at = parser->fed; at < 2 && len > 0; at++, bytes++, len--)
		if (*bytes == '\0' || (unsigned char)*bytes >= 0xFE)
			return true;
	return false;
}

/* Lets a long unfinished tag grow outside expat until its end is there. */
static bool hold(struct parser *parser, const char *bytes, size_t len)
{
	if (parser->pending.bytes == 0 || finds_tag_end(bytes, len, &parser->pending.quote))
		return false;
	buffer_add(&parser->pending.held, bytes, len);
	check_size(parser);
	return true;
}

static enum parser_fault parse_behind_held(struct parser *parser, const char *bytes, size_t len)
{
	struct buffer held = parser->pending.held;
	enum parser_fault verdict = PARSER_NONE;

	parser->pending = (struct pending){ 0 };
	if (held.len > 0)
		verdict = parse(parser, buffer_at(&held), held.len);
	parser->pending.bytes = 0;
	buffer_finish(&held);
	return verdict == PARSER_NONE ? parse(parser, bytes, len) : verdict;
}

/* A renewed expat costs little a megabyte and gives back every name it has kept. */
static void renew(struct parser *parser)
{
	struct parser_limits limits = parser->limits;
	char *header = heap_strdup(parser_header(parser));

	XML_ParserFree(parser->expat);
	forget_stream(parser);
	with_expat(parser);
	parser_adopt_header(parser, header);
	parser->limits = limits;
	free(header);
}

static enum parser_fault resume(struct parser *parser)
{
	if (!parser->suspended)
		return PARSER_NONE;
	return note_status(parser, XML_ResumeParser(parser->expat));
}

/* What expat already has of the bytes: a pause leaves their rest in its buffer, and the
 * caller comes with it again. */
static enum parser_fault feed(struct parser *parser, const char *bytes, size_t len)
{
	uint64_t known = parser->fed - parser->taken + parser->pending.held.len;
	enum parser_fault verdict;

	verdict = resume(parser);
	if (verdict != PARSER_NONE || known >= len)
		return verdict;
	bytes += known;
	len -= known;
	if (starts_as_utf16(parser, bytes, len)) {
		parser->fault = PARSER_UNSUPPORTED_ENCODING;
		return parser->fault;
	}
	if (hold(parser, bytes, len))
		return parser->fault;
	return parse_behind_held(parser, bytes, len);
}

enum parser_fault parser_feed(struct parser *parser, const struct parser_sink *sink,
	void *context, const char *bytes, size_t len, size_t *ret_used)
{
	enum parser_fault verdict;
	uint64_t paused_at;

	assert(!parser->sink);
	*ret_used = len;
	if (parser->fault || len == 0)
		return parser->fault;
	if (parser->fed > PARSER_RECYCLE_BYTES || parser->strange_names > STRANGE_NAMES_MAX)
		if (parser_is_idle(parser) && !parser->suspended)
			renew(parser);
	parser->sink = sink;
	parser->context = context;
	parser->paused = false;
	verdict = feed(parser, bytes, len);
	parser->sink = NULL;
	if (verdict == PARSER_PAUSED) {
		paused_at = token_end(parser);
		*ret_used = paused_at - parser->taken < len ? (size_t)(paused_at - parser->taken) : len;
	}
	parser->taken += *ret_used;
	return verdict;
}

void parser_pause(struct parser *parser)
{
	assert(parser->sink);
	if (parser->paused || parser->fault)
		return;
	parser->paused = true;
	XML_StopParser(parser->expat, XML_TRUE);
}

bool parser_is_idle(const struct parser *parser)
{
	return !parser->fault && parser->depth == 1 && parser->pending.held.len == 0 &&
	       token_end(parser) == parser->fed;
}

bool parser_can_serve_again(struct parser *parser)
{
	if (!parser_is_idle(parser) || parser->fed > PARSER_RECYCLE_BYTES ||
	    parser->strange_names > STRANGE_NAMES_MAX || parser->largest_bytes > SWOLLEN_BYTES)
		return false;
	return resume(parser) == PARSER_NONE;
}

const char *parser_default_ns(const struct parser *parser)
{
	return parser->default_ns ? parser->default_ns : "";
}

const char *parser_header(const struct parser *parser)
{
	struct parser *own = (struct parser *)parser;
	struct buffer text = { 0 };

	if (!parser->root_name || parser->header_text)
		return parser->header_text;
	buffer_printf(&text, "<%s", parser->root_name);
	namespaces_write_header(&own->namespaces, &text);
	buffer_add_text(&text, ">");
	own->header_text = arena_strndup(own->header_arena, buffer_at(&text), text.len);
	buffer_finish(&text);
	return parser->header_text;
}

void parser_adopt_header(struct parser *parser, const char *header)
{
	enum parser_fault verdict;

	parser->limits = (struct parser_limits){ SIZE_MAX, UINT32_MAX, UINT32_MAX, SIZE_MAX };
	verdict = parse(parser, header, strlen(header));
	assert(verdict == PARSER_NONE && parser_is_idle(parser));
	parser->taken = parser->fed;
	parser->header_text = arena_strdup(parser->header_arena, header);
	parser->limits = (struct parser_limits){ 256 * 1024, 64, 64, 1024 };
}

void parser_set_limits(struct parser *parser, const struct parser_limits *limits)
{
	parser->limits = *limits;
}
