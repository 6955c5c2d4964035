/* address.c - reads the addresses of accounts and hosts
 * SPDX-License-Identifier: MIT */

#include "address.h"

#include "arena.h"
#include "jid.h"
#include "request.h"
#include "server.h"

const char *address_read(struct request *request, const char *text, enum tern_command_place at,
	const struct jid **ret_jid, struct tern_host **ret_host)
{
	struct arena *arena = request_arena(request);
	const struct jid *jid = jid_new(arena, text);
	bool is_host = at == TERN_COMMAND_AT_HOST;

	if (!jid || !jid_is_bare(jid) || jid_is_domain(jid) != is_host)
		return arena_printf(arena, is_host ? "`%s` is not a host's domain"
			: "`%s` is not an account's address (name@host)", text);
	*ret_host = server_host(request_server(request), jid_domain(jid));
	if (!*ret_host)
		return arena_printf(arena, "there is no host `%s` here", jid_domain(jid));
	*ret_jid = jid;
	return NULL;
}

bool address_take(struct request *request, enum tern_command_place at,
	const struct jid **ret_jid, struct tern_host **ret_host)
{
	const char *text = request_argument(request, 0);
	const char *why = text ? address_read(request, text, at, ret_jid, ret_host) : NULL;

	if (!text)
		request_misused(request);
	else if (why)
		request_fail(request, "%s", why);
	return text && !why;
}
