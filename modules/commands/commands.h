/* commands.h - what the parts of the commands module share
 * SPDX-License-Identifier: MIT
 *
 * A command's journey: an administrator's client executes its node (exchange.c), which begins a
 * dialog (dialog.c): its form is sent, comes back filled in, and is judged.  Then an errand
 * (errand.c) gives the engine one order after another, and what comes of them is the answer.  What a
 * command asks, orders and answers is its recipe: XEP-0133's stand in a table (administration.c),
 * all other commands of ternctl get theirs from the engine's table (general.c). */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "forms.h"
#include "module.h"

#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_ADMIN "http://jabber.org/protocol/admin"

#define FIELDS_MOST 16 /* of a form */

/* Of a host. */
struct commands {
	char *const *admins;  /* bare addresses, prepared; ends with NULL */
	uint64_t timeout_ms;  /* how long a form may wait */
};

struct errand;

struct recipe {
	const char *node, *name;
	const char *form_type;           /* of its forms, or NULL */
	const struct form_field *fields; /* ends with a NULL var; none: nothing is asked */
	/* Commands of ternctl, given one after another for each address: of the host, or what the first
	 * field has; ends with NULL. A recipe of which one is not there is not there itself. */
	const char *const *words;
	bool at_host;
	bool covers;   /* the first of them needs no recipe of its own */
	bool is_final; /* asked for twice */
	/* What is wrong with a form whose values are each of their type, for people; or NULL. */
	const char *(*refuse)(const struct form_answer *answers);
	/* Adds what stands behind the address; ends with NULL already. */
	void (*argue)(const struct errand *errand, const char **arguments);
	void (*note)(struct errand *errand, const struct tern_outcome *outcome); /* of a success */
	void (*conclude)(struct errand *errand); /* when all is done */
	const void *of; /* what it was made of */
};

#define ARGUMENTS_MOST (2 * FIELDS_MOST + 2)

/* general.c: the recipe of that node if the host has it, or NULL; of the arena, or constant. */
const struct recipe *recipe_find(struct arena *arena, const struct tern_host *host,
	const char *node);

/* All that the host has. */
void recipes_each(struct arena *arena, const struct tern_host *host,
	void (*each)(void *context, const struct recipe *recipe), void *context);

/* administration.c: XEP-0133's, in its order; ends with a NULL node. */
extern const struct recipe administration[];

/* What is under way for one dialog. */
struct errand {
	struct arena *arena;
	const struct recipe *recipe;
	const struct tern_host *host;
	struct form_answer answers[FIELDS_MOST];
	uint64_t dialog; /* its number */
	tern_ticket ticket;
	struct form_answer addresses;
	size_t address, word;      /* of the order that is under way */
	struct element *command;   /* what will be answered */
	struct element *form;      /* the result in it, once there is one */
	const char **users;        /* users.c: what has been collected */
	size_t count, room;
	size_t failures;
	int result;                /* of the last failure */
	const char *error;
};

/* The result form, made when it is first asked for. */
struct element *errand_form(struct errand *errand);
/* <note/> beside it: "info", "warn", "error". */
void errand_tell(struct errand *errand, const char *type, const char *text);

/* Begins it: the iq is answered later. `form` is what has come back, judged, or NULL. */
struct dialog;
enum tern_verdict errand_start(struct tern_event *event, struct dialog *dialog,
	const struct element *form);

/* exchange.c: an iq with a <command/>. */
tern_handler answer_command;

/* module.c: who asks may give orders to the host. */
bool is_admin(const struct tern_event *event, const struct commands *commands);

/* A <command/> with node, id of the dialog and status. */
struct element *command_new(struct arena *arena, const char *node, const char *id,
	const char *status);

/* users.c: lists and numbers of users from what orders have told; such a recipe is made of the field
 * that tells it. */
struct users_field { const char *var, *label; };
void note_users(struct errand *errand, const struct tern_outcome *outcome);
void note_online(struct errand *errand, const struct tern_outcome *outcome);
void note_active(struct errand *errand, const struct tern_outcome *outcome);
void note_idle(struct errand *errand, const struct tern_outcome *outcome);
void conclude_number(struct errand *errand);
void conclude_list(struct errand *errand);

#endif
