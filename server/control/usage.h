/* usage.h - what a command's line of arguments allows: "JID [--after ID] [--all]"
 * SPDX-License-Identifier: MIT
 *
 * An option has a value where a word stands right behind it.  `|` parts alternatives, of which the
 * longest tells how many words without an option there may be. */
#ifndef USAGE_H
#define USAGE_H

#include <stddef.h>

/* The first of the arguments that the line does not name, or NULL.  What is missing is not its
 * business. */
const char *usage_find_stranger(const char *line, const char *const *arguments, size_t count);

#endif
