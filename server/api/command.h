/* command.h - a command of ternctl, as the module that claims it sees it
 * SPDX-License-Identifier: MIT
 *
 * The first argument of every such command says where it runs: a host's domain, or an account's
 * address.  At a host it runs on the main thread, without an entity, beside the shards: it may
 * look at its settings and at nothing that changes.  At an account it runs on the account's home
 * shard; the account exists and is open, and stays open until the command has ended.
 *
 * A command is answered once: rows and then tern_command_end, or tern_command_fail; within its
 * handler, or, at an account, later on the same shard (from tern_log_page, a timer).  What the account
 * wrote before the end is on disk when the administrator reads of it.
 *
 * One that its module has not ended fails for the administrator, with the module's name in the answer
 * and in the log: at a host when its handler has returned, at an account when it has told no row
 * for 300 seconds, or when the module has left.  What is said of a command after its end is ignored,
 * and an error in the log (after such a failure, the first end is none). */
#ifndef TERN_COMMAND_H
#define TERN_COMMAND_H

#include <stddef.h>

#pragma GCC visibility push(default) /* ternd exports it to modules */

struct arena;
struct element;
struct tern_command;
struct tern_entity;

/* Arguments behind the address; NULL beyond the last one. They, and the values of options, live until
 * the command's end; what is kept longer is copied. */
const char *tern_command_argument(const struct tern_command *command, size_t index);

/* The value of `--name` among them, or NULL. */
const char *tern_command_option(const struct tern_command *command, const char *name);

/* Ends with the command. */
struct arena *tern_command_arena(struct tern_command *command);

/* One text a column; copied.  Cells are never NULL (""): one ends the row, and what is missing then is
 * empty, and an error in the log. */
void tern_command_row(struct tern_command *command, const char *const *cells);

/* The same for commands with one column: the element as it stands in urn:xmpp:pie:0. */
void tern_command_element(struct tern_command *command, const struct element *element);

/* Each of these ends the command: the pointer is not used again. */
void tern_command_end(struct tern_command *command);
void tern_command_fail(struct tern_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tern_command_misused(struct tern_command *command); /* tells how it is used */

#pragma GCC visibility pop

#endif
