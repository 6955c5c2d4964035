/* main.c - ternctl: sends one command to a running ternd and shows its answer
 * SPDX-License-Identifier: MIT */

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "arena.h"
#include "ask.h"
#include "database.h"
#include "doctor.h"
#include "export.h"
#include "import.h"
#include "say.h"
#include "show.h"
#include "source.h"

#define PRESET_CONFIG "/etc/tern/tern.conf"
#define PRESET_SOCKET "/run/tern/control"

static const char usage[] =
	"usage: ternctl [-s SOCKET | -c FILE] [--json] COMMAND...\n"
	"  -s SOCKET  the server's control socket\n"
	"  -c FILE    the server's configuration, which names the socket\n"
	"  --json     the answer as one line of JSON\n"
	"Commands:\n"
	"  user add JID [--password PASSWORD]   without one, it is asked for or read from stdin\n"
	"  user add --from FILE                 lines of an address and a password; - is stdin\n"
	"  user passwd JID [--password PASSWORD]\n"
	"  user show JID\n"
	"  user disable JID                     ends its sessions and lets nobody log in\n"
	"  user enable JID\n"
	"  user del JID\n"
	"  user list HOST [--disabled]\n"
	"  session list [HOST | JID]\n"
	"  session kick JID[/RESOURCE]          all sessions of an account, or one\n"
	"  announce HOST --text TEXT [--subject TEXT]  to everybody who is logged in\n"
	"  backup DIR [--rate MIB]              copy the data, at so many MiB a second\n"
	"  host list\n"
	"  module list\n"
	"  module load HOST NAME                until the next reload or restart\n"
	"  module unload HOST NAME\n"
	"  config check                         what is wrong, or would change with a reload\n"
	"  config reload                        the same as SIGHUP\n"
	"  log level [LEVEL]\n"
	"  stats [--prometheus]                 what the server and its modules count\n"
	"  status\n"
	"  stop\n"
	"  help                                 what the running server knows\n"
	"By itself:\n"
	"  restore BACKUP DATA                  into an empty data directory\n"
	"  doctor [--all]                       what is wrong with this machine, and what to do\n"
	"         [--resolver IP:PORT] [--ca FILE]\n"
	"  user export JID [FILE]               all that an account has, as XEP-0227\n"
	"  user import PATH                     makes the accounts of such files, also other servers'\n"
	"  archive export JID [FILE]            its archive alone\n"
	"  db check DATA                        do all tables fit together? (with a server, too)\n";

enum { MISUSED = 2 }; /* an exit status */

struct call {
	const char *socket, *config;
	bool json;
	char *words[64]; /* the command, as sent */
	size_t count;
};

/* --- reading ------------------------------------------------------------------------- */

static char *slurp_file(const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text;

	if (!file)
		fail("%s: %s", path, strerror(errno));
	text = slurp(file, path);
	if (file != stdin)
		fclose(file);
	return text;
}

/* The value of a top-level `control = "..."`: all that is wanted of the file, which the server
 * has checked.  NULL when it says nothing. */
static const char *control_of(const char *path)
{
	static char whole[PATH_MAX];
	char control[sizeof((struct sockaddr_un *)0)->sun_path];
	struct arena *arena;
	FILE *file = fopen(path, "re");
	char *line = NULL;
	bool is_found = false;
	size_t size = 0;

	if (!file)
		return NULL;
	while (!is_found && getline(&line, &size, file) >= 0)
		is_found = sscanf(line, " control = \"%107[^\"]\"", control) == 1 ||
			sscanf(line, " control = '%107[^']'", control) == 1;
	free(line);
	fclose(file);
	if (!is_found)
		return NULL;
	arena = arena_create(ARENA_SMALL);
	if (snprintf(whole, sizeof whole, "%s", source_beside(arena, path, control)) >=
	    (int)sizeof whole)
		fail("%s: too long a path", path);
	arena_destroy(arena);
	return whole;
}

static char *read_line(FILE *file)
{
	char *line = NULL;
	size_t size = 0;

	if (getline(&line, &size, file) < 0 || line[strspn(line, "\r\n")] == '\0')
		fail("no password was given");
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* A terminal does not show what is typed. */
static char *ask_hidden(const char *question)
{
	struct termios shown, hidden;
	char *line;

	fputs(question, stderr);
	tcgetattr(STDIN_FILENO, &shown);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	line = read_line(stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	return line;
}

static char *ask_password(void)
{
	char *first, *second;

	if (!isatty(STDIN_FILENO))
		return read_line(stdin);
	first = ask_hidden("Password: ");
	second = ask_hidden("Once more: ");
	if (strcmp(first, second) != 0)
		fail("the two differ");
	free(second);
	return first;
}

/* --- arguments --------------------------------------------------------------------------- */

static void add_word(struct call *call, char *word)
{
	if (call->count == sizeof call->words / sizeof *call->words)
		fail("too many arguments");
	if (!*word)
		fail("an argument is empty");
	call->words[call->count++] = word;
}

static bool is_command(const struct call *call, const char *first, const char *second)
{
	return call->count >= 2 && strcmp(call->words[0], first) == 0 &&
		strcmp(call->words[1], second) == 0;
}

static bool is_backup(const struct call *call)
{
	return call->count >= 2 && strcmp(call->words[0], "backup") == 0;
}

static size_t find_word(const struct call *call, const char *word)
{
	size_t i = 0;

	while (i < call->count && strcmp(call->words[i], word) != 0)
		i++;
	return i;
}

static char *absolute(char *path)
{
	char *folder, *whole;

	if (*path == '/')
		return path;
	folder = getcwd(NULL, 0);
	if (!folder || asprintf(&whole, "%s/%s", folder, path) < 0)
		fail("%s: %s", path, strerror(errno));
	free(folder);
	return whole;
}

/* What the server cannot know: files of the caller, where he stands, and what he types. */
static void complete(struct call *call)
{
	size_t from = find_word(call, "--from");

	if (is_backup(call))
		call->words[1] = absolute(call->words[1]);
	if (!is_command(call, "user", "add") && !is_command(call, "user", "passwd"))
		return;
	if (from < call->count) {
		if (from + 1 == call->count)
			fail("--from wants a file");
		call->words[from] = "--lines";
		call->words[from + 1] = slurp_file(call->words[from + 1]);
		if (!*call->words[from + 1])
			fail("there are no accounts in the file");
		return;
	}
	if (call->count >= 3 && find_word(call, "--password") == call->count &&
	    find_word(call, "--lines") == call->count) {
		add_word(call, "--password");
		add_word(call, ask_password());
	}
}

static const char *find_socket(const struct call *call)
{
	const char *path = call->config ? call->config : PRESET_CONFIG;
	const char *control = control_of(path);

	if (!control && call->config && access(path, R_OK) < 0)
		fail("%s: %s", path, strerror(errno));
	return control ? control : PRESET_SOCKET;
}

static _Noreturn void refuse_option(const char *option, const char *why)
{
	fprintf(stderr, "ternctl: the option `%s` %s\n", option, why);
	exit(MISUSED);
}

static struct call read_arguments(int argc, char **argv)
{
	struct call call = { 0 };

	for (int i = 1; i < argc; i++) {
		bool wants_value = strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "-c") == 0;

		if (call.count == 0 && wants_value && i + 1 == argc)
			refuse_option(argv[i], "wants a value");
		if (call.count == 0 && strcmp(argv[i], "-s") == 0)
			call.socket = argv[++i];
		else if (call.count == 0 && strcmp(argv[i], "-c") == 0)
			call.config = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			call.json = true;
		else if (call.count == 0 && (strcmp(argv[i], "-h") == 0 ||
				strcmp(argv[i], "--help") == 0))
			exit(fputs(usage, stdout) < 0);
		else if (call.count == 0 && *argv[i] == '-' && !wants_value)
			refuse_option(argv[i], "is unknown; ternctl --help lists them");
		else if (call.count > 0 || !wants_value)
			add_word(&call, argv[i]);
	}
	if (call.count == 0) {
		fputs(usage, stderr);
		exit(MISUSED);
	}
	return call;
}

/* --- what needs more than one question, or no server ------------------------------------- */

static int check_database(const struct call *call, char *const *arguments, size_t count)
{
	return count == 1 ? database_check(arguments[0]) : MISUSED;
}

static int restore(const struct call *call, char *const *arguments, size_t count)
{
	return count == 2 ? database_restore(arguments[0], arguments[1]) : MISUSED;
}

static int see_doctor(const struct call *call, char *const *arguments, size_t count)
{
	struct doctor_wish wish = { .config = call->config ? call->config : PRESET_CONFIG,
		.json = call->json };

	for (size_t i = 0; i < count; i++) {
		if (strcmp(arguments[i], "--all") == 0)
			wish.all = true;
		else if (i + 1 < count && strcmp(arguments[i], "--resolver") == 0)
			wish.resolver = arguments[++i];
		else if (i + 1 < count && strcmp(arguments[i], "--ca") == 0)
			wish.ca = arguments[++i];
		else
			return MISUSED;
	}
	return doctor_run(&wish);
}

static int see_export(const struct call *call, char *const *arguments, size_t count,
	int (*run)(const char *socket, const char *jid, const char *path))
{
	if (count != 1 && count != 2)
		return MISUSED;
	return run(call->socket ? call->socket : find_socket(call), arguments[0],
		count == 2 ? arguments[1] : "-");
}

static int see_archive_export(const struct call *call, char *const *arguments, size_t count)
{
	return see_export(call, arguments, count, export_archive);
}

static int see_user_export(const struct call *call, char *const *arguments, size_t count)
{
	return see_export(call, arguments, count, export_user);
}

static int see_user_import(const struct call *call, char *const *arguments, size_t count)
{
	if (count != 1)
		return MISUSED;
	return import_users(call->socket ? call->socket : find_socket(call), arguments[0]);
}

static const struct local {
	const char *first, *second; /* words; the second may be NULL */
	const char *arguments;
	/* The exit status; MISUSED: they are others. */
	int (*run)(const struct call *call, char *const *arguments, size_t count);
} locals[] = {
	{ "db", "check", "DATA", check_database },
	{ "restore", NULL, "BACKUP DATA", restore },
	{ "doctor", NULL, "[--all] [--resolver IP:PORT] [--ca FILE]", see_doctor },
	{ "archive", "export", "JID [FILE]", see_archive_export },
	{ "user", "export", "JID [FILE]", see_user_export },
	{ "user", "import", "PATH", see_user_import },
};

static const struct local *find_local(const struct call *call)
{
	for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
		const struct local *local = &locals[i];

		if (strcmp(call->words[0], local->first) == 0 && (!local->second ||
				is_command(call, local->first, local->second)))
			return local;
	}
	return NULL;
}

static int run_local(const struct local *local, const struct call *call)
{
	size_t words = local->second ? 2 : 1;
	int status = local->run(call, call->words + words, call->count - words);

	if (status == MISUSED)
		fprintf(stderr, "ternctl: usage: %s%s%s %s\n", local->first, local->second ? " " : "",
			local->second ? local->second : "", local->arguments);
	return status;
}

int main(int argc, char **argv)
{
	static struct call call; /* what it points to lasts as long as the process */
	const struct local *local;
	char *line;
	int status;

	call = read_arguments(argc, argv);
	local = find_local(&call);
	if (local)
		return run_local(local, &call);
	complete(&call);
	if (!call.socket)
		call.socket = find_socket(&call);
	line = ask(call.socket, (const char *const *)call.words, call.count);
	status = show_answer(line, call.json);
	free(line);
	if (status == EXIT_SUCCESS && is_backup(&call))
		status = database_finish_backup(call.words[1]);
	return status;
}
