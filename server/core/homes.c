/* homes.c - which host a domain is, and which shard an address lives on */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "server.h"

struct tern_host *server_host(const struct server *server, const char *domain)
{
	for (size_t i = 0; i < server->host_count; i++) {
		if (strcmp(server->hosts[i]->domain, domain) == 0)
			return server->hosts[i];
	}
	return NULL;
}

struct shard *server_home(const struct server *server, uint32_t hash)
{
	return server->shards[hash % server->shard_count];
}
