/* What administrators and machines get to read. */
/* SPDX-License-Identifier: MIT */

#include "log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fd;

static void open_log(void) { fd = memfd_create("log", 0); }
static void close_log(void) { close(fd); }

/* Everything written so far. */
static const char *written(void)
{
	static char text[65536];
	ssize_t len = pread(fd, text, sizeof text - 1, 0);

	text[len < 0 ? 0 : len] = '\0';
	return text;
}

/* What follows the time. */
static const char *line(void)
{
	return written() + strlen("2026-11-21 12:00:00.000 ");
}

TestSuite(log, .init = open_log, .fini = close_log);

Test(log, hangs_a_line_on_its_subject)
{
	log_setup(LOG_LEVEL_INFO, false, fd);
	log_warn("host", "example.org", "%d sheep", 3);
	cr_assert_str_eq(line(), "warning host example.org: 3 sheep\n");
}

Test(log, needs_no_name)
{
	log_setup(LOG_LEVEL_INFO, false, fd);
	log_info("server", NULL, "up");
	cr_assert_str_eq(line(), "info    server: up\n");
}

Test(log, keeps_quiet_below_its_level)
{
	int evaluated = 0;

	log_setup(LOG_LEVEL_WARNING, false, fd);
	log_info("server", NULL, "%d", ++evaluated);
	cr_assert_str_eq(written(), "");
	cr_assert_eq(evaluated, 0);
}

Test(log, keeps_a_peers_line_breaks_and_terminal_commands_harmless)
{
	log_setup(LOG_LEVEL_INFO, false, fd);
	log_info("account", "a\nb@c", "x\n2026 error fake\033[2J\xc2\x9b");
	cr_assert_str_eq(line(), "info    account a\\nb@c: x\\n2026 error fake\\x1b[2J\\x9b\n");
}

Test(log, leaves_utf8_alone_and_escapes_what_is_none)
{
	log_setup(LOG_LEVEL_INFO, false, fd);
	log_info("account", NULL, "j\xc3\xbcrgen \xff \xc3");
	cr_assert_str_eq(line(), "info    account: j\xc3\xbcrgen \\xff \\xc3\n");
}

Test(log, writes_json_that_names_its_parts)
{
	const char *text;

	log_setup(LOG_LEVEL_INFO, true, fd);
	log_error("host", "a\"b", "back\\slash \x01 \xff");
	text = strstr(written(), "\"level\"");
	cr_assert_str_eq(text, "\"level\":\"error\",\"kind\":\"host\",\"name\":\"a\\\"b\","
		"\"text\":\"back\\\\slash \\u0001 \xef\xbf\xbd\"}\n");
	cr_assert_eq(strncmp(written(), "{\"time\":\"20", 11), 0);
}

Test(log, cuts_what_is_too_long_and_still_ends_the_line)
{
	char text[20000];

	memset(text, '\n', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_setup(LOG_LEVEL_INFO, true, fd);
	log_info("account", text, "%s", text);
	cr_assert_str_eq(written() + strlen(written()) - 3, "\"}\n");
}

Test(log, keeps_errno)
{
	log_setup(LOG_LEVEL_INFO, false, -1);
	errno = ENOENT;
	log_info("server", NULL, "nobody reads this");
	cr_assert_eq(errno, ENOENT);
}
