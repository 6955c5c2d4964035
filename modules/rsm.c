/* rsm.c - reads and writes the <set/> of a result set's page (XEP-0059 1.0)
 * SPDX-License-Identifier: MIT */

#include "rsm.h"

#include <string.h>

#include "element.h"

#define MAX_DIGITS 9 /* what no page comes near, and fits */

/* Only digits: no sign, no space, no fraction. */
static bool read_number(const char *text, size_t *ret_number)
{
	size_t digits = strspn(text, "0123456789"), number = 0;

	if (digits == 0 || text[digits])
		return false;
	for (size_t i = 0; i < digits && i < MAX_DIGITS; i++)
		number = 10 * number + (size_t)(text[i] - '0');
	*ret_number = number;
	return true;
}

static const char *unless_empty(const char *text)
{
	return text && *text ? text : NULL;
}

enum tern_condition rsm_read(const struct element *parent, struct rsm_request *ret_request)
{
	const struct element *set = element_find(parent, NS_RSM, "set");
	const char *max = set ? element_find_text(set, NULL, "max") : NULL;
	struct rsm_request request = { 0 };

	*ret_request = request;
	if (!set)
		return TERN_NO_CONDITION;
	if (element_find(set, NULL, "index"))
		return TERN_FEATURE_NOT_IMPLEMENTED;
	request.has_max = max;
	if (max && !read_number(max, &request.max))
		return TERN_BAD_REQUEST;
	request.backwards = element_find(set, NULL, "before");
	if (request.backwards && element_find(set, NULL, "after"))
		return TERN_BAD_REQUEST;
	request.after = unless_empty(element_find_text(set, NULL, "after"));
	request.before = unless_empty(element_find_text(set, NULL, "before"));
	*ret_request = request;
	return TERN_NO_CONDITION;
}

static const char *number_text(struct element *element, long number)
{
	return arena_printf(element_arena(element), "%ld", number);
}

void rsm_add(struct element *parent, const struct rsm_page *page)
{
	struct element *set = element_add(parent, NS_RSM, "set");

	if (page->first) {
		struct element *first = element_add_text(set, "first", page->first);

		if (page->index >= 0)
			element_set(first, "index", number_text(set, page->index));
		element_add_text(set, "last", page->last);
	}
	if (page->count >= 0)
		element_add_text(set, "count", number_text(set, page->count));
}
