/* element_internal.h - what element trees are made of, for the parser and the writer
 * SPDX-License-Identifier: MIT
 *
 * Text stands where it is read: before the first child in `text`, behind a child in
 * that child's `tail`; so there are no nodes but elements. */
#ifndef ELEMENT_INTERNAL_H
#define ELEMENT_INTERNAL_H

#include <stdint.h>

#include "element.h"

struct attribute {
	struct attribute *next;
	const char *ns; /* NULL: none */
	const char *name;
	const char *value;
	size_t value_len;
};

struct element {
	struct arena *arena;
	const char *ns; /* never NULL */
	const char *name;
	struct attribute *attributes;
	struct element *parent;
	struct element *first;
	struct element *last;
	struct element *next;
	char *text; /* NULL: none */
	char *tail;
	uint32_t text_len;
	uint32_t tail_len;
	bool is_written; /* the text is the element itself, in bytes: element_add_written */
};

/* An element whose strings need no copy. */
struct element *element_new_kept(struct arena *arena, const char *ns, const char *name);

/* Behind the parent's last child; the child has no parent yet. */
void element_link(struct element *parent, struct element *child);

bool element_names_equal(const char *a, const char *b);

#endif
