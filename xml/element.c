/* element.c - builds, reads and copies element trees
 * SPDX-License-Identifier: MIT */

#include "element.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "element_internal.h"
#include "names.h"

/* The name as long-lived as the arena, without a copy where it is known. */
static const char *keep(struct arena *arena, const char *text)
{
	const char *known;
	size_t len;

	if (!text)
		text = "";
	if (name_is_interned(text))
		return text;
	len = strlen(text);
	known = name_find(text, len);
	return known ? known : arena_strndup(arena, text, len);
}

bool element_names_equal(const char *a, const char *b)
{
	return a == b || (a[0] == b[0] && strcmp(a, b) == 0);
}

struct element *element_new_kept(struct arena *arena, const char *ns, const char *name)
{
	struct element *element = arena_alloc(arena, sizeof *element);

	*element = (struct element){ .arena = arena, .ns = ns, .name = name };
	return element;
}

struct element *element_new(struct arena *arena, const char *ns, const char *name)
{
	return element_new_kept(arena, keep(arena, ns), keep(arena, name));
}

void element_link(struct element *parent, struct element *child)
{
	child->parent = parent;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

struct element *element_add(struct element *parent, const char *ns, const char *name)
{
	struct arena *arena = parent->arena;
	struct element *child =
		element_new_kept(arena, ns ? keep(arena, ns) : parent->ns, keep(arena, name));

	element_link(parent, child);
	return child;
}

struct element *element_add_text(struct element *parent, const char *name, const char *text)
{
	struct element *child = element_add(parent, NULL, name);

	element_append_text(child, text, strlen(text));
	return child;
}

struct element *element_add_written(struct element *parent, const char *xml, size_t len)
{
	struct arena *arena = parent->arena;
	size_t name_len = strcspn(xml + 1, " />");
	const char *known = name_find(xml + 1, name_len);
	struct element *child = element_new_kept(arena, NS_CLIENT,
		known ? known : arena_strndup(arena, xml + 1, name_len));

	child->text = (char *)(uintptr_t)xml;
	child->text_len = (uint32_t)len;
	child->is_written = true;
	element_link(parent, child);
	return child;
}

static void extend(struct arena *arena, char **text, uint32_t *text_len, const char *bytes,
	size_t len)
{
	if (!*text) {
		*text = arena_strndup(arena, bytes, len);
		*text_len = (uint32_t)len;
		return;
	}
	*text = arena_grow(arena, *text, *text_len + 1, *text_len + len + 1);
	memcpy(*text + *text_len, bytes, len);
	*text_len += (uint32_t)len;
	(*text)[*text_len] = '\0';
}

void element_append_text(struct element *element, const char *bytes, size_t len)
{
	struct element *last = element->last;

	if (len == 0)
		return;
	if (last)
		extend(element->arena, &last->tail, &last->tail_len, bytes, len);
	else
		extend(element->arena, &element->text, &element->text_len, bytes, len);
}

void element_append(struct element *parent, struct element *child)
{
	assert(!child->parent && child->arena == parent->arena);
	element_link(parent, child);
}

/* `before` is the child in front of it, NULL at the first one. */
static void take_out(struct element *parent, struct element *before, struct element *child)
{
	if (before)
		before->next = child->next;
	else
		parent->first = child->next;
	if (parent->last == child)
		parent->last = before;
	/* The text behind the child is the parent's. */
	if (child->tail && before)
		extend(parent->arena, &before->tail, &before->tail_len, child->tail, child->tail_len);
	else if (child->tail)
		extend(parent->arena, &parent->text, &parent->text_len, child->tail, child->tail_len);
	child->parent = NULL;
	child->next = NULL;
	child->tail = NULL;
	child->tail_len = 0;
}

void element_remove(struct element *parent, struct element *child)
{
	struct element *before = NULL;

	assert(child->parent == parent);
	for (struct element *at = parent->first; at != child; at = at->next)
		before = at;
	take_out(parent, before, child);
}

void element_remove_if(struct element *parent,
	bool (*is_so)(const struct element *child, const void *context), const void *context)
{
	struct element *before = NULL, *next;

	for (struct element *at = parent->first; at; at = next) {
		next = at->next;
		if (is_so(at, context))
			take_out(parent, before, at);
		else
			before = at;
	}
}

/* Copies already made, by the address of the original: a long namespace that many
 * elements share is not copied for each of them. */
struct copies {
	struct arena *arena;
	struct {
		const char *original;
		const char *copy;
	} recent[64];
};

static const char *copy_name(struct copies *copies, const char *original)
{
	size_t at = ((uintptr_t)original >> 3) % 64;

	if (name_is_interned(original))
		return original;
	if (copies->recent[at].original != original) {
		copies->recent[at].original = original;
		copies->recent[at].copy = keep(copies->arena, original);
	}
	return copies->recent[at].copy;
}

static struct element *copy_one(struct copies *copies, const struct element *original)
{
	struct arena *arena = copies->arena;
	struct element *copy = element_new_kept(arena, copy_name(copies, original->ns),
		copy_name(copies, original->name));
	struct attribute **end = &copy->attributes;

	for (const struct attribute *from = original->attributes; from; from = from->next) {
		struct attribute *to = arena_alloc(arena, sizeof *to);

		*to = (struct attribute){ .ns = from->ns ? copy_name(copies, from->ns) : NULL,
			.name = copy_name(copies, from->name),
			.value = arena_strndup(arena, from->value, from->value_len),
			.value_len = from->value_len };
		*end = to;
		end = &to->next;
	}
	if (original->text) {
		copy->text = arena_strndup(arena, original->text, original->text_len);
		copy->text_len = original->text_len;
	}
	copy->is_written = original->is_written;
	return copy;
}

static void copy_tail(struct element *copy, const struct element *original)
{
	if (!original->tail)
		return;
	copy->tail = arena_strndup(copy->arena, original->tail, original->tail_len);
	copy->tail_len = original->tail_len;
}

/* Walks by the parents' pointers: a tree's depth costs no stack. */
struct element *element_copy(struct arena *arena, const struct element *element)
{
	struct copies copies = { .arena = arena };
	const struct element *from = element;
	struct element *top = copy_one(&copies, element);
	struct element *to = top;

	for (;;) {
		if (from->first) {
			from = from->first;
		} else {
			while (from != element && !from->next) {
				from = from->parent;
				to = to->parent;
			}
			if (from == element)
				return top;
			from = from->next;
			to = to->parent;
		}
		element_link(to, copy_one(&copies, from));
		to = to->last;
		copy_tail(to, from);
	}
}

static struct attribute **find_attribute(const struct element *element, const char *ns,
	const char *name)
{
	struct attribute *const *link = &element->attributes;

	for (; *link; link = (struct attribute *const *)&(*link)->next) {
		if (!element_names_equal((*link)->name, name))
			continue;
		if (ns ? (*link)->ns && element_names_equal((*link)->ns, ns) : !(*link)->ns)
			break;
	}
	return (struct attribute **)link;
}

void element_set_ns(struct element *element, const char *ns, const char *name, const char *value)
{
	struct attribute **link;

	if (ns && strcmp(ns, NS_XML) == 0 && strcmp(name, "lang") == 0) {
		ns = NULL;
		name = "xml:lang";
	}
	link = find_attribute(element, ns, name);
	if (!value) {
		if (*link)
			*link = (*link)->next;
		return;
	}
	if (!*link) {
		*link = arena_zalloc(element->arena, sizeof **link);
		(*link)->ns = ns ? keep(element->arena, ns) : NULL;
		(*link)->name = keep(element->arena, name);
	}
	(*link)->value_len = strlen(value);
	(*link)->value = arena_strndup(element->arena, value, (*link)->value_len);
}

void element_set(struct element *element, const char *name, const char *value)
{
	element_set_ns(element, NULL, name, value);
}

const char *element_get(const struct element *element, const char *name)
{
	const struct attribute *attribute = *find_attribute(element, NULL, name);

	return attribute ? attribute->value : NULL;
}

const char *element_get_ns(const struct element *element, const char *ns, const char *name)
{
	const struct attribute *attribute;

	if (!ns || !*ns)
		return element_get(element, name);
	if (strcmp(ns, NS_XML) == 0 && strcmp(name, "lang") == 0)
		return element_get(element, "xml:lang");
	attribute = *find_attribute(element, ns, name);
	return attribute ? attribute->value : NULL;
}

const char *element_name(const struct element *element)
{
	return element->name;
}

const char *element_ns(const struct element *element)
{
	return element->ns;
}

bool element_is(const struct element *element, const char *ns, const char *name)
{
	return element_names_equal(element->name, name) && element_names_equal(element->ns, ns);
}

struct arena *element_arena(const struct element *element)
{
	return element->arena;
}

struct element *element_first(const struct element *element)
{
	return element->first;
}

struct element *element_next(const struct element *element)
{
	return element->next;
}

/* `name` NULL: any. */
struct wanted { const char *ns, *name; };

static bool is_wanted(const struct element *element, const void *context)
{
	const struct wanted *wanted = context;

	return (!wanted->name || element_names_equal(element->name, wanted->name)) &&
		element_names_equal(element->ns, wanted->ns);
}

static struct element *find_from(struct element *at, const char *ns, const char *name)
{
	while (at && !is_wanted(at, &(struct wanted){ ns, name }))
		at = at->next;
	return at;
}

void element_remove_all(struct element *parent, const char *ns, const char *name)
{
	element_remove_if(parent, is_wanted, &(struct wanted){ ns ? ns : parent->ns, name });
}

struct element *element_find(const struct element *element, const char *ns, const char *name)
{
	return find_from(element->first, ns ? ns : element->ns, name);
}

struct element *element_find_next(const struct element *element, const char *ns,
	const char *name)
{
	if (!element->next)
		return NULL;
	return find_from(element->next, ns ? ns : element->parent->ns, name);
}

size_t element_count(const struct element *element)
{
	size_t count = 0;

	for (const struct element *child = element->first; child; child = child->next)
		count++;
	return count;
}

const char *element_text(const struct element *element)
{
	return element->text && !element->is_written ? element->text : "";
}

const char *element_find_text(const struct element *element, const char *ns, const char *name)
{
	const struct element *child = element_find(element, ns, name);

	return child ? element_text(child) : NULL;
}
