/* reload.h - the configuration, read again while the server runs
 * SPDX-License-Identifier: MIT
 *
 * What can be changed between two turns is: certificates, limits, the log's level, the TLS
 * priority, mechanisms, the modules of hosts with their order and options (all of a host or
 * nothing).  The rest (listeners, hosts, the data's place, shards) needs a restart, and is said
 * to. */
#ifndef RELOAD_H
#define RELOAD_H

#include <stdbool.h>

struct server;

/* `what` is "limits stanza-bytes" or "host example.org certificate". */
enum reload_outcome {
	RELOAD_APPLIED, RELOAD_NEEDS_RESTART, RELOAD_FAILED, RELOAD_LOADED, RELOAD_UNLOADED
};
typedef void reload_tell(void *context, const char *what, enum reload_outcome outcome,
	const char *why);

struct reload {
	bool only_check;   /* say what would be done, and do nothing */
	reload_tell *tell; /* once for each thing that differs; `why`: more of it for people, or NULL */
	void *context;
};

/* 0, or -EINVAL when the configuration is wrong: then nothing has changed, and *ret_why
 * as config_read has it.  Main thread. */
int server_reload(struct server *server, const struct reload *reload, char **ret_why);

/* The outcome in words: "applied", "needs a restart", "failed", "loaded", "unloaded". */
const char *reload_outcome_text(enum reload_outcome outcome);

#endif
