/* command_account.c - ternctl user show, at the account's home
 * SPDX-License-Identifier: MIT */

#include "arena.h"
#include "command.h"
#include "entity_internal.h"
#include "module.h"
#include "request.h"
#include "session_internal.h"
#include "shard_internal.h"
#include "stream.h"

static void tell(struct tern_command *command, const char *what, const char *value)
{
	tern_command_row(command, (const char *const[]){ what, value });
}

static void tell_session(struct tern_command *command, const struct tern_session *session)
{
	struct arena *arena = tern_command_arena(command);
	const char *where = session->stream ? stream_peer(session->stream) : "detached";
	const char *security = session->stream ? stream_security(session->stream) : "";

	tell(command, "session", arena_printf(arena, "%s%s%s%s%s", jid_resource(session->jid),
		*where ? ", " : "", where, *security ? ", " : "", security));
}

static bool count_record(void *context, const void *key, size_t key_len, const void *value,
	size_t value_len)
{
	++*(size_t *)context;
	return true;
}

/* Stores of records, where it has any; logs would have to be read to be counted. */
static void tell_stores(struct tern_command *command, const struct tern_entity *entity)
{
	struct arena *arena = tern_command_arena(command);

	for (size_t i = 0; i < loader_store_count(); i++) {
		const struct store_slot *slot = loader_store(i);
		size_t count = 0;

		if (slot->claim->layout == TERN_LOG)
			continue;
		storage_each(entity->shard->server->storage, entity->owner, slot->number,
			count_record, &count);
		if (count)
			tell(command, arena_printf(arena, "records in %s", slot->claim->name),
				arena_printf(arena, "%zu", count));
	}
}

void show_user(struct tern_command *command, struct tern_entity *entity, const void *settings)
{
	struct arena *arena = tern_command_arena(command);

	tell(command, "jid", jid_text(entity->jid));
	tell(command, "login", entity->is_disabled ? "disabled"
		: entity->credentials ? "enabled" : "no password");
	tell(command, "resident-bytes", arena_printf(arena, "%zu", entity->resident_bytes));
	tell_stores(command, entity);
	for (const struct tern_session *session = entity->sessions; session;
	     session = session->next)
		tell_session(command, session);
	tern_command_end(command);
}
