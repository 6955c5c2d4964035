/* module.c - tells in the stream's features what the host can do, in one string that clients
 * know again (XEP-0115 1.6.0)
 * SPDX-License-Identifier: MIT */

#include "module.h"

#include <string.h>

#include "info.h"
#include "ver.h"

#define NS_CAPS "http://jabber.org/protocol/caps"
#define NODE "urn:x-tern"

/* 6.3, of all that the host's modules announce by now. */
static void describe_host(const struct tern_host *host, struct element *caps,
	const void *settings)
{
	struct arena *arena = element_arena(caps);

	element_set(caps, "hash", "sha-1");
	element_set(caps, "node", NODE);
	element_set(caps, "ver", caps_ver(arena, info_new(arena, host, false)));
}

static void move_children(struct element *to, struct element *from)
{
	struct element *child;

	while ((child = element_first(from))) {
		element_remove(from, child);
		element_append(to, child);
	}
}

/* 6.2: the node is the host itself, at the present version: what was true once is forgotten. */
static enum tern_verdict tell_node(struct tern_event *event, const char *node, struct element *query,
	const void *settings)
{
	struct element *info;

	if (event->entity || strncmp(node, NODE "#", sizeof NODE) != 0)
		return TERN_PASS;
	info = info_new(event->arena, event->host, false);
	if (strcmp(node + sizeof NODE, caps_ver(event->arena, info)) != 0)
		return TERN_PASS;
	move_children(query, info);
	return TERN_DONE;
}

TERN_EXPORT const struct tern_module tern_module = {
	.abi = TERN_MODULE_ABI,
	.name = "caps",
	.about = "what the host can do, in one string in the stream's features (XEP-0115)",
	.features = (const char *const[]){ NS_CAPS, NULL },
	.stream_features = (const struct tern_stream_feature[]){
		{ NS_CAPS, "c", describe_host },
		{ 0 },
	},
	.node_info = tell_node,
};
