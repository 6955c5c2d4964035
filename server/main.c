/* main.c - ternd: arguments, signals, and the order of start and stop
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <ev.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buffer.h"
#include "config.h"
#include "desk.h"
#include "json.h"
#include "listener.h"
#include "log.h"
#include "log_target.h"
#include "memory.h"
#include "module.h"
#include "notify.h"
#include "privileges.h"
#include "reload.h"
#include "server.h"

#define PRESET_CONFIG "/etc/tern/tern.conf"

struct arguments {
	const char *config;
	bool only_check;
	int ready_fd;
};

static const char usage[] =
	"usage: ternd [-c FILE] [--check] [--ready-fd N]\n"
	"  -c, --config FILE  configuration, instead of " PRESET_CONFIG "\n"
	"      --check        say what is wrong with the configuration, and end\n"
	"      --ready-fd N   write a line of JSON there when clients can connect\n"
	"      --foreground   (ternd never leaves the foreground)\n"
	"  -v, --version      the version\n"
	"  -h, --help         this\n";

enum { OPTION_CHECK = 256, OPTION_READY, OPTION_FOREGROUND };

static int read_number(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	return *text && !*end && number >= 0 && number < 1 << 20 ? (int)number : -1;
}

/* Ends the process where there is nothing to serve. */
static struct arguments read_arguments(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, OPTION_CHECK },
		{ "ready-fd", required_argument, NULL, OPTION_READY },
		{ "foreground", no_argument, NULL, OPTION_FOREGROUND },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	struct arguments arguments = { PRESET_CONFIG, false, -1 };
	int option;

	while ((option = getopt_long(argc, argv, "c:vh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			arguments.config = optarg;
			break;
		case OPTION_CHECK:
			arguments.only_check = true;
			break;
		case OPTION_READY:
			arguments.ready_fd = read_number(optarg);
			break;
		case OPTION_FOREGROUND:
			break;
		case 'v':
			printf("%s %s\n", tern_product, tern_version);
			exit(EXIT_SUCCESS);
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		exit(2);
	}
	return arguments;
}

/* --- signals ---------------------------------------------------------------------------- */

struct process {
	struct server *server;
	bool is_stopping;
	ev_signal term, interrupt, hangup;
};

static void on_stopped(struct server *server)
{
	desk_end(server->desk);
}

/* The second wish to stop does not wait for slow peers. */
static void stop(void *context)
{
	struct process *process = context;

	if (process->is_stopping) {
		desk_end(process->server->desk);
	} else {
		notify_stopping();
		server_stop(process->server, on_stopped);
	}
	process->is_stopping = true;
}

static void on_stop_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
	stop(signal->data);
}

static void tell_reload(void *context, const char *what, enum reload_outcome outcome,
	const char *why)
{
	if (outcome == RELOAD_APPLIED)
		log_info("config", what, "applied");
	else
		log_warn("config", what, "%s%s%s", reload_outcome_text(outcome), why ? ": " : "",
			why ? why : "");
}

static void reload(struct server *server)
{
	const struct reload wish = { .tell = tell_reload };
	char *why = NULL;

	if (server_reload(server, &wish, &why) == 0) {
		log_info("config", NULL, "read again");
		return;
	}
	for (char *rest = why, *fault; (fault = strsep(&rest, "\n"));)
		log_error("config", NULL, "%s; nothing has changed", fault);
	free(why);
}

static void on_hangup(struct ev_loop *loop, ev_signal *signal, int events)
{
	struct process *process = signal->data;

	if (process->is_stopping)
		return;
	log_target_reopen();
	reload(process->server);
}

static void watch_signals(struct process *process)
{
	struct ev_loop *loop = desk_loop(process->server->desk);

	ev_signal_init(&process->term, on_stop_signal, SIGTERM);
	ev_signal_init(&process->interrupt, on_stop_signal, SIGINT);
	ev_signal_init(&process->hangup, on_hangup, SIGHUP);
	process->term.data = process->interrupt.data = process->hangup.data = process;
	ev_signal_start(loop, &process->term);
	ev_signal_start(loop, &process->interrupt);
	ev_signal_start(loop, &process->hangup);
}

/* --- ready ------------------------------------------------------------------------------- */

static void add_listener(struct buffer *line, const struct listener *listener)
{
	buffer_add_text(line, "{\"name\":");
	json_put_text(line, listener_name(listener));
	buffer_add_text(line, ",\"address\":");
	json_put_text(line, listener_address(listener));
	buffer_printf(line, ",\"port\":%u,\"tls\":", listener_port(listener));
	json_put_text(line, config_tls_name(listener_tls(listener)));
	buffer_add_text(line, "}");
}

static void tell_ready(const struct server *server, int fd)
{
	struct buffer line = { 0 };

	if (fd < 0)
		return;
	buffer_printf(&line, "{\"pid\":%d,\"control\":", (int)getpid());
	json_put_text(&line, server->config->control);
	buffer_add_text(&line, ",\"listeners\":[");
	for (size_t i = 0; i < listeners_count(server->listeners); i++) {
		if (i)
			buffer_add_text(&line, ",");
		add_listener(&line, listeners_at(server->listeners, i));
	}
	buffer_add_text(&line, "]}\n");
	if (write(fd, buffer_at(&line), line.len) < 0)
		log_warn("server", NULL, "nobody reads --ready-fd: %s", strerror(errno));
	close(fd);
	buffer_finish(&line);
}

/* --- the whole ----------------------------------------------------------------------------- */

static int start(struct process *process, struct config *take_config)
{
	int result = server_create(take_config, &process->server);

	memory_set_up(process->server->shard_count);
	if (result == 0)
		result = privileges_drop(process->server->config);
	if (result == 0)
		result = server_open(process->server);
	if (result == 0)
		result = server_start(process->server, stop, process);
	return result;
}

static int check(struct config *take_config)
{
	struct arena *arena = arena_create(1024);
	const char *why = server_try(arena, take_config);
	int status = why ? EXIT_FAILURE : EXIT_SUCCESS;

	if (why)
		fprintf(stderr, "%s\n", why);
	arena_destroy(arena);
	config_destroy(take_config);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = read_arguments(argc, argv);
	struct process process = { 0 };
	struct config *config;
	char *why;
	int result;

	signal(SIGPIPE, SIG_IGN);
	config = config_read(arguments.config, &why);
	if (!config) {
		fprintf(stderr, "%s\n", why);
		free(why);
		return EXIT_FAILURE;
	}
	if (arguments.only_check)
		return check(config);
	if (log_target_open(config) < 0) {
		config_destroy(config);
		return EXIT_FAILURE;
	}
	log_info("server", NULL, "%s %s, configuration %s", tern_product, tern_version,
		config->path);
	result = start(&process, config);
	if (result == 0) {
		watch_signals(&process);
		tell_ready(process.server, arguments.ready_fd);
		notify_ready("clients can connect");
		notify_watch_start(process.server);
		memory_watch_start(desk_loop(process.server->desk));
		desk_run(process.server->desk);
		notify_watch_stop(process.server);
		memory_watch_stop(desk_loop(process.server->desk));
	}
	server_destroy(process.server);
	if (result == 0)
		log_info("server", NULL, "stopped");
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
