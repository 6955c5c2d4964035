/* export.c - asks for an account piece by piece and writes it as XEP-0227 has it
 * SPDX-License-Identifier: MIT */

#include "export.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "answer.h"
#include "names.h"
#include "say.h"

#define NS_DATA "urn:xmpp:pie:0"
#define PAGE "500"
#define ID_SIZE 64

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

/* The message stands in the archive as in a stream, where its namespace goes without saying. */
static void put_result(FILE *out, const json_t *row)
{
	static const char start[] = "<message";
	const char *message = answer_cell(row, 3);

	fprintf(out, "<result xmlns='urn:xmpp:mam:2' id='%s'><forwarded xmlns='urn:xmpp:forward:0'>"
		"<delay xmlns='" NS_DELAY "' stamp='%s'/>", answer_cell(row, 0), answer_cell(row, 1));
	if (strncmp(message, start, sizeof start - 1) == 0)
		fprintf(out, "%s xmlns='jabber:client'%s", start, message + sizeof start - 1);
	fputs("</forwarded></result>\n", out);
}

/* Its rows are the caller's with it. */
static json_t *ask_rows(const char *socket, const char *const *words, size_t count)
{
	json_t *answer = answer_ask(socket, words, count);
	const char *error = answer_error(answer);

	if (error)
		fail("%s", error);
	return answer;
}

/* The first one where `after` is NULL. */
static json_t *ask_page(const char *socket, const char *jid, const char *after)
{
	const char *const words[] = { "archive", "page", jid, "--most", PAGE, "--after", after };
	size_t count = sizeof words / sizeof *words;

	return ask_rows(socket, words, after ? count : count - 2);
}

static size_t put_page(FILE *out, const json_t *answer, char last[ID_SIZE])
{
	const json_t *rows = json_object_get(answer, "rows");
	size_t count = json_array_size(rows);

	for (size_t i = 0; i < count; i++)
		put_result(out, json_array_get(rows, i));
	if (count)
		snprintf(last, ID_SIZE, "%s", answer_cell(json_array_get(rows, count - 1), 0));
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
	fputs("'>\n", out);
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

static void put_archive(FILE *out, const char *socket, const char *jid, json_t *take_first)
{
	json_t *answer = take_first;
	char last[ID_SIZE];

	fputs("<archive xmlns='" NS_DATA "#mam'>\n", out);
	while (put_page(out, answer, last) > 0) {
		json_decref(answer);
		answer = ask_page(socket, jid, last);
	}
	json_decref(answer);
	fputs("</archive>", out);
}

static int end(FILE *out, const char *path)
{
	fputs("</user></host></server-data>\n", out);
	if (fflush(out) != 0 || ferror(out))
		fail("%s: %s", path, strerror(errno));
	if (out != stdout)
		fclose(out);
	return EXIT_SUCCESS;
}

static const char *find_at(const char *jid)
{
	const char *at = strchr(jid, '@');

	if (!at)
		fail("`%s` is not an account's address (name@host)", jid);
	return at;
}

int export_archive(const char *socket, const char *jid, const char *path)
{
	const char *at = find_at(jid);
	json_t *first = ask_page(socket, jid, NULL); /* before a file is made */
	FILE *out = open_private(path);

	put_head(out, jid, at);
	put_archive(out, socket, jid, first);
	return end(out, path);
}

static bool has_archives(const char *socket, const char *domain)
{
	json_t *answer = ask_rows(socket, (const char *const[]){ "module", "list" }, 2);
	const json_t *rows = json_object_get(answer, "rows");
	bool found = false;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		found |= strcasecmp(answer_cell(row, 0), domain) == 0 && strcmp(answer_cell(row, 1), "mam") == 0;
	}
	json_decref(answer);
	return found;
}

static const char offline_start[] = "<offline-messages>", offline_end[] = "</offline-messages>";

/* What stands between the tags, where the row is of waiting messages; or NULL. */
static const char *waiting_in(const char *row, size_t *ret_len)
{
	size_t start = sizeof offline_start - 1, end = sizeof offline_end - 1, len = strlen(row);

	if (strncmp(row, offline_start, start) != 0 || len < start + end)
		return NULL;
	*ret_len = len - start - end;
	return row + start;
}

/* XEP-0227 9: an account has one such element; modules may have a part of it each. */
static void put_waiting(FILE *out, const json_t *rows)
{
	bool is_open = false;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		size_t len;
		const char *messages = waiting_in(answer_cell(json_array_get(rows, i), 0), &len);

		if (!messages)
			continue;
		fprintf(out, "%s%.*s", is_open ? "" : offline_start, (int)len, messages);
		is_open = true;
	}
	if (is_open)
		fprintf(out, "%s\n", offline_end);
}

static void put_parts(FILE *out, const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *row = answer_cell(json_array_get(rows, i), 0);
		size_t len;

		if (!waiting_in(row, &len))
			fprintf(out, "%s\n", row);
	}
	put_waiting(out, rows);
}

int export_user(const char *socket, const char *jid, const char *path)
{
	const char *at = find_at(jid);
	json_t *answer = ask_rows(socket, (const char *const[]){ "user", "export", jid }, 3);
	FILE *out = open_private(path);

	put_head(out, jid, at);
	put_parts(out, json_object_get(answer, "rows"));
	json_decref(answer);
	if (has_archives(socket, at + 1))
		put_archive(out, socket, jid, ask_page(socket, jid, NULL));
	return end(out, path);
}
