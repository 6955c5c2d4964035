/* log.h - lines for people on a terminal, or JSON for machines
 * SPDX-License-Identifier: MIT
 *
 * Every line hangs on a subject that carries its prefix: a host, an account, a listener, the
 * server.  Any thread.  A line that the level suppresses costs one comparison; its arguments
 * are not evaluated. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

extern _Atomic(enum log_level) log_threshold;

/* `kind` and `name` make the prefix: "account romeo@example.org"; name may be NULL. */
void log_line(enum log_level level, const char *kind, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#define log_at(level, kind, name, ...) \
	do { \
		if ((level) <= log_threshold) \
			log_line(level, kind, name, __VA_ARGS__); \
	} while (0)
#define log_error(kind, name, ...) log_at(LOG_LEVEL_ERROR, kind, name, __VA_ARGS__)
#define log_warn(kind, name, ...) log_at(LOG_LEVEL_WARNING, kind, name, __VA_ARGS__)
#define log_info(kind, name, ...) log_at(LOG_LEVEL_INFO, kind, name, __VA_ARGS__)
#define log_debug(kind, name, ...) log_at(LOG_LEVEL_DEBUG, kind, name, __VA_ARGS__)

/* Where lines go; main calls it before any other thread runs.  Control characters and line
 * breaks in arguments are escaped. */
void log_setup(enum log_level threshold, bool json, int fd);

/* The same for lines that go as datagrams to the socket of a log daemon: 0 or -errno. A daemon that
 * reads too slowly loses lines; nobody waits for it. */
enum log_protocol { LOG_TO_SYSLOG, LOG_TO_JOURNAL };
int log_setup_socket(enum log_level threshold, enum log_protocol protocol, const char *path);

#endif
