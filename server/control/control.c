/* control.c - reads commands from a Unix socket and writes their answers
 * SPDX-License-Identifier: MIT */

#include "control.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "buffer.h"
#include "call.h"
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
	struct connection *first; /* all that are open */
	void (*stop)(void *context);
	void *context;
};

/* A connection carries one command; they live and end together. */
struct connection {
	struct request request;
	struct connection *next, **link;
	struct control *control;
	const char *arguments[ARGUMENTS_MAX + 1];
	ev_io io;
	struct buffer in, out;
	size_t row_count;
	bool awaits_stop;
};

static struct connection *connection_of(struct request *request)
{
	return (struct connection *)request;
}

static void free_connection(struct connection *connection)
{
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	ev_io_stop(connection->control->loop, &connection->io);
	close(connection->io.fd);
	buffer_finish(&connection->in);
	buffer_finish(&connection->out);
	arena_destroy(connection->request.arena);
	free(connection);
}

/* --- answering ------------------------------------------------------------------------ */

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *connection = io->data;
	ssize_t sent = send(io->fd, buffer_at(&connection->out), connection->out.len,
		MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent > 0)
		buffer_consume(&connection->out, sent);
	if (sent < 0 || connection->out.len == 0)
		free_connection(connection);
}

static void send_answer(struct connection *connection)
{
	buffer_add_text(&connection->out, "\n");
	ev_io_stop(connection->control->loop, &connection->io);
	ev_io_init(&connection->io, on_writable, connection->io.fd, EV_WRITE);
	ev_io_start(connection->control->loop, &connection->io);
}

static void put_cells(struct connection *connection, const char *const *cells)
{
	json_put_array(&connection->out, cells,
		call_columns(&connection->request.command->claim));
}

static void begin_rows(struct connection *connection)
{
	buffer_add_text(&connection->out, "{\"columns\":");
	put_cells(connection, connection->request.command->claim.columns);
	buffer_add_text(&connection->out, ",\"rows\":[");
}

static void tell_row(struct request *request, const char *const *cells)
{
	struct connection *connection = connection_of(request);

	if (connection->row_count++ == 0)
		begin_rows(connection);
	else
		buffer_add_text(&connection->out, ",");
	put_cells(connection, cells);
}

static void tell_error(struct connection *connection, const char *error)
{
	buffer_consume(&connection->out, connection->out.len);
	buffer_add_text(&connection->out, "{\"error\":");
	json_put_text(&connection->out, error);
	buffer_add_text(&connection->out, "}");
}

static void tell_end(struct request *request, int result, const char *error)
{
	struct connection *connection = connection_of(request);

	if (error) {
		tell_error(connection, error);
	} else {
		if (connection->row_count == 0)
			begin_rows(connection);
		buffer_add_text(&connection->out, "]}");
	}
	send_answer(connection);
}

static void await_stop(struct request *request)
{
	struct connection *connection = connection_of(request);

	connection->awaits_stop = true;
	connection->control->stop(connection->control->context);
}

static const struct request_outlet outlet = { tell_row, tell_end, await_stop };

/* --- reading ----------------------------------------------------------------------------- */

/* The arguments point into the input, which stays; false while they are not whole. */
static bool take_arguments(struct connection *connection)
{
	const char *at = buffer_at(&connection->in), *end = at + connection->in.len;
	size_t *count = &connection->request.argument_count;

	*count = 0;
	while (at < end) {
		const char *nul = memchr(at, '\0', end - at);

		if (!nul)
			return false;
		if (nul == at)
			return true;
		if (*count < ARGUMENTS_MAX)
			connection->arguments[*count] = at;
		++*count;
		at = nul + 1;
	}
	return false;
}

/* Nobody may be left to read it. */
static void refuse_input(struct connection *connection)
{
	if (connection->in.len > INPUT_MAX)
		request_fail(&connection->request, "a command has at most %d MiB", INPUT_MAX >> 20);
	else if (connection->in.len > 0)
		request_fail(&connection->request, "the command ends in the middle");
	else
		free_connection(connection);
}

static void run(struct connection *connection)
{
	struct request *request = &connection->request;

	if (request->argument_count > ARGUMENTS_MAX) {
		request_fail(request, "a command has at most %d arguments", ARGUMENTS_MAX);
		return;
	}
	connection->arguments[request->argument_count] = NULL;
	if (request_find(request))
		request->command->run(request);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *connection = io->data;
	ssize_t got = recv(io->fd, buffer_reserve(&connection->in, 65536), 65536, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		buffer_grown(&connection->in, got);
	if (got <= 0 || connection->in.len > INPUT_MAX) {
		refuse_input(connection);
		return;
	}
	/* The end of the arguments is two NULs: do not search a long list at each piece. */
	if (connection->in.len >= 2 && buffer_at(&connection->in)[connection->in.len - 1] != '\0')
		return;
	if (!take_arguments(connection))
		return;
	ev_io_stop(loop, io);
	run(connection);
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *control = io->data;
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection;

	if (fd < 0)
		return;
	connection = heap_zalloc(sizeof *connection);
	connection->request = (struct request){ .outlet = &outlet, .server = control->server,
		.arena = arena_create(512), .arguments = connection->arguments };
	connection->control = control;
	connection->next = control->first;
	connection->link = &control->first;
	if (connection->next)
		connection->next->link = &connection->next;
	control->first = connection;
	ev_io_init(&connection->io, on_readable, fd, EV_READ);
	connection->io.data = connection;
	ev_io_start(loop, &connection->io);
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
	control->path = heap_strdup(path);
	control->stop = stop;
	control->context = context;
	ev_io_init(&control->accepting, on_connection, fd, EV_READ);
	control->accepting.data = control;
	ev_io_start(control->loop, &control->accepting);
	*ret_control = control;
	return 0;
}

static void answer_last(struct connection *connection)
{
	static const char stopped[] = "{\"columns\":[],\"rows\":[]}\n";

	if (connection->awaits_stop && send(connection->io.fd, stopped, sizeof stopped - 1,
			MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control", NULL, "nobody waits for the stop any more");
	free_connection(connection);
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
