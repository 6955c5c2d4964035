/* forms.c - makes data forms, and judges those that come back (XEP-0004 2.13.2, XEP-0068)
 * SPDX-License-Identifier: MIT */

#include "forms.h"

#include <string.h>

#include "arena.h"
#include "element.h"
#include "jid.h"

#define FORM_TYPE "FORM_TYPE"

static const struct { const char *name; bool is_multi; } types[] = {
#define X(name, text, is_multi) { text, is_multi },
	FORM_FIELD_TYPES(X)
#undef X
};

const char *form_type_name(enum form_field_type type)
{
	return types[type].name;
}

/* --- making ------------------------------------------------------------------------------ */

struct element *form_new(struct arena *arena, const char *type, const char *form_type)
{
	struct element *form = element_new(arena, NS_DATA, "x");

	element_set(form, "type", type);
	form_add_form_type(form, form_type);
	return form;
}

void form_add_form_type(struct element *form, const char *form_type)
{
	if (form_type)
		form_add_value(form_add(form, form_type_name(FORM_HIDDEN), FORM_TYPE, NULL),
			form_type);
}

struct element *form_add(struct element *form, const char *type, const char *var,
	const char *label)
{
	struct element *field = element_add(form, NULL, "field");

	element_set(field, "var", var);
	element_set(field, "type", type);
	element_set(field, "label", label);
	return field;
}

void form_add_value(struct element *field, const char *value)
{
	element_add_text(field, "value", value);
}

struct element *form_find_field(const struct element *form, const char *var)
{
	struct element *field = element_find(form, NULL, "field");

	while (field && (!element_get(field, "var") || strcmp(element_get(field, "var"), var) != 0))
		field = element_find_next(field, NULL, "field");
	return field;
}

static void add_present(struct element *xml, const struct form_field *field,
	const struct element *filled)
{
	const struct element *was = filled ? form_find_field(filled, field->var) : NULL;
	const struct element *value = was ? element_find(was, NULL, "value") : NULL;

	if (field->type == FORM_TEXT_PRIVATE)
		return;
	if (!value && field->preset)
		form_add_value(xml, field->preset);
	for (; value; value = element_find_next(value, NULL, "value"))
		form_add_value(xml, element_text(value));
}

/* XEP-0004 3.2: in the order of its schema. */
static void add_field(struct element *form, const struct form_field *field,
	const struct element *filled)
{
	struct element *xml = form_add(form, form_type_name(field->type), field->var, field->label);

	if (field->is_required)
		element_add(xml, NULL, "required");
	add_present(xml, field, filled);
	for (const char *const *option = field->options; option && *option; option++)
		form_add_value(element_add(xml, NULL, "option"), *option);
}

void form_add_fields(struct element *form, const struct form_field *fields,
	const struct element *filled)
{
	for (; fields->var; fields++)
		add_field(form, fields, filled);
}

/* --- reading ----------------------------------------------------------------------------- */

static bool has_type(const struct element *form, const char *type)
{
	const char *is = element_get(form, "type");

	return !type || (is && strcmp(is, type) == 0);
}

struct element *form_find(const struct element *element, const char *type)
{
	struct element *form = element_find(element, NS_DATA, "x");

	while (form && !has_type(form, type))
		form = element_find_next(form, NS_DATA, "x");
	return form;
}

const char *form_type_of(const struct element *form)
{
	const struct element *field = form_find_field(form, FORM_TYPE);

	return field ? element_find_text(field, NULL, "value") : NULL;
}

static bool is_among(const char *const *options, const char *text)
{
	for (; options && *options; options++)
		if (strcmp(*options, text) == 0)
			return true;
	return false;
}

static const char *read_boolean(const char *text)
{
	static const char *const yes[] = { "1", "true", NULL }, *const no[] = { "0", "false", NULL };

	return is_among(yes, text) ? "1" : is_among(no, text) ? "0" : NULL;
}

/* NULL where it is no value of that type. */
static const char *read_value(struct arena *arena, const struct form_field *field, const char *text)
{
	const struct jid *jid;

	switch (field->type) {
	case FORM_BOOLEAN:
		return read_boolean(text);
	case FORM_JID_MULTI:
	case FORM_JID_SINGLE:
		jid = jid_new(arena, text);
		return jid ? jid_text(jid) : NULL;
	case FORM_LIST_MULTI:
	case FORM_LIST_SINGLE:
		return is_among(field->options, text) ? text : NULL;
	case FORM_FIXED:
	case FORM_HIDDEN:
	case FORM_TEXT_MULTI:
	case FORM_TEXT_PRIVATE:
	case FORM_TEXT_SINGLE:
		return text;
	}
	return NULL;
}

/* XEP-0004 3.3: a list of addresses names each once. */
static bool is_again(const struct form_field *field, const char *const *values, size_t count,
	const char *value)
{
	for (size_t i = 0; field->type == FORM_JID_MULTI && i < count; i++)
		if (strcmp(values[i], value) == 0)
			return true;
	return false;
}

/* A value without a text says nothing, but for the lines of a text. */
static bool says_nothing(const struct form_field *field, const char *text)
{
	return !*text && field->type != FORM_TEXT_MULTI;
}

static const char *read_field(struct arena *arena, const struct element *xml,
	const struct form_field *field, struct form_answer *answer)
{
	const char **values = arena_zalloc(arena, (element_count(xml) + 1) * sizeof *values);
	const struct element *at = element_find(xml, NULL, "value");

	if (answer->values)
		return arena_printf(arena, "%s is there twice", field->var);
	answer->values = values;
	if (element_count(xml) > FORM_VALUES_MOST)
		return arena_printf(arena, "%s has too many values", field->var);
	for (; at; at = element_find_next(at, NULL, "value")) {
		const char *text = element_text(at), *value;

		if (says_nothing(field, text))
			continue;
		value = read_value(arena, field, text);
		if (!value)
			return arena_printf(arena, "%s has a value that is no %s", field->var,
				form_type_name(field->type));
		if (answer->count && !types[field->type].is_multi)
			return arena_printf(arena, "%s has more than one value", field->var);
		if (!is_again(field, values, answer->count, value))
			values[answer->count++] = value;
	}
	return NULL;
}

static size_t place_of(const struct form_field *fields, const char *var)
{
	size_t i = 0;

	while (fields[i].var && (!var || strcmp(fields[i].var, var) != 0))
		i++;
	return i;
}

const char *form_read(struct arena *arena, const struct element *form,
	const struct form_field *fields, struct form_answer *ret_answers)
{
	const struct element *at = element_find(form, NULL, "field");
	const char *why = NULL;
	size_t count = 0;

	while (fields[count].var)
		ret_answers[count++] = (struct form_answer){ 0 };
	for (; at && !why; at = element_find_next(at, NULL, "field")) {
		size_t place = place_of(fields, element_get(at, "var"));

		if (place < count)
			why = read_field(arena, at, &fields[place], &ret_answers[place]);
	}
	for (size_t i = 0; i < count && !why; i++)
		if (fields[i].is_required && ret_answers[i].count == 0)
			why = arena_printf(arena, "%s is missing", fields[i].var);
	return why;
}
