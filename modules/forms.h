/* forms.h - data forms: made, and read when they have been filled in (XEP-0004 2.13.2, XEP-0068)
 * SPDX-License-Identifier: MIT
 *
 * A form to be filled in is a table of fields.  What comes back is read by the same table: what the
 * table does not have is passed over, what it requires has to be there, and every value has to be one
 * of its field's type (XEP-0004 3.3). */
#ifndef FORMS_H
#define FORMS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct element;

#define NS_DATA "jabber:x:data"

/* XEP-0004 3.3; whether a field of the type has more than one value. */
#define FORM_FIELD_TYPES(X) \
	X(BOOLEAN, "boolean", false) X(FIXED, "fixed", true) X(HIDDEN, "hidden", true) \
	X(JID_MULTI, "jid-multi", true) X(JID_SINGLE, "jid-single", false) \
	X(LIST_MULTI, "list-multi", true) X(LIST_SINGLE, "list-single", false) \
	X(TEXT_MULTI, "text-multi", true) X(TEXT_PRIVATE, "text-private", false) \
	X(TEXT_SINGLE, "text-single", false)
enum form_field_type {
#define X(name, text, is_multi) FORM_##name,
	FORM_FIELD_TYPES(X)
#undef X
};

struct form_field {
	const char *var;
	enum form_field_type type;
	const char *label;           /* may be NULL */
	bool is_required;
	const char *const *options;  /* of a list; ends with NULL */
	const char *preset;          /* of a list or text; NULL: none */
};

/* Values beyond that make a form no form that somebody has filled in. */
#define FORM_VALUES_MOST 500

/* --- making ------------------------------------------------------------------------------ */

/* <x/> of that type ("form", "result"); `form_type` as form_add_form_type has it. */
struct element *form_new(struct arena *arena, const char *type, const char *form_type);

/* XEP-0068: the hidden FORM_TYPE; NULL: there is none. */
void form_add_form_type(struct element *form, const char *form_type);

/* <field/> without values: `type` NULL where the form is a result that needs none. */
struct element *form_add(struct element *form, const char *type, const char *var,
	const char *label);
void form_add_value(struct element *field, const char *value);

/* The name of a type: "jid-multi". */
const char *form_type_name(enum form_field_type type);

/* The fields to be filled in (ends with a NULL var); with what `filled`, a form that came back, has
 * of them already, secrets aside, or their presets; it may be NULL. */
void form_add_fields(struct element *form, const struct form_field *fields,
	const struct element *filled);

/* --- reading ----------------------------------------------------------------------------- */

/* The form of that type in the element ("submit"; NULL: of any), or NULL. */
struct element *form_find(const struct element *element, const char *type);

/* The first field of that name, or NULL. */
struct element *form_find_field(const struct element *form, const char *var);

/* XEP-0068: the FORM_TYPE, or NULL. */
const char *form_type_of(const struct element *form);

struct form_answer {
	const char *const *values; /* normalised addresses, "1" or "0" of a boolean; ends with NULL */
	size_t count;              /* 0: nothing was said */
};

/* NULL, and an answer for each field of the table, in its order; or what is wrong with the form, for
 * people to read. All of the arena. */
const char *form_read(struct arena *arena, const struct element *form,
	const struct form_field *fields, struct form_answer *ret_answers);

#endif
