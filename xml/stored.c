/* stored.c - stanzas to bytes and back, by the writer and the parser of xml/
 * SPDX-License-Identifier: MIT */

#include "stored.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "heap.h"
#include "names.h"
#include "parser.h"
#include "reread.h"
#include "writer.h"

struct stored_reader {
	struct parser_pool *pool;
	struct reread last;
};

void stored_write(struct buffer *out, const struct element *stanza)
{
	writer_element(out, stanza, NS_CLIENT);
}

size_t stored_message_inside(const char *xml, size_t len)
{
	static const char start[] = "<message", end[] = "</message>";
	size_t end_len = sizeof end - 1;

	if (len < sizeof start - 1 + end_len || memcmp(xml, start, sizeof start - 1) != 0 ||
	    memcmp(xml + len - end_len, end, end_len) != 0)
		return 0;
	return len - end_len;
}

struct stored_reader *stored_reader_create(void)
{
	struct stored_reader *reader = heap_zalloc(sizeof *reader);

	reader->pool = parser_pool_create(1);
	return reader;
}

void stored_reader_destroy(struct stored_reader *reader)
{
	if (!reader)
		return;
	parser_pool_destroy(reader->pool);
	arena_destroy(reader->last.arena);
	free(reader);
}

struct element *stored_read(struct stored_reader *reader, const char *xml, size_t len)
{
	arena_destroy(reader->last.arena);
	reader->last = reread(reader->pool, xml, len);
	return reader->last.element;
}
