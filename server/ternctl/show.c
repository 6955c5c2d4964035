/* show.c - prints answers as tables
 * SPDX-License-Identifier: MIT */

#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

/* Columns of a terminal that UTF-8 text takes, as near as a count of characters comes. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* As many cells as there are columns, whatever the row has. */
static void show_row(const json_t *row, const size_t *widths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *cell = answer_cell(row, i);
		int padding = i + 1 < count ? (int)(widths[i] - width_of(cell) + 2) : 0;

		printf("%s%*s", cell, padding, "");
	}
	putchar('\n');
}

/* Headings only where they tell something apart. */
static void show_table(const json_t *answer)
{
	const json_t *columns = json_object_get(answer, "columns");
	const json_t *rows = json_object_get(answer, "rows");
	size_t count = json_array_size(columns), widths[64] = { 0 };

	if (count == 0 || count > 64 || json_array_size(rows) == 0)
		return;
	for (size_t c = 0; c < count; c++) {
		if (count > 1)
			widths[c] = width_of(answer_cell(columns, c));
		for (size_t r = 0; r < json_array_size(rows); r++) {
			size_t width = width_of(answer_cell(json_array_get(rows, r), c));

			if (width > widths[c])
				widths[c] = width;
		}
	}
	if (count > 1)
		show_row(columns, widths, count);
	for (size_t r = 0; r < json_array_size(rows); r++)
		show_row(json_array_get(rows, r), widths, count);
}

/* A bulk answer says in a column how many went wrong; a reload, of each change what came of it. */
static bool is_failure(const char *column, const char *cell)
{
	return (strcmp(column, "failed") == 0 && strcmp(cell, "0") != 0) ||
		(strcmp(column, "outcome") == 0 && strncmp(cell, "failed", 6) == 0);
}

static bool has_failed(const json_t *answer)
{
	const json_t *columns = json_object_get(answer, "columns");
	const json_t *rows = json_object_get(answer, "rows");

	for (size_t r = 0; r < json_array_size(rows); r++) {
		for (size_t c = 0; c < json_array_size(columns); c++) {
			if (is_failure(answer_cell(columns, c), answer_cell(json_array_get(rows, r), c)))
				return true;
		}
	}
	return false;
}

int show_answer(const char *line, bool json)
{
	json_t *answer = answer_read(line);
	const char *error = answer_error(answer);
	bool failed = error || has_failed(answer);

	if (json)
		fputs(line, stdout);
	else if (error)
		fprintf(stderr, "ternctl: %s\n", error);
	else
		show_table(answer);
	json_decref(answer);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
