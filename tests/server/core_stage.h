/* core_stage.h - a small server on one thread, stepped by hand, and clients that talk to it
 * SPDX-License-Identifier: MIT
 *
 * Two shards over a disk in memory, with a clock that a test moves; streams are those of the
 * simulations (tests/sim/mouth.h).  Nothing is committed before the test says so. */
#ifndef CORE_STAGE_H
#define CORE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"
#include "module.h"
#include "server.h"
#include "stream_error.h"

struct memory_disk;

/* Accounts that exist: two at home on shard 0, two on shard 1; and one that does not. */
#define ROMEO "romeo@example.org"
#define NURSE "nurse@example.org"
#define ROSALINE "rosaline@example.org"
#define ABRAM "abram@example.org"
#define NOBODY "nobody@example.org"

/* Delivers messages and presences to the session that they name, or to all. */
extern const struct tern_module stage_delivery;

/* Delivers messages to all sessions; what finds none is missed. */
extern const struct tern_module stage_passing;

/* Has every message written down by its addressee, before it is delivered. */
extern const struct tern_module stage_keeper;

struct stage {
	struct server server;
	struct memory_disk *disk;
	uint64_t now_us;
	struct tern_host *host; /* example.org; the other one is other.example */
};
extern struct stage stage;

/* Modules end with NULL; the accounts are made and everything is quiet. */
void stage_open(const struct tern_module *const *modules);
void stage_close(void);

/* Closed and opened again over what was committed; clients are gone. */
void stage_restart(void);
/* Killed, and opened again. */
void stage_kill(void);
/* As stage_restart, and sessions that can be resumed outlive it: clients are told. */
void stage_restart_gracefully(void);

void stage_turn(void);                 /* one turn of each shard */
void stage_turns(void);                /* until nothing moves, nothing committed */
void stage_settle(void);               /* the same with commits */
void stage_commit(void);               /* one, and the turns that follow from it */
void stage_pass(unsigned ms);          /* time passes, then stage_turns */
void stage_fill_disk(bool full);       /* until it is not full, what is new is refused */

struct tern_entity *stage_entity(const char *jid); /* open, or NULL */
int stage_delete(const char *account);             /* account_delete, settled */
int stage_create(const char *account);

/* --- clients ------------------------------------------------------------------------------ */

struct client;

/* Binds, settled; client_is_there tells whether it worked. */
struct client *client_open(const char *account, const char *resource);
/* The same, taking up the session of that id. */
struct client *client_resumes(const char *account, const char *id, uint32_t h);
bool client_is_there(const struct client *client);

/* Says it; the server takes its turns, and commits nothing. */
void client_says(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void client_posts(struct client *client, const char *xml); /* without a turn */
void client_breaks(struct client *client);
void client_closes(struct client *client); /* its stream, in good order */
void client_leaves_unread(struct client *client, size_t bytes);

/* What it heard since the last call; borrowed until the next. */
const char *client_heard(struct client *client);
bool client_is_paused(const struct client *client);
size_t client_asked_for(const struct client *client); /* bytes of answers */
enum stream_error client_error(const struct client *client); /* why it was closed */

/* Its session, while it has one. */
struct tern_session *client_session(const struct client *client);

/* What is logged from now on, and not what was before. */
void stage_catch_log(enum log_level threshold);
const char *logged(void); /* borrowed until the next call */

bool has(const char *text, const char *part);
unsigned count_of(const char *text, const char *part);

#endif
