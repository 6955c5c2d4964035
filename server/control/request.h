/* request.h - one command under way on the control socket
 * SPDX-License-Identifier: MIT
 *
 * A command's `run` (main thread) answers its request once: rows and then request_end, or
 * request_fail; at once, or later from a task on the desk. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct request;
struct server;
struct tern_command_claim;
struct tern_module;

struct command {
	const char *words;           /* "user add" */
	const char *synopsis;        /* "JID [--password PASSWORD]" */
	const char *about;           /* one line of help */
	const char *const *columns;  /* of the answer; ends with NULL */
	void (*run)(struct request *request);
	/* Of one that runs as a module's does; the module is NULL where it is the engine's. */
	const struct tern_module *module;
	const struct tern_command_claim *claim;
};

/* All commands; ends with NULL words. */
extern const struct command commands[];

/* The command that the arguments begin with, and how many of them are its words; NULL.  One of
 * a module is made of its claim, in the arena. */
const struct command *command_find(const struct server *server, struct arena *arena,
	const char *const *arguments, size_t count, size_t *ret_words);

const struct command *request_command(const struct request *request);
struct server *request_server(const struct request *request);
struct arena *request_arena(const struct request *request); /* ends with the request */

/* Arguments behind the command's words; NULL beyond the last one. */
const char *request_argument(const struct request *request, size_t index);

/* The value of `--name` among them, or NULL. */
const char *request_option(const struct request *request, const char *name);

/* One text a column. */
void request_row(struct request *request, const char *const *cells);

/* Both free the request. */
void request_end(struct request *request);
void request_fail(struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends it with how to use its command. */
void request_misused(struct request *request);

/* For `stop`: the request is answered when the server has stopped. */
void request_await_stop(struct request *request);

/* The commands, in command_*.c. */
extern const struct tern_command_claim user_show;
void run_help(struct request *request);
void run_status(struct request *request);
void run_stop(struct request *request);
void run_user_add(struct request *request);
void run_user_passwd(struct request *request);
void run_user_del(struct request *request);
void run_user_list(struct request *request);
void run_session_list(struct request *request);
void run_session_kick(struct request *request);
void run_module_command(struct request *request);
void run_user_import(struct request *request);
void run_user_export(struct request *request);
void run_user_disable(struct request *request);
void run_user_enable(struct request *request);
void run_host_list(struct request *request);
void run_module_list(struct request *request);
void run_config_check(struct request *request);
void run_config_reload(struct request *request);
void run_log_level(struct request *request);
void run_stats(struct request *request);
void run_stats_prometheus(struct request *request);
void run_backup(struct request *request);

#endif
