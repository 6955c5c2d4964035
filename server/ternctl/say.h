/* say.h - how ternctl speaks of what went wrong
 * SPDX-License-Identifier: MIT */
#ifndef SAY_H
#define SAY_H

/* One line on stderr, "ternctl: ...", and the end with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
