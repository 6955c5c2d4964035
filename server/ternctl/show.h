/* show.h - answers of ternd, for people and for programs
 * SPDX-License-Identifier: MIT */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>

/* A table on stdout, or the line itself; a complaint on stderr.  The exit status: a failure also
 * where a command of many parts says that some have failed. */
int show_answer(const char *line, bool json);

#endif
