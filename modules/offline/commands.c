/* commands.c - ternctl offline
 * SPDX-License-Identifier: MIT */

#include <string.h>

#include "datetime.h"
#include "offline.h"

static void list_from(struct tern_command *command, struct tern_entity *entity, uint64_t after);

static void list_page(struct tern_entity *entity, void *context, const struct tern_entry *entries,
	size_t count, bool complete, bool cancelled)
{
	struct tern_command *command = context;

	for (size_t i = 0; i < count; i++)
		tern_command_row(command, (const char *const[]){
			tern_datetime(tern_command_arena(command), entries[i].id),
			entries[i].with ? entries[i].with : "" });
	if (cancelled)
		tern_command_fail(command, "the messages cannot be read");
	else if (complete || count == 0)
		tern_command_end(command);
	else
		list_from(command, entity, entries[count - 1].id);
}

static void list_from(struct tern_command *command, struct tern_entity *entity, uint64_t after)
{
	tern_log_page(entity, offline_log,
		&(struct tern_page){ .after_id = after, .most = OFFLINE_LIST_PAGE }, list_page, command);
}

static void list_kept(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	list_from(command, entity, 0);
}

static void delete_kept(struct tern_command *command, struct tern_entity *entity,
	const void *settings)
{
	int result = tern_log_expire(entity, offline_log, UINT64_MAX);

	if (result < 0) {
		tern_command_fail(command, "the messages cannot be deleted: %s", strerror(-result));
		return;
	}
	backlog_of(entity)->count = 0;
	tern_command_row(command, (const char *const[]){ jid_text(tern_entity_jid(entity)) });
	tern_command_end(command);
}

const struct tern_command_claim offline_commands[] = {
	{ "offline list", "JID", "lists what waits for an account, without its text",
		TERN_COMMAND_AT_ACCOUNT, (const char *const[]){ "since", "from", NULL },
		list_kept },
	{ "offline delete", "JID", "deletes what waits for an account",
		TERN_COMMAND_AT_ACCOUNT, (const char *const[]){ "jid", NULL }, delete_kept,
		.is_final = true },
	{ 0 },
};
