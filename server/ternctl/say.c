/* say.c - how ternctl speaks of what went wrong
 * SPDX-License-Identifier: MIT */

#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ternctl: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}
