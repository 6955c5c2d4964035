/* dialog.c - keeps what administrators have begun and not ended (XEP-0050 3.3)
 * SPDX-License-Identifier: MIT */

#include "dialog.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "heap.h"
#include "hex.h"

tern_state dialogs_handle;

static struct dialogs *dialogs_of(struct tern_session *session)
{
	return tern_session_state(session, dialogs_handle);
}

static void destroy(struct dialog *dialog)
{
	arena_destroy(dialog->arena);
	free(dialog);
}

/* Timers of the session find nothing any more. */
void dialogs_finish(void *state)
{
	struct dialogs *dialogs = state;

	while (dialogs->newest) {
		struct dialog *dialog = dialogs->newest;

		dialogs->newest = dialog->next;
		destroy(dialog);
	}
}

/* --- finding ----------------------------------------------------------------------------- */

struct dialog *dialog_find(struct tern_session *session, const char *id)
{
	struct dialog *dialog = dialogs_of(session)->newest;

	while (dialog && strcmp(dialog->id, id) != 0)
		dialog = dialog->next;
	return dialog;
}

struct dialog *dialog_by_number(struct tern_session *session, uint64_t number)
{
	struct dialog *dialog = dialogs_of(session)->newest;

	while (dialog && dialog->number != number)
		dialog = dialog->next;
	return dialog;
}

/* --- room -------------------------------------------------------------------------------- */

/* The last `most` that have ended are still known. */
static void forget_ended(struct dialogs *dialogs, size_t most)
{
	struct dialog **place = &dialogs->newest;

	while (*place) {
		struct dialog *dialog = *place;

		if (dialog->state != DIALOG_ENDED || most > 0) {
			most -= dialog->state == DIALOG_ENDED;
			place = &dialog->next;
			continue;
		}
		*place = dialog->next;
		destroy(dialog);
	}
}

/* False when there is none to be had. */
static bool make_room(struct tern_session *session)
{
	struct dialog *dialog = dialogs_of(session)->newest, *oldest = NULL;
	size_t count = 0;

	for (; dialog; dialog = dialog->next) {
		count += dialog->state != DIALOG_ENDED;
		if (dialog->state == DIALOG_ASKS || dialog->state == DIALOG_CONFIRMS)
			oldest = dialog;
	}
	if (count < DIALOGS_MOST)
		return true;
	if (oldest)
		dialog_end(session, oldest);
	return oldest != NULL;
}

/* --- a life ------------------------------------------------------------------------------ */

static void choose_id(struct tern_entity *entity, char id[static DIALOG_ID_BYTES])
{
	unsigned char bytes[(DIALOG_ID_BYTES - 1) / 2];

	tern_random(entity, bytes, sizeof bytes);
	hex_encode(bytes, sizeof bytes, id);
}

struct dialog *dialog_begin(struct tern_session *session, const char *node)
{
	struct dialogs *dialogs = dialogs_of(session);
	struct dialog *dialog;

	if (!make_room(session))
		return NULL;
	dialog = heap_zalloc(sizeof *dialog);
	choose_id(tern_session_entity(session), dialog->id);
	dialog->number = dialogs->newest ? dialogs->newest->number + 1 : 1;
	dialog->arena = arena_create(ARENA_SMALL);
	dialog->node = arena_strdup(dialog->arena, node);
	dialog->state = DIALOG_RUNS;
	dialog->next = dialogs->newest;
	dialogs->newest = dialog;
	return dialog;
}

static void expire(struct tern_entity *entity, struct tern_session *session, void *context,
	bool cancelled)
{
	struct dialog *dialog =
		cancelled ? NULL : dialog_by_number(session, (uint64_t)(uintptr_t)context);

	if (!dialog)
		return;
	dialog->timer = 0;
	dialog_end(session, dialog);
}

static void stop_waiting(struct tern_session *session, struct dialog *dialog)
{
	if (dialog->timer)
		tern_timer_stop(tern_session_entity(session), dialog->timer);
	dialog->timer = 0;
}

void dialog_wait(struct tern_session *session, struct dialog *dialog, enum dialog_state state,
	uint64_t timeout_ms)
{
	stop_waiting(session, dialog);
	dialog->state = state;
	dialog->timer = tern_timer_start(tern_session_entity(session), session, timeout_ms, expire,
		(void *)(uintptr_t)dialog->number);
}

void dialog_run(struct tern_session *session, struct dialog *dialog)
{
	stop_waiting(session, dialog);
	dialog->state = DIALOG_RUNS;
}

void dialog_end(struct tern_session *session, struct dialog *dialog)
{
	stop_waiting(session, dialog);
	dialog->state = DIALOG_ENDED;
	arena_destroy(dialog->arena);
	dialog->arena = NULL;
	dialog->node = NULL;
	dialog->form = NULL;
	forget_ended(dialogs_of(session), DIALOGS_MOST);
}
