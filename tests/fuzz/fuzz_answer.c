/* fuzz_answer.c - any bytes as what ternd answers, shown as tables and written as exports
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no leak, no wild memory.  Each line is one answer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "ask.h"
#include "export.h"
#include "say.h"
#include "show.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static jmp_buf failed;
static char *rest; /* of the answers */

/* What a failure leaves behind ends with the process, and here with the input. */
static struct block { struct block *next, **link; } *blocks;

static void *allocate(size_t size)
{
	struct block *block = malloc(sizeof *block + size);

	if (!block)
		return NULL;
	block->next = blocks;
	block->link = &blocks;
	if (blocks)
		blocks->link = &block->next;
	blocks = block;
	return block + 1;
}

static void release(void *memory)
{
	struct block *block = (struct block *)memory - 1;

	if (!memory)
		return;
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
	free(block);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	json_set_alloc_funcs(allocate, release);
	if (!freopen("/dev/null", "w", stdout))
		abort();
	return 0;
}

void fail(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	longjmp(failed, 1);
}

/* What is no JSON ends the process with the line, as show_answer has seen. */
char *ask(const char *socket, const char *const *words, size_t count)
{
	const char *line = strsep(&rest, "\n");
	json_t *answer = line ? json_loads(line, 0, NULL) : NULL;

	json_decref(answer);
	return strdup(answer ? line : "{\"columns\":[],\"rows\":[]}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	memcpy(text, data, len);
	text[len] = '\0';
	rest = text;
	if (setjmp(failed) == 0) {
		show_answer(text, false);
		export_user("", "juliet@example.org", "-");
	}
	while (blocks)
		release(blocks + 1);
	free(text);
	return 0;
}
