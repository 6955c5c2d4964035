/* archive.c - asks for an archive page by page and writes it as XEP-0227 has it
 * SPDX-License-Identifier: MIT */

#include "archive.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ask.h"
#include "say.h"

#define NS_DATA "urn:xmpp:pie:0"
#define PAGE "500"

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<': fputs("&lt;", out); break;
		case '&': fputs("&amp;", out); break;
		case '\'': fputs("&apos;", out); break;
		default: putc(*text, out);
		}
	}
}

static const char *cell(const json_t *row, size_t column)
{
	const char *text = json_string_value(json_array_get(row, column));

	return text ? text : "";
}

/* The message stands in the archive as in a stream, where its namespace goes without saying. */
static void put_result(FILE *out, const json_t *row)
{
	static const char start[] = "<message";
	const char *message = cell(row, 3);

	fprintf(out, "<result xmlns='urn:xmpp:mam:2' id='%s'><forwarded xmlns='urn:xmpp:forward:0'>"
		"<delay xmlns='urn:xmpp:delay' stamp='%s'/>", cell(row, 0), cell(row, 1));
	if (strncmp(message, start, sizeof start - 1) == 0)
		fprintf(out, "%s xmlns='jabber:client'%s", start, message + sizeof start - 1);
	fputs("</forwarded></result>\n", out);
}

/* The rows of one page, in an answer that is the caller's. */
static json_t *ask_for_page(const char *socket, const char *jid, const char *after)
{
	const char *const words[] = { "archive", "page", jid, "--after", after, "--most", PAGE };
	char *line = ask(socket, words, sizeof words / sizeof *words);
	json_t *answer = json_loads(line, 0, NULL);
	const char *error = json_string_value(json_object_get(answer, "error"));

	if (!answer)
		fail("this is no answer of ternd: %.200s", line);
	if (error)
		fail("%s", error);
	free(line);
	return answer;
}

static size_t put_page(FILE *out, const json_t *answer, char last[32])
{
	const json_t *rows = json_object_get(answer, "rows");
	size_t count = json_array_size(rows);

	for (size_t i = 0; i < count; i++)
		put_result(out, json_array_get(rows, i));
	if (count)
		snprintf(last, 32, "%s", cell(json_array_get(rows, count - 1), 0));
	return count;
}

static void put_head(FILE *out, const char *jid, const char *at)
{
	fputs("<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='" NS_DATA "'><host jid='",
		out);
	put_escaped(out, at + 1);
	fputs("'><user name='", out);
	for (const char *c = jid; c < at; c++)
		put_escaped(out, (const char[]){ *c, '\0' });
	fputs("'>\n<archive xmlns='" NS_DATA "#mam'>\n", out);
}

/* Messages are nobody else's business. */
static FILE *open_private(const char *path)
{
	FILE *out;

	if (strcmp(path, "-") == 0)
		return stdout;
	umask(077);
	out = fopen(path, "wxe");
	if (!out)
		fail("%s: %s", path, strerror(errno));
	return out;
}

int archive_export(const char *socket, const char *jid, const char *path)
{
	const char *at = strchr(jid, '@');
	char last[32] = "0";
	json_t *answer;
	size_t count;
	FILE *out;

	if (!at)
		fail("`%s` is not an account's address (name@host)", jid);
	answer = ask_for_page(socket, jid, last); /* before a file is made */
	out = open_private(path);
	put_head(out, jid, at);
	do {
		count = put_page(out, answer, last);
		json_decref(answer);
		answer = ask_for_page(socket, jid, last);
	} while (count);
	json_decref(answer);
	fputs("</archive></user></host></server-data>\n", out);
	if (fflush(out) != 0 || ferror(out))
		fail("%s: %s", path, strerror(errno));
	if (out != stdout)
		fclose(out);
	return EXIT_SUCCESS;
}
