/* fuzz_control.c - anything on the control socket of a server with every module
 * SPDX-License-Identifier: MIT
 *
 * Promised: no crash, no leak; whatever is asked is answered with one line of JSON, an error or rows
 * of as many cells as there are columns.  What a byte 0xff parts comes on connections of its own;
 * | is a NUL, which ends an argument; the first byte says how large the pieces are. */

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "buffer.h"
#include "control.h"
#include "core_stage.h"
#include "desk.h"
#include "lineup.h"
#include "log.h"
#include "registry.h"
#include "reload.h"
#include "storage.h"

#define MODULES_MOST 64

static const struct tern_module *modules[MODULES_MOST + 1];
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static struct control *control;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* --- what the whole server has besides its core ------------------------------------------- */

int server_reload(struct server *server, const struct reload *reload, char **ret_why)
{
	*ret_why = strdup("tern.conf cannot be read");
	return -1;
}

const char *reload_outcome_text(enum reload_outcome outcome) { return ""; }

int lineup_load(struct arena *arena, struct tern_host *host, const char *name, const char **ret_why)
{
	*ret_why = arena_printf(arena, "there is no module `%s`", name);
	return -ENOENT;
}

int lineup_unload(struct arena *arena, struct tern_host *host, const char *name,
	const char **ret_why)
{
	return lineup_load(arena, host, name, ret_why);
}

void server_each_module(const struct server *server,
	void (*each)(void *context, const struct tern_module *module), void *context)
{
	for (size_t i = 0; modules[i]; i++)
		each(context, modules[i]);
}

time_t certificate_ends(const struct certificate *certificate) { return 0; }
size_t stream_count(const struct shard *shard) { return 0; }

/* Nobody comes without an account. */
struct tern_host *tern_stranger_host(const struct tern_stranger *stranger) { abort(); }
struct arena *tern_stranger_arena(const struct tern_stranger *stranger) { abort(); }
unsigned tern_stranger_note_try(struct tern_stranger *stranger) { abort(); }
void tern_stranger_answer(struct tern_stranger *stranger, struct element *payload) { abort(); }
void tern_stranger_refuse(struct tern_stranger *stranger, enum tern_condition condition,
	const char *type, const char *text) { abort(); }
void tern_stranger_register(struct tern_stranger *stranger, const char *local,
	const char *password, void (*done)(struct tern_stranger *stranger, int result)) { abort(); }

/* It would write wherever it is told to. */
int __wrap_storage_backup(struct storage *storage, const char *directory,
	const struct storage_pace *pace);
int __wrap_storage_backup(struct storage *storage, const char *directory,
	const struct storage_pace *pace)
{
	return -1;
}

static void note_stop(void *context) { }

/* --- life ----------------------------------------------------------------------------------- */

static void open_modules(void)
{
	static const char *const names[] = { FUZZ_MODULES }, *const folders[] = { FUZZ_FOLDER, NULL };
	struct arena *arena = arena_create(1024);
	const char *why = "";

	for (size_t i = 0; i < sizeof names / sizeof *names && i < MODULES_MOST; i++)
		if (registry_open(arena, folders, names[i], &modules[i], &why) < 0) {
			fprintf(stderr, "%s\n", why);
			abort();
		}
	arena_destroy(arena);
}

static void remove_socket(void) { unlink(address.sun_path); }

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	open_modules();
	log_setup(LOG_LEVEL_ERROR, false, open("/dev/null", O_WRONLY | O_CLOEXEC));
	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/fuzz-control-%d", (int)getpid());
	atexit(remove_socket);
	return 0;
}

static void start(void)
{
	int result;

	stage_open(modules);
	stage.server.desk = desk_create();
	result = control_open(&stage.server, address.sun_path, note_stop, NULL, &control);
	assert(result == 0);
	client_open(ROMEO, "orchard");
}

static void stop(void)
{
	control_close(control);
	desk_destroy(stage.server.desk);
	stage_close();
}

/* --- one connection ----------------------------------------------------------------------------- */

static void work(void)
{
	do {
		stage_settle();
		ev_run(desk_loop(stage.server.desk), EVRUN_NOWAIT);
	} while (stage.server.backup); /* a thread is at it */
	ev_run(desk_loop(stage.server.desk), EVRUN_NOWAIT);
	stage_settle();
}

/* What is there to be read; true when the server has said all. */
static bool hear(int fd, struct buffer *heard)
{
	ssize_t got;

	do {
		got = recv(fd, buffer_reserve(heard, 65536), 65536, MSG_DONTWAIT);
		if (got > 0)
			buffer_grown(heard, (size_t)got);
	} while (got > 0);
	return got == 0;
}

static void check_row(const json_t *row, size_t columns)
{
	assert(json_array_size(row) == columns);
	for (size_t i = 0; i < columns; i++)
		assert(json_is_string(json_array_get(row, i)));
}

static void check_answer(const struct buffer *heard)
{
	const char *text = buffer_at(heard);
	json_t *answer = json_loadb(text, heard->len, 0, NULL), *columns, *rows;

	assert(answer && memchr(text, '\n', heard->len) == text + heard->len - 1);
	columns = json_object_get(answer, "columns");
	rows = json_object_get(answer, "rows");
	if (!json_is_string(json_object_get(answer, "error"))) {
		assert(json_is_array(columns) && json_is_array(rows));
		for (size_t i = 0; i < json_array_size(rows); i++)
			check_row(json_array_get(rows, i), json_array_size(columns));
	}
	json_decref(answer);
}

static void send_pieces(int fd, const char *bytes, size_t len, size_t piece)
{
	for (size_t at = 0; at < len; at += piece) {
		if (send(fd, bytes + at, len - at < piece ? len - at : piece, MSG_NOSIGNAL) < 0)
			break;
		ev_run(desk_loop(stage.server.desk), EVRUN_NOWAIT);
		ev_run(desk_loop(stage.server.desk), EVRUN_NOWAIT);
	}
}

static void ask(const char *bytes, size_t len, size_t piece)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct buffer heard = { 0 };
	bool is_over = false;

	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		abort();
	send_pieces(fd, bytes, len, piece);
	shutdown(fd, SHUT_WR);
	for (unsigned round = 0; !is_over && round < 20; round++) {
		work();
		is_over = hear(fd, &heard);
	}
	/* `stop` is answered when the server has stopped. */
	assert(is_over || (len >= 4 && memcmp(bytes, "stop", 4) == 0));
	if (is_over && len > 0)
		check_answer(&heard);
	buffer_finish(&heard);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *bytes, *at, *end;
	size_t piece;

	if (len < 2)
		return 0;
	piece = data[0] < 64 ? data[0] + 1u : len;
	bytes = malloc(len);
	memcpy(bytes, data + 1, len - 1);
	for (size_t i = 0; i < len - 1; i++)
		bytes[i] = bytes[i] == '|' ? '\0' : bytes[i];
	log_threshold = LOG_LEVEL_ERROR;
	start();
	for (at = bytes; at < bytes + len - 1; at = end + 1) {
		end = memchr(at, 0xff, (size_t)(bytes + len - 1 - at));
		end = end ? end : bytes + len - 1;
		ask(at, (size_t)(end - at), piece);
	}
	stop();
	free(bytes);
	return 0;
}
