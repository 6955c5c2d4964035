/* log.c - writes log lines for people on a terminal, or JSON for machines
 * SPDX-License-Identifier: MIT
 *
 * A line is made on the stack of its thread and leaves with one write, so that lines of
 * several threads do not mix and a file that is rotated or full hurts nobody. */

#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log_socket.h"

#define TEXT_MAX 1500 /* of a message, before escaping */
#define NAME_MAX_BYTES 750
#define LINE_MAX_BYTES (6 * (TEXT_MAX + NAME_MAX_BYTES) + 512)

_Atomic(enum log_level) log_threshold = LOG_LEVEL_INFO;
static bool is_json, is_coloured, is_socket;
static int log_fd = STDERR_FILENO;

static const struct { const char *name, *colour; } levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "\033[31m" },
	[LOG_LEVEL_WARNING] = { "warning", "\033[33m" },
	[LOG_LEVEL_INFO] = { "info", "" },
	[LOG_LEVEL_DEBUG] = { "debug", "\033[2m" },
};

struct line {
	char bytes[LINE_MAX_BYTES];
	size_t len;
};

static void add(struct line *line, const char *bytes, size_t len)
{
	if (len > sizeof line->bytes - line->len)
		len = sizeof line->bytes - line->len;
	memcpy(line->bytes + line->len, bytes, len);
	line->len += len;
}

static void add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

/* Bytes of a well-formed UTF-8 character at `at`, or 0.  Surrogates and overlong forms are
 * none: a peer may have sent them. */
static size_t character_len(const unsigned char *at)
{
	static const struct { unsigned char from, to, least2, most2, len; } forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (at[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (at[0] < forms[i].from || at[0] > forms[i].to)
			continue;
		if (at[1] < forms[i].least2 || at[1] > forms[i].most2)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if ((at[k] & 0xc0) != 0x80)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

/* C0 and C1 controls and DEL; also those that a terminal takes for commands. */
static bool is_control(const unsigned char *at, size_t len)
{
	return at[0] < 0x20 || at[0] == 0x7f || (len == 2 && at[0] == 0xc2 && at[1] < 0xa0);
}

static void add_control(struct line *line, const unsigned char *at, size_t len)
{
	char escape[8];
	unsigned code = len == 2 ? at[1] : at[0];

	if (is_json)
		snprintf(escape, sizeof escape, "\\u%04x", code);
	else if (code == '\n')
		snprintf(escape, sizeof escape, "\\n");
	else
		snprintf(escape, sizeof escape, "\\x%02x", code);
	add_text(line, escape);
}

/* Escaped as the format asks; what is not UTF-8 becomes U+FFFD in JSON, \xNN in text. */
static void add_escaped(struct line *line, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		size_t len = character_len(at);

		if (len == 0 && is_json)
			add_text(line, "\xef\xbf\xbd");
		else if (len == 0 || is_control(at, len))
			add_control(line, at, len);
		else if (*at == '\\' || (*at == '"' && is_json))
			add(line, (const char[]){ '\\', (char)*at }, is_json || *at == '"' ? 2 : 1);
		else
			add(line, (const char *)at, len);
		at += len ? len : 1;
	}
}

static void add_member(struct line *line, const char *key, const char *value)
{
	add_text(line, ",\"");
	add_text(line, key);
	add_text(line, "\":\"");
	add_escaped(line, value);
	add_text(line, "\"");
}

static void make_json(struct line *line, enum log_level level, const char *const *parts)
{
	char stamp[64];
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(stamp, sizeof stamp, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &utc);
	add_text(line, stamp);
	snprintf(stamp, sizeof stamp, ".%06ldZ\"", now.tv_nsec / 1000);
	add_text(line, stamp);
	add_member(line, "level", levels[level].name);
	add_member(line, "kind", parts[0]);
	if (parts[1])
		add_member(line, "name", parts[1]);
	add_member(line, "text", parts[2]);
	add_text(line, "}\n");
}

static void make_text(struct line *line, enum log_level level, const char *const *parts)
{
	char stamp[64];
	struct timespec now;
	struct tm local;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local);
	add_text(line, stamp);
	snprintf(stamp, sizeof stamp, ".%03ld ", now.tv_nsec / 1000000);
	add_text(line, stamp);
	if (is_coloured)
		add_text(line, levels[level].colour);
	snprintf(stamp, sizeof stamp, "%-7s ", levels[level].name);
	add_text(line, stamp);
	add_escaped(line, parts[0]);
	if (parts[1]) {
		add_text(line, " ");
		add_escaped(line, parts[1]);
	}
	add_text(line, ": ");
	add_escaped(line, parts[2]);
	if (is_coloured && *levels[level].colour)
		add_text(line, "\033[0m");
	add_text(line, "\n");
}

/* Escaped parts in one buffer, each with its NUL. */
static void send_line(struct line *line, enum log_level level, const char *const *parts)
{
	size_t name, text;

	add_escaped(line, parts[0]);
	add(line, "", 1);
	name = line->len;
	add_escaped(line, parts[1] ? parts[1] : "");
	add(line, "", 1);
	text = line->len;
	add_escaped(line, parts[2]);
	line->bytes[line->len < sizeof line->bytes ? line->len : sizeof line->bytes - 1] = '\0';
	log_socket_send(level, line->bytes, parts[1] ? line->bytes + name : NULL,
		line->bytes + text);
}

void log_line(enum log_level level, const char *kind, const char *name, const char *format, ...)
{
	char text[TEXT_MAX + 1], short_name[NAME_MAX_BYTES + 1];
	const char *parts[] = { kind, NULL, text };
	struct line line;
	int saved = errno;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (name) {
		snprintf(short_name, sizeof short_name, "%s", name);
		parts[1] = short_name;
	}
	line.len = 0;
	if (is_socket) {
		send_line(&line, level, parts);
		errno = saved;
		return;
	}
	if (is_json)
		make_json(&line, level, parts);
	else
		make_text(&line, level, parts);
	while (write(log_fd, line.bytes, line.len) < 0 && errno == EINTR)
		;
	errno = saved;
}

void log_setup(enum log_level threshold, bool json, int fd)
{
	log_threshold = threshold;
	is_json = json;
	is_socket = false;
	log_fd = fd;
	is_coloured = !json && isatty(fd);
}

int log_setup_socket(enum log_level threshold, enum log_protocol protocol, const char *path)
{
	int result = log_socket_open(protocol, path);

	if (result < 0)
		return result;
	log_threshold = threshold;
	is_json = false;
	is_socket = true;
	return 0;
}
