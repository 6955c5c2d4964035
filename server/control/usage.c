/* usage.c - finds arguments that a command does not know, lest it be done without them
 * SPDX-License-Identifier: MIT */

#include "usage.h"

#include <stdbool.h>
#include <string.h>

/* A piece of the line, without the bracket that it begins with. */
struct word {
	const char *text;
	size_t len;
	bool is_bracketed; /* a bracket begins here */
	bool in_brackets;  /* here or before, and ends no earlier than here */
};

struct line {
	const char *at;
	unsigned depth;
};

/* A text in quotes is one word. */
static size_t word_len(const char *at)
{
	size_t len = *at == '"' ? 1 + strcspn(at + 1, "\"") : 0;

	return len + strcspn(at + len, " ");
}

static bool next_word(struct line *line, struct word *ret)
{
	line->at += strspn(line->at, " ");
	if (!*line->at)
		return false;
	ret->is_bracketed = *line->at == '[';
	ret->len = word_len(line->at);
	ret->text = line->at + ret->is_bracketed;
	for (size_t i = 0; i < ret->len; i++)
		line->depth += line->at[i] == '[';
	ret->in_brackets = line->depth > 0;
	for (size_t i = 0; i < ret->len; i++)
		line->depth -= line->at[i] == ']';
	line->at += ret->len;
	ret->len -= ret->is_bracketed;
	return true;
}

static bool is_option(const char *text)
{
	return strncmp(text, "--", 2) == 0;
}

static bool is_bar(const struct word *word)
{
	return *word->text == '|';
}

/* "[--days N|host]" and "--text TEXT" do, "[--all]" and "--all | JID" do not; the value is read. */
static bool takes_value(struct line *line, const struct word *option)
{
	struct line ahead = *line;
	struct word word;

	if (option->text[option->len - 1] == ']' || !next_word(&ahead, &word) || is_bar(&word) ||
	    word.is_bracketed || is_option(word.text))
		return false;
	*line = ahead;
	return true;
}

static bool is_named(const struct word *option, const char *name)
{
	size_t len = strcspn(option->text, " ]");

	return strlen(name) == len && strncmp(option->text, name, len) == 0;
}

static bool knows(const char *text, const char *name, bool *ret_takes_value)
{
	struct line line = { text, 0 };
	struct word word;

	while (next_word(&line, &word)) {
		if (!is_option(word.text))
			continue;
		*ret_takes_value = takes_value(&line, &word);
		if (is_named(&word, name))
			return true;
	}
	return false;
}

/* Of words without an option. */
static size_t count_most(const char *text)
{
	struct line line = { text, 0 };
	struct word word;
	size_t count = 0, most = 0;

	while (next_word(&line, &word)) {
		if (is_option(word.text)) {
			takes_value(&line, &word);
		} else if (!is_bar(&word)) {
			count++;
		} else if (word.in_brackets) { /* [HOST | JID] is one */
			count--;
		} else {
			count = 0;
		}
		most = count > most ? count : most;
	}
	return most;
}

const char *usage_find_stranger(const char *line, const char *const *arguments, size_t count)
{
	size_t words = 0, most = count_most(line);

	for (size_t i = 0; i < count; i++) {
		bool takes_value;

		if (!is_option(arguments[i])) {
			if (++words > most)
				return arguments[i];
		} else if (knows(line, arguments[i], &takes_value)) {
			i += takes_value;
		} else {
			return arguments[i];
		}
	}
	return NULL;
}
