/* order.h - commands that an administrator gives from a client, as ternctl does at the machine
 * SPDX-License-Identifier: MIT
 *
 * There is one table of commands: those of the engine and what modules claim (module.h). A module
 * through which administrators come lists those that are a host's business, makes sure that whoever
 * asks is one, and gives the order; it has the same effects as in ternctl. The engine looks that it
 * is about the host, logs who ordered what (but no secrets), and brings the answer back. */
#ifndef TERN_ORDER_H
#define TERN_ORDER_H

#include <stddef.h>

#pragma GCC visibility push(default) /* ternd exports it to modules */

struct tern_command_claim;
struct tern_host;
struct tern_session;

/* Calls `each` with every command that is the host's business: of the engine, and of the modules
 * that the host has. A claim is constant for as long as the process lives; its `run` is not for the
 * caller. Any shard. */
void tern_host_orders(const struct tern_host *host,
	void (*each)(void *context, const struct tern_command_claim *claim), void *context);

/* What came of an order; borrowed for the call. */
struct tern_outcome {
	int result;        /* 0; -EEXIST, -ENOENT: such an account is there, is not there; -EXDEV: it
	                    * is not about this host; -EINVAL: another fault; or another -errno */
	const char *error; /* for people to read; NULL: it went well */
	const char *const *const *rows; /* a cell for each of the claim's columns */
	size_t row_count;
};

/* Gives an order in the name of the session's user, which the caller has found to be an
 * administrator of that host. `words` is a command as tern_host_orders lists it; `arguments` begin
 * with the address (the host's domain, or an account of it) and end with NULL; both are copied.
 * `done` is called once, later, on the session's shard; with NULL for session and outcome when the
 * session has ended meanwhile, and the order may have been carried out all the same. */
void tern_order(struct tern_session *session, const struct tern_host *host, const char *words,
	const char *const *arguments,
	void (*done)(struct tern_session *session, void *context,
		const struct tern_outcome *outcome),
	void *context);

#pragma GCC visibility pop

#endif
