/* request.h - one command under way, from the control socket or from an administrator's client
 * SPDX-License-Identifier: MIT
 *
 * A command's `run` (main thread) answers its request once: rows and then request_end, or
 * request_fail; at once, or later from a task on the desk. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "module.h"

struct arena;
struct request;
struct server;

struct command {
	struct tern_command_claim claim; /* its `run` is the engine's own in these, or NULL */
	void (*run)(struct request *request);
	const struct tern_module *module; /* whose it is; NULL: the engine's */
};

/* The engine's commands; ends with NULL words. */
extern const struct command commands[];

/* The command that the arguments begin with, and how many of them are its words; NULL.  One of
 * a module is made of its claim, in the arena. */
const struct command *command_find(const struct server *server, struct arena *arena,
	const char *const *arguments, size_t count, size_t *ret_words);

/* Where it comes from, and its answer goes to. */
struct request_outlet {
	void (*row)(struct request *request, const char *const *cells);
	/* `result` is 0, or -errno and `error` says what is wrong; frees the request. */
	void (*ended)(struct request *request, int result, const char *error);
	/* For the command `stop`; NULL: not from there. */
	void (*await_stop)(struct request *request);
};

/* The head of what an outlet knows of a request. */
struct request {
	const struct request_outlet *outlet;
	struct server *server;
	struct arena *arena;            /* ends with the request */
	const struct command *command;  /* from request_find on */
	const char *const *arguments;   /* with the command's words, before request_find */
	size_t argument_count;
};

/* Finds the command that the arguments begin with; false: there is none, or there are arguments that its
 * line does not name (usage.h), and the request has been refused.  Otherwise the command's `run` is what
 * comes next. */
bool request_find(struct request *request);

const struct command *request_command(const struct request *request);
struct server *request_server(const struct request *request);
struct arena *request_arena(const struct request *request);

/* Arguments behind the command's words; NULL beyond the last one. */
const char *request_argument(const struct request *request, size_t index);

/* The value of `--name` among them, or NULL. */
const char *request_option(const struct request *request, const char *name);

/* Whether that word is among them. */
bool request_has(const struct request *request, const char *flag);

/* One text a column. */
void request_row(struct request *request, const char *const *cells);

/* These free the request. The result says the kind of failure: -EEXIST, -ENOENT ...; it is -EINVAL
 * for the first. */
void request_end(struct request *request);
void request_fail(struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void request_refuse(struct request *request, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ends it with how to use its command. */
void request_misused(struct request *request);

/* For `stop`: the request is answered when the server has stopped. */
void request_await_stop(struct request *request);

/* The commands, in command_*.c. */
void show_user(struct tern_command *command, struct tern_entity *entity, const void *settings);
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
void run_module_load(struct request *request);
void run_module_unload(struct request *request);
void run_config_check(struct request *request);
void run_config_reload(struct request *request);
void run_log_level(struct request *request);
void run_stats(struct request *request);
void run_stats_prometheus(struct request *request);
void run_backup(struct request *request);
void run_announce(struct request *request);

#endif
