/* control.c - reads commands from a Unix socket and writes their answers
 * SPDX-License-Identifier: MIT */

#include "control.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "buffer.h"
#include "desk.h"
#include "heap.h"
#include "json.h"
#include "log.h"
#include "request.h"
#include "server.h"

#define INPUT_MAX (64 * 1024 * 1024) /* a list of a million accounts */
#define ARGUMENTS_MAX 32

struct control {
	struct server *server;
	struct ev_loop *loop;
	char *path;
	ev_io accepting;
	struct request *first; /* all that are open */
	void (*stop)(void *context);
	void *context;
};

/* A connection carries one command; they live and end together. */
struct request {
	struct request *next, **link;
	struct control *control;
	struct arena *arena;
	const struct command *command;
	const char *arguments[ARGUMENTS_MAX + 1];
	size_t argument_count;
	ev_io io;
	struct buffer in, out;
	size_t row_count;
	bool awaits_stop;
};

static void request_free(struct request *request)
{
	*request->link = request->next;
	if (request->next)
		request->next->link = request->link;
	ev_io_stop(request->control->loop, &request->io);
	close(request->io.fd);
	buffer_finish(&request->in);
	buffer_finish(&request->out);
	arena_destroy(request->arena);
	free(request);
}

/* --- answering ------------------------------------------------------------------------ */

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct request *request = io->data;
	ssize_t sent = send(io->fd, buffer_at(&request->out), request->out.len,
		MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent > 0)
		buffer_consume(&request->out, sent);
	if (sent < 0 || request->out.len == 0)
		request_free(request);
}

static void send_answer(struct request *request)
{
	buffer_add_text(&request->out, "\n");
	ev_io_stop(request->control->loop, &request->io);
	ev_io_init(&request->io, on_writable, request->io.fd, EV_WRITE);
	ev_io_start(request->control->loop, &request->io);
}

static size_t column_count(const struct command *command)
{
	size_t count = 0;

	while (command->columns[count])
		count++;
	return count;
}

static void begin_rows(struct request *request)
{
	buffer_add_text(&request->out, "{\"columns\":");
	json_put_array(&request->out, request->command->columns, column_count(request->command));
	buffer_add_text(&request->out, ",\"rows\":[");
}

void request_row(struct request *request, const char *const *cells)
{
	if (request->row_count++ == 0)
		begin_rows(request);
	else
		buffer_add_text(&request->out, ",");
	json_put_array(&request->out, cells, column_count(request->command));
}

void request_end(struct request *request)
{
	if (request->row_count == 0)
		begin_rows(request);
	buffer_add_text(&request->out, "]}");
	send_answer(request);
}

void request_fail(struct request *request, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buffer_consume(&request->out, request->out.len);
	buffer_add_text(&request->out, "{\"error\":");
	json_put_text(&request->out, text);
	buffer_add_text(&request->out, "}");
	send_answer(request);
}

void request_misused(struct request *request)
{
	request_fail(request, "usage: %s %s", request->command->words, request->command->synopsis);
}

void request_await_stop(struct request *request)
{
	request->awaits_stop = true;
	request->control->stop(request->control->context);
}

const struct command *request_command(const struct request *request)
{
	return request->command;
}

struct server *request_server(const struct request *request)
{
	return request->control->server;
}

struct arena *request_arena(const struct request *request)
{
	return request->arena;
}

const char *request_argument(const struct request *request, size_t index)
{
	return index < request->argument_count ? request->arguments[index] : NULL;
}

const char *request_option(const struct request *request, const char *name)
{
	for (size_t i = 0; i + 1 < request->argument_count; i++) {
		if (strcmp(request->arguments[i], name) == 0)
			return request->arguments[i + 1];
	}
	return NULL;
}

/* --- reading ----------------------------------------------------------------------------- */

static void run_command(struct request *request)
{
	const struct command *command;
	size_t words;

	command = command_find(request->control->server, request->arena, request->arguments,
		request->argument_count, &words);
	if (!command) {
		request_fail(request, "there is no command `%s`; `help` lists them",
			request->argument_count ? request->arguments[0] : "");
		return;
	}
	request->command = command;
	request->argument_count -= words;
	memmove(request->arguments, request->arguments + words,
		(request->argument_count + 1) * sizeof *request->arguments);
	command->run(request);
}

/* The arguments point into the input, which stays; false while they are not whole. */
static bool take_arguments(struct request *request)
{
	const char *at = buffer_at(&request->in), *end = at + request->in.len;

	request->argument_count = 0;
	while (at < end) {
		const char *nul = memchr(at, '\0', end - at);

		if (!nul)
			return false;
		if (nul == at)
			return true;
		if (request->argument_count < ARGUMENTS_MAX)
			request->arguments[request->argument_count] = at;
		request->argument_count++;
		at = nul + 1;
	}
	return false;
}

/* Nobody may be left to read it. */
static void refuse_input(struct request *request)
{
	if (request->in.len > INPUT_MAX)
		request_fail(request, "a command has at most %d MiB", INPUT_MAX >> 20);
	else if (request->in.len > 0)
		request_fail(request, "the command ends in the middle");
	else
		request_free(request);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct request *request = io->data;
	ssize_t got = recv(io->fd, buffer_reserve(&request->in, 65536), 65536, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		buffer_grown(&request->in, got);
	if (got <= 0 || request->in.len > INPUT_MAX) {
		refuse_input(request);
		return;
	}
	/* The end of the arguments is two NULs: do not search a long list at each piece. */
	if (request->in.len >= 2 && buffer_at(&request->in)[request->in.len - 1] != '\0')
		return;
	if (!take_arguments(request))
		return;
	ev_io_stop(loop, io);
	if (request->argument_count > ARGUMENTS_MAX) {
		request_fail(request, "a command has at most %d arguments", ARGUMENTS_MAX);
		return;
	}
	request->arguments[request->argument_count] = NULL;
	run_command(request);
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *control = io->data;
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct request *request;

	if (fd < 0)
		return;
	request = heap_zalloc(sizeof *request);
	request->control = control;
	request->arena = arena_create(512);
	request->next = control->first;
	request->link = &control->first;
	if (request->next)
		request->next->link = &request->next;
	control->first = request;
	ev_io_init(&request->io, on_readable, fd, EV_READ);
	request->io.data = request;
	ev_io_start(loop, &request->io);
}

/* --- the socket ---------------------------------------------------------------------------- */

/* True when nobody listens at that socket: what a killed server leaves. */
static bool is_dead(const struct sockaddr_un *address)
{
	struct stat status;
	int fd, result;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	result = connect(fd, (const struct sockaddr *)address, sizeof *address);
	close(fd);
	return result < 0 && errno == ECONNREFUSED;
}

/* Mode 0600 from the first moment on. */
static int bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int result = bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? -errno : 0;

	umask(mask);
	return result;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), result;

	if (fd < 0)
		return -errno;
	assert(strlen(path) < sizeof address.sun_path); /* config refuses longer ones */
	strcpy(address.sun_path, path);
	result = bind_private(fd, &address);
	if (result == -EADDRINUSE && is_dead(&address)) {
		unlink(path);
		result = bind_private(fd, &address);
	}
	if (result == 0 && listen(fd, 64) < 0)
		result = -errno;
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

int control_open(struct server *server, const char *path, void (*stop)(void *context),
	void *context, struct control **ret_control)
{
	int fd = listen_at(path);
	struct control *control;

	if (fd < 0)
		return fd;
	control = heap_zalloc(sizeof *control);
	control->server = server;
	control->loop = desk_loop(server->desk);
	control->path = strdup(path);
	control->stop = stop;
	control->context = context;
	ev_io_init(&control->accepting, on_connection, fd, EV_READ);
	control->accepting.data = control;
	ev_io_start(control->loop, &control->accepting);
	*ret_control = control;
	return 0;
}

static void answer_last(struct request *request)
{
	static const char stopped[] = "{\"columns\":[],\"rows\":[]}\n";

	if (request->awaits_stop && send(request->io.fd, stopped, sizeof stopped - 1,
			MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control", NULL, "nobody waits for the stop any more");
	request_free(request);
}

void control_close(struct control *control)
{
	if (!control)
		return;
	ev_io_stop(control->loop, &control->accepting);
	close(control->accepting.fd);
	unlink(control->path);
	while (control->first)
		answer_last(control->first);
	free(control->path);
	free(control);
}
