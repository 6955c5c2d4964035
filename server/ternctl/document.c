/* document.c - reads the files of a document, one within the other
 * SPDX-License-Identifier: MIT */

#include "document.h"

#include <dirent.h>
#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "heap.h"
#include "hex.h"
#include "say.h"

#define NS_INCLUDE "http://www.w3.org/2001/XInclude"

enum {
	PIECE = 64 * 1024,
	TOKEN_MOST = 8 * 1024 * 1024, /* bytes of one tag */
	FILES_MOST = 16,              /* one within the other */
};

/* A file that is being read. */
struct source {
	struct source *includer;
	const char *path;
	XML_Parser parser;
	unsigned depth;   /* of the elements that it has opened */
	unsigned skipped; /* from which on they are passed over: those within an <include/>; or 0 */
	bool is_broken;
};

struct document {
	const struct document_sink *sink;
	void *context;
	const char *path;
	bool is_folder;
	char root[PATH_MAX]; /* no file lies outside of it; "": there are no other files */
	struct source *source;
	unsigned sources;
	struct arena *arena; /* of paths */
	void *seen;          /* files, for tsearch */
	size_t complaints;
};

struct identity {
	dev_t device;
	ino_t inode;
};

/* --- complaints ---------------------------------------------------------------------------- */

struct place document_place(const struct document *document)
{
	const struct source *source = document->source;

	if (!source)
		return (struct place){ document->path, 0 };
	return (struct place){ source->path, XML_GetCurrentLineNumber(source->parser) };
}

/* What comes from a file stays on its line. */
static void put_line(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	putchar('\n');
}

void document_complain(struct document *document, const struct place *place, const char *format,
	...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		fail("out of memory");
	va_end(args);
	if (place->line)
		printf("%s:%lu: ", place->path, place->line);
	else
		printf("%s: ", place->path);
	put_line(text);
	free(text);
	document->complaints++;
}

size_t document_complaints(const struct document *document)
{
	return document->complaints;
}

void document_break(struct document *document, const char *why)
{
	struct source *source = document->source;
	struct place place = document_place(document);

	if (source->is_broken)
		return;
	document_complain(document, &place, "%s", why);
	source->is_broken = true;
	XML_StopParser(source->parser, XML_FALSE);
}

/* --- attributes ----------------------------------------------------------------------------- */

const char *document_attribute(const char *const *attributes, const char *name)
{
	for (; *attributes; attributes += 2) {
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	}
	return NULL;
}

/* --- one file ------------------------------------------------------------------------------ */

static void include(struct document *document, const char *const *attributes);

static bool is_include(const char *ns, const char *name)
{
	return strcmp(ns, NS_INCLUDE) == 0 && strcmp(name, "include") == 0;
}

static void begin(struct document *document, const char *name, const char *const *attributes)
{
	const char *end = strchr(name, DOCUMENT_SEPARATOR);
	char *ns = strndup(name, end ? (size_t)(end - name) : 0);

	if (!ns)
		fail("out of memory");
	if (end)
		name = end + 1;
	if (is_include(ns, name) && document->sink->may_include(document->context)) {
		document->source->skipped = document->source->depth--;
		include(document, attributes);
	} else {
		document->sink->begin(document->context, ns, name, attributes);
	}
	free(ns);
}

/* Elements within an <include/> are counted from its own depth on, and its own is not among those
 * that the sink knows. */
static void on_start(void *context, const char *name, const char **attributes)
{
	struct document *document = context;
	struct source *source = document->source;

	if (source->is_broken)
		return;
	source->depth++;
	if (!source->skipped)
		begin(document, name, (const char *const *)attributes);
}

static void on_end(void *context, const char *name)
{
	struct document *document = context;
	struct source *source = document->source;

	if (source->is_broken)
		return;
	if (source->skipped && source->depth + 1 == source->skipped) {
		source->skipped = 0;
		return;
	}
	source->depth--;
	if (!source->skipped)
		document->sink->end(document->context);
}

static void on_text(void *context, const char *text, int len)
{
	struct document *document = context;

	if (!document->source->is_broken && !document->source->skipped)
		document->sink->text(document->context, text, (size_t)len);
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
	int has_internal)
{
	document_break(context, "it has a document type, which is not read");
}

static XML_Parser parser_new(void *context)
{
	XML_Parser parser = XML_ParserCreateNS(NULL, DOCUMENT_SEPARATOR);

	if (!parser)
		fail("out of memory");
	XML_SetUserData(parser, context);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	return parser;
}

/* False at the end. */
static bool read_piece(struct document *document, int file, unsigned long long *total)
{
	struct source *source = document->source;
	void *room = XML_GetBuffer(source->parser, PIECE);
	ssize_t got;

	if (!room)
		fail("out of memory");
	do
		got = read(file, room, PIECE);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		document_break(document, strerror(errno));
		return false;
	}
	*total += (unsigned long long)got;
	if (XML_ParseBuffer(source->parser, (int)got, got == 0) != XML_STATUS_OK)
		document_break(document, XML_ErrorString(XML_GetErrorCode(source->parser)));
	else if (*total - (unsigned long long)XML_GetCurrentByteIndex(source->parser) > TOKEN_MOST)
		document_break(document, "a tag is too long");
	return got > 0 && !source->is_broken;
}

static void read_source(struct document *document, int file, const char *path)
{
	struct source source = { .includer = document->source, .path = path,
		.parser = parser_new(document) };
	unsigned long long total = 0;

	document->source = &source;
	document->sources++;
	while (read_piece(document, file, &total))
		;
	if (source.is_broken)
		document->sink->cut(document->context,
			source.skipped ? source.skipped - 1 : source.depth);
	XML_ParserFree(source.parser);
	document->source = source.includer;
	document->sources--;
}

/* --- files --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct identity));
}

/* Identities are compared byte by byte. */
static void identify(struct identity *identity, const struct stat *status)
{
	memset(identity, 0, sizeof *identity);
	identity->device = status->st_dev;
	identity->inode = status->st_ino;
}

/* False where it has been read before. */
static bool note_file(struct document *document, const struct stat *status)
{
	struct identity *identity = heap_alloc(sizeof *identity);
	struct identity *const *found;

	identify(identity, status);
	found = tsearch(identity, &document->seen, compare);
	if (!found)
		heap_exhausted();
	if (*found == identity)
		return true;
	free(identity);
	return false;
}

/* NULL, or why it is not read.  The one that the administrator names may be a pipe; another would
 * keep everybody waiting. */
static const char *read_file(struct document *document, const char *path, const char *shown)
{
	bool is_named = document->sources == 0 && !document->is_folder;
	int file = open(path, O_RDONLY | O_CLOEXEC | (is_named ? 0 : O_NONBLOCK | O_NOCTTY));
	const char *why = NULL;
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0)
		why = strerror(errno);
	else if (!S_ISREG(status.st_mode) && !is_named)
		why = "it is no file";
	else if (!note_file(document, &status))
		why = "it has been read before";
	else
		read_source(document, file, shown);
	if (file >= 0)
		close(file);
	return why;
}

/* RFC 3986 2.1; NULL for what is none, or would end the text. */
static const char *decode(struct arena *arena, const char *uri)
{
	char *text = arena_strdup(arena, uri), *to = text;

	for (const char *at = uri; *at; at++) {
		int high = *at == '%' ? hex_digit(at[1]) : 0;
		int low = *at == '%' && high >= 0 ? hex_digit(at[2]) : 0;

		if (*at == '%' && (high < 0 || low < 0 || high + low == 0))
			return NULL;
		*to++ = *at == '%' ? (char)(16 * high + low) : *at;
		at += *at == '%' ? 2 : 0;
	}
	*to = '\0';
	return text;
}

/* XEP-0227 5 asks for relative paths. */
static bool is_relative(const char *uri)
{
	size_t first = strcspn(uri, "/:?#");

	return *uri && uri[first] != ':' && *uri != '/' && !strpbrk(uri, "?#");
}

static bool is_inside(const struct document *document, const char *path)
{
	size_t len = strlen(document->root);

	return len && strncmp(path, document->root, len) == 0 &&
		(path[len] == '/' || document->root[len - 1] == '/');
}

static const char *include_file(struct document *document, const char *href)
{
	const char *from = document->source->path, *slash = strrchr(from, '/'), *shown;
	int folder = slash ? (int)(slash + 1 - from) : 0;
	const char *path = is_relative(href) ? decode(document->arena, href) : NULL;
	char real[PATH_MAX];

	if (!path)
		return "only files with relative paths are included";
	if (document->sources >= FILES_MOST)
		return "too many files include each other";
	shown = arena_printf(document->arena, "%.*s%s", folder, from, path);
	if (!document->root[0])
		return "what comes through a pipe cannot include files";
	if (!realpath(shown, real))
		return strerror(errno);
	if (!is_inside(document, real))
		return "it lies outside of the document's folder";
	return read_file(document, real, shown);
}

static void include(struct document *document, const char *const *attributes)
{
	struct place place = document_place(document);
	const char *href = document_attribute(attributes, "href");
	const char *parse = document_attribute(attributes, "parse"), *why;

	if (document_attribute(attributes, "xpointer") || (parse && strcmp(parse, "xml") != 0))
		why = "only whole files of XML are included";
	else
		why = href ? include_file(document, href) : "it names no file";
	if (why)
		document_complain(document, &place, "`%s` is not included: %s", href ? href : "", why);
}

/* --- a folder ------------------------------------------------------------------------------ */

static void look_at_root(void *context, const char *name, const char **attributes)
{
	char *root = context;

	name = strchr(name, DOCUMENT_SEPARATOR) ? strchr(name, DOCUMENT_SEPARATOR) + 1 : name;
	if (!*root)
		snprintf(root, 16, "%s", name);
}

/* Others are parts, which are read where they are included. */
static bool is_whole(const char *path)
{
	XML_Parser parser = XML_ParserCreateNS(NULL, DOCUMENT_SEPARATOR);
	char piece[4096], root[16] = "";
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got = file < 0 ? 0 : read(file, piece, sizeof piece);

	if (!parser)
		fail("out of memory");
	XML_SetUserData(parser, root);
	XML_SetStartElementHandler(parser, look_at_root);
	if (got > 0)
		XML_Parse(parser, piece, (int)got, 0);
	XML_ParserFree(parser);
	if (file >= 0)
		close(file);
	return strcmp(root, "host") != 0 && strcmp(root, "user") != 0;
}

static int is_xml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 4 && strcmp(entry->d_name + len - 4, ".xml") == 0 && *entry->d_name != '.';
}

static bool is_read(const struct document *document, const char *path)
{
	struct identity identity;
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	identify(&identity, &status);
	return tfind(&identity, &document->seen, compare);
}

static void read_whole_ones(struct document *document, const char *path)
{
	const char *why = is_whole(path) && !is_read(document, path) ?
		read_file(document, path, path) : NULL;

	if (why)
		document_complain(document, &(struct place){ path, 0 }, "%s", why);
}

static void note_left_over(struct document *document, const char *path)
{
	if (!is_read(document, path))
		document_complain(document, &(struct place){ path, 0 },
			"it is a part of a document, and no file here includes it");
}

static void read_folder(struct document *document)
{
	struct dirent **names;
	int count = scandir(document->path, &names, is_xml, alphasort);

	if (count < 0)
		fail("%s: %s", document->path, strerror(errno));
	if (count == 0)
		fail("%s: there are no .xml files in it", document->path);
	for (int i = 0; i < count; i++)
		read_whole_ones(document, arena_printf(document->arena, "%s/%s", document->path,
			names[i]->d_name));
	for (int i = 0; i < count; i++) {
		note_left_over(document, arena_printf(document->arena, "%s/%s", document->path,
			names[i]->d_name));
		free(names[i]);
	}
	free(names);
}

/* --- all of it ----------------------------------------------------------------------------- */

static void find_root(struct document *document)
{
	char *slash;

	/* What has no name, like a pipe, lies in no folder. */
	if (!realpath(document->path, document->root)) {
		document->root[0] = '\0';
		return;
	}
	if (document->is_folder)
		return;
	slash = strrchr(document->root, '/');
	slash[slash == document->root] = '\0';
}

struct document *document_open(const char *path, const struct document_sink *sink, void *context)
{
	struct document *document = heap_zalloc(sizeof *document);
	struct stat status;

	document->sink = sink;
	document->context = context;
	document->path = path;
	document->arena = arena_create(4096);
	document->is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
	find_root(document);
	return document;
}

void document_read(struct document *document)
{
	const char *why;

	if (document->is_folder) {
		read_folder(document);
		return;
	}
	if (strcmp(document->path, "-") == 0) {
		read_source(document, STDIN_FILENO, document->path);
		return;
	}
	why = read_file(document, document->path, document->path);
	if (why)
		fail("%s: %s", document->path, why);
}

void document_close(struct document *document)
{
	tdestroy(document->seen, free);
	arena_destroy(document->arena);
	free(document);
}
