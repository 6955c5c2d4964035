/* errand.c - gives the orders that a recipe is made of, and answers with what has come of them
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>

#include "commands.h"
#include "dialog.h"
#include "heap.h"

#define NOTES_MOST 20

static void destroy(struct errand *errand)
{
	arena_destroy(errand->arena);
	free(errand);
}

/* --- what is answered ---------------------------------------------------------------------- */

struct element *errand_form(struct errand *errand)
{
	if (!errand->form) {
		errand->form = form_new(errand->arena, "result", errand->recipe->form_type);
		element_append(errand->command, errand->form);
	}
	return errand->form;
}

void errand_tell(struct errand *errand, const char *type, const char *text)
{
	element_set(element_add_text(errand->command, "note", text), "type", type);
}

static enum tern_condition condition_of(int result)
{
	switch (result) {
	case -EEXIST:
		return TERN_CONFLICT;
	case -ENOENT:
		return TERN_ITEM_NOT_FOUND;
	case -EXDEV:
		return TERN_NOT_ALLOWED;
	case -ENOSPC:
		return TERN_RESOURCE_CONSTRAINT;
	default:
		return TERN_NO_CONDITION;
	}
}

/* XEP-0133 5: an error, where nothing else was ordered. XEP-0050 3.6: what fails otherwise is
 * completed, with a note. */
static void answer(struct tern_session *session, struct errand *errand)
{
	enum tern_condition condition = errand->recipe->at_host || errand->addresses.count == 1 ?
		condition_of(errand->result) : TERN_NO_CONDITION;
	struct tern_entity *entity = tern_session_entity(session);

	if (condition) {
		tern_answer_error(entity, errand->ticket, condition, errand->error);
		return;
	}
	if (!errand->failures && errand->recipe->conclude)
		errand->recipe->conclude(errand);
	tern_answer(entity, errand->ticket, errand->command);
}

static void finish(struct tern_session *session, struct errand *take_errand)
{
	struct dialog *dialog = dialog_by_number(session, take_errand->dialog);

	answer(session, take_errand);
	if (dialog)
		dialog_end(session, dialog);
	destroy(take_errand);
}

/* --- one order after another --------------------------------------------------------------- */

static void go_on(struct tern_session *session, struct errand *errand);

static void note_failure(struct errand *errand, const struct tern_outcome *outcome)
{
	errand->result = outcome->result;
	errand->error = arena_strdup(errand->arena, outcome->error);
	if (errand->failures++ < NOTES_MOST)
		errand_tell(errand, "error", errand->error);
}

/* The next word of the same address, unless that failed. */
static void step(struct errand *errand, bool failed)
{
	errand->word++;
	if (!failed && errand->recipe->words[errand->word])
		return;
	errand->word = 0;
	errand->address++;
}

static void done(struct tern_session *session, void *context, const struct tern_outcome *outcome)
{
	struct errand *errand = context;

	if (!session) {
		destroy(errand);
		return;
	}
	if (outcome->error)
		note_failure(errand, outcome);
	else if (errand->recipe->note)
		errand->recipe->note(errand, outcome);
	step(errand, outcome->error);
	go_on(session, errand);
}

static void go_on(struct tern_session *session, struct errand *errand)
{
	const char *arguments[ARGUMENTS_MOST] = { NULL };

	if (errand->address == errand->addresses.count) {
		finish(session, errand);
		return;
	}
	arguments[0] = errand->addresses.values[errand->address];
	if (errand->recipe->argue)
		errand->recipe->argue(errand, arguments + 1);
	tern_order(session, errand->host, errand->recipe->words[errand->word], arguments, done,
		errand);
}

/* --- the beginning ------------------------------------------------------------------------- */

static void set_addresses(struct errand *errand)
{
	const char **host = arena_zalloc(errand->arena, 2 * sizeof *host);

	host[0] = tern_host_domain(errand->host);
	errand->addresses = errand->recipe->at_host ? (struct form_answer){ host, 1 }
		: errand->answers[0];
}

/* All that it needs is its own: the iq and the dialog may end before it. */
static struct errand *new_errand(const struct tern_event *event, const struct dialog *dialog,
	const struct element *form)
{
	struct errand *errand = heap_zalloc(sizeof *errand);

	errand->arena = arena_create(ARENA_SMALL);
	errand->host = event->host;
	errand->dialog = dialog->number;
	errand->recipe = recipe_find(errand->arena, event->host, dialog->node);
	errand->command = command_new(errand->arena,
		arena_strdup(errand->arena, dialog->node), dialog->id, "completed");
	if (form)
		form_read(errand->arena, element_copy(errand->arena, form), errand->recipe->fields,
			errand->answers); /* it has been judged */
	set_addresses(errand);
	return errand;
}

enum tern_verdict errand_start(struct tern_event *event, struct dialog *dialog,
	const struct element *form)
{
	struct errand *errand = new_errand(event, dialog, form);
	enum tern_verdict verdict = tern_answer_later(event, &errand->ticket);

	dialog_run(event->session, dialog);
	go_on(event->session, errand);
	return verdict;
}
