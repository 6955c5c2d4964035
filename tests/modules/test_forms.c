/* What a form has to be that comes back, and what one looks like that is sent (XEP-0004).
 * SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "forms.h"
#include "writer.h"

static struct arena *arena;

static void open(void) { arena = arena_create(1024); }
static void close(void) { arena_destroy(arena); }

TestSuite(forms, .init = open, .fini = close);

static const struct form_field fields[] = {
	{ "who", FORM_JID_MULTI, "Who", true },
	{ "whom", FORM_JID_SINGLE, NULL },
	{ "sure", FORM_BOOLEAN },
	{ "size", FORM_LIST_SINGLE, .options = (const char *const[]){ "25", "none", NULL },
		.preset = "25" },
	{ "text", FORM_TEXT_MULTI },
	{ "secret", FORM_TEXT_PRIVATE },
	{ 0 },
};

static const struct element *form_of(const char *inside)
{
	return fake_read(arena, arena_printf(arena,
		"<x xmlns='jabber:x:data' type='submit'>%s</x>", inside));
}

#define WHO "<field var='who'><value>Romeo@example.org</value></field>"

static const char *judge(const char *inside, struct form_answer answers[static 6])
{
	return form_read(arena, form_of(inside), fields, answers);
}

static void is_wrong(const char *inside, const char *why)
{
	struct form_answer answers[6];
	const char *found = judge(inside, answers);

	cr_expect(found && strcmp(found, why) == 0, "%s: %s", inside, found ? found : "nothing");
}

Test(forms, reads_values_of_every_type)
{
	struct form_answer answers[6];

	cr_assert_null(judge(WHO "<field var='whom'><value>juliet@example.org/x</value></field>"
		"<field var='sure'><value>true</value></field>"
		"<field var='size'><value>none</value></field>"
		"<field var='text'><value>a</value><value/><value>b</value></field>"
		"<field var='other'><value>c</value></field>", answers));
	cr_expect_str_eq(answers[0].values[0], "romeo@example.org");
	cr_expect_str_eq(answers[1].values[0], "juliet@example.org/x");
	cr_expect_str_eq(answers[2].values[0], "1");
	cr_expect_str_eq(answers[3].values[0], "none");
	cr_expect_eq(answers[4].count, 3);
	cr_expect_str_eq(answers[4].values[1], "");
	cr_expect_eq(answers[5].count, 0);
}

Test(forms, names_an_address_once)
{
	struct form_answer answers[6];

	cr_assert_null(judge("<field var='who'><value>romeo@example.org</value>"
		"<value>ROMEO@example.org</value><value>a@example.org</value></field>", answers));
	cr_expect_eq(answers[0].count, 2);
}

Test(forms, refuses_what_is_not_of_its_type)
{
	is_wrong("", "who is missing");
	is_wrong("<field var='who'/>", "who is missing");
	is_wrong("<field var='who'><value/></field>", "who is missing");
	is_wrong("<field var='who'><value>a@@b</value></field>",
		"who has a value that is no jid-multi");
	is_wrong(WHO "<field var='whom'><value>@</value></field>",
		"whom has a value that is no jid-single");
	is_wrong(WHO "<field var='sure'><value>maybe</value></field>",
		"sure has a value that is no boolean");
	is_wrong(WHO "<field var='size'><value>26</value></field>",
		"size has a value that is no list-single");
	is_wrong(WHO "<field var='whom'><value>a@b</value><value>c@d</value></field>",
		"whom has more than one value");
	is_wrong(WHO WHO, "who is there twice");
}

Test(forms, refuses_more_values_than_anybody_writes)
{
	char *inside = calloc(1, 64 * (FORM_VALUES_MOST + 3));
	size_t len = (size_t)sprintf(inside, "<field var='who'>");

	for (int i = 0; i <= FORM_VALUES_MOST; i++)
		len += (size_t)sprintf(inside + len, "<value>u%d@example.org</value>", i);
	sprintf(inside + len, "</field>");
	is_wrong(inside, "who has too many values");
	free(inside);
}

Test(forms, passes_over_ten_thousand_fields_that_nobody_asked_for)
{
	char *inside = calloc(1, 40 * 10000 + sizeof WHO);
	struct form_answer answers[6];
	size_t len = 0;

	for (int i = 0; i < 10000; i++)
		len += (size_t)sprintf(inside + len, "<field var='f%d'><value/></field>", i);
	strcpy(inside + len, WHO);
	cr_expect_null(judge(inside, answers));
	cr_expect_eq(answers[0].count, 1);
	free(inside);
}

Test(forms, asks_with_presets_or_what_has_been_filled_in)
{
	struct element *form = form_new(arena, "form", "urn:test");

	form_add_fields(form, fields, form_of(WHO
		"<field var='secret'><value>x</value></field>"));
	cr_expect_str_eq(writer_text(arena, form), "<x xmlns='jabber:x:data' type='form'>"
		"<field var='FORM_TYPE' type='hidden'><value>urn:test</value></field>"
		"<field var='who' type='jid-multi' label='Who'><required/>"
		"<value>Romeo@example.org</value></field>"
		"<field var='whom' type='jid-single'/><field var='sure' type='boolean'/>"
		"<field var='size' type='list-single'><value>25</value>"
		"<option><value>25</value></option><option><value>none</value></option></field>"
		"<field var='text' type='text-multi'/><field var='secret' type='text-private'/></x>");
}

Test(forms, are_found_by_their_type)
{
	struct element *two = fake_read(arena, "<c xmlns='urn:c'><x xmlns='jabber:x:data' type='form'/>"
		"<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:t</value>"
		"</field></x></c>");

	cr_expect_str_eq(form_type_of(form_find(two, "submit")), "urn:t");
	cr_expect_null(form_type_of(form_find(two, "form")));
	cr_expect_not_null(form_find(two, NULL));
	cr_expect_null(form_find(two, "result"));
}
