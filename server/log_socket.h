/* log_socket.h - log lines as datagrams to syslog or journald
 * SPDX-License-Identifier: MIT */
#ifndef LOG_SOCKET_H
#define LOG_SOCKET_H

#include "log.h"

/* 0, or -errno: nobody listens there. */
int log_socket_open(enum log_protocol protocol, const char *path);

/* Any thread. Never waits: a line that the receiver has no room for is lost.  The texts have been
 * escaped: no line breaks. `name` may be NULL. */
void log_socket_send(enum log_level level, const char *kind, const char *name, const char *text);

#endif
