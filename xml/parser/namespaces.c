/* parser/namespaces.c - prefixes to namespaces, by Namespaces in XML 1.0
 * SPDX-License-Identifier: MIT */

#include "parser/namespaces.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "names.h"
#include "writer.h"

#define NS_XMLNS "http://www.w3.org/2000/xmlns/"

/* A local part that loses its prefix must be able to open a name by itself.  expat has
 * judged every character as part of a name; among those, letters may open one. */
static bool may_open_name(const char *local)
{
	ucs4_t first;

	if ((unsigned char)*local < 0x80)
		return (*local | 0x20) >= 'a' ? (*local | 0x20) <= 'z' : *local == '_';
	if (u8_strmbtouc(&first, (const uint8_t *)local) <= 0)
		return false;
	/* Letters today, marks when XML 1.0 listed its characters. */
	if (first == 0xB83 || (first >= 0xF88 && first <= 0xF8B))
		return false;
	return uc_is_general_category_withtable(first, UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu |
		UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Lt | UC_CATEGORY_MASK_Nl);
}

bool qname_split(const char *name, struct qname *ret_name)
{
	const char *colon = strchr(name, ':');

	if (!colon) {
		*ret_name = (struct qname){ "", 0, name, strlen(name) };
		return true;
	}
	if (colon == name || strchr(colon + 1, ':') || !may_open_name(colon + 1))
		return false;
	*ret_name = (struct qname){ name, (size_t)(colon - name), colon + 1, strlen(colon + 1) };
	return true;
}

const char *namespaces_declared_prefix(const char *attribute)
{
	if (attribute[0] != 'x' || strncmp(attribute, "xmlns", 5) != 0)
		return NULL;
	if (attribute[5] == '\0')
		return "";
	return attribute[5] == ':' ? attribute + 6 : NULL;
}

static bool may_bind(const char *prefix, const char *ns)
{
	if (strcmp(prefix, "xml") == 0)
		return strcmp(ns, NS_XML) == 0;
	if (strcmp(prefix, "xmlns") == 0 || strcmp(ns, NS_XML) == 0 || strcmp(ns, NS_XMLNS) == 0)
		return false;
	return *prefix == '\0' || *ns != '\0';
}

enum namespaces_verdict namespaces_declare(struct namespaces *namespaces, struct arena *arena,
	unsigned depth, const char *prefix, const char *ns)
{
	size_t prefix_len = strlen(prefix);
	size_t ns_len = strlen(ns);
	const char *known = name_find(ns, ns_len);

	if (!may_bind(prefix, ns))
		return NAMESPACES_BAD;
	if (namespaces->count == NAMESPACES_MAX)
		return NAMESPACES_TOO_MANY;
	ns = known ? known : arena_strndup(arena, ns, ns_len);
	namespaces->bindings[namespaces->count++] = (struct binding){
		.prefix = prefix_len ? arena_strndup(arena, prefix, prefix_len) : "",
		.prefix_len = prefix_len,
		.ns = ns,
		.ns_len = ns_len,
		.shared = ns,
		.depth = depth,
		.known = known != NULL,
	};
	return NAMESPACES_FINE;
}

void namespaces_leave(struct namespaces *namespaces, unsigned depth)
{
	while (namespaces->count > 0 && namespaces->bindings[namespaces->count - 1].depth >= depth)
		namespaces->count--;
}

void namespaces_keep_header(struct namespaces *namespaces)
{
	namespaces->of_header = namespaces->count;
}

void namespaces_begin_stanza(struct namespaces *namespaces)
{
	for (unsigned i = 0; i < namespaces->of_header; i++) {
		struct binding *binding = &namespaces->bindings[i];

		binding->shared = binding->known ? binding->ns : NULL;
	}
}

const char *namespaces_find(struct namespaces *namespaces, struct arena *arena,
	const char *prefix, size_t prefix_len)
{
	for (unsigned i = namespaces->count; i-- > 0;) {
		struct binding *binding = &namespaces->bindings[i];

		if (binding->prefix_len != prefix_len ||
		    memcmp(binding->prefix, prefix, prefix_len) != 0)
			continue;
		if (!binding->shared)
			binding->shared = arena_strndup(arena, binding->ns, binding->ns_len);
		return binding->shared;
	}
	if (prefix_len == 3 && memcmp(prefix, "xml", 3) == 0)
		return name_find(NS_XML, sizeof NS_XML - 1);
	return prefix_len == 0 ? "" : NULL;
}

static const struct binding *next_by_prefix(const struct namespaces *namespaces,
	const struct binding *after)
{
	const struct binding *next = NULL;

	for (unsigned i = 0; i < namespaces->of_header; i++) {
		const struct binding *each = &namespaces->bindings[i];

		if (after && strcmp(each->prefix, after->prefix) <= 0)
			continue;
		if (!next || strcmp(each->prefix, next->prefix) < 0)
			next = each;
	}
	return next;
}

void namespaces_write_header(struct namespaces *namespaces, struct buffer *out)
{
	const struct binding *each = next_by_prefix(namespaces, NULL);

	for (; each; each = next_by_prefix(namespaces, each)) {
		buffer_add_text(out, each->prefix_len ? " xmlns:" : " xmlns");
		buffer_add_text(out, each->prefix);
		buffer_add_text(out, "='");
		writer_escape(out, each->ns, each->ns_len);
		buffer_add_text(out, "'");
	}
}
