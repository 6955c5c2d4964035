/* element.h - element trees: what stanzas are made of
 * SPDX-License-Identifier: MIT
 *
 * A tree lives in one arena and ends with it.  Names and namespaces of the tree
 * are interned where code knows them (names.h) and bytes of the arena otherwise;
 * element_is and element_find compare the pointers first.  Every string given to
 * a builder is copied into the arena unless it is interned; attributes keep their
 * order.  A tree that stands in more than one queue is not changed any more. */
#ifndef ELEMENT_H
#define ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

struct element;

/* Build.  `ns` NULL in element_add means the parent's namespace. */
struct element *element_new(struct arena *arena, const char *ns, const char *name);
struct element *element_add(struct element *parent, const char *ns, const char *name);

/* <name>text</name> in the parent's namespace; the new child. */
struct element *element_add_text(struct element *parent, const char *name, const char *text);

/* A child of which only the bytes are there, as writer_element gives them in NS_CLIENT (borrowed
 * while the tree lives, not looked at: they must have been written by it).  It goes into streams;
 * whoever reads the tree finds its name, and nothing in it.  The new child. */
struct element *element_add_written(struct element *parent, const char *xml, size_t len);

/* Appends character data behind what is there. */
void element_append_text(struct element *element, const char *bytes, size_t len);

/* Moves `child` (of the same arena, without a parent) to the parent's end. */
void element_append(struct element *parent, struct element *child);

/* Takes the child out; it stays usable until the arena ends. */
void element_remove(struct element *parent, struct element *child);

/* Takes out all children that are so, or have that name (as element_find), in one pass. */
void element_remove_if(struct element *parent,
	bool (*is_so)(const struct element *child, const void *context), const void *context);
void element_remove_all(struct element *parent, const char *ns, const char *name);

/* A deep copy into another arena. */
struct element *element_copy(struct arena *arena, const struct element *element);

/* Attributes without a namespace, and "xml:lang", which goes by that name.
 * element_set with a NULL value removes; others with a prefix keep their
 * namespace and are reached with the _ns forms. */
void element_set(struct element *element, const char *name, const char *value);
void element_set_ns(struct element *element, const char *ns, const char *name, const char *value);
const char *element_get(const struct element *element, const char *name); /* or NULL */
const char *element_get_ns(const struct element *element, const char *ns, const char *name);

/* Read.  All results are borrowed from the tree. */
const char *element_name(const struct element *element);
const char *element_ns(const struct element *element);
bool element_is(const struct element *element, const char *ns, const char *name);
struct arena *element_arena(const struct element *element);

/* Child elements, in order; element_find gives the first with that name.  `ns`
 * NULL means the parent's namespace, `name` NULL any name. */
struct element *element_first(const struct element *element);
struct element *element_next(const struct element *element);
struct element *element_find(const struct element *element, const char *ns, const char *name);
struct element *element_find_next(const struct element *element, const char *ns, const char *name);
size_t element_count(const struct element *element); /* child elements */

/* The character data before the first child element, "" when there is none; never
 * NULL.  Text that the parser delivers in pieces is joined. */
const char *element_text(const struct element *element);

/* The text of the first child of that name, or NULL when there is no such child. */
const char *element_find_text(const struct element *element, const char *ns, const char *name);

#endif
