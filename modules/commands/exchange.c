/* exchange.c - answers the iqs of XEP-0050 1.3.0: begins commands, goes on with them, ends them
 * SPDX-License-Identifier: MIT */

#include "commands.h"

#include <string.h>
#include <strings.h>

#include "dialog.h"

/* What this server speaks. */
#define LANG "en"

/* 4.1: the values of `action`. */
#define ACTIONS(X) \
	X(EXECUTE, "execute") X(CANCEL, "cancel") X(PREV, "prev") X(NEXT, "next") \
	X(COMPLETE, "complete")
enum action {
#define X(name, text) ACTION_##name,
	ACTIONS(X)
#undef X
	ACTION_COUNT
};
static const char *const action_names[] = {
#define X(name, text) text,
	ACTIONS(X)
#undef X
};

/* What an iq asks for. */
struct demand {
	struct tern_event *event;
	const struct commands *commands;
	const struct recipe *recipe;
	enum action action;
	const struct element *command;
};

/* --- errors (4.4) -------------------------------------------------------------------------- */

static enum tern_verdict refuse(struct tern_event *event, const char *condition, const char *text)
{
	tern_reject(event, TERN_BAD_REQUEST, text);
	return tern_reject_as(event, TERN_BAD_REQUEST, "modify",
		element_new(event->arena, NS_COMMANDS, condition));
}

/* The type is what XEP-0050 4.4 asks for, not RFC 6120's. */
static enum tern_verdict forbid(struct tern_event *event)
{
	return tern_reject_as(event, TERN_FORBIDDEN, "cancel", NULL);
}

static enum tern_verdict tell_expired(struct tern_event *event)
{
	return tern_reject_as(event, TERN_NOT_ALLOWED, "cancel",
		element_new(event->arena, NS_COMMANDS, "session-expired"));
}

/* XEP-0133 5: of the commands that it knows, some are not here. */
static enum tern_verdict tell_unknown(struct tern_event *event, const char *node)
{
	bool is_admins = strncmp(node, NS_ADMIN "#", sizeof NS_ADMIN) == 0;

	return tern_reject(event, is_admins ? TERN_FEATURE_NOT_IMPLEMENTED : TERN_ITEM_NOT_FOUND,
		NULL);
}

/* --- answers ------------------------------------------------------------------------------- */

struct element *command_new(struct arena *arena, const char *node, const char *id,
	const char *status)
{
	struct element *command = element_new(arena, NS_COMMANDS, "command");

	element_set(command, "node", node);
	element_set(command, "sessionid", id);
	element_set(command, "status", status);
	element_set(command, "xml:lang", LANG);
	return command;
}

/* 3.4: `usual` is what `execute` stands for. */
static void add_actions(struct element *command, enum action usual, bool has_prev)
{
	struct element *actions = element_add(command, NULL, "actions");

	element_set(actions, "execute", action_names[usual]);
	if (has_prev)
		element_add(actions, NULL, "prev");
	element_add(actions, NULL, action_names[usual]);
}

static struct element *new_form(struct arena *arena, const struct recipe *recipe,
	const char *instructions)
{
	struct element *form = form_new(arena, "form", NULL);

	element_add_text(form, "title", recipe->name);
	element_add_text(form, "instructions", instructions);
	form_add_form_type(form, recipe->form_type);
	return form;
}

static enum tern_verdict tell_form(const struct demand *demand, const struct dialog *dialog,
	struct element *form, enum action usual)
{
	struct element *command = command_new(demand->event->arena, dialog->node, dialog->id,
		"executing");

	add_actions(command, usual, dialog->state == DIALOG_CONFIRMS);
	element_append(command, form);
	return tern_reply(demand->event, command);
}

/* The first stage, with what has been filled in before. */
static enum tern_verdict ask(const struct demand *demand, struct dialog *dialog)
{
	const struct recipe *recipe = demand->recipe;
	struct element *form = new_form(demand->event->arena, recipe, "Fill in this form.");

	form_add_fields(form, recipe->fields, dialog->form);
	dialog_wait(demand->event->session, dialog, DIALOG_ASKS, demand->commands->timeout_ms);
	return tell_form(demand, dialog, form, recipe->is_final ? ACTION_NEXT : ACTION_COMPLETE);
}

static void add_fixed(struct element *form, const struct form_field *field,
	const struct form_answer *answer)
{
	struct element *xml;

	if (answer->count == 0)
		return;
	xml = form_add(form, form_type_name(FORM_FIXED), NULL, field->label);
	for (size_t i = 0; i < answer->count; i++)
		form_add_value(xml, field->type == FORM_TEXT_PRIVATE ? "..." : answer->values[i]);
}

/* The second stage of what cannot be undone. */
static enum tern_verdict confirm(const struct demand *demand, struct dialog *dialog,
	const struct element *filled, const struct form_answer *answers)
{
	const struct recipe *recipe = demand->recipe;
	struct element *form = new_form(demand->event->arena, recipe,
		"Nothing brings back what this takes away.");

	for (size_t i = 0; recipe->fields[i].var; i++)
		add_fixed(form, &recipe->fields[i], &answers[i]);
	dialog->form = element_copy(dialog->arena, filled);
	dialog_wait(demand->event->session, dialog, DIALOG_CONFIRMS, demand->commands->timeout_ms);
	return tell_form(demand, dialog, form, ACTION_COMPLETE);
}

static enum tern_verdict cancel(const struct demand *demand, struct dialog *dialog)
{
	struct element *command = command_new(demand->event->arena, dialog->node, dialog->id,
		"canceled");

	dialog_end(demand->event->session, dialog);
	return tern_reply(demand->event, command);
}

/* --- forms that come back ------------------------------------------------------------------ */

/* 3.5.1: a form of the type `cancel` is taken for one that is submitted. */
static const struct element *find_filled(const struct element *command)
{
	const struct element *form = form_find(command, "submit");

	return form ? form : form_find(command, "cancel");
}

static const char *judge(struct arena *arena, const struct recipe *recipe,
	const struct element *form, struct form_answer *answers)
{
	const char *type = form ? form_type_of(form) : NULL, *why;

	if (!form)
		return "there is no form";
	if (type && (!recipe->form_type || strcmp(type, recipe->form_type) != 0))
		return "this is another form";
	why = form_read(arena, form, recipe->fields, answers);
	return !why && recipe->refuse ? recipe->refuse(answers) : why;
}

/* Whoever administers one host has no say at another. */
static bool is_about_host(const struct tern_host *host, const struct recipe *recipe,
	const struct form_answer *addresses)
{
	struct arena *arena = arena_create(ARENA_SMALL);
	bool is = true;

	for (size_t i = 0; !recipe->at_host && i < addresses->count; i++)
		is = is && strcmp(jid_domain(jid_new(arena, addresses->values[i])),
			tern_host_domain(host)) == 0;
	arena_destroy(arena);
	return is;
}

static enum tern_verdict take_form(const struct demand *demand, struct dialog *dialog)
{
	struct tern_event *event = demand->event;
	const struct element *form = find_filled(demand->command);
	struct form_answer answers[FIELDS_MOST] = { 0 };
	const char *why = judge(event->arena, demand->recipe, form, answers);

	if (why)
		return refuse(event, "bad-payload", why);
	if (!is_about_host(event->host, demand->recipe, &answers[0]))
		return tern_reject(event, TERN_NOT_ALLOWED, "no account of this host");
	if (demand->recipe->is_final)
		return confirm(demand, dialog, form, answers);
	return errand_start(event, dialog, form);
}

/* --- stages -------------------------------------------------------------------------------- */

static enum tern_verdict begin(const struct demand *demand)
{
	struct tern_event *event = demand->event;
	struct dialog *dialog;

	if (demand->action != ACTION_EXECUTE)
		return refuse(event, "bad-action", NULL);
	dialog = dialog_begin(event->session, demand->recipe->node);
	if (!dialog)
		return tern_reject(event, TERN_RESOURCE_CONSTRAINT, "too many commands at once");
	return demand->recipe->fields->var ? ask(demand, dialog) : errand_start(event, dialog, NULL);
}

/* What is asked for in the state that the dialog is in; 3.4 says what `execute` is. */
static enum tern_verdict go_on(const struct demand *demand, struct dialog *dialog)
{
	bool is_final = demand->recipe->is_final;
	enum action usual = dialog->state == DIALOG_ASKS && is_final ? ACTION_NEXT : ACTION_COMPLETE;
	enum action action = demand->action == ACTION_EXECUTE ? usual : demand->action;

	if (dialog->state == DIALOG_RUNS)
		return refuse(demand->event, "bad-action", "it is at work");
	if (action == ACTION_CANCEL)
		return cancel(demand, dialog);
	if (dialog->state == DIALOG_CONFIRMS && action == ACTION_PREV)
		return ask(demand, dialog);
	if (action != usual)
		return refuse(demand->event, "bad-action", NULL);
	if (dialog->state == DIALOG_CONFIRMS)
		return errand_start(demand->event, dialog, dialog->form);
	return take_form(demand, dialog);
}

static enum tern_verdict find_dialog(const struct demand *demand, const char *id)
{
	struct tern_event *event = demand->event;
	struct dialog *dialog = dialog_find(event->session, id);

	if (dialog && dialog->state == DIALOG_ENDED)
		return tell_expired(event);
	if (!dialog || strcmp(dialog->node, demand->recipe->node) != 0)
		return refuse(event, "bad-sessionid", NULL);
	return go_on(demand, dialog);
}

/* --- the iq -------------------------------------------------------------------------------- */

/* ACTION_COUNT: 4.1 knows no such action. */
static enum action read_action(const struct element *command)
{
	const char *text = element_get(command, "action");
	enum action action = ACTION_EXECUTE;

	while (text && action < ACTION_COUNT && strcmp(text, action_names[action]) != 0)
		action++;
	return action;
}

/* 3.7. The language of the whole iq may be that of the client's stream: it is a wish, and not
 * refused. */
static bool speaks(const struct element *command)
{
	const char *lang = element_get(command, "xml:lang");
	size_t len = strlen(LANG);

	return !lang || !*lang || (strncasecmp(lang, LANG, len) == 0 &&
		(lang[len] == '\0' || lang[len] == '-'));
}

enum tern_verdict answer_command(struct tern_event *event, const void *settings)
{
	const struct element *command = element_first(event->stanza.element);
	const char *node = element_get(command, "node"), *id = element_get(command, "sessionid");
	struct demand demand = { .event = event, .commands = settings, .command = command,
		.action = read_action(command) };

	if (!is_admin(event, settings))
		return forbid(event);
	if (!node)
		return tern_reject(event, TERN_BAD_REQUEST, "a command has a node");
	if (!speaks(command))
		return refuse(event, "bad-locale", NULL);
	if (demand.action == ACTION_COUNT)
		return refuse(event, "malformed-action", NULL);
	demand.recipe = recipe_find(event->arena, event->host, node);
	if (!demand.recipe)
		return tell_unknown(event, node);
	return id ? find_dialog(&demand, id) : begin(&demand);
}
