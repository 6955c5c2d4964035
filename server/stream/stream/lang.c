/* stream/lang.c - the language that a stream's header names, for stanzas that name none
 * SPDX-License-Identifier: MIT */

#include "stream/internal.h"

#include <stdlib.h>
#include <string.h>

#include "element.h"
#include "heap.h"

#define LANG_BYTES 64

/* What many clients say: such streams need no copy of their own. */
static const char usual_lang[] = "en";

/* RFC 5646 2.1: letters, digits and hyphens; no tag in use is nearly as long as the limit. */
static bool is_tag(const char *lang)
{
	size_t len = strspn(lang, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return len > 0 && len <= LANG_BYTES && !lang[len];
}

void lang_forget(struct stream *stream)
{
	if (stream->lang != usual_lang)
		free((char *)stream->lang);
	stream->lang = NULL;
}

void lang_keep(struct stream *stream, const char *lang)
{
	size_t bytes;

	lang_forget(stream);
	if (!lang || !is_tag(lang))
		return;
	bytes = strlen(lang) + 1;
	stream->lang = strcmp(lang, usual_lang) == 0 ? usual_lang :
		memcpy(heap_alloc(bytes), lang, bytes);
}

void lang_stamp(const struct stream *stream, struct element *stanza)
{
	if (stream->lang && !element_get(stanza, "xml:lang"))
		element_set(stanza, "xml:lang", stream->lang);
}
