/* control.h - the Unix socket of ternctl
 * SPDX-License-Identifier: MIT
 *
 * Who may open the socket (mode 0600) may do everything.  A client sends its arguments as
 * NUL-terminated strings, closed by an empty one, and gets one line of JSON:
 * {"columns":["jid"],"rows":[["romeo@example.org"]]} or {"error":"text"}.  All of it runs
 * on the main thread (desk.h). */
#ifndef CONTROL_H
#define CONTROL_H

struct control;
struct desk;
struct server;

/* Listens; a socket that a dead server left is replaced.  0, or -errno (-EADDRINUSE: somebody
 * listens there) and *ret_control untouched.  `stop` is called when a client asks for it. */
int control_open(struct server *server, const char *path, void (*stop)(void *context),
	void *context, struct control **ret_control);

/* Answers what waits for the server's end, closes connections, removes the socket.  Takes
 * NULL.  Commands under way are given up: shards have stopped. */
void control_close(struct control *control);

#endif
