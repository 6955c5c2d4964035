/* source.h - the text of a configuration: its files put together, without comments
 * SPDX-License-Identifier: MIT
 *
 * libconfuse accepts a section or string that is left open at a file's end, and counts
 * the lines of comments wrongly.  So files are read here: comments are blanked, braces and
 * quotes must close in the file that opened them, `include("file")` is replaced by that
 * file (relative to the including one), and each line remembers where it came from. */
#ifndef SOURCE_H
#define SOURCE_H

#include <stddef.h>

#include "buffer.h"

struct arena;

struct place {
	const char *file;
	unsigned line;
};

struct source {
	struct arena *arena;  /* of the places and their names */
	struct buffer text;   /* for libconfuse; NUL-terminated, the NUL not counted */
	struct place *places; /* of each line of the text, the first at 0 */
	size_t line_count;
	size_t bytes_read;    /* of files; a small one counts as a page */
};

/* NULL, or what is wrong ("tern.conf:12: ..."), of the arena. */
const char *source_read(struct source *source, struct arena *arena, const char *path);
void source_finish(struct source *source);

/* The path as it is, or, where it is relative, from the folder of that file on; of the arena. */
const char *source_beside(struct arena *arena, const char *file, const char *path);

/* Where that line (from 1) of the text came from; lines out of range are the nearest. */
struct place source_place(const struct source *source, unsigned line);

#endif
