/* call.h - a command of ternctl under way to the host or account that it is for (api/command.h)
 * SPDX-License-Identifier: MIT
 *
 * A call at an account goes to its home, opens it, and holds it open until it has ended and what
 * was written is on disk; one at a host runs at once. */
#ifndef CALL_H
#define CALL_H

#include <stddef.h>

#include "module.h"

struct errand; /* a command under way */
struct shard;

struct call {
	const struct tern_command_claim *claim;
	struct tern_host *host;
	const void *settings;         /* the module's in that host */
	struct loaded *owner;         /* that module; NULL: the engine */
	const struct jid *account;    /* NULL: at the host */
	const char *const *arguments; /* behind the address; live until `ended` */
	size_t argument_count;
	/* Once, on whatever thread it ended; the command is then the callee's. */
	void (*ended)(struct errand *take_errand, void *context);
	void *context;
};

/* Main thread; the struct is copied.  One that does not reach its module before that has left fails;
 * so does one that its module has not ended when its handler returns (at a host), or when it has told
 * nothing for five minutes (at an account): what it says later is nobody's. */
void call_start(const struct call *call);

/* A module leaves (turnover.h), and all that it had under way has been cancelled: whatever commands it
 * has not ended here fail. */
void calls_cancel_of(struct shard *shard, const struct loaded *owner);

/* --- of one that has ended; any thread ------------------------------------------------- */

/* What went wrong, or NULL; and its kind: 0, -ENOENT (there is no such account), -EINVAL. */
const char *call_error(const struct errand *errand);
int call_result(const struct errand *errand);

/* Each row, with a cell for each of the claim's columns. */
void call_rows(const struct errand *errand,
	void (*each)(void *context, const char *const *cells), void *context);

/* How many columns its answer has. */
size_t call_columns(const struct tern_command_claim *claim);

void call_destroy(struct errand *errand);

#endif
