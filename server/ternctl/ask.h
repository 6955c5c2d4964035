/* ask.h - one command to a running server, and its answer
 * SPDX-License-Identifier: MIT */
#ifndef ASK_H
#define ASK_H

#include <stddef.h>
#include <stdio.h>

/* The line of JSON that it answers, for free(); whatever keeps it from answering ends the process
 * with a line. */
char *ask(const char *socket, const char *const *words, size_t count);

/* All of a file, NUL-terminated, for free(); `name` for the complaint. */
char *slurp(FILE *file, const char *name);

#endif
