/* outline.c - finds the keys in the text that source.h has put together
 * SPDX-License-Identifier: MIT */

#include "outline.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"

#define WORD_ENDS " \t\r\n\"'={}()+,"

enum token { TOKEN_END, TOKEN_WORD, TOKEN_MARK };

struct outline {
	struct arena *arena;
	char *at;
	unsigned line;
	const char *word; /* the newest word or mark, */
	char *start;      /* and where it begins */
	bool (*each)(void *context, const struct outline_key *key);
	void *context;
};

static void take(struct outline *outline, size_t len)
{
	outline->word = arena_strndup(outline->arena, outline->at, len);
	outline->at += len;
}

static enum token read_string(struct outline *outline)
{
	char quote = *outline->at++;
	size_t len = 0;

	for (; outline->at[len] && outline->at[len] != quote; len++) {
		if (outline->at[len] == '\\' && outline->at[len + 1])
			len++;
		outline->line += outline->at[len] == '\n';
	}
	take(outline, len);
	outline->at += *outline->at == quote;
	return TOKEN_WORD;
}

static enum token read_token(struct outline *outline)
{
	size_t len;

	for (; *outline->at && strchr(" \t\r\n", *outline->at); outline->at++)
		outline->line += *outline->at == '\n';
	outline->start = outline->at;
	if (!*outline->at)
		return TOKEN_END;
	if (*outline->at == '"' || *outline->at == '\'')
		return read_string(outline);
	if (*outline->at == '$') { /* ${NAME} */
		len = strcspn(outline->at, "}\n");
		take(outline, len + (outline->at[len] == '}'));
		return TOKEN_WORD;
	}
	len = strcspn(outline->at, WORD_ENDS);
	take(outline, len ? len : 1);
	return len ? TOKEN_WORD : TOKEN_MARK;
}

static bool read_mark(struct outline *outline, char mark)
{
	return read_token(outline) == TOKEN_MARK && *outline->word == mark;
}

/* Up to the end of a list or of arguments, in which nothing nests. */
static bool skip_to(struct outline *outline, char end)
{
	enum token token;

	while ((token = read_token(outline)) != TOKEN_END) {
		if (token == TOKEN_MARK && *outline->word == end)
			return true;
	}
	return false;
}

static bool skip_value(struct outline *outline)
{
	enum token token = read_token(outline);

	if (token == TOKEN_MARK && *outline->word == '{')
		return skip_to(outline, '}');
	return token == TOKEN_WORD;
}

static bool read_section(struct outline *outline, const char *name, const char *title);

/* Behind a key's name: a value, arguments, or what a section has in it. */
static bool read_rest(struct outline *outline, const char *name)
{
	enum token token = read_token(outline);

	if (token == TOKEN_WORD) {
		const char *title = outline->word;

		return read_mark(outline, '{') && read_section(outline, name, title);
	}
	if (token == TOKEN_END)
		return false;
	switch (*outline->word) {
	case '=':
		return skip_value(outline);
	case '+':
		return read_mark(outline, '=') && skip_value(outline);
	case '(':
		return skip_to(outline, ')');
	case '{':
		return read_section(outline, name, NULL);
	default:
		return false;
	}
}

/* Lines stay where they are. */
static void blank(char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from != '\n')
			*from = ' ';
	}
}

/* Source.h bounds how deep they nest. */
static bool read_section(struct outline *outline, const char *name, const char *title)
{
	while (read_token(outline) == TOKEN_WORD) {
		struct outline_key key = { name, title, outline->word, outline->line };
		char *start = outline->start;
		bool is_kept = outline->each(outline->context, &key);

		if (!read_rest(outline, key.name))
			return false;
		if (!is_kept)
			blank(start, outline->at);
	}
	return *outline->word == '}';
}

void outline_each(struct arena *arena, char *text,
	bool (*each)(void *context, const struct outline_key *key), void *context)
{
	struct outline outline = { .arena = arena, .at = text, .line = 1, .word = "", .each = each,
		.context = context };

	read_section(&outline, "root", NULL);
}
