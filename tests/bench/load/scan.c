/* scan.c - cuts a stream into its stanzas without building trees */
/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include <string.h>

void scan_finish(struct scan *scan)
{
	buffer_finish(&scan->held);
	*scan = (struct scan){ 0 };
}

/* The end of the tag that starts at `tag` (behind its '>'), or NULL if it is not all there. */
static const char *tag_end(const char *tag, const char *end)
{
	const char *at = tag;

	while ((at = memchr(at, '>', (size_t)(end - at)))) {
		const char *quote = tag;
		bool is_quoted = false;

		/* A '>' may stand inside an attribute's value. */
		while (!is_quoted && quote < at) {
			const char *close;

			if (*quote != '\'' && *quote != '"') {
				quote++;
				continue;
			}
			close = memchr(quote + 1, *quote, (size_t)(at - quote - 1));
			is_quoted = !close;
			quote = close ? close + 1 : quote;
		}
		if (!is_quoted)
			return at + 1;
		at++;
	}
	return NULL;
}

static int depth_change(const char *tag, const char *end)
{
	if (tag[1] == '/')
		return -1;
	if (tag[1] == '?' || tag[1] == '!' || end[-2] == '/')
		return 0;
	return 1;
}

/* Reports what is complete in [text, end). Returns where the incomplete rest starts, NULL when
 * found() ended the scan. */
static const char *scan_text(struct scan *scan, const char *text, const char *end,
		scan_found *found, void *context)
{
	const char *start = text, *at = text + scan->at;

	for (;;) {
		const char *tag = memchr(at, '<', (size_t)(end - at));
		const char *behind = tag ? tag_end(tag, end) : NULL;

		at = behind ? behind : tag ? tag : end;
		if (!behind)
			break;
		if (scan->depth <= 1)
			start = tag;
		scan->depth += depth_change(tag, behind);
		if (scan->depth > 1 || tag[1] == '?')
			continue;
		if (!found(context, &(struct stanza){ start, (size_t)(behind - start) }))
			return NULL;
	}
	if (scan->depth <= 1)
		start = at;
	scan->at = (size_t)(at - start);
	return start;
}

void scan_feed(struct scan *scan, const char *bytes, size_t size, scan_found *found,
		void *context)
{
	const char *rest;

	if (buffer_size(&scan->held) == 0) {
		scan->at = 0;
		rest = scan_text(scan, bytes, bytes + size, found, context);
		if (rest)
			buffer_append(&scan->held, rest, (size_t)(bytes + size - rest));
		return;
	}
	buffer_append(&scan->held, bytes, size);
	rest = scan_text(scan, buffer_front(&scan->held),
			buffer_front(&scan->held) + buffer_size(&scan->held), found, context);
	if (rest)
		buffer_consume(&scan->held, (size_t)(rest - buffer_front(&scan->held)));
}

bool stanza_is(const struct stanza *stanza, const char *name)
{
	size_t size = strlen(name);

	return stanza->size > size + 1 && memcmp(stanza->text + 1, name, size) == 0 &&
		strchr(" />\t\n", stanza->text[size + 1]);
}

bool stanza_has(const struct stanza *stanza, const char *text)
{
	return memmem(stanza->text, stanza->size, text, strlen(text));
}

const char *stanza_between(const struct stanza *stanza, const char *before, const char *after,
		size_t *ret_size)
{
	const char *end = stanza->text + stanza->size;
	const char *start = memmem(stanza->text, stanza->size, before, strlen(before));
	const char *stop;

	if (!start)
		return NULL;
	start += strlen(before);
	stop = memmem(start, (size_t)(end - start), after, strlen(after));
	if (!stop)
		return NULL;
	*ret_size = (size_t)(stop - start);
	return start;
}

const char *stanza_attribute(const struct stanza *stanza, const char *name, size_t *ret_size)
{
	const char *end = memchr(stanza->text, '>', stanza->size);
	const char *at = stanza->text;
	size_t name_size = strlen(name);

	while (end && (at = memmem(at, (size_t)(end - at), name, name_size))) {
		const char *value = at + name_size + 1;
		const char *stop;

		if (at[-1] != ' ' || value >= end) {
			at++;
			continue;
		}
		stop = memchr(value, value[-1], (size_t)(stanza->text + stanza->size - value));
		if (!stop)
			return NULL;
		*ret_size = (size_t)(stop - value);
		return value;
	}
	return NULL;
}
