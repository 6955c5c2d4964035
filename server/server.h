/* server.h - the whole: configuration, hosts, shards, storage
 * SPDX-License-Identifier: MIT
 *
 * Made by main (or by a test), then constant while shards run. */
#ifndef SERVER_H
#define SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "limits.h"

struct config;
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
};

/* The host of that (normalised) domain, or NULL.  Any thread. */
struct tern_host *server_host(const struct server *server, const char *domain);

/* The shard that a key (a bare JID's hash) has its home on. */
struct shard *server_home(const struct server *server, uint32_t hash);

#endif
