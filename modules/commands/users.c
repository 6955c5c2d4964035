/* users.c - who is registered, online, active, idle: gathered from the rows of orders (XEP-0133 4.13
 * to 4.22)
 * SPDX-License-Identifier: MIT
 *
 * A user is idle who is online and away with all devices, or shows none of them; others who are
 * online are active. */

#include <stdlib.h>
#include <string.h>

#include "commands.h"

#define LIST_MOST 2000 /* of a result: clients have to read it */

/* --- gathering ----------------------------------------------------------------------------- */

static void add_user(struct errand *errand, const char *jid)
{
	const char **list = errand->users;

	if (errand->count == errand->room) {
		size_t room = errand->room ? 2 * errand->room : 64;

		list = arena_grow(errand->arena, list, errand->room * sizeof *list,
			room * sizeof *list);
		errand->users = list;
		errand->room = room;
	}
	list[errand->count++] = jid;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Rows of one user may lie anywhere. */
static void sort_users(struct errand *errand)
{
	const char **list = errand->users;
	size_t kept = 0;

	if (errand->count)
		qsort(list, errand->count, sizeof *list, by_text);
	for (size_t i = 0; i < errand->count; i++)
		if (i == 0 || strcmp(list[i], list[kept - 1]) != 0)
			list[kept++] = list[i];
	errand->count = kept;
}

void note_users(struct errand *errand, const struct tern_outcome *outcome)
{
	for (size_t i = 0; i < outcome->row_count; i++)
		add_user(errand, arena_strdup(errand->arena, outcome->rows[i][0]));
}

static const char *bare_of(struct arena *arena, const char *full)
{
	return arena_strndup(arena, full, strcspn(full, "/"));
}

/* "session list": jid, priority, address, security, show. */
static bool is_active(const char *const *row)
{
	const char *show = row[4];

	return *show && strcmp(show, "away") != 0 && strcmp(show, "xa") != 0;
}

static void note_sessions(struct errand *errand, const struct tern_outcome *outcome, bool active)
{
	for (size_t i = 0; i < outcome->row_count; i++)
		if (!active || is_active(outcome->rows[i]))
			add_user(errand, bare_of(errand->arena, outcome->rows[i][0]));
	sort_users(errand);
}

void note_online(struct errand *errand, const struct tern_outcome *outcome)
{
	note_sessions(errand, outcome, false);
}

void note_active(struct errand *errand, const struct tern_outcome *outcome)
{
	note_sessions(errand, outcome, true);
}

/* Both lists are in order. */
static void take_out(struct errand *errand, const char *const *others, size_t count)
{
	const char **list = errand->users;
	size_t kept = 0, at = 0;

	for (size_t i = 0; i < errand->count; i++) {
		while (at < count && strcmp(others[at], list[i]) < 0)
			at++;
		if (at == count || strcmp(others[at], list[i]) != 0)
			list[kept++] = list[i];
	}
	errand->count = kept;
}

void note_idle(struct errand *errand, const struct tern_outcome *outcome)
{
	const char *const *active;
	size_t count;

	note_active(errand, outcome);
	active = errand->users;
	count = errand->count;
	errand->users = NULL;
	errand->count = errand->room = 0;
	note_online(errand, outcome);
	take_out(errand, active, count);
}

/* --- telling ------------------------------------------------------------------------------- */

void conclude_number(struct errand *errand)
{
	const struct users_field *about = errand->recipe->of;
	struct element *field = form_add(errand_form(errand), NULL, about->var, about->label);

	form_add_value(field, arena_printf(errand->arena, "%zu", errand->count));
}

/* max_items; "none" is as many as there can be. */
static size_t most_of(const struct errand *errand)
{
	const struct form_answer *answer = &errand->answers[0];
	unsigned long most = answer->count ? strtoul(answer->values[0], NULL, 10) : 0;

	return most ? most : LIST_MOST;
}

void conclude_list(struct errand *errand)
{
	const struct users_field *about = errand->recipe->of;
	struct element *field = form_add(errand_form(errand), NULL, about->var, about->label);
	const char *const *list = errand->users;
	size_t most = most_of(errand);

	for (size_t i = 0; i < errand->count && i < most; i++)
		form_add_value(field, list[i]);
	if (errand->count > most)
		errand_tell(errand, "warn", arena_printf(errand->arena, "%zu of %zu are shown", most,
			errand->count));
}
