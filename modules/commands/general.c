/* general.c - finds recipes: of XEP-0133, and of any other command of ternctl, made of its claim
 * SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <string.h>

#include "commands.h"

#define CLAIMS_MOST 256
#define ROWS_MOST 1000

/* The commands that a host has. */
struct claims {
	const struct tern_command_claim *list[CLAIMS_MOST];
	size_t count;
};

static void note_claim(void *context, const struct tern_command_claim *claim)
{
	struct claims *claims = context;

	if (claims->count < CLAIMS_MOST)
		claims->list[claims->count++] = claim;
}

static const struct tern_command_claim *find_claim(const struct claims *claims, const char *words)
{
	for (size_t i = 0; i < claims->count; i++)
		if (strcmp(claims->list[i]->words, words) == 0)
			return claims->list[i];
	return NULL;
}

/* --- what a claim asks --------------------------------------------------------------------- */

static const char *name_of(struct arena *arena, const struct tern_command_claim *claim)
{
	char *name = arena_strdup(arena, claim->about);

	*name = (char)toupper((unsigned char)*name);
	return name;
}

static bool is_option(const struct tern_command_field *field)
{
	return strncmp(field->name, "--", 2) == 0;
}

static struct form_field read_field(const struct tern_command_field *field)
{
	struct form_field made = { .var = is_option(field) ? field->name + 2 : field->name,
		.label = field->about, .is_required = field->is_required };

	switch (field->kind) {
	case TERN_FIELD_TEXT:
		made.type = FORM_TEXT_SINGLE;
		break;
	case TERN_FIELD_SECRET:
		made.type = FORM_TEXT_PRIVATE;
		break;
	case TERN_FIELD_FLAG:
		made.type = FORM_BOOLEAN;
		break;
	}
	return made;
}

static const struct form_field *fields_of(struct arena *arena,
	const struct tern_command_claim *claim)
{
	struct form_field *fields = arena_zalloc(arena, (FIELDS_MOST + 1) * sizeof *fields);
	const struct tern_command_field *field = claim->fields;
	size_t count = 0;

	if (claim->at == TERN_COMMAND_AT_ACCOUNT)
		fields[count++] = (struct form_field){ "accountjid", FORM_JID_SINGLE,
			"The address of the account", true };
	for (; field && field->name && count < FIELDS_MOST; field++)
		fields[count++] = read_field(field);
	return fields;
}

static void argue(const struct errand *errand, const char **arguments)
{
	const struct tern_command_claim *claim = errand->recipe->of;
	const struct form_answer *answer = &errand->answers[claim->at == TERN_COMMAND_AT_ACCOUNT];
	const struct form_answer *end = &errand->answers[FIELDS_MOST];

	for (const struct tern_command_field *field = claim->fields;
	     field && field->name && answer < end; field++) {
		const char *value = (answer++)->count ? answer[-1].values[0] : NULL;

		if (!value || (field->kind == TERN_FIELD_FLAG && strcmp(value, "1") != 0))
			continue;
		if (is_option(field))
			*arguments++ = field->name;
		if (field->kind != TERN_FIELD_FLAG)
			*arguments++ = value;
	}
}

/* --- what it tells ------------------------------------------------------------------------- */

static void add_row(struct element *form, const char *const *columns, const char *const *cells)
{
	struct element *item = element_add(form, NULL, "item");

	for (size_t i = 0; columns[i]; i++)
		form_add_value(form_add(item, NULL, columns[i], NULL), cells[i]);
}

static void note_rows(struct errand *errand, const struct tern_outcome *outcome)
{
	const struct tern_command_claim *claim = errand->recipe->of;
	struct element *form, *reported;

	if (!claim->columns[0])
		return;
	form = errand_form(errand);
	reported = element_add(form, NULL, "reported");
	for (size_t i = 0; claim->columns[i]; i++)
		form_add(reported, NULL, claim->columns[i], claim->columns[i]);
	for (size_t i = 0; i < outcome->row_count && i < ROWS_MOST; i++)
		add_row(form, claim->columns, outcome->rows[i]);
	if (outcome->row_count > ROWS_MOST)
		errand_tell(errand, "warn", arena_printf(errand->arena, "%d of %zu are shown",
			ROWS_MOST, outcome->row_count));
}

/* --- recipes ------------------------------------------------------------------------------- */

static const struct recipe *make_recipe(struct arena *arena, const struct tern_command_claim *claim)
{
	struct recipe *recipe = arena_zalloc(arena, sizeof *recipe);
	const char **words = arena_zalloc(arena, 2 * sizeof *words);

	words[0] = claim->words;
	*recipe = (struct recipe){ .node = claim->words, .name = name_of(arena, claim),
		.fields = fields_of(arena, claim), .words = words,
		.at_host = claim->at == TERN_COMMAND_AT_HOST, .is_final = claim->is_final,
		.argue = argue, .note = note_rows, .of = claim };
	return recipe;
}

static bool is_there(const struct recipe *recipe, const struct claims *claims)
{
	for (size_t i = 0; recipe->words[i]; i++)
		if (!find_claim(claims, recipe->words[i]))
			return false;
	return true;
}

static bool is_covered(const struct tern_command_claim *claim)
{
	for (const struct recipe *recipe = administration; recipe->node; recipe++)
		if (recipe->covers && strcmp(recipe->words[0], claim->words) == 0)
			return true;
	return false;
}

const struct recipe *recipe_find(struct arena *arena, const struct tern_host *host,
	const char *node)
{
	struct claims claims = { .count = 0 };
	const struct tern_command_claim *claim;

	tern_host_orders(host, note_claim, &claims);
	for (const struct recipe *recipe = administration; recipe->node; recipe++)
		if (strcmp(recipe->node, node) == 0)
			return is_there(recipe, &claims) ? recipe : NULL;
	claim = find_claim(&claims, node);
	return claim && !is_covered(claim) ? make_recipe(arena, claim) : NULL;
}

void recipes_each(struct arena *arena, const struct tern_host *host,
	void (*each)(void *context, const struct recipe *recipe), void *context)
{
	struct claims claims = { .count = 0 };

	tern_host_orders(host, note_claim, &claims);
	for (const struct recipe *recipe = administration; recipe->node; recipe++)
		if (is_there(recipe, &claims))
			each(context, recipe);
	for (size_t i = 0; i < claims.count; i++)
		if (!is_covered(claims.list[i]))
			each(context, make_recipe(arena, claims.list[i]));
}
