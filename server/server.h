/* server.h - the whole: configuration, hosts, shards, storage
 * SPDX-License-Identifier: MIT
 *
 * Made by main (or by a test), then constant while shards run. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "server_limits.h"

struct arena;
struct backup;
struct certificate;
struct config;
struct control;
struct desk;
struct host_config;
struct listeners;
struct shard;
struct storage;

struct server {
	struct config *config;
	struct limits limits;
	struct storage *storage;
	struct tern_host **hosts;
	size_t host_count;
	struct shard **shards;
	size_t shard_count;
	unsigned char secret[32]; /* record of the server, made at the first start: made-up credentials, tokens */
	/* Store numbers of the engine's own records. */
	uint16_t credentials_store;
	uint16_t intents_store;
	uint16_t saved_store;
	bool has_restored; /* the sessions that the process before saved */

	/* The main thread's; NULL in tests and simulations that make a server by hand. */
	struct desk *desk;
	struct control *control;
	struct backup *backup; /* under way, or NULL */
	struct listeners *listeners;
	int64_t started_at; /* seconds since 1970 */
	size_t shards_draining;
	void (*stopped)(struct server *server);
};

/* The host of that (normalised) domain, or NULL.  Any thread. */
struct tern_host *server_host(const struct server *server, const char *domain);

/* Calls `each` with every module that a host has: once, though many may have it.  Main thread. */
void server_each_module(const struct server *server,
	void (*each)(void *context, const struct tern_module *module), void *context);

/* The shard that a key (a bare JID's hash) has its home on. */
struct shard *server_home(const struct server *server, uint32_t hash);

/* --- life; the main thread -------------------------------------------------------------
 * In this order.  Each of the first three is 0, or -errno after one line in the log; then
 * server_destroy is all that is left to do. */

/* What needs the rights of root: ports bound, certificates read.  The config is taken, also
 * on failure; *ret_server is filled in both cases. */
int server_create(struct config *take_config, struct server **ret_server);

/* Loads the modules of each host for a moment, where nothing is open and nobody is served: NULL, or
 * why one does not load, of the arena. */
const char *server_try(struct arena *arena, struct config *config);

/* Opens the storage and loads the hosts' modules. */
int server_open(struct server *server);

/* Starts shards, control socket (`stop` is its command's) and listeners. */
int server_start(struct server *server, void (*stop)(void *context), void *context);

/* Begins a graceful stop: listeners closed, streams ended with system-shutdown, those whose sessions
 * can be resumed when what they sent has been dealt with, or limits.close-timeout is over;
 * `stopped` is called on the main thread when no connection is left, or that time is over once
 * more. */
void server_stop(struct server *server, void (*stopped)(struct server *server));

/* Runs `change` while all shards stand still between two turns; then `settle` (may be NULL) on each,
 * on its own thread, before anything else happens there. Returns when all are through. */
void server_stand_still(struct server *server, void (*change)(void *context),
	void (*settle)(struct shard *shard, void *context), void *context);

/* Reads the host's certificate; what is wrong with it is in the log.  0 or -errno. */
int server_read_certificate(const struct host_config *config, struct certificate **ret_certificate);

/* Ends threads, saves resumable sessions, commits, closes and frees.  Takes NULL. */
void server_destroy(struct server *server);

#endif
