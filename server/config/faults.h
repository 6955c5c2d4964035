/* faults.h - what is wrong with a configuration: all that was found, with places
 * SPDX-License-Identifier: MIT */
#ifndef FAULTS_H
#define FAULTS_H

#include <stddef.h>

struct arena;
struct source;

struct fault {
	unsigned line; /* of the source's text; 0: of no line */
	const char *text;
};

/* { 0 } has none. */
struct faults {
	struct fault *list; /* of the arena */
	size_t count;
};

/* `text` is of the arena, or constant. */
void faults_add(struct faults *faults, struct arena *arena, unsigned line, const char *text);

/* A line for each, in order of lines: "tern.conf:12: ..."; of the arena. Of many only the first
 * twenty. */
const char *faults_tell(struct faults *faults, struct arena *arena, const struct source *source);

#endif
