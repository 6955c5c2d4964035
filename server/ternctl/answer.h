/* answer.h - what ternd answers: a line of JSON, with columns and rows or with an error
 * SPDX-License-Identifier: MIT */
#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>
#include <stddef.h>

/* What the server answers to a command: for json_decref; no answer at all ends the process. */
json_t *answer_ask(const char *socket, const char *const *words, size_t count);

/* For json_decref; what is no answer ends the process with a line. */
json_t *answer_read(const char *line);

/* The complaint, or NULL. */
const char *answer_error(const json_t *answer);

/* A text of a row, or of the columns; "" beyond the last one. */
const char *answer_cell(const json_t *row, size_t column);

#endif
