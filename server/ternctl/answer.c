/* answer.c - takes answers of ternd apart
 * SPDX-License-Identifier: MIT */

#include "answer.h"

#include <stdlib.h>

#include "ask.h"
#include "say.h"

json_t *answer_read(const char *line)
{
	json_t *answer = json_loads(line, 0, NULL);

	if (!answer)
		fail("this is no answer of ternd: %.200s", line);
	return answer;
}

json_t *answer_ask(const char *socket, const char *const *words, size_t count)
{
	char *line = ask(socket, words, count);
	json_t *answer = answer_read(line);

	free(line);
	return answer;
}

const char *answer_error(const json_t *answer)
{
	return json_string_value(json_object_get(answer, "error"));
}

const char *answer_cell(const json_t *row, size_t column)
{
	const char *cell = json_string_value(json_array_get(row, column));

	return cell ? cell : "";
}
