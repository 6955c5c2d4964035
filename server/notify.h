/* notify.h - tells the service manager how the server is (sd_notify(3) of systemd)
 * SPDX-License-Identifier: MIT
 *
 * A datagram to the socket that NOTIFY_SOCKET names; without it nothing happens. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>

struct server;

/* Lines of NAME=VALUE, parted by line breaks. False where nobody wants to know. */
bool notify_send(const char *lines);

/* READY=1 with a line for people; RELOADING=1, to be followed by READY; STOPPING=1. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);

/* Watchdog (WATCHDOG_USEC of the environment): from time to time every shard is asked for a sign
 * of life, and when all have given one the service manager hears of it.  Main thread, while the
 * shards run. */
void notify_watch_start(struct server *server);
void notify_watch_stop(struct server *server);

#endif
