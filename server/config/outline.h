/* outline.h - which keys and sections stand in a configuration's text, and where
 * SPDX-License-Identifier: MIT
 *
 * libconfuse stops at the first key that it does not know.  So all keys are looked at here, and
 * those that are none are taken out before it reads the text. */
#ifndef OUTLINE_H
#define OUTLINE_H

#include <stdbool.h>

struct arena;

struct outline_key {
	const char *section; /* "root", "host", or whatever else stands there */
	const char *title;   /* of the section, or NULL */
	const char *name;    /* of the key, or of a section within */
	unsigned line;       /* of the text, from 1 */
};

/* Called with each, in order; borrowed.  Where it answers false, the key becomes blanks, with its
 * value or all that stands in the section.  Where the text is not a configuration it ends without
 * a word: libconfuse has some for it. */
void outline_each(struct arena *arena, char *text,
	bool (*each)(void *context, const struct outline_key *key), void *context);

#endif
