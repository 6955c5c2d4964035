/* filter.c - reads the form of a query (XEP-0004, XEP-0068)
 * SPDX-License-Identifier: MIT */

#include "filter.h"

#include <stdlib.h>
#include <string.h>

#include "datetime.h"
#include "element.h"
#include "forms.h"
#include "jid.h"
#include "mam.h"

#define NS_VALIDATE "http://jabber.org/protocol/xdata-validate"
#define IDS_MOST 250

void filter_narrow(struct filter *filter, uint64_t after, uint64_t before)
{
	if (after > filter->after)
		filter->after = after;
	if (before && (!filter->before || before < filter->before))
		filter->before = before;
}

/* --- fields: each gets its <field/>, whose first value is `text` --------------------------------- */

typedef enum tern_condition read_field(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter);

static enum tern_condition read_form_type(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	return strcmp(text, NS_MAM) == 0 ? TERN_NO_CONDITION : TERN_BAD_REQUEST;
}

static enum tern_condition read_with(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	filter->with = jid_new(arena, text);
	return filter->with ? TERN_NO_CONDITION : TERN_BAD_REQUEST;
}

static enum tern_condition read_start(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	uint64_t us;

	if (!datetime_read(text, &us))
		return TERN_BAD_REQUEST;
	filter_narrow(filter, us ? us - 1 : 0, 0);
	return TERN_NO_CONDITION;
}

static enum tern_condition read_end(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	uint64_t us;

	if (!datetime_read(text, &us))
		return TERN_BAD_REQUEST;
	filter_narrow(filter, 0, us + 1);
	return TERN_NO_CONDITION;
}

static enum tern_condition read_after_id(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	if (!archive_id_read(text, &filter->after_id))
		return TERN_ITEM_NOT_FOUND;
	filter_narrow(filter, filter->after_id.place, 0);
	return TERN_NO_CONDITION;
}

static enum tern_condition read_before_id(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	if (!archive_id_read(text, &filter->before_id))
		return TERN_ITEM_NOT_FOUND;
	filter_narrow(filter, 0, filter->before_id.place);
	return TERN_NO_CONDITION;
}

static int by_id(const void *a, const void *b)
{
	const struct archive_id *left = a, *right = b;

	return archive_id_compare(*left, *right);
}

static void sort_ids(struct filter *filter)
{
	size_t kept = 0;

	qsort(filter->ids, filter->id_count, sizeof *filter->ids, by_id);
	for (size_t i = 0; i < filter->id_count; i++)
		if (i == 0 || archive_id_compare(filter->ids[i], filter->ids[kept - 1]) != 0)
			filter->ids[kept++] = filter->ids[i];
	filter->id_count = kept;
}

static enum tern_condition read_ids(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	const struct element *value = element_find(field, NS_DATA, "value");

	filter->has_ids = true;
	filter->ids = arena_alloc(arena, element_count(field) * sizeof *filter->ids);
	for (; value; value = element_find_next(value, NS_DATA, "value")) {
		if (filter->id_count == IDS_MOST)
			return TERN_NOT_ACCEPTABLE;
		if (!archive_id_read(element_text(value), &filter->ids[filter->id_count++]))
			return TERN_ITEM_NOT_FOUND;
	}
	sort_ids(filter);
	return TERN_NO_CONDITION;
}

/* XEP-0313 3.1.4: rooms keep their own archives, so there is nothing to include. */
static enum tern_condition read_groupchat(struct arena *arena, const struct element *field,
	const char *text, struct filter *filter)
{
	static const char *const truths[] = { "0", "1", "false", "true" };

	for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
		if (strcmp(text, truths[i]) == 0)
			return TERN_NO_CONDITION;
	return TERN_BAD_REQUEST;
}

static const struct field {
	const char *name;
	enum form_field_type type;
	read_field *read;
} fields[] = {
	{ "FORM_TYPE", FORM_HIDDEN, read_form_type },
	{ "with", FORM_JID_SINGLE, read_with },
	{ "start", FORM_TEXT_SINGLE, read_start },
	{ "end", FORM_TEXT_SINGLE, read_end },
	{ "before-id", FORM_TEXT_SINGLE, read_before_id },
	{ "after-id", FORM_TEXT_SINGLE, read_after_id },
	{ "ids", FORM_LIST_MULTI, read_ids },
	{ "include-groupchat", FORM_BOOLEAN, read_groupchat },
};

#define FIELD_COUNT (sizeof fields / sizeof *fields)

/* --- the form -------------------------------------------------------------------------------- */

static size_t place_of(const char *name)
{
	size_t i = 0;

	while (i < FIELD_COUNT && (!name || strcmp(fields[i].name, name) != 0))
		i++;
	return i;
}

/* A field without a value says nothing. */
static enum tern_condition read_one(struct arena *arena, const struct element *xml,
	unsigned *seen, struct filter *filter)
{
	size_t place = place_of(element_get(xml, "var"));
	const char *text = element_find_text(xml, NS_DATA, "value");

	if (place == FIELD_COUNT)
		return TERN_FEATURE_NOT_IMPLEMENTED;
	if (*seen & 1u << place)
		return TERN_BAD_REQUEST;
	*seen |= 1u << place;
	return text ? fields[place].read(arena, xml, text, filter) : TERN_NO_CONDITION;
}

static enum tern_condition read_fields(struct arena *arena, const struct element *form,
	struct filter *filter)
{
	const struct element *at = element_find(form, NS_DATA, "field");
	enum tern_condition fault = TERN_NO_CONDITION;
	unsigned seen = 0;

	for (; at && !fault; at = element_find_next(at, NS_DATA, "field"))
		fault = read_one(arena, at, &seen, filter);
	if (!fault && !(seen & 1u << place_of("FORM_TYPE")))
		return TERN_BAD_REQUEST;
	return fault;
}

enum tern_condition filter_read(struct arena *arena, const struct element *query,
	struct filter *ret_filter)
{
	const struct element *form = form_find(query, "submit");

	*ret_filter = (struct filter){ 0 };
	if (!form)
		return form_find(query, NULL) ? TERN_BAD_REQUEST : TERN_NO_CONDITION;
	return read_fields(arena, form, ret_filter);
}

/* 3.1.5: ids are a list that is open to any. */
static void open_list(struct element *field)
{
	struct element *validate = element_add(field, NS_VALIDATE, "validate");

	element_set(validate, "datatype", "xs:string");
	element_add(validate, NULL, "open");
}

struct element *filter_form(struct arena *arena)
{
	struct element *form = form_new(arena, "form", NS_MAM);

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		struct element *field;

		if (fields[i].read == read_form_type)
			continue;
		field = form_add(form, form_type_name(fields[i].type), fields[i].name, NULL);
		if (fields[i].read == read_ids)
			open_list(field);
	}
	return form;
}
