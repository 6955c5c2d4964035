/* dialog.h - a command between its execution and its end: XEP-0050's session
 * SPDX-License-Identifier: MIT
 *
 * It belongs to the session (the resource) of whoever executed the command: nobody else finds it,
 * and it ends with it. A session has a few at most: the one that has waited longest for its form
 * makes room for a new one. The ids of those that have ended are known for a while. */
#ifndef DIALOG_H
#define DIALOG_H

#include "module.h"

#define DIALOGS_MOST 5 /* of a session; and of ended ones, as many again */
#define DIALOG_ID_BYTES 33

enum dialog_state {
	DIALOG_ASKS,     /* its form is to be filled in */
	DIALOG_CONFIRMS, /* what has been filled in is to be confirmed */
	DIALOG_RUNS,
	DIALOG_ENDED,
};

struct dialog {
	struct dialog *next; /* older */
	uint64_t number;
	char id[DIALOG_ID_BYTES];
	enum dialog_state state;
	tern_timer timer;
	struct arena *arena;   /* of what follows; NULL when it has ended */
	const char *node;
	struct element *form;  /* what has come back, to be confirmed */
};

/* Of a session. */
struct dialogs { struct dialog *newest; };
extern tern_state dialogs_handle;
void dialogs_finish(void *dialogs);

/* NULL: all that there can be are at work. */
struct dialog *dialog_begin(struct tern_session *session, const char *node);

struct dialog *dialog_find(struct tern_session *session, const char *id);       /* or NULL */
struct dialog *dialog_by_number(struct tern_session *session, uint64_t number); /* or NULL */

/* It waits for its user from now on, for so long. */
void dialog_wait(struct tern_session *session, struct dialog *dialog, enum dialog_state state,
	uint64_t timeout_ms);

/* It does not wait any more. */
void dialog_run(struct tern_session *session, struct dialog *dialog);

void dialog_end(struct tern_session *session, struct dialog *dialog);

#endif
