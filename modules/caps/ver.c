/* ver.c - one short string that stands for all that disco#info says (XEP-0115 5.1)
 * SPDX-License-Identifier: MIT */

#include "ver.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "buffer.h"
#include "forms.h"
#include "info.h"
#include "module.h"

#define SHA1_BYTES 20

typedef int compare(const void *a, const void *b);

/* Absent says the same as empty. */
static const char *attribute(const struct element *element, const char *name)
{
	const char *value = element_get(element, name);

	return value ? value : "";
}

/* The children of that name, sorted; ends with NULL. */
static const struct element **sorted(struct arena *arena, const struct element *parent,
	const char *ns, const char *name, compare *by)
{
	const struct element **list =
		arena_alloc(arena, (element_count(parent) + 1) * sizeof *list);
	const struct element *at = element_find(parent, ns, name);
	size_t count = 0;

	for (; at; at = element_find_next(at, ns, name))
		list[count++] = at;
	qsort(list, count, sizeof *list, by);
	list[count] = NULL;
	return list;
}

static int compare_by(const void *a, const void *b, const char *name)
{
	const struct element *const *left = a, *const *right = b;

	return strcmp(attribute(*left, name), attribute(*right, name));
}

static int by_var(const void *a, const void *b)
{
	return compare_by(a, b, "var");
}

static int by_kind(const void *a, const void *b)
{
	int order = compare_by(a, b, "category");

	if (!order)
		order = compare_by(a, b, "type");
	return order ? order : compare_by(a, b, "xml:lang");
}

static int by_text(const void *a, const void *b)
{
	const struct element *const *left = a, *const *right = b;

	return strcmp(element_text(*left), element_text(*right));
}

static const char *type_of(const struct element *form)
{
	const char *type = form_type_of(form);

	return type ? type : "";
}

static int by_type(const void *a, const void *b)
{
	const struct element *const *left = a, *const *right = b;

	return strcmp(type_of(*left), type_of(*right));
}

static void add_field(struct buffer *out, struct arena *arena, const struct element *field)
{
	const struct element **value = sorted(arena, field, NS_DATA, "value", by_text);

	buffer_printf(out, "%s<", attribute(field, "var"));
	for (; *value; value++)
		buffer_printf(out, "%s<", element_text(*value));
}

static void add_form(struct buffer *out, struct arena *arena, const struct element *form)
{
	const struct element **field = sorted(arena, form, NS_DATA, "field", by_var);

	buffer_printf(out, "%s<", type_of(form));
	for (; *field; field++)
		if (strcmp(attribute(*field, "var"), "FORM_TYPE") != 0)
			add_field(out, arena, *field);
}

static void add_all(struct buffer *out, struct arena *arena, const struct element *query)
{
	const struct element **at = sorted(arena, query, NS_DISCO_INFO, "identity", by_kind);

	for (; *at; at++)
		buffer_printf(out, "%s/%s/%s/%s<", attribute(*at, "category"), attribute(*at, "type"),
			attribute(*at, "xml:lang"), attribute(*at, "name"));
	for (at = sorted(arena, query, NS_DISCO_INFO, "feature", by_var); *at; at++)
		buffer_printf(out, "%s<", attribute(*at, "var"));
	for (at = sorted(arena, query, NS_DATA, "x", by_type); *at; at++)
		add_form(out, arena, *at);
}

const char *caps_ver(struct arena *arena, const struct element *query)
{
	char *ver = arena_alloc(arena, BASE64_BYTES(SHA1_BYTES));
	unsigned char digest[SHA1_BYTES];
	struct buffer text = { 0 };

	add_all(&text, arena, query);
	tern_sha1(buffer_at(&text), text.len, digest);
	buffer_finish(&text);
	base64_encode(digest, sizeof digest, ver);
	return ver;
}
