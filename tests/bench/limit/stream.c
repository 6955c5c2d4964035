/* stream.c - feeds a connection's bytes to a parser that it has only while it needs one */
/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <stdlib.h>

enum { POOL_MAX = 32 };

struct parser {
	XML_Parser expat;
	struct tree tree;
	int depth;
	size_t fed;
	struct stream *stream;
	const struct stream_calls *calls;
	void *owner;
};

/* Parsers that stand behind a stream's header, and parsers that read nothing yet. */
static struct parser *pool[POOL_MAX], *fresh[POOL_MAX];
static unsigned pooled, fresh_count;

static void handle_start(void *data, const char *name, const char **attributes)
{
	struct parser *parser = data;

	if (parser->depth++ > 0) {
		tree_start(&parser->tree, name, attributes);
		return;
	}
	parser->stream->is_open = true;
	parser->calls->opened(parser->owner);
}

static void handle_text(void *data, const char *text, int size)
{
	struct parser *parser = data;

	tree_text(&parser->tree, text, size);
}

static void handle_end(void *data, const char *name)
{
	struct parser *parser = data;
	struct node *stanza;

	(void)name;
	if (--parser->depth == 0) {
		parser->calls->ended(parser->owner);
		return;
	}
	stanza = tree_end(&parser->tree);
	if (!stanza)
		return;
	parser->calls->stanza(parser->owner, &parser->tree, stanza);
	tree_clear(&parser->tree);
	if (parser->stream->restarts)
		XML_StopParser(parser->expat, XML_FALSE);
}

static void prepare_expat(struct parser *parser)
{
#if HAVE_REPARSE_DEFERRAL
	XML_SetReparseDeferralEnabled(parser->expat, XML_FALSE);
#endif
	XML_SetUserData(parser->expat, parser);
	XML_SetElementHandler(parser->expat, handle_start, handle_end);
	XML_SetCharacterDataHandler(parser->expat, handle_text);
}

static struct parser *parser_create(void)
{
	struct parser *parser;

	if (fresh_count > 0)
		return fresh[--fresh_count];
	parser = calloc(1, sizeof *parser);
	if (!parser)
		abort();
	parser->expat = XML_ParserCreate(NULL);
	prepare_expat(parser);
	tree_init(&parser->tree);
	return parser;
}

static void parser_destroy(struct parser *parser)
{
	if (!parser)
		return;
	if (fresh_count < POOL_MAX) {
		XML_ParserReset(parser->expat, NULL);
		prepare_expat(parser);
		tree_clear(&parser->tree);
		parser->depth = 0;
		parser->fed = 0;
		fresh[fresh_count++] = parser;
		return;
	}
	XML_ParserFree(parser->expat);
	tree_finish(&parser->tree);
	free(parser);
}

static void give_back(struct stream *stream)
{
	struct parser *parser = stream->parser;
	size_t read = (size_t)(XML_GetCurrentByteIndex(parser->expat) +
			XML_GetCurrentByteCount(parser->expat));

	if (parser->depth != 1 || read != parser->fed)
		return;
	stream->parser = NULL;
	if (pooled < POOL_MAX)
		pool[pooled++] = parser;
	else
		parser_destroy(parser);
}

/* Brings a fresh parser to the middle of a stream. */
static void skip_header(struct parser *parser)
{
	static const char header[] = "<stream:stream xmlns='jabber:client' "
		"xmlns:stream='http://etherx.jabber.org/streams'>";

	XML_SetElementHandler(parser->expat, NULL, NULL);
	XML_Parse(parser->expat, header, sizeof header - 1, 0);
	XML_SetElementHandler(parser->expat, handle_start, handle_end);
	parser->fed = sizeof header - 1;
	parser->depth = 1;
}

bool stream_feed(struct stream *stream, const struct stream_calls *calls, void *owner,
		const char *bytes, size_t size)
{
	enum XML_Status status;
	struct parser *parser;

	if (!stream->parser)
		stream->parser = stream->is_open && pooled > 0 ? pool[--pooled] : parser_create();
	parser = stream->parser;
	parser->stream = stream;
	parser->calls = calls;
	parser->owner = owner;
	if (stream->is_open && parser->depth == 0)
		skip_header(parser);
	parser->fed += size;
	status = XML_Parse(parser->expat, bytes, (int)size, 0);
	if (stream->restarts) {
		stream_finish(stream);
		return true;
	}
	if (status == XML_STATUS_OK)
		give_back(stream);
	return status == XML_STATUS_OK;
}

void stream_restart(struct stream *stream)
{
	stream->restarts = true;
}

void stream_finish(struct stream *stream)
{
	parser_destroy(stream->parser);
	*stream = (struct stream){ 0 };
}
