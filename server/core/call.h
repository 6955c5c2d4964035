/* call.h - a command of ternctl under way to the host or account that it is for (api/command.h)
 * SPDX-License-Identifier: MIT
 *
 * A call at an account goes to its home, opens it, and holds it open until it has ended and what
 * was written is on disk; one at a host runs at once. */
#ifndef CALL_H
#define CALL_H

#include <stddef.h>

#include "module.h"

struct call {
	const struct tern_command_claim *claim;
	struct tern_host *host;
	const void *settings;         /* the module's in that host */
	struct loaded *owner;         /* that module; NULL: the engine */
	const struct jid *account;    /* NULL: at the host */
	const char *const *arguments; /* behind the address; live until `ended` */
	size_t argument_count;
	/* Once, on whatever thread it ended; the command is then the callee's. */
	void (*ended)(struct tern_command *take_command, void *context);
	void *context;
};

/* Main thread; the struct is copied.  One that does not reach its module before that has left fails. */
void call_start(const struct call *call);

/* --- of a command that has ended; any thread ------------------------------------------ */

/* What went wrong, or NULL; and its kind: 0, -ENOENT (there is no such account), -EINVAL. */
const char *call_error(const struct tern_command *command);
int call_result(const struct tern_command *command);

/* Each row, with a cell for each of the claim's columns. */
void call_rows(const struct tern_command *command,
	void (*each)(void *context, const char *const *cells), void *context);

/* How many columns its answer has. */
size_t call_columns(const struct tern_command_claim *claim);

void call_destroy(struct tern_command *command);

#endif
