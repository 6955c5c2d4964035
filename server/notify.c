/* notify.c - datagrams to the service manager, and a watchdog that asks every shard
 * SPDX-License-Identifier: MIT */

#include "notify.h"

#include <ev.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "desk.h"
#include "server.h"
#include "tour.h"

bool notify_send(const char *lines)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	ssize_t sent;
	int fd;

	if ((len < 2 || (*path != '/' && *path != '@')) || len >= sizeof address.sun_path)
		return false;
	memcpy(address.sun_path, path, len);
	if (*path == '@') /* of the abstract name space */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	sent = sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
	return sent >= 0;
}

void notify_ready(const char *status)
{
	char lines[512];

	snprintf(lines, sizeof lines, "READY=1\nSTATUS=%s", status);
	notify_send(lines);
}

void notify_reloading(void)
{
	struct timespec now;
	char lines[128];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify_send(lines);
}

void notify_stopping(void)
{
	notify_send("STOPPING=1");
}

/* --- the watchdog ---------------------------------------------------------------------- */

static ev_timer beat;
static struct tour tour;

static bool give_sign(struct shard *shard, struct part *part) { return true; }
static void take_sign(struct part *part) { }

static void tell_alive(struct tour *ended)
{
	if (ended->server->shard_count)
		notify_send("WATCHDOG=1");
}

/* A shard that hangs keeps the round from its end, and so the next one from beginning. */
static void ask(struct ev_loop *loop, ev_timer *timer, int events)
{
	if (tour.left)
		return;
	tour = (struct tour){ .server = timer->data, .part_size = sizeof(struct part),
		.look = give_sign, .gather = take_sign, .end = tell_alive };
	tour_begin(&tour);
}

/* In seconds; 0: nobody watches this process. */
static double interval(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!us || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return (double)strtoull(us, NULL, 10) / 1e6;
}

void notify_watch_start(struct server *server)
{
	double every = interval() / 2;

	if (every <= 0)
		return;
	ev_timer_init(&beat, ask, 0, every);
	beat.data = server;
	ev_timer_start(desk_loop(server->desk), &beat);
}

void notify_watch_stop(struct server *server)
{
	ev_timer_stop(desk_loop(server->desk), &beat);
}
