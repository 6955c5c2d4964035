/* What ternctl asks, it is told in one line of JSON; what is no command, is refused. */
/* SPDX-License-Identifier: MIT */

#include "control.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "claims.h"
#include "desk.h"
#include "host.h"
#include "loader.h"
#include "memory/engine.h"
#include "request.h"
#include "server.h"
#include "storage.h"

static struct server server;
static struct tern_host *hosts[1];
static struct control *control;
static struct memory_disk *disk;
static char path[64];
static int stops;

static void note_stop(void *context) { stops++; }

static void note_commit(void *context, uint64_t tag) { }

/* An account, as storage has one. */
static void have_account(const char *name)
{
	struct storage_batch *batch = storage_batch_create(server.storage);
	owner_id owner;

	cr_assert_eq(batch_owner_create(batch, name, &owner), 0);
	cr_assert_eq(batch_put(batch, owner, server.credentials_store, "", 0, "x", 1), 0);
	storage_submit(server.storage, batch, note_commit, NULL, 0);
	storage_step(server.storage, 0);
}

static void set_up(void)
{
	const struct storage_options options = { 0 };

	disk = memory_disk_create();
	snprintf(path, sizeof path, "/tmp/tern-control-%d", (int)getpid());
	server = (struct server){ .desk = desk_create(), .hosts = hosts, .host_count = 1,
		.started_at = time(NULL) };
	cr_assert_eq(storage_open_stepped(&options, memory_engine_create(disk), &server.storage), 0);
	cr_assert_eq(storage_declare(server.storage, "credentials", &server.credentials_store), 0);
	hosts[0] = host_create(&server, "example.org");
	cr_assert_eq(control_open(&server, path, note_stop, NULL, &control), 0);
}

static void tear_down(void)
{
	control_close(control);
	desk_destroy(server.desk);
	host_destroy(hosts[0]);
	storage_close(server.storage);
	memory_disk_destroy(disk);
}

TestSuite(control, .init = set_up, .fini = tear_down);

static int connect_there(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* What comes until the end of the connection; the loop runs in between. */
static const char *read_answer(int fd)
{
	static char answer[65536];
	size_t len = 0;

	for (;;) {
		ssize_t got = recv(fd, answer + len, sizeof answer - 1 - len, MSG_DONTWAIT);

		if (got == 0)
			break;
		if (got > 0)
			len += got;
		else
			ev_run(desk_loop(server.desk), EVRUN_ONCE);
	}
	answer[len] = '\0';
	close(fd);
	return answer;
}

/* `|` stands for NUL. */
static void send_bytes(int fd, const char *bytes)
{
	char sent[256];
	size_t len = strlen(bytes);

	for (size_t i = 0; i < len; i++)
		sent[i] = bytes[i] == '|' ? '\0' : bytes[i];
	cr_assert_eq(send(fd, sent, len, 0), (ssize_t)len);
}

/* Arguments, each with its NUL: "user|list|example.org||". */
static const char *ask(const char *bytes)
{
	int fd = connect_there();

	send_bytes(fd, bytes);
	return read_answer(fd);
}

Test(control, lists_its_commands)
{
	const char *answer = ask("help||");

	cr_assert_eq(strncmp(answer, "{\"columns\":[\"command\",\"arguments\",\"about\"],\"rows\":[[",
		50), 0, "%s", answer);
	cr_assert_not_null(strstr(answer, "[\"user list\",\"HOST [--disabled]\","));
	cr_assert_eq(answer[strlen(answer) - 1], '\n');
}

Test(control, refuses_what_is_no_command)
{
	cr_assert_str_eq(ask("usr|add||"),
		"{\"error\":\"there is no command `usr add`; `help` lists them\"}\n");
	cr_assert_str_eq(ask("-x|--help||"),
		"{\"error\":\"there is no command `-x`; `help` lists them\"}\n");
	cr_assert_str_eq(ask("user||"),
		"{\"error\":\"there is no command `user`; `help` lists them\"}\n");
	cr_assert_str_eq(ask("|"), "{\"error\":\"there is no command ``; `help` lists them\"}\n");
}

Test(control, lists_the_accounts_of_a_host)
{
	have_account("romeo@example.org");
	have_account("juliet@example.org");
	have_account("eve@example.net");
	cr_assert_str_eq(ask("user|list|EXAMPLE.org||"), "{\"columns\":[\"jid\"],\"rows\":["
		"[\"juliet@example.org\"],[\"romeo@example.org\"]]}\n");
}

/* As an administrator's order leaves one: a mark beside the credentials. */
static void disable_account(const char *name)
{
	struct storage_batch *batch = storage_batch_create(server.storage);
	owner_id owner;

	cr_assert_eq(storage_owner_find(server.storage, name, &owner), 0);
	cr_assert_eq(batch_put(batch, owner, server.credentials_store, "disabled", 8, "", 0), 0);
	storage_submit(server.storage, batch, note_commit, NULL, 0);
	storage_step(server.storage, 0);
}

Test(control, lists_disabled_accounts_alone)
{
	have_account("romeo@example.org");
	have_account("juliet@example.org");
	disable_account("juliet@example.org");
	cr_assert_str_eq(ask("user|list|example.org|--disabled||"),
		"{\"columns\":[\"jid\"],\"rows\":[[\"juliet@example.org\"]]}\n");
}

Test(control, answers_an_empty_list_with_no_rows)
{
	cr_assert_str_eq(ask("user|list|example.org||"), "{\"columns\":[\"jid\"],\"rows\":[]}\n");
}

Test(control, names_what_is_wrong_with_the_arguments)
{
	static const struct { const char *asked, *error; } cases[] = {
		{ "user|list||", "usage: user list HOST [--disabled]" },
		{ "user|list|example.net||", "there is no host `example.net` here" },
		{ "user|list|a@example.org||", "`a@example.org` is not a host's domain" },
		{ "user|del||", "usage: user del JID" },
		{ "user|add|romeo@example.org||", "usage: user add JID --password PASSWORD | JID --scram LINES | --lines "
			"\\\"JID PASSWORD\\\\n...\\\"" },
		{ "user|add|example.org|--password|x||",
			"`example.org` is not an account's address (name@host)" },
		{ "user|add|a@example.org/b|--password|x||",
			"`a@example.org/b` is not an account's address (name@host)" },
		{ "user|add|a@example.net|--password|x||", "there is no host `example.net` here" },
		{ "user|add|--lines|a@example.org x\nb@example.org\n||",
			"line 2: a line is an address and a password" },
		{ "user|add|--lines|\n\na@@ x||",
			"line 3: `a@@` is not an account's address (name@host)" },
		{ "session|kick|example.org||", "`example.org` is the address of no account or session"
			" (name@host, name@host/resource)" },
		{ "session|list|example.net||", "there is no host `example.net` here" },
		{ "announce|example.org||", "usage: announce HOST --text TEXT [--subject TEXT]" },
		{ "announce|example.net|--text|x||", "there is no host `example.net` here" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[512];

		snprintf(expected, sizeof expected, "{\"error\":\"%s\"}\n", cases[i].error);
		cr_expect_str_eq(ask(cases[i].asked), expected);
	}
}

/* Who asks how a command is used, or for less of it, must not have it done. */
Test(control, does_nothing_where_it_does_not_know_an_argument)
{
	static const struct { const char *asked, *error; } cases[] = {
		{ "stop|--help||", "`--help` is too much; usage: stop" },
		{ "stop|now||", "`now` is too much; usage: stop" },
		{ "user|del|a@example.org|b@example.org||",
			"`b@example.org` is too much; usage: user del JID" },
		{ "user|list|example.org|--disable||",
			"`--disable` is too much; usage: user list HOST [--disabled]" },
		{ "stats|--prom||", "`--prom` is too much; usage: stats [--prometheus]" },
		{ "stats|--prometheus|x||", "`x` is too much; usage: stats --prometheus" },
		{ "session|list|a|b||", "`b` is too much; usage: session list [HOST | JID]" },
		{ "log|level|info|debug||",
			"`debug` is too much; usage: log level [error | warning | info | debug]" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[512];

		snprintf(expected, sizeof expected, "{\"error\":\"%s\"}\n", cases[i].error);
		cr_expect_str_eq(ask(cases[i].asked), expected);
	}
	cr_assert_eq(stops, 0);
}

/* --- what modules claim ----------------------------------------------------------------- */

static void greet(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	const char *whom = tern_command_argument(command, 0);

	if (entity || !whom)
		tern_command_misused(command);
	else if (strcmp(whom, "nobody") == 0)
		tern_command_fail(command, "%s is not there", whom);
	else {
		tern_command_row(command, (const char *const[]){ "hello", whom });
		tern_command_end(command);
	}
}

static int64_t read_greetings(const void *settings) { return 42; }

static tern_metric answered;

static const struct tern_module greeter = {
	.abi = TERN_MODULE_ABI,
	.name = "greeter",
	.commands = (const struct tern_command_claim[]){
		{ "greet", "HOST WHOM", "greets", TERN_COMMAND_AT_HOST,
			(const char *const[]){ "word", "whom", NULL }, greet },
		{ "greet back", "JID", "greets an account", TERN_COMMAND_AT_ACCOUNT,
			(const char *const[]){ "word", NULL }, greet },
		{ 0 },
	},
	.metrics = (const struct tern_metric_claim[]){
		{ "greeter_read", TERN_GAUGE, "greetings", NULL, read_greetings },
		{ "greeter_counted", TERN_COUNTER, "answers", &answered, NULL },
		{ 0 },
	},
};

/* Those of the engine are found first. */
Test(control, no_module_has_a_command_that_begins_as_one_of_the_engines)
{
	struct arena *arena = arena_create(256);

	for (const struct command *command = commands; command->claim.words; command++) {
		struct tern_command_claim claims[] = { greeter.commands[0], { 0 } };
		struct tern_module module = greeter;

		claims[0].words = command->claim.words;
		module.commands = claims;
		cr_expect_not_null(claims_refuse(arena, &module), "%s", claims[0].words);
	}
	arena_destroy(arena);
}

static void load_greeter(void)
{
	struct arena *arena = arena_create(256);
	const char *why = NULL;

	cr_assert_eq(loader_add(arena, hosts[0], &greeter, NULL, &why), 0, "%s", why);
	arena_destroy(arena);
}

Test(control, knows_the_commands_of_loaded_modules_alone)
{
	cr_assert_not_null(strstr(ask("greet|example.org|x||"), "there is no command"));
	load_greeter();
	cr_assert_str_eq(ask("greet|example.org|Romeo||"),
		"{\"columns\":[\"word\",\"whom\"],\"rows\":[[\"hello\",\"Romeo\"]]}\n");
	cr_assert_not_null(strstr(ask("help||"), "[\"greet\",\"HOST WHOM\",\"greets\"]"));
}

Test(control, tells_the_failures_of_a_modules_command)
{
	static const struct { const char *asked, *error; } cases[] = {
		{ "greet||", "usage: greet HOST WHOM" },
		{ "greet|example.org||", "usage: greet HOST WHOM" },
		{ "greet|example.org|nobody||", "nobody is not there" },
		{ "greet|example.net|x||", "there is no host `example.net` here" },
		{ "greet|a@example.org|x||", "`a@example.org` is not a host's domain" },
		{ "greet|back|example.org||",
			"`example.org` is not an account's address (name@host)" },
	};

	load_greeter();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[512];

		snprintf(expected, sizeof expected, "{\"error\":\"%s\"}\n", cases[i].error);
		cr_expect_str_eq(ask(cases[i].asked), expected);
	}
}

Test(control, tells_what_is_counted)
{
	const char *answer;

	load_greeter();
	answer = ask("stats||");
	cr_assert_not_null(strstr(answer, "[\"sessions\",\"0\"]"), "%s", answer);
	cr_assert_not_null(strstr(answer, "[\"greeter_read{host=\\\"example.org\\\"}\",\"42\"]"), "%s",
		answer);
	cr_assert_not_null(strstr(answer, "[\"greeter_counted\",\"0\"]"), "%s", answer);
}

Test(control, writes_metrics_for_prometheus)
{
	const char *answer;

	load_greeter();
	answer = ask("stats|--prometheus||");
	cr_assert_not_null(strstr(answer, "[\"# TYPE tern_greeter_counted counter\"],"
		"[\"# HELP tern_greeter_counted answers\"],[\"tern_greeter_counted_total 0\"]"), "%s",
		answer);
	cr_assert_not_null(strstr(answer, "[\"# EOF\"]]}"), "%s", answer);
}

Test(control, takes_arguments_byte_by_byte)
{
	static const char asked[] = "user\0list\0example.org\0";
	int fd = connect_there();

	for (size_t i = 0; i < sizeof asked; i++) {
		cr_assert_eq(send(fd, &asked[i], 1, 0), 1);
		ev_run(desk_loop(server.desk), EVRUN_NOWAIT);
		ev_run(desk_loop(server.desk), EVRUN_NOWAIT);
	}
	cr_assert_str_eq(read_answer(fd), "{\"columns\":[\"jid\"],\"rows\":[]}\n");
}

Test(control, survives_a_client_that_leaves_in_the_middle)
{
	int fd = connect_there();

	cr_assert_eq(send(fd, "user", 4, 0), 4);
	ev_run(desk_loop(server.desk), EVRUN_NOWAIT);
	close(fd);
	ev_run(desk_loop(server.desk), EVRUN_NOWAIT);
	cr_assert_str_eq(ask("user|list|example.org||"), "{\"columns\":[\"jid\"],\"rows\":[]}\n");
}

Test(control, says_that_a_command_is_not_whole)
{
	static const char *const asked[] = { "user", "user|list|", "user|list|example.org||help" };

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		int fd = connect_there();

		send_bytes(fd, asked[i]);
		shutdown(fd, SHUT_WR);
		cr_expect_str_eq(read_answer(fd), "{\"error\":\"the command ends in the middle\"}\n");
	}
}

Test(control, refuses_more_arguments_than_any_command_has)
{
	char asked[128] = "user|list|example.org";

	for (unsigned i = 3; i < 33; i++)
		strcat(asked, "|x");
	cr_assert_str_eq(ask(strcat(asked, "||")),
		"{\"error\":\"a command has at most 32 arguments\"}\n");
}

Test(control, answers_a_stop_when_the_server_has_stopped)
{
	int fd = connect_there();
	char answer[64];
	ssize_t len;

	cr_assert_eq(send(fd, "stop\0", 6, 0), 6);
	while (!stops)
		ev_run(desk_loop(server.desk), EVRUN_ONCE);
	cr_assert_lt(recv(fd, answer, sizeof answer, MSG_DONTWAIT), 0);
	control_close(control);
	control = NULL;
	len = recv(fd, answer, sizeof answer - 1, 0);
	cr_assert_gt(len, 0);
	answer[len] = '\0';
	cr_assert_str_eq(answer, "{\"columns\":[],\"rows\":[]}\n");
	close(fd);
}

Test(control, is_for_its_owner_alone)
{
	struct stat status;

	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 0777, 0600);
}

Test(control, leaves_a_living_servers_socket_alone)
{
	struct control *second;

	cr_assert_eq(control_open(&server, path, note_stop, NULL, &second), -EADDRINUSE);
	cr_assert_eq(strncmp(ask("help||"), "{\"columns\"", 10), 0);
}

Test(control, replaces_the_socket_of_a_dead_server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct control *second;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s-dead", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	cr_assert_eq(control_open(&server, address.sun_path, note_stop, NULL, &second), 0);
	control_close(second);
	cr_assert_lt(access(address.sun_path, F_OK), 0);
}

Test(control, does_not_replace_a_file_that_is_no_socket)
{
	struct control *second;
	char other[80];

	snprintf(other, sizeof other, "%s-file", path);
	fclose(fopen(other, "w"));
	cr_assert_eq(control_open(&server, other, note_stop, NULL, &second), -EADDRINUSE);
	cr_assert_eq(unlink(other), 0);
}
